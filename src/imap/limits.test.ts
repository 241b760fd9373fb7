// The limits of the loop, at their value and one past it, and their defaults. See docs/limits.md.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refused } from '#base/faults.ts'
import { imapLimits } from '#imap/limits.ts'
import { Slice } from '#imap/slice.ts'
import { DialogueClient } from '#test/support/dialogue.ts'
import { ask, startFace } from '#test/support/imap-face.ts'

test('the defaults are those that docs/limits.md tells', () => {
  const { appendOctets, commandOctets, idleMs, signInMs, signInTries, badCommands, loginLiteralOctets, nonSynchronisingOctets } =
    imapLimits
  assert.deepEqual(
    { appendOctets, commandOctets, idleMs, signInMs, signInTries, badCommands, loginLiteralOctets, nonSynchronisingOctets },
    {
      appendOctets: 25 * 1024 * 1024,
      commandOctets: 65_536,
      idleMs: 30 * 60_000,
      signInMs: 60_000,
      signInTries: 3,
      badCommands: 10,
      loginLiteralOctets: 1024,
      nonSynchronisingOctets: 4096,
    },
  )
})

test('a command line of 64 KiB is read, one octet more ends the session', async () => {
  const face = await startFace()
  const client = await face.signIn()
  const line = (octets: number) => `x NOOP ${'y'.repeat(octets - 9)}\r\n`
  client.send(line(65_536))
  assert.equal(await client.nextLine(), 'x BAD Something follows the end of the command')
  client.send(line(65_537))
  assert.equal(await client.nextLine(), '* BYE A command is at most 65536 octets long')
  assert.equal(await client.nextLine(), null)
})

test('before sign-in a command line has 16 KiB at most', async () => {
  const face = await startFace()
  const client = await face.connect()
  client.send(`x NOOP ${'y'.repeat(16_384)}\r\n`)
  assert.equal(await client.nextLine(), '* BYE A command is at most 16384 octets long')
})

test('literals count as part of their command', async () => {
  const face = await startFace({ commandOctets: 200 })
  const client = await face.signIn('INBOX')
  const text = 'y'.repeat(150)
  assert.match((await ask(client, `SEARCH TEXT {150+}\r\n${text}`)).reply, /^OK /)
  assert.match(
    (await ask(client, `SEARCH TEXT {190+}\r\n${text}${'y'.repeat(40)}`)).reply,
    /^BAD A command is at most 200 octets/,
  )
  client.send(`x SEARCH TEXT {150+}\r\n${text} TEXT ${text}\r\n`)
  assert.equal(await client.nextLine(), '* BYE A command is at most 200 octets long')
})

test('who does not sign in within the time for it is told to go', async () => {
  const face = await startFace({ signInMs: 150 })
  const client = await face.connect()
  assert.equal(await client.nextLine(), '* BYE Nothing came for too long')
  assert.equal(await client.nextLine(), null)
})

test('a stranger who is always busy is told to go all the same', async () => {
  const face = await startFace({ signInMs: 200, strangerCommands: Number.POSITIVE_INFINITY })
  const client = await face.connect()
  let said = ''
  for (let line: string | null = ''; line !== null; line = await client.nextLine()) {
    said = line
    client.send('x NOOP\r\n'.repeat(20))
  }
  assert.equal(said, '* BYE Nothing came for too long')
})

test('a literal that does not wait has 4,096 octets at most, the message of an APPEND too (RFC 7888 §5)', async () => {
  const face = await startFace()
  const client = await face.signIn()
  assert.match((await ask(client, `APPEND INBOX {4096+}\r\n${'y'.repeat(4096)}`)).reply, /^OK /)
  assert.match((await ask(client, `APPEND INBOX {4097+}\r\n${'y'.repeat(4097)}`)).reply, /^BAD A literal of more than 4096/)
  assert.equal(face.doors.contents('INBOX').length, 1)
})

test('one that is not let in is told why before the connection closes (T21)', async () => {
  const face = await startFace({}, undefined, () =>
    refused('T21', 'connection-is-from-outside', 'Seen: 192.0.2.1', 'Ask the Helpdesk.'),
  )
  const client = await DialogueClient.connect(face.port)
  await client.startTls()
  assert.equal(await client.nextLine(), '* BYE [ALERT] [T21] Seen: 192.0.2.1. Ask the Helpdesk.')
  assert.equal(await client.nextLine(), null)
})

test('dribbling gains a stranger no time: literals count as time to sign in', async () => {
  const face = await startFace({ signInMs: 300 })
  const client = await face.connect()
  client.send('x LOGIN {1000+}\r\n')
  const dribble = setInterval(() => client.send('y'), 20)
  try {
    assert.equal(await client.nextLine(), '* BYE Nothing came for too long')
  } finally {
    clearInterval(dribble)
  }
})

test('a message has its time, however steadily it dribbles', async () => {
  const face = await startFace({ messageMs: 300 })
  const client = await face.signIn()
  client.send('x APPEND INBOX {1000+}\r\n')
  const dribble = setInterval(() => client.send('y'), 20)
  try {
    assert.equal(await client.nextLine(), '* BYE Nothing came for too long')
  } finally {
    clearInterval(dribble)
  }
})

test('a session that is idle for too long is told to go, in IDLE too (RFC 3501 §5.4)', async () => {
  const face = await startFace({ idleMs: 150 })
  const [client, idler] = [await face.signIn('INBOX'), await face.signIn('INBOX')]
  idler.send('x IDLE\r\n')
  assert.equal(await idler.nextLine(), '+ idling')
  assert.equal(await client.nextLine(), '* BYE Nothing came for too long')
  assert.equal(await idler.nextLine(), '* BYE Nothing came for too long')
  assert.equal(await idler.nextLine(), null)
})

test('a literal that stops coming ends the session', async () => {
  const face = await startFace({ readMs: 150 })
  const client = await face.signIn()
  client.send('x APPEND INBOX {50+}\r\nhalf')
  assert.equal(await client.nextLine(), '* BYE Nothing came for too long')
  assert.deepEqual(face.doors.contents('INBOX'), [])
})

test('a computer in use is no guess: it is told so, as often as it asks (G17)', async () => {
  const face = await startFace()
  face.doors.signInRefusal = refused(
    'G17',
    'computer-is-in-use',
    'another computer is on since 09:12',
    'Sign in there, or take over in webmail.',
  )
  const client = await face.connect()
  for (let n = 0; n < 5; n++) {
    const { reply } = await ask(client, 'LOGIN ada right')
    assert.equal(reply, 'NO [INUSE] [G17] another computer is on since 09:12. Sign in there, or take over in webmail.')
  }
})

test('a mailbox name has 255 octets at most, a set 10,000 elements, whatever is asked', async () => {
  const face = await startFace()
  const client = await face.signIn('INBOX')
  assert.match((await ask(client, `CREATE ${'n'.repeat(255)}`)).reply, /^OK /)
  assert.match((await ask(client, `CREATE ${'n'.repeat(256)}`)).reply, /^NO \[CANNOT\] A mailbox name is at most 255 octets/)
  assert.match((await ask(client, 'UID FETCH 1:4294967295 FLAGS')).reply, /^OK /)
  assert.match((await ask(client, `UID FETCH ${'1,'.repeat(9_999)}1 FLAGS`)).reply, /^OK /)
  assert.match((await ask(client, `UID FETCH ${'1,'.repeat(10_000)}1 FLAGS`)).reply, /^BAD A set has at most 10000/)
})

test('a session that ends stops watching its mailbox', async () => {
  const face = await startFace()
  const client = await face.signIn('INBOX')
  assert.equal(face.doors.watchers('INBOX'), 1)
  await ask(client, 'LOGOUT')
  assert.equal(await client.nextLine(), null)
  assert.equal(face.doors.watchers('INBOX'), 0)
})

test('when the service closes, an idle session is told to connect again', async () => {
  const face = await startFace()
  const client = await face.signIn('INBOX')
  client.send('x IDLE\r\n')
  await client.nextLine()
  const closed = face.close(5_000)
  assert.match((await client.nextLine())!, /^\* BYE \[UNAVAILABLE\]/)
  client.destroy()
  await closed
})

test('a pattern of LIST has 16 wildcards; one more is told so', async () => {
  const face = await startFace()
  const client = await face.signIn()
  for (const command of ['LIST', 'LSUB']) {
    assert.match((await ask(client, `${command} "" ${'*a'.repeat(imapLimits.listWildcards)}`)).reply, /^OK /)
    assert.match((await ask(client, `${command} "" ${'*a'.repeat(imapLimits.listWildcards + 1)}`)).reply, /^NO \[LIMIT\] /)
  }
})

test('long work gives others their turn when its slice of time is over, and not before', () => {
  const stepsOf = (sliceMs: number) => {
    const slice = new Slice(sliceMs)
    return Array.from({ length: 64 }, () => slice.step()).filter((turn) => turn !== null).length
  }
  assert.equal(stepsOf(60_000), 0)
  assert.equal(stepsOf(0), 4, 'the clock is looked at with every 16th step')
})
