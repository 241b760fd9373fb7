// STORE, COPY, MOVE and EXPUNGE, and what other sessions are told. RFC 3501 §6.4, §7.4.1, RFC 4315, RFC 6851.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refused } from '#base/faults.ts'
import { ask, plain, startFace } from '#test/support/imap-face.ts'

test('STORE changes flags and tells them; SILENT does not; a mailbox opened by EXAMINE stays as it is', async () => {
  const face = await startFace()
  for (let n = 0; n < 2; n++) face.doors.deliver('INBOX', plain)
  const client = await face.signIn('INBOX')
  assert.deepEqual((await ask(client, 'STORE 1:2 +FLAGS (\\Flagged $Case)')).untagged, [
    '* 1 FETCH (FLAGS (\\Flagged $Case))',
    '* 2 FETCH (FLAGS (\\Flagged $Case))',
  ])
  assert.deepEqual((await ask(client, 'UID STORE 2 -FLAGS $Case')).untagged, ['* 2 FETCH (UID 2 FLAGS (\\Flagged))'])
  assert.deepEqual((await ask(client, 'STORE 1 FLAGS.SILENT (\\Seen)')).untagged, [])
  assert.deepEqual((await ask(client, 'FETCH 1:2 FLAGS')).untagged, [
    '* 1 FETCH (FLAGS (\\Seen))',
    '* 2 FETCH (FLAGS (\\Flagged))',
  ])
  assert.match((await ask(client, 'STORE 3 +FLAGS \\Seen')).reply, /^BAD /)
  assert.match((await ask(client, 'UID STORE 99 +FLAGS \\Seen')).reply, /^OK /)
  await ask(client, 'EXAMINE INBOX')
  for (const command of ['STORE 1 FLAGS ()', 'EXPUNGE', 'MOVE 1 Trash'])
    assert.match((await ask(client, command)).reply, /^NO \[CANNOT\]/)
})

test('expunges of another session are told with NOOP and UID commands, never during FETCH, STORE, SEARCH (RFC 3501 §7.4.1)', async () => {
  const face = await startFace()
  for (let n = 0; n < 4; n++) face.doors.deliver('INBOX', plain)
  const [first, second] = [await face.signIn('INBOX'), await face.signIn('INBOX')]
  await ask(second, 'STORE 2 +FLAGS.SILENT \\Deleted')
  assert.deepEqual((await ask(second, 'EXPUNGE')).untagged, ['* 2 EXPUNGE'])
  face.doors.deliver('INBOX', plain)
  for (const command of ['FETCH 1:* UID', 'STORE 1 +FLAGS.SILENT \\Flagged', 'SEARCH ALL']) {
    const { untagged } = await ask(first, command)
    assert.ok(!untagged.some((line) => line.endsWith('EXPUNGE')), command)
  }
  assert.match((await ask(first, 'FETCH 2:4 ENVELOPE')).reply, /^OK \[EXPUNGEISSUED\]/)
  assert.deepEqual((await ask(first, 'UID FETCH 4 UID')).untagged, ['* 4 FETCH (UID 4)', '* 2 EXPUNGE'])
  assert.deepEqual((await ask(first, 'FETCH 3 UID')).untagged, ['* 3 FETCH (UID 4)'])
})

test('what another session expunged is neither stored to nor copied by its number without a NO (RFC 2180 §4.2, §4.4, RFC 5530)', async () => {
  const face = await startFace()
  for (let n = 0; n < 3; n++) face.doors.deliver('INBOX', plain)
  const [client, other] = [await face.signIn('INBOX'), await face.signIn('INBOX')]
  await ask(other, 'STORE 2 +FLAGS.SILENT \\Deleted')
  await ask(other, 'EXPUNGE')
  const stored = await ask(client, 'STORE 1:2 +FLAGS \\Flagged')
  assert.deepEqual(stored.untagged, ['* 1 FETCH (FLAGS (\\Flagged))'])
  assert.match(stored.reply, /^NO \[EXPUNGEISSUED\]/)
  assert.match((await ask(client, 'STORE 2 +FLAGS \\Seen')).reply, /^NO \[EXPUNGEISSUED\]/)
  assert.match((await ask(client, 'STORE 1:2 +FLAGS.SILENT \\Seen')).reply, /^OK /)
  const copied = await ask(client, 'COPY 1:2 Sent')
  assert.match(copied.reply, /^NO \[EXPUNGEISSUED\]/)
  assert.deepEqual(copied.untagged, ['* 2 EXPUNGE'])
  assert.deepEqual(face.doors.contents('Sent'), [])
})

test('a UID that another session expunged is passed over; a MOVE by numbers says that some are gone (RFC 3501 §6.4.8)', async () => {
  const face = await startFace()
  for (let n = 0; n < 3; n++) face.doors.deliver('INBOX', plain)
  const [client, other, third] = [await face.signIn('INBOX'), await face.signIn('INBOX'), await face.signIn('INBOX')]
  await ask(other, 'STORE 2 +FLAGS.SILENT \\Deleted')
  await ask(other, 'EXPUNGE')
  assert.match((await ask(client, 'UID COPY 1:2 Sent')).reply, /^OK \[COPYUID \d+ 1 1\]/)
  const moved = await ask(third, 'MOVE 1:2 Sent')
  assert.match(moved.untagged[0]!, /^\* OK \[COPYUID \d+ 1 2\]/)
  assert.match(moved.reply, /^NO \[EXPUNGEISSUED\]/)
})

test('a STORE that is refused sets nothing and says NO [LIMIT] (RFC 5530)', async () => {
  const face = await startFace()
  face.doors.deliver('INBOX', plain)
  face.doors.store = async () => refused('G20', 'too-many-keywords', 'a message would have too many', 'Take away some.')
  const client = await face.signIn('INBOX')
  const { untagged, reply } = await ask(client, 'STORE 1 +FLAGS $Case')
  assert.deepEqual([untagged, reply], [[], 'NO [LIMIT] [G20] a message would have too many. Take away some.'])
})

test('COPY and MOVE name old and new UIDs; a missing target can be created (RFC 4315, RFC 6851)', async () => {
  const face = await startFace()
  for (let n = 0; n < 3; n++) face.doors.deliver('INBOX', plain)
  const client = await face.signIn('INBOX')
  assert.match((await ask(client, 'COPY 1:2 Sent')).reply, /^OK \[COPYUID \d+ 1:2 1:2\]/)
  assert.match((await ask(client, 'UID COPY 3 Nowhere')).reply, /^NO \[TRYCREATE\] \[G20\]/)
  assert.match((await ask(client, 'UID COPY 99 Sent')).reply, /^OK No message/)
  const moved = await ask(client, 'MOVE 1:2 Trash')
  assert.match(moved.untagged[0]!, /^\* OK \[COPYUID \d+ 1:2 1:2\]/)
  assert.deepEqual(moved.untagged.slice(1), ['* 2 EXPUNGE', '* 1 EXPUNGE'])
  const copied = await ask(client, 'COPY 1 INBOX')
  assert.deepEqual(copied.untagged, ['* 2 EXISTS', '* 0 RECENT'])
  assert.equal(face.doors.contents('Trash').length, 2)
})

test('UID EXPUNGE removes only what is named and deleted; CLOSE removes the rest unheard (RFC 4315 §2.1)', async () => {
  const face = await startFace()
  for (let n = 0; n < 3; n++) face.doors.deliver('INBOX', plain, n < 2 ? ['\\Deleted'] : [])
  const client = await face.signIn('INBOX')
  assert.deepEqual((await ask(client, 'UID EXPUNGE 2:3')).untagged, ['* 2 EXPUNGE'])
  await ask(client, 'UNSELECT')
  assert.equal(face.doors.contents('INBOX').length, 2)
  await ask(client, 'SELECT INBOX')
  assert.deepEqual(await ask(client, 'CLOSE'), { untagged: [], reply: 'OK Closed' })
  assert.deepEqual(
    face.doors.contents('INBOX').map((copy) => copy.uid),
    [3],
  )
  assert.equal(face.doors.watchers('INBOX'), 0)
})
