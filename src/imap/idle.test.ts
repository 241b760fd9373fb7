// IDLE, mailboxes that go away, and pipelining. RFC 2177, RFC 2180 §3.3.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refused, Unavailable } from '#base/faults.ts'
import { SignedOut } from '#imap/doors.ts'
import { answer, ask, plain, startFace } from '#test/support/imap-face.ts'

test('IDLE tells arrivals, flags and expunges at once (RFC 2177)', async () => {
  const face = await startFace()
  face.doors.deliver('INBOX', plain)
  const [idler, other] = [await face.signIn('INBOX'), await face.signIn('INBOX')]
  idler.send('x IDLE\r\n')
  assert.equal(await idler.nextLine(), '+ idling')
  face.doors.deliver('INBOX', plain)
  assert.equal(await idler.nextLine(), '* 2 EXISTS')
  assert.equal(await idler.nextLine(), '* 0 RECENT')
  await ask(other, 'STORE 1 +FLAGS.SILENT \\Deleted')
  assert.equal(await idler.nextLine(), '* 1 FETCH (UID 1 FLAGS (\\Deleted))')
  await ask(other, 'EXPUNGE')
  assert.equal(await idler.nextLine(), '* 1 EXPUNGE')
  idler.send('DONE\r\n')
  assert.match((await idler.nextLine())!, /^x OK /)
  idler.send('x IDLE\r\nFINISHED\r\n')
  assert.equal(await idler.nextLine(), '+ idling')
  assert.match((await idler.nextLine())!, /^x BAD /)
})

test('an IDLE session outlives an absent database and polls without hints', async () => {
  const face = await startFace({ idlePollMs: 20 })
  const client = await face.signIn('INBOX')
  client.send('x IDLE\r\n')
  await client.nextLine()
  const { promise: asked, resolve } = Promise.withResolvers<void>()
  face.doors.changesSince = () => {
    resolve()
    return Promise.reject(new Unavailable('database'))
  }
  face.doors.deliver('INBOX', plain)
  await asked
  Reflect.deleteProperty(face.doors, 'changesSince')
  assert.equal(await client.nextLine(), '* 1 EXISTS')
})

test('an IDLE session without a mailbox outlives an absent database, and ends when its person may no longer be signed in (G02)', async () => {
  const face = await startFace({ idlePollMs: 20 })
  const client = await face.signIn()
  client.send('x IDLE\r\n')
  await client.nextLine()
  const { promise: asked, resolve } = Promise.withResolvers<void>()
  face.doors.stillSignedIn = () => {
    resolve()
    return Promise.reject(new Unavailable('database'))
  }
  await asked
  const refusal = refused('G02', 'account-is-suspended', 'the account is suspended', 'Ask the Helpdesk.')
  face.doors.stillSignedIn = () => Promise.reject(new SignedOut(refusal))
  assert.equal(await client.nextLine(), '* BYE [NOPERM] [G02] the account is suspended. Ask the Helpdesk.')
  assert.equal(await client.nextLine(), null)
})

test('a session whose mailbox is deleted is told so and ends (RFC 2180 §3.3)', async () => {
  const face = await startFace()
  const [client, other] = [await face.signIn('Junk'), await face.signIn()]
  await ask(other, 'DELETE Junk')
  client.send('x NOOP\r\n')
  assert.equal(await client.nextLine(), '* BYE The selected mailbox was deleted')
  assert.equal(await client.nextLine(), null)
  const own = await face.signIn('Sent')
  assert.match((await ask(own, 'DELETE Sent')).reply, /^OK /)
  assert.match((await ask(own, 'CHECK')).reply, /^BAD Select/)
})

test('the selected mailbox is known by what it is, not by its name (RFC 3501 §6.3.4, §6.3.5)', async () => {
  const face = await startFace()
  const client = await face.signIn()
  for (const command of ['CREATE one', 'SELECT one', 'RENAME one two', 'CREATE one', 'DELETE one', 'CHECK', 'DELETE two'])
    assert.match((await ask(client, command)).reply, /^OK /, command)
  assert.match((await ask(client, 'CHECK')).reply, /^BAD Select/)
  for (const command of ['CREATE above/below', 'CREATE above', 'SELECT above/below', 'RENAME above over', 'DELETE over/below'])
    assert.match((await ask(client, command)).reply, /^OK /, command)
  assert.match((await ask(client, 'CHECK')).reply, /^BAD Select/)
})

test('pipelined commands are answered in their order', async () => {
  const face = await startFace()
  for (let n = 0; n < 3; n++) face.doors.deliver('INBOX', plain)
  const client = await face.connect()
  client.send('a LOGIN ada right\r\nb SELECT INBOX\r\nc FETCH 1:3 UID\r\nx LOGOUT\r\n')
  const { untagged } = await answer(client)
  const tagged = untagged.filter((line) => /^[abc] /.test(line)).map((line) => line.slice(0, 4))
  assert.deepEqual(tagged, ['a OK', 'b OK', 'c OK'])
})
