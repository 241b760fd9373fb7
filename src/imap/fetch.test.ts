// FETCH over a real TLS port: items, sections, hand-overs, faults. RFC 3501 §6.4.5, §7.4.2.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Unavailable } from '#base/faults.ts'
import { ahead } from '#imap/fetch/blocks.ts'
import { MemoryDoors } from '#imap/memory.test-support.ts'
import type { DialogueClient } from '#test/support/dialogue.ts'
import { ask, message, nested, plain, startFace } from '#test/support/imap-face.ts'

/** Sends a command and gives all octets of the answer up to and with the tagged line. */
async function askOctets(client: DialogueClient, command: string): Promise<string> {
  const { untagged, reply } = await ask(client, command)
  return [...untagged, reply].join('\r\n')
}

test('FETCH of flags, envelope and structure touches no content (RFC 3501 §6.4.5)', async () => {
  const face = await startFace()
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

test('BODYSTRUCTURE joins the pieces of a parameter (RFC 2231 §6)', async () => {
  const face = await startFace()
  const disposition = "Content-Disposition: attachment; filename*1=.bin; filename*0=long; x*0*=utf-8''a%20"
  face.doors.deliver('INBOX', message(`${disposition}; x*1="b c"`, '', 'text'))
  const client = await face.signIn('INBOX')
  const { untagged } = await ask(client, 'FETCH 1 BODYSTRUCTURE')
  assert.ok(untagged[0]!.includes(`("attachment" ("filename" "long.bin" "x*" "utf-8''a%20b%20c"))`), untagged[0])
  face.doors.deliver('INBOX', message('Content-Disposition: attachment; filename*1=.bin', '', 'text'))
  const lone = await ask(client, 'FETCH 2 BODYSTRUCTURE')
  assert.ok(lone.untagged.join('').includes('("attachment" NIL)'), lone.untagged.join(''))
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
  const face = await startFace()
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
  const face = await startFace()
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

test('a section with and without PEEK is told once and sets \\Seen, in either order (RFC 3501 §6.4.5)', async () => {
  const face = await startFace()
  for (let n = 0; n < 2; n++) face.doors.deliver('INBOX', plain)
  const client = await face.signIn('INBOX')
  for (const [number, items] of ['BODY[1]<0.3> BODY.PEEK[1]<0.3>', 'BODY.PEEK[1]<0.3> BODY[1]<0.3>'].entries()) {
    const said = await askOctets(client, `FETCH ${number + 1} (${items})`)
    assert.equal(said, `* ${number + 1} FETCH (FLAGS (\\Seen) BODY[1]<0> {3}\r\nThe)\r\nOK Those are the messages`)
  }
})

test('a header list of many messages is one hand-over, in order', async () => {
  const face = await startFace()
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
  const face = await startFace()
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
  const face = await startFace({}, doors)
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

test('a copy that a notice came to stand for between its structure and its octets is left out, as one that is gone (G05, G09)', async () => {
  const doors = new MemoryDoors()
  const face = await startFace({}, doors)
  doors.deliver('INBOX', plain)
  doors.deliver('INBOX', nested)
  const open = doors.open.bind(doors)
  const range = async function* (from: number, to: number) {
    if (to > 5) throw new RangeError('a range outside the message')
    yield Buffer.from('short').subarray(from, to)
  }
  doors.open = async (...given) => {
    const opened = await open(...given)
    return { content: async (uid) => (uid === 1 ? { octets: 5, range } : opened.content(uid)) }
  }
  const client = await face.signIn('INBOX')
  const { untagged, reply } = await ask(client, 'FETCH 1:2 (RFC822.SIZE BODYSTRUCTURE BODY.PEEK[TEXT])')
  assert.deepEqual([untagged.filter((line) => line.startsWith('* ')).length, untagged[0]!.slice(0, 10)], [1, '* 2 FETCH '])
  assert.match(reply, /^OK \[EXPUNGEISSUED\]/)
})

test('a fault is answered with a reference, one part away by its name; the session goes on', async () => {
  const face = await startFace()
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

test('what was read ahead and is no longer wanted fails unheard', async () => {
  const start = async (number: number) => {
    if (number > 1) throw new Error('gone')
    return number
  }
  for await (const first of ahead([1, 2, 3], 3, start)) {
    assert.equal(first, 1)
    break
  }
  await nextTurn()
})
