// Messages over a real TLS port: FETCH, STORE, SEARCH, COPY, MOVE, EXPUNGE, APPEND, and what is told to whom. RFC 3501 §6.3.11, §6.4.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Unavailable } from '#base/faults.ts'
import { MemoryDoors } from '#imap/memory.test-support.ts'
import type { DialogueClient } from '#test/support/dialogue.ts'
import { answer, ask, type Face, message, startFace } from '#test/support/imap-face.ts'

const faces: Face[] = []
after(() => Promise.all(faces.map((face) => face.close())))

async function newFace(limits?: Parameters<typeof startFace>[0], doors?: MemoryDoors): Promise<Face> {
  const face = await startFace(limits, doors)
  faces.push(face)
  return face
}

const plain = message(
  'From: Ada Byron <ada@police.cjsm.test>',
  'To: bob@firm.cjsm.test, =?utf-8?q?J=C3=BCrgen?= <juergen@chambers.cjsm.test>',
  'Subject: =?utf-8?q?R_v_Mei=C3=9Fner?=',
  'Date: Wed, 14 Jan 2026 09:00:00 +0000',
  'Message-ID: <one@police.cjsm.test>',
  'X-Case: 42',
  '',
  'The bundle is attached.',
)

const nested = message(
  'Subject: outer',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  'preamble',
  '--b',
  'Content-Type: text/html; charset=utf-8',
  'Content-Disposition: attachment; filename="note \\"x\\".html"',
  '',
  '<p>x</p>',
  '--b',
  'Content-Type: message/rfc822',
  '',
  'Subject: inner',
  'From: eve@firm.cjsm.test',
  '',
  'inner text',
  '--b--',
)

/** Sends a command and gives all octets of the answer up to and with the tagged line. */
async function askOctets(client: DialogueClient, command: string): Promise<string> {
  const { untagged, reply } = await ask(client, command)
  return [...untagged, reply].join('\r\n')
}

test('FETCH of flags, envelope and structure touches no content (RFC 3501 §6.4.5)', async () => {
  const face = await newFace()
  face.doors.deliver('INBOX', plain, ['$Case'])
  face.doors.deliver('INBOX', nested)
  const client = await face.signIn('INBOX')
  const { untagged } = await ask(client, 'FETCH 1 FULL')
  assert.deepEqual(untagged, [
    '* 1 FETCH (FLAGS ($Case) INTERNALDATE "15-Jan-2026 09:30:00 +0000" RFC822.SIZE ' +
      `${plain.length} ENVELOPE ("Wed, 14 Jan 2026 09:00:00 +0000" "=?utf-8?q?R_v_Mei=C3=9Fner?=" ` +
      '(("Ada Byron" NIL "ada" "police.cjsm.test")) (("Ada Byron" NIL "ada" "police.cjsm.test")) (("Ada Byron" NIL "ada" "police.cjsm.test")) ' +
      '((NIL NIL "bob" "firm.cjsm.test")("=?utf-8?q?J=C3=BCrgen?=" NIL "juergen" "chambers.cjsm.test")) NIL NIL NIL "<one@police.cjsm.test>") ' +
      'BODY ("text" "plain" NIL NIL NIL "7BIT" 25 1))',
  ])
  const structure = await ask(client, 'UID FETCH 2 BODYSTRUCTURE')
  assert.deepEqual(structure.untagged, [
    '* 2 FETCH (UID 2 BODYSTRUCTURE (("text" "html" ("charset" "utf-8") NIL NIL "7BIT" 8 0 NIL ("attachment" ("filename" "note \\"x\\".html")) NIL NIL)' +
      '("message" "rfc822" NIL NIL NIL "7BIT" 54 (NIL "inner" ((NIL NIL "eve" "firm.cjsm.test")) ((NIL NIL "eve" "firm.cjsm.test")) ' +
      '((NIL NIL "eve" "firm.cjsm.test")) NIL NIL NIL NIL NIL) ("text" "plain" NIL NIL NIL "7BIT" 10 0 NIL NIL NIL NIL) 3 NIL NIL NIL NIL) ' +
      '"mixed" ("boundary" "b") NIL NIL NIL))',
  ])
  assert.deepEqual(face.doors.handedOver, [])
})

const sections: [item: string, octets: string | null][] = [
  ['BODY.PEEK[]', nested.toString()],
  ['BODY.PEEK[HEADER]', 'Subject: outer\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n'],
  ['BODY.PEEK[HEADER.FIELDS (SUBJECT X-NONE)]', 'Subject: outer\r\n\r\n'],
  ['BODY.PEEK[HEADER.FIELDS.NOT (SUBJECT MIME-VERSION)]', 'Content-Type: multipart/mixed; boundary=b\r\n\r\n'],
  ['BODY.PEEK[1]', '<p>x</p>'],
  ['BODY.PEEK[1]<3.2>', 'x<'],
  ['BODY.PEEK[1]<6.99>', 'p>'],
  ['BODY.PEEK[1]<99.9>', ''],
  [
    'BODY.PEEK[1.MIME]',
    'Content-Type: text/html; charset=utf-8\r\nContent-Disposition: attachment; filename="note \\"x\\".html"\r\n\r\n',
  ],
  ['BODY.PEEK[1.HEADER]', null],
  ['BODY.PEEK[2]', 'Subject: inner\r\nFrom: eve@firm.cjsm.test\r\n\r\ninner text'],
  ['BODY.PEEK[2.HEADER]', 'Subject: inner\r\nFrom: eve@firm.cjsm.test\r\n\r\n'],
  ['BODY.PEEK[2.HEADER.FIELDS (FROM)]', 'From: eve@firm.cjsm.test\r\n\r\n'],
  ['BODY.PEEK[2.TEXT]', 'inner text'],
  ['BODY.PEEK[2.1]', 'inner text'],
  ['BODY.PEEK[2.1.MIME]', 'Subject: inner\r\nFrom: eve@firm.cjsm.test\r\n\r\n'],
  ['BODY.PEEK[2.2]', null],
  ['BODY.PEEK[3]', null],
  ['BODY.PEEK[1.1]', null],
  ['RFC822.HEADER', 'Subject: outer\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n'],
]

test('sections give exactly the octets that they name (RFC 3501 §6.4.5)', async () => {
  const face = await newFace()
  face.doors.deliver('INBOX', nested)
  const client = await face.signIn('INBOX')
  for (const [item, octets] of sections) {
    const label = item.replace('.PEEK', '').replace(/<(\d+)\.\d+>/, '<$1>')
    const expected = octets === null ? `${label} NIL` : `${label} {${Buffer.byteLength(octets)}}\r\n${octets}`
    assert.equal(await askOctets(client, `FETCH 1 ${item}`), `* 1 FETCH (${expected})\r\nOK Those are the messages`, item)
  }
  assert.deepEqual(face.doors.contents('INBOX')[0]!.flags, [])
})

test('one FETCH is one hand-over; without PEEK it sets \\Seen and says so, but not after EXAMINE', async () => {
  const face = await newFace()
  for (let n = 0; n < 3; n++) face.doors.deliver('INBOX', plain, n === 1 ? ['\\Seen'] : [])
  const reader = await face.signIn()
  await ask(reader, 'EXAMINE INBOX')
  await ask(reader, 'FETCH 1:* BODY[TEXT]')
  assert.deepEqual(
    face.doors.contents('INBOX').map((copy) => copy.flags),
    [[], ['\\Seen'], []],
  )
  const client = await face.signIn('INBOX')
  const said = await askOctets(client, 'UID FETCH 1:2 (BODY[TEXT]<0.3>)')
  assert.equal(
    said,
    '* 1 FETCH (UID 1 FLAGS (\\Seen) BODY[TEXT]<0> {3}\r\nThe)\r\n* 2 FETCH (UID 2 BODY[TEXT]<0> {3}\r\nThe)\r\nOK Those are the messages',
  )
  assert.deepEqual(face.doors.handedOver, [
    [1, 2, 3],
    [1, 2],
  ])
})

test('a header list of many messages is one hand-over, in order', async () => {
  const face = await newFace()
  for (let n = 1; n <= 50; n++) face.doors.deliver('INBOX', message(`Subject: number ${n}`, 'X-Other: y', '', 'text'))
  const client = await face.signIn('INBOX')
  const said = await askOctets(client, 'UID FETCH 1:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (Subject)])')
  assert.deepEqual(
    [...said.matchAll(/Subject: number (\d+)/g)].map((match) => Number(match[1])),
    Array.from({ length: 50 }, (_, n) => n + 1),
  )
  assert.equal(face.doors.handedOver.length, 1)
})

test('a large body is streamed whole', async () => {
  const face = await newFace()
  const large = Buffer.concat([plain, Buffer.alloc(3_000_000, 'line of text with some words\r\n')])
  face.doors.deliver('INBOX', large)
  const client = await face.signIn('INBOX')
  client.send('x FETCH 1 BODY.PEEK[]\r\n')
  assert.equal(await client.nextLine(), `* 1 FETCH (BODY[] {${large.length}}`)
  assert.ok((await client.nextOctets(large.length)).equals(large))
  assert.equal(await client.nextLine(), ')')
  assert.match((await client.nextLine())!, /^x OK /)
})

test('a literal that cannot be completed closes the connection, and nothing is said in its place', async () => {
  const doors = new MemoryDoors()
  const face = await newFace({}, doors)
  doors.deliver('INBOX', Buffer.alloc(300_000, 'x'))
  const open = doors.open.bind(doors)
  doors.open = async (...given) => {
    const opened = await open(...given)
    return {
      async content(uid) {
        const content = (await opened.content(uid))!
        return { ...content, range: (from, to) => content.range(from, to - 1) }
      },
    }
  }
  const client = await face.signIn('INBOX')
  client.send('x FETCH 1 BODY.PEEK[]\r\n')
  await assert.rejects(client.nextOctets(400_000), /ended/)
})

test('a fault is answered with a reference, one part away by its name; the session goes on', async () => {
  const face = await newFace()
  const client = await face.signIn('INBOX')
  face.doors.fault = new Error('secret detail')
  const said = await ask(client, 'STATUS Sent (MESSAGES)')
  assert.match(said.reply, /^NO \[SERVERBUG\] .*reference [0-9a-f-]{36}$/)
  assert.doesNotMatch(said.reply, /secret/)
  face.doors.fault = new Unavailable('database')
  assert.match((await ask(client, 'STATUS Sent (MESSAGES)')).reply, /^NO \[UNAVAILABLE\] The database /)
  face.doors.fault = null
  assert.match((await ask(client, 'STATUS Sent (MESSAGES)')).reply, /^OK /)
})

test('STORE changes flags and tells them; SILENT does not; a mailbox opened by EXAMINE stays as it is', async () => {
  const face = await newFace()
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
  const face = await newFace()
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

test('COPY and MOVE name old and new UIDs; a missing target can be created (RFC 4315, RFC 6851)', async () => {
  const face = await newFace()
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
  const face = await newFace()
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

const searches: [keys: string, found: number[]][] = [
  ['ALL', [1, 2, 3]],
  ['UNSEEN', [1, 3]],
  ['NOT UNSEEN', [2]],
  ['KEYWORD $case', [1]],
  ['UNKEYWORD $Case SEEN', [2]],
  ['2:3', [2, 3]],
  ['UID 3:*', [3]],
  ['NOT 2:3', [1]],
  ['NEW', []],
  ['OLD', [1, 2, 3]],
  ['FROM ada', [1, 2]],
  ['FROM "byron <ada@"', [1, 2]],
  ['TO {7}\r\nj\u00c3\u00bcrgen', [1, 2]],
  ['CHARSET UTF-8 SUBJECT {8}\r\nMEI\u00c3\u009fNER', [1, 2]],
  ['SUBJECT outer', [3]],
  ['OR SUBJECT outer KEYWORD $Case', [1, 3]],
  ['OR BODY bundle SUBJECT outer', [1, 2, 3]],
  ['NOT TEXT bundle', [3]],
  ['TEXT x-case UNSEEN', [1]],
  ['BODY x-case', []],
  ['HEADER X-Case 42', [1, 2]],
  ['HEADER X-Case ""', [1, 2]],
  ['HEADER MIME-Version 1 LARGER 100', [3]],
  ['HEADER Message-ID one@', [1, 2]],
  ['HEADER Subject ""', [1, 2, 3]],
  ['(OR (FROM ada SEEN) (SUBJECT outer)) NOT DELETED', [2, 3]],
  [`LARGER ${plain.length - 1} SMALLER ${plain.length + 1}`, [1, 2]],
  ['SENTON 14-Jan-2026', [1, 2]],
  ['SENTBEFORE 14-Jan-2026', []],
  ['SENTSINCE 1-Jan-2026', [1, 2]],
  ['ON 15-Jan-2026', [1, 2, 3]],
  ['SINCE 16-Jan-2026', []],
  ['BEFORE 16-Jan-2026', [1, 2, 3]],
  ['BCC x', []],
]

test('SEARCH finds what its keys say (RFC 3501 §6.4.4)', async () => {
  const face = await newFace()
  face.doors.deliver('INBOX', plain, ['$Case'])
  face.doors.deliver('INBOX', plain, ['\\Seen'])
  face.doors.deliver('INBOX', nested)
  const client = await face.signIn('INBOX')
  for (const [keys, found] of searches) {
    const { untagged, reply } = await ask(client, Buffer.from(`SEARCH ${keys.replace(/\{(\d+)\}/, '{$1+}')}`, 'latin1'))
    assert.match(reply, /^OK /, keys)
    assert.deepEqual(untagged, [`* SEARCH${found.map((number) => ` ${number}`).join('')}`], keys)
  }
  assert.match((await ask(client, 'SEARCH CHARSET KOI8-R SUBJECT x')).reply, /^NO \[BADCHARSET \(US-ASCII UTF-8\)\]/)
  assert.ok(face.doors.handedOver.length > 0, 'a field that no summary holds is a hand-over')
})

test('SEARCH answers headers and flags without content', async () => {
  const face = await newFace()
  face.doors.deliver('INBOX', plain)
  const client = await face.signIn('INBOX')
  await ask(client, 'SEARCH UNSEEN FROM ada TO bob SENTSINCE 1-Jan-2026 LARGER 10')
  assert.deepEqual(face.doors.handedOver, [])
})

test('APPEND stores flags, date and octets; bare line ends become CRLF (RFC 3501 §6.3.11)', async () => {
  const face = await newFace()
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
  const face = await newFace()
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
  const face = await newFace()
  const client = await face.signIn()
  assert.match((await ask(client, 'APPEND {5+}\r\nINBOX (\\Seen) {5+}\r\nabcde')).reply, /^OK \[APPENDUID/)
})

test('nothing is stored of an APPEND that is broken off, holds NUL, grows too big or goes on behind its literal', async () => {
  const face = await newFace({ appendOctets: 100 })
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

test('IDLE tells arrivals, flags and expunges at once (RFC 2177)', async () => {
  const face = await newFace()
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
  const face = await newFace({ idlePollMs: 20 })
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

test('a session whose mailbox is deleted is told so and ends (RFC 2180 §3.3)', async () => {
  const face = await newFace()
  const [client, other] = [await face.signIn('Junk'), await face.signIn()]
  await ask(other, 'DELETE Junk')
  client.send('x NOOP\r\n')
  assert.equal(await client.nextLine(), '* BYE The selected mailbox was deleted')
  assert.equal(await client.nextLine(), null)
  const own = await face.signIn('Sent')
  assert.match((await ask(own, 'DELETE Sent')).reply, /^OK /)
  assert.match((await ask(own, 'CHECK')).reply, /^BAD Select/)
})

test('pipelined commands are answered in their order', async () => {
  const face = await newFace()
  for (let n = 0; n < 3; n++) face.doors.deliver('INBOX', plain)
  const client = await face.connect()
  client.send('a LOGIN ada right\r\nb SELECT INBOX\r\nc FETCH 1:3 UID\r\nx LOGOUT\r\n')
  const { untagged } = await answer(client)
  const tagged = untagged.filter((line) => /^[abc] /.test(line)).map((line) => line.slice(0, 4))
  assert.deepEqual(tagged, ['a OK', 'b OK', 'c OK'])
})
