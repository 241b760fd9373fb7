import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as limits from '#mail/limits.ts'
import { type Part, type Structure, StructureScan } from '#mail/structure.ts'
import { decodeParameters } from '#mail/words.ts'

const corpus = new URL('../../testdata/mail/', import.meta.url)

function scan(octets: Buffer | string, options?: ConstructorParameters<typeof StructureScan>[0]): Structure {
  const structure = new StructureScan(options)
  structure.push(Buffer.from(octets))
  return structure.end()
}

/** Section number, type, encoding, octets and lines of every part: what BODYSTRUCTURE is made of. */
function outline(part: Part, section = ''): string[] {
  const row = `${section || '-'} ${part.type}/${part.subtype} ${part.encoding} ${part.bodyEnd - part.bodyStart} ${part.lines}`
  return [
    row,
    ...part.parts.flatMap((child, index) => outline(child, section === '' ? `${index + 1}` : `${section}.${index + 1}`)),
  ]
}

/** Octets and lines agree with Python's email package where it has no other reading of what is broken. */
const outlines: Record<string, string[]> = {
  'swaks-plain': ['- text/plain 7BIT 26 2'],
  'thunderbird-alternative': [
    '- multipart/alternative 7BIT 698 27',
    '1 text/plain 8BIT 62 3',
    '2 text/html QUOTED-PRINTABLE 286 12',
  ],
  'outlook-related': [
    '- multipart/mixed 7BIT 2541 58',
    '1 multipart/related 7BIT 1275 33',
    '1.1 multipart/alternative 7BIT 486 14',
    '1.1.1 text/plain QUOTED-PRINTABLE 44 1',
    '1.1.2 text/html QUOTED-PRINTABLE 121 2',
    '1.2 image/png BASE64 288 4',
    '2 application/pdf BASE64 748 10',
  ],
  'apple-mixed-inside-alternative': [
    '- multipart/alternative 7BIT 1782 49',
    '1 text/plain 7BIT 25 3',
    '2 multipart/mixed 7BIT 1416 33',
    '2.1 text/html 7BIT 45 0',
    '2.2 application/pdf BASE64 748 10',
    '2.3 text/html 7BIT 26 0',
  ],
  'forward-nested': [
    '- multipart/mixed 7BIT 721 33',
    '1 text/plain 7BIT 10 0',
    '2 message/rfc822 7BIT 540 23',
    '2.1 multipart/mixed 7BIT 202 13',
    '2.1.1 text/plain 7BIT 27 0',
    '2.1.2 message/rfc822 7BIT 58 4',
    '2.1.2.1 text/plain 7BIT 36 2',
  ],
  'rfc2231-names': [
    '- multipart/mixed 7BIT 663 23',
    '1 application/octet-stream 7BIT 3 0',
    '2 application/octet-stream 7BIT 3 0',
    '3 application/octet-stream 7BIT 5 0',
    '4 text/plain 7BIT 4 0',
  ],
  digest: [
    '- multipart/digest 7BIT 130 13',
    '1 message/rfc822 7BIT 50 3',
    '1.1 text/plain 7BIT 9 0',
    '2 text/plain 7BIT 14 0',
    '3 message/rfc822 7BIT 0 0',
    '3.1 text/plain 7BIT 0 0',
  ],
  smtputf8: ['- text/plain 8BIT 9 1'],
  'legacy-latin1': ['- text/plain 7BIT 6 1'],
  'broken-no-blank-line': ['- text/plain 7BIT 42 2'],
  'broken-truncated': ['- multipart/mixed 7BIT 135 9', '1 text/plain 7BIT 8 0', '2 application/zip BASE64 19 1'],
  'broken-same-boundary': [
    '- multipart/mixed 7BIT 153 14',
    '1 multipart/mixed 7BIT 54 5',
    '1.1 text/plain 7BIT 5 0',
    '2 text/plain 7BIT 5 0',
  ],
  'broken-no-boundary': ['- text/plain 7BIT 33 4'],
  'broken-part-headers': [
    '- multipart/mixed 7BIT 243 13',
    '1 text/plain 7BIT 0 0',
    '2 text/plain X-UNKNOWN 34 1',
    '3 message/rfc822 7BIT 6 0',
    '3.1 text/plain 7BIT 6 0',
  ],
}

test('every message of the corpus has its outline', () => {
  const names = readdirSync(corpus).filter((name) => name.endsWith('.eml'))
  assert.deepEqual(names.map((name) => name.slice(0, -4)).sort(), Object.keys(outlines).sort())
})

for (const [name, rows] of Object.entries(outlines)) {
  test(`RFC 3501 §7.4.2: ${name} has the parts, octets and lines that BODYSTRUCTURE needs`, () => {
    const octets = readFileSync(new URL(`${name}.eml`, corpus))
    const structure = scan(octets)
    assert.deepEqual(outline(structure.root), rows)
    assert.equal(structure.octets, octets.length)
    assert.equal(structure.root.bodyEnd, octets.length)
    assert.equal(structure.partCount, rows.length)
  })
}

const read = (name: string) => scan(readFileSync(new URL(`${name}.eml`, corpus)))

test('RFC 2183, 2392: disposition, id and description are read as written', () => {
  const [related, pdf] = read('outlook-related').root.parts
  const image = related!.parts[1]!
  assert.equal(image.id, '<image001.png@01DD0000.00000000>')
  assert.equal(image.description, 'image001.png')
  assert.deepEqual(image.disposition, {
    type: 'inline',
    parameters: [
      ['filename', 'image001.png'],
      ['size', '208'],
      ['creation-date', 'Sat, 21 Nov 2026 10:59:00 GMT'],
    ],
  })
  assert.deepEqual(pdf!.parameters, [['name', '=?iso-8859-1?Q?caf=E9_receipts.pdf?=']])
  assert.deepEqual(decodeParameters(pdf!.parameters), [['name', 'café receipts.pdf']])
})

test('RFC 2231: names of parts in all their forms, and a boundary in pieces', () => {
  const parts = read('rfc2231-names').root.parts
  assert.deepEqual(decodeParameters(parts[0]!.parameters), [['name', "This is even more ***fun*** isn't it!"]])
  assert.deepEqual(parts[0]!.language, ['en', 'cy'])
  assert.deepEqual([parts[0]!.location, parts[0]!.md5], ['papers/1', 'Q2hlY2sgSW50ZWdyaXR5IQ=='])
  assert.deepEqual(decodeParameters(parts[1]!.disposition!.parameters), [
    ['filename', '€ rates.txt'],
    ['filename', 'plain.txt'],
  ])
  assert.deepEqual(decodeParameters(parts[2]!.disposition!.parameters), [['filename', 'first-second']])
  assert.deepEqual(parts[3]!.disposition, { type: 'attachment', parameters: [['filename', 'C:\\no quotes (1).txt']] })
})

test('RFC 3501 §7.4.2: a nested message bears its envelope, and only it', () => {
  const [plain, nested] = read('forward-nested').root.parts
  assert.equal(plain!.envelope, null)
  assert.equal(nested!.envelope!.subject, 'disclosure')
  assert.deepEqual(
    nested!.envelope!.sender.map((address) => address.mailbox),
    ['unit7'],
  )
  assert.equal(nested!.parts[0]!.envelope, null)
  assert.equal(nested!.parts[0]!.headerStart, nested!.bodyStart)
})

test('RFC 5321 §2.3.8: NUL, bare CR, bare LF, 8-bit octets and the longest line are flagged', () => {
  const flags = (text: string) => {
    const { hasNul, hasBareCr, hasBareLf, has8Bit, longestLineOctets } = scan(text)
    return [hasNul, hasBareCr, hasBareLf, has8Bit, longestLineOctets]
  }
  assert.deepEqual(flags('A: b\r\n\r\nclean\r\n'), [false, false, false, false, 5])
  assert.deepEqual(flags('A: b\r\n\r\nx\0y\r\n'), [true, false, false, false, 4])
  assert.deepEqual(flags('A: b\r\n\r\nx\ry\r\n'), [false, true, false, false, 4])
  assert.deepEqual(flags('A: b\r\n\r\nx\r\r\n'), [false, true, false, false, 4])
  assert.deepEqual(flags('A: b\r\n\r\nx\r'), [false, true, false, false, 4])
  assert.deepEqual(flags('A: b\r\n\r\nx\ny\r\n'), [false, false, true, false, 4])
  assert.deepEqual(flags('\n'), [false, false, true, false, 0])
  assert.deepEqual(flags('A: é\r\n'), [false, false, false, true, 5])
})

test('an empty message is a text part without octets', () => {
  const { root, octets, headerOctets, partCount, depth } = scan('')
  assert.deepEqual(outline(root), ['- text/plain 7BIT 0 0'])
  assert.deepEqual([octets, headerOctets, partCount, depth], [0, 0, 1, 1])
})

const multipart = (boundary: string) => `Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n`

test('RFC 2046 §5.1.1: only a whole line delimits, padding allowed; boundaries that begin alike stay apart', () => {
  const text = ['--bc', '--b \t ', '', 'one', '--b.', ' x--b', '--b--x', '--b', '', 'two', '--b--  ', 'rest', '--b', ''].join(
    '\r\n',
  )
  const message = Buffer.from(multipart('b') + text)
  const bodies = scan(message).root.parts.map((part) => message.subarray(part.bodyStart, part.bodyEnd).toString())
  assert.deepEqual(bodies, ['one\r\n--b.\r\n x--b\r\n--b--x', 'two'])
})

test('RFC 2046 §5.1.1: the line end before a delimiter belongs to it, be it CRLF or a bare LF', () => {
  for (const [text, body] of [
    ['--b\n\nx\n\n--b--\n', 'x\n'],
    ['--b\r\n\r\nx\n--b--\n', 'x'],
    ['--b\n\nx\r\n\r\n--b--', 'x\r\n'],
  ] as const) {
    const message = Buffer.from(`Content-Type: multipart/mixed; boundary=b\n\n${text}`)
    const part = scan(message).root.parts[0]!
    assert.equal(message.toString('utf8', part.bodyStart, part.bodyEnd), body)
  }
})

test('RFC 2046 §5.1.2: the delimiter of an outer multipart ends all that is open inside', () => {
  const { root } = scan(
    `${multipart('o')}--o\r\n${multipart('i')}--i\r\n\r\nopen\r\n--o\r\nContent-Type: message/rfc822\r\n--o--\r\n`,
  )
  assert.deepEqual(
    outline(root).map((row) => row.replace(/ 7BIT.*/, '')),
    ['- multipart/mixed', '1 multipart/mixed', '1.1 text/plain', '2 message/rfc822', '2.1 text/plain'],
  )
})

const nested = (levels: number) =>
  Array.from({ length: levels - 1 }, (_, level) => `${multipart(`b${level}`)}--b${level}\r\n`).join('')
const nestedMessages = (levels: number) => 'Content-Type: message/rfc822\r\n\r\n'.repeat(levels - 1)

test('a message nested to the MIME depth of 100 is read whole, one deeper is flagged and its innermost part is opaque', () => {
  for (const build of [nested, nestedMessages]) {
    const at = scan(`${build(limits.maxMimeDepth)}\r\nbody`)
    assert.deepEqual([at.depth, at.tooDeep, at.partCount], [100, false, 100])
    const past = scan(`${build(limits.maxMimeDepth + 1)}\r\nbody`)
    assert.deepEqual([past.depth, past.tooDeep, past.partCount], [100, true, 100])
    let innermost = past.root
    while (innermost.parts.length > 0) innermost = innermost.parts[0]!
    assert.equal(`${innermost.type}/${innermost.subtype}`, 'application/octet-stream')
    assert.equal(innermost.bodyEnd, past.octets)
  }
})

test('a message of 1,000 parts is read whole, one more is flagged and stays in the last part', () => {
  const wide = (parts: number) => scan(`${multipart('b')}${'--b\r\n\r\nx\r\n'.repeat(parts - 1)}--b--\r\n`)
  const at = wide(limits.maxMimeParts)
  assert.deepEqual([at.partCount, at.tooManyParts], [1000, false])
  const past = wide(limits.maxMimeParts + 1)
  assert.deepEqual([past.partCount, past.tooManyParts], [1000, true])
  assert.equal(past.root.bodyEnd, past.octets)
})

test('a header of 256 KiB is read whole, one octet more is flagged and the body still starts after it', () => {
  const withHeader = (octets: number) =>
    `${multipart('b').slice(0, -2)}X: ${'x'.repeat(octets - 50)}\r\n\r\n--b\r\n\r\nbody\r\n--b--\r\n`
  const start = withHeader(limits.maxHeaderOctets).indexOf('\r\n\r\n') + 2
  const at = scan(withHeader(2 * limits.maxHeaderOctets - start))
  assert.deepEqual([at.headerOctets, at.headerTooLarge, at.partCount], [limits.maxHeaderOctets + 2, false, 2])
  const past = scan(withHeader(2 * limits.maxHeaderOctets - start + 1))
  assert.deepEqual([past.headerOctets, past.headerTooLarge, past.partCount], [limits.maxHeaderOctets + 3, true, 2])
})

test('headers of parts of 1 MiB together are read whole, more is flagged', () => {
  const part = `--b\r\nX: ${'x'.repeat(16 * 1024 - 5)}\r\n\r\n\r\n`
  assert.equal(scan(`${multipart('b')}${part.repeat(64)}--b--\r\n`).headerTooLarge, false)
  assert.equal(scan(`${multipart('b')}${part.repeat(64)}--b\r\nX: y\r\n\r\n--b--\r\n`).headerTooLarge, true)
})

test('200 parameters and 100 languages are read whole, one more is flagged', () => {
  const parameters = (count: number) => scan(`Content-Type: a/b${'; x=y'.repeat(count)}\r\n\r\n`)
  assert.deepEqual([parameters(200).root.parameters.length, parameters(200).headerTooLarge], [200, false])
  assert.deepEqual([parameters(201).root.parameters.length, parameters(201).headerTooLarge], [200, true])
  const languages = (count: number) => scan(`Content-Language: ${Array(count).fill('en').join(', ')}\r\n\r\n`)
  assert.deepEqual([languages(100).root.language.length, languages(100).headerTooLarge], [100, false])
  assert.deepEqual([languages(101).root.language.length, languages(101).headerTooLarge], [100, true])
})

test('RFC 2046 §5.1.1: a delimiter line of 1,000 octets is one, a longer one is not', () => {
  const padded = (octets: number) => scan(`${multipart('b')}--b${' '.repeat(octets - 5)}\r\n\r\nx`).root.type
  assert.equal(padded(limits.maxDelimiterOctets), 'multipart')
  assert.equal(padded(limits.maxDelimiterOctets + 1), 'text')
})
