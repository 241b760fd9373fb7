// The face as a mail program's library meets it: imapflow does what people do in a day. RFC 3501 and the extensions that it uses.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ImapFlow } from 'imapflow'
import { message, startFace } from '#test/support/imap-face.ts'

const face = await startFace()
const client = new ImapFlow({
  host: '127.0.0.1',
  port: face.port,
  secure: true,
  auth: { user: 'ada', pass: 'right' },
  logger: false,
  tls: { rejectUnauthorized: false },
  disableAutoIdle: true,
})
before(() => client.connect())
after(() => client.close())

const letter = (subject: string) =>
  message(`Subject: ${subject}`, 'From: Bob <bob@firm.cjsm.test>', 'Content-Type: text/plain', '', `About ${subject}.`)

test('it lists mailboxes with their special use (RFC 6154)', async () => {
  const listed = await client.list({ statusQuery: { messages: true, unseen: true } })
  assert.deepEqual(listed.map((mailbox) => [mailbox.path, mailbox.specialUse]).sort(), [
    ['Drafts', '\\Drafts'],
    ['INBOX', '\\Inbox'],
    ['Junk', '\\Junk'],
    ['Sent', '\\Sent'],
    ['Trash', '\\Trash'],
  ])
  assert.equal(listed.find((mailbox) => mailbox.path === 'INBOX')?.status?.messages, 0)
})

test('it creates, renames and deletes a mailbox with a name in another alphabet', async () => {
  assert.equal((await client.mailboxCreate(['Fälle', '日本'])).created, true)
  await client.mailboxRename('Fälle/日本', 'Fälle/Alt & neu')
  assert.ok((await client.list()).some((mailbox) => mailbox.path === 'Fälle/Alt & neu'))
  await client.mailboxDelete('Fälle/Alt & neu')
  assert.ok(!(await client.list()).some((mailbox) => mailbox.path.startsWith('Fälle/')))
})

test('it appends, finds, reads, flags, copies, moves and expunges (RFC 4315, RFC 6851)', async () => {
  const appended = await client.append('INBOX', letter('first'), ['\\Seen'], new Date('2026-01-02T03:04:05Z'))
  assert.ok(appended && appended.uid === 1)
  const source = Buffer.concat([letter('second'), Buffer.alloc(200_000, 'a long letter\r\n')])
  await client.append('INBOX', source)
  face.doors.deliver('INBOX', letter('third'))
  const lock = await client.getMailboxLock('INBOX')
  try {
    const fetched = await client.fetchAll('1:*', {
      uid: true,
      flags: true,
      envelope: true,
      bodyStructure: true,
      size: true,
      internalDate: true,
    })
    assert.deepEqual(
      fetched.map((one) => [one.uid, one.envelope?.subject, one.bodyStructure?.type]),
      [
        [1, 'first', 'text/plain'],
        [2, 'second', 'text/plain'],
        [3, 'third', 'text/plain'],
      ],
    )
    assert.equal(new Date(fetched[0]!.internalDate!).toISOString(), '2026-01-02T03:04:05.000Z')
    const whole = await client.fetchOne('2', { source: true, headers: ['from'] })
    assert.ok(whole && whole.source!.equals(source))
    assert.match(whole.headers!.toString(), /^From: Bob/)
    assert.deepEqual(await client.search({ seen: false, from: 'bob', subject: 'SECOND' }, { uid: true }), [2])
    assert.deepEqual(await client.search({ body: 'about third' }, { uid: true }), [3])
    await client.messageFlagsAdd('3', ['\\Flagged', '$Urgent'])
    assert.deepEqual(face.doors.contents('INBOX')[2]!.flags, ['\\Flagged', '$Urgent'])
    const copied = await client.messageCopy('1', 'Sent')
    assert.ok(copied)
    assert.equal(copied.uidMap?.get(1), 1)
    const moved = await client.messageMove('1:2', 'Trash')
    assert.deepEqual(moved && [...moved.uidMap!], [
      [1, 1],
      [2, 2],
    ])
    await client.messageDelete('3', { uid: true })
    assert.deepEqual(face.doors.contents('INBOX'), [])
  } finally {
    lock.release()
  }
})

test('it hears of a new message in IDLE (RFC 2177)', async () => {
  const lock = await client.getMailboxLock('INBOX')
  try {
    const heard = new Promise<{ count: number }>((resolve) => client.once('exists', resolve))
    const idling = client.idle()
    face.doors.deliver('INBOX', letter('fourth'))
    assert.equal((await heard).count, 1)
    await client.noop()
    await idling
  } finally {
    lock.release()
  }
})
