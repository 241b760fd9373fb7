// APPEND over a real TLS port: streamed, normalised, all or nothing. RFC 3501 §6.3.11.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answer, ask, startFace } from '#test/support/imap-face.ts'

test('APPEND stores flags, date and octets; bare line ends become CRLF (RFC 3501 §6.3.11)', async () => {
  const face = await startFace()
  const client = await face.signIn('INBOX')
  client.send('x APPEND INBOX (\\Seen $Case) " 7-Jul-2026 02:44:25 -0700" {9}\r\n')
  assert.match((await client.nextLine())!, /^\+ /)
  client.send('a\nb\rc\r\nd\n\r\n')
  const { untagged, reply } = await answer(client)
  assert.deepEqual(untagged, ['* 1 EXISTS', '* 0 RECENT'])
  assert.match(reply, /^OK \[APPENDUID \d+ 1\]/)
  const [copy] = face.doors.contents('INBOX')
  assert.equal(copy!.octets.toString(), 'a\r\nb\r\nc\r\nd\r\n')
  assert.deepEqual(copy!.flags, ['\\Seen', '$Case'])
  assert.equal(copy!.internalDateMs, Date.UTC(2026, 6, 7, 9, 44, 25))
})

test('a message that nobody wants is never asked for', async () => {
  const face = await startFace()
  face.doors.quotaOctets = 10
  const client = await face.signIn()
  assert.match((await ask(client, 'APPEND Nowhere {5}')).reply, /^NO \[TRYCREATE\]/)
  assert.match((await ask(client, 'APPEND INBOX {11}')).reply, /^NO \[OVERQUOTA\] \[G20\]/)
  assert.match((await ask(client, 'APPEND INBOX {0}')).reply, /^NO \[CANNOT\]/)
  assert.match((await ask(client, 'APPEND INBOX (\\Nonsense) {5}')).reply, /^BAD /)
  assert.match((await ask(client, 'APPEND INBOX {26214401}')).reply, /^NO \[TOOBIG\]/)
  assert.match((await ask(client, 'APPEND Nowhere {5+}\r\nabcde')).reply, /^NO \[TRYCREATE\]/)
  assert.match((await ask(client, 'APPEND INBOX (\\Nonsense) {5+}\r\nabcde')).reply, /^BAD /)
  assert.match((await ask(client, 'NOOP')).reply, /^OK /)
  assert.deepEqual(face.doors.appendsBegun, [])
})

test('a mailbox name as a literal, then the message', async () => {
  const face = await startFace()
  const client = await face.signIn()
  assert.match((await ask(client, 'APPEND {5+}\r\nINBOX (\\Seen) {5+}\r\nabcde')).reply, /^OK \[APPENDUID/)
})

test('nothing is stored of an APPEND that is broken off, holds NUL, grows too big or goes on behind its literal', async () => {
  const face = await startFace({ appendOctets: 100 })
  const client = await face.signIn()
  assert.match((await ask(client, 'APPEND INBOX {5+}\r\nab\0de')).reply, /^BAD /)
  assert.match((await ask(client, `APPEND INBOX {60+}\r\n${'\n'.repeat(60)}`)).reply, /^NO \[TOOBIG\]/)
  assert.match((await ask(client, 'APPEND INBOX {5+}\r\nabcde FLAGS')).reply, /^BAD /)
  assert.match((await ask(client, `APPEND INBOX {50+}\r\n${'\n'.repeat(50)}`)).reply, /^OK /)
  const stored = face.doors.contents('INBOX').length
  const leaving = await face.signIn()
  leaving.send('x APPEND INBOX {50+}\r\nthe first half')
  leaving.endWriting()
  assert.equal(await leaving.nextLine(), null)
  assert.equal(face.doors.contents('INBOX').length, stored)
  assert.equal(face.doors.appendsBegun.length, stored + 4)
})
