// Properties that hold for any input, over seeded generators; CJSM_FUZZ_RUNS sets how many of each.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BadCommand } from '#base/faults.ts'
import { type Address, addressKey, formatAddress, parseAddress } from '#mail/address.ts'
import { parseAddressList, soleMailboxes } from '#mail/address-list.ts'
import { formatDate, parseDate } from '#mail/date.ts'
import { decodeText, decodeTransfer } from '#mail/decode.ts'
import { editHeader, receivedField } from '#mail/edit.ts'
import { imapEnvelopeOf } from '#mail/envelope.ts'
import { composeField, fieldText, parseHeader } from '#mail/header.ts'
import { textOfHtml } from '#mail/html.ts'
import { parseParameterised } from '#mail/parameters.ts'
import { type Part, type StructureLimits, StructureScan } from '#mail/structure.ts'
import { decodeParameters, decodeWords, encodeWords } from '#mail/words.ts'

const runs = { seed: 20261121, numRuns: Number(process.env.CJSM_FUZZ_RUNS ?? 2000) }
const check = <T>(arbitrary: fc.Arbitrary<T>, holds: (value: T) => void) => fc.assert(fc.property(arbitrary, holds), runs)

/** Strings that are mostly made of what a grammar treats in some way of its own. */
const soup = (...tokens: string[]) =>
  fc
    .array(fc.oneof(fc.constantFrom(...tokens), fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 24 })
    .map((parts) => parts.join(''))

const addressSoup = soup(
  '"',
  '\\',
  '@',
  '.',
  ',',
  ':',
  ';',
  '<',
  '>',
  '(',
  ')',
  '[',
  ']',
  ' ',
  '\t',
  'a',
  'b.test',
  '=?utf-8?q?x?=',
  '=?utf-8?B?',
  '?=',
  'é',
  'İ',
  'K',
  '\0',
  '\r\n',
)
const headerSoup = soup('\r\n', '\n', '\r', ':', ' ', '\t', 'From', 'Content-Type: ', 'a@b', '\0', '"', 'é', 'x'.repeat(40))
const parameterSoup = soup(
  ';',
  '=',
  '"',
  '\\',
  '(',
  ')',
  '*',
  '*0',
  '*1*',
  "utf-8''",
  '%41',
  '%',
  'name',
  'filename',
  ' ',
  '/',
  '=?utf-8?q?x?=',
  '__proto__',
)
const htmlSoup = soup(
  '<',
  '>',
  '</',
  '<!--',
  '-->',
  '--!>',
  '<script>',
  '</script>',
  '<p',
  '"',
  "'",
  '=',
  '&',
  ';',
  '#',
  'x41',
  'amp',
  '<pre>',
  '\n',
  '<td>',
)
const mimeSoup = soup(
  '--b',
  '--b--',
  '--c',
  '--c--',
  '\r\n',
  '\r\n',
  '\r\n',
  '\r\n\r\n',
  '\n',
  '\r',
  ' ',
  '\t',
  '-',
  'a: b',
  '\0',
  'é',
  ':',
  'text',
  'Content-Type: multipart/mixed; boundary=b\r\n',
  'Content-Type: multipart/digest; boundary=c\r\n',
  'Content-Type: multipart/mixed; boundary=b--\r\n',
  'Content-Type: message/rfc822\r\n',
  'Content-Type: message/global\r\n\r\n',
  'From: "x" <a@b>\r\n',
)

const atom = fc.string({ unit: fc.constantFrom(..."abcXYZ019!#$%&'*+-/=?^_`{|}~éßΣİẞ日"), minLength: 1, maxLength: 8 })
const localPart = fc.oneof(
  fc.array(atom, { minLength: 1, maxLength: 3 }).map((atoms) => atoms.join('.')),
  fc.string({ unit: fc.constantFrom(...'ab@."\\ ,;:<>()[]é'), maxLength: 12 }),
)
const label = fc.string({ unit: fc.constantFrom(...'abcz09üß日'), minLength: 1, maxLength: 8 })
const address: fc.Arbitrary<Address> = fc.record(
  {
    localPart,
    domain: fc.oneof(
      fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.')),
      fc.ipV4().map((ip) => `[${ip}]`),
      fc.ipV6().map((ip) => `[ipv6:${ip.toLowerCase()}]`),
    ),
  },
  { noNullPrototype: true },
)

/** Says whether it threw BadCommand; anything else goes on as a failure. */
function refuses(act: () => unknown): boolean {
  try {
    act()
    return false
  } catch (fault) {
    assert.ok(fault instanceof BadCommand, `threw ${String(fault)}`)
    return true
  }
}

test('parse after format is identity for addresses, and the key is its own key', () => {
  check(address, (given) => {
    assert.deepEqual(parseAddress(formatAddress(given)), given)
    assert.equal(addressKey(addressKey(given)), addressKey(given))
    assert.equal(addressKey(formatAddress(given)), addressKey(given))
  })
})

test('parseAddress throws nothing but BadCommand, and what it reads formats and reads back', () => {
  check(addressSoup, (text) => {
    refuses(() => {
      const read = parseAddress(text)
      assert.deepEqual(parseAddress(formatAddress(read)), read)
      assert.equal(addressKey(addressKey(read)), addressKey(read))
    })
  })
})

test('lists are read without a throw, valid addresses read back, and the strict reading agrees with the tolerant one', () => {
  check(addressSoup, (body) => {
    const mailboxes = parseAddressList(body).flatMap((entry) => (entry.kind === 'mailbox' ? [entry.address] : []))
    for (const text of mailboxes) if (text !== null) assert.equal(formatAddress(parseAddress(text)), text)
    const sole = soleMailboxes(body)
    if (sole !== null) assert.deepEqual(mailboxes, sole)
  })
})

test('any addresses in a plain list are the sole mailboxes of it', () => {
  check(fc.array(address, { minLength: 1, maxLength: 4 }), (given) => {
    const plain = given.filter(
      ({ localPart, domain }) => !formatAddress({ localPart, domain }).startsWith('"') && !domain.startsWith('['),
    )
    const texts = plain.map(formatAddress).filter((text) => !text.includes('=?'))
    assert.deepEqual(
      soleMailboxes(texts.map((text, index) => (index % 2 ? `"A, B" <${text}>` : text)).join(', ')),
      texts.length > 0 ? texts : null,
    )
  })
})

test('no header, body, parameter, date or page makes its reader throw', () => {
  check(
    fc.tuple(headerSoup, parameterSoup, htmlSoup, addressSoup, fc.constantFrom('base64', 'quoted-printable', '8bit')),
    ([header, parameter, html, words, encoding]) => {
      imapEnvelopeOf(parseHeader(Buffer.from(header)))
      decodeParameters(parseParameterised(parameter).parameters)
      assert.ok(!textOfHtml(html).includes('\0'.repeat(9)))
      assert.equal(decodeWords(decodeWords(words)).includes('\r\n'), words.includes('\r\n'))
      for (const text of [html, words, parameter]) decodeText(decodeTransfer(Buffer.from(text), encoding), parameter)
      parseDate(words)
    },
  )
})

test('editHeader without edits is identity, and the fields are the octets before the blank line', () => {
  check(headerSoup, (text) => {
    const octets = Buffer.from(text)
    const header = parseHeader(octets)
    const fields = Buffer.concat(header.fields.map((field) => field.raw))
    assert.deepEqual(fields, octets.subarray(0, fields.length))
    assert.ok(header.octets - fields.length <= (header.hasBlankLine ? 2 : 0))
    const edited = editHeader(header, { prepend: [], remove: () => false, append: [] })
    if (header.hasBlankLine) assert.deepEqual(edited, octets.subarray(0, header.octets))
    assert.deepEqual(
      parseHeader(edited).fields,
      parseHeader(Buffer.concat([fields, fields.at(-1) === 0x0a ? '' : '\r\n'].map((part) => Buffer.from(part)))).fields,
    )
  })
})

test('composeField writes one field that reads back as it was', () => {
  check(fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\t', 'é', ':', 'word', 'x'.repeat(30)), maxLength: 60 }), (value) => {
    const header = parseHeader(composeField('X-Test', value))
    assert.equal(header.fields.length, 1)
    assert.equal(fieldText(header.fields[0]!), value.replace(/^[ \t]+/, ''))
  })
})

test('a Received field is one field whatever the client said', () => {
  check(headerSoup, (from) => {
    assert.equal(
      parseHeader(receivedField({ from, clientAddress: from, by: 'b', protocol: from, tls: from, id: from, atMs: 0 })).fields
        .length,
      1,
    )
  })
})

test('encoded words read back', () => {
  check(
    fc.string({ unit: fc.constantFrom('a', ' ', 'é', '日', '=?', '?=', '_', '=', '"', '😀', 'B?'), maxLength: 60 }),
    (text) => {
      assert.equal(decodeWords(encodeWords(text)), text)
    },
  )
})

test('dates read back', () => {
  check(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) =>
    assert.equal(parseDate(formatDate(seconds * 1000)), seconds * 1000),
  )
})

function scan(octets: Buffer, cuts: readonly number[], limits?: Partial<StructureLimits>) {
  const structure = new StructureScan(limits)
  const ends = [...cuts.map((cut) => cut % (octets.length + 1)), octets.length].sort((a, b) => a - b)
  let start = 0
  for (const end of ends) {
    // A copy that is overwritten at once: the scan may keep nothing of a chunk.
    const chunk = Buffer.from(octets.subarray(start, end))
    structure.push(chunk)
    chunk.fill(0x2d)
    start = end
  }
  return structure.end()
}

const small = { maxDepth: 4, maxParts: 6, maxHeaderOctets: 60, maxPartHeadersOctets: 100 }

test('the structure is the same however the octets are cut into chunks, with wide limits and with narrow ones', () => {
  check(
    fc.tuple(fc.array(mimeSoup, { maxLength: 4 }), fc.array(fc.nat(), { maxLength: 12 }), fc.boolean()),
    ([texts, cuts, narrow]) => {
      const octets = Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${texts.join('')}`)
      const limits = narrow ? small : undefined
      const whole = scan(octets, [], limits)
      assert.deepEqual(scan(octets, cuts, limits), whole)
      assert.deepEqual(
        scan(
          octets,
          Array.from({ length: octets.length }, (_, at) => at),
          limits,
        ),
        whole,
      )
    },
  )
})

/** What holds of every part of any message: where it is, and that each type has the parts that its readers expect. */
function assertSound(part: Part, octets: Buffer): void {
  assert.ok(part.headerStart <= part.bodyStart && part.bodyStart <= part.bodyEnd && part.bodyEnd <= octets.length)
  assert.equal(part.lines, octets.subarray(part.bodyStart, part.bodyEnd).filter((octet) => octet === 0x0a).length)
  assert.equal(part.type === 'multipart', part.type === 'multipart' && part.parts.length > 0)
  assert.equal(part.type === 'message' && part.parts.length === 1, part.envelope !== null)
  let end = part.bodyStart
  for (const child of part.parts) {
    assert.ok(child.headerStart >= end && child.bodyEnd <= part.bodyEnd)
    end = child.bodyEnd
    assertSound(child, octets)
  }
}

test('whatever the octets, every part lies within its parent, in order, and the header ends where parseHeader says', () => {
  check(fc.tuple(fc.array(mimeSoup, { maxLength: 4 }), fc.boolean()), ([texts, narrow]) => {
    const octets = Buffer.from(texts.join(''))
    const structure = scan(octets, [], narrow ? small : undefined)
    assertSound(structure.root, octets)
    if (!narrow) assert.equal(structure.headerOctets, parseHeader(octets).octets)
    const text = octets.toString('latin1')
    assert.equal(structure.hasBareCr, /\r(?!\n)/.test(text))
    assert.equal(structure.hasBareLf, /(?<!\r)\n/.test(text))
    assert.equal(structure.longestLineOctets, Math.max(...text.split(/\r\n|\n/).map((line) => line.length)))
  })
})

interface Composed {
  readonly header: string
  readonly body: string
  readonly parts: Composed[]
}

const bodyText = fc.string({ unit: fc.constantFrom('a', '-', '--', '\r\n', ' ', 'b1', '--x\r\n', 'é'), maxLength: 12 })

/** A message and what it was made of; boundaries begin alike and occur nowhere else. */
function composed(depth: number, path: string): fc.Arbitrary<Composed> {
  const leaf = bodyText.map((body): Composed => ({ header: 'Content-Type: text/plain\r\n\r\n', body, parts: [] }))
  if (depth === 0) return leaf
  const boundary = `=${path}`
  const multipart = fc
    .tuple(
      bodyText,
      bodyText,
      fc
        .integer({ min: 1, max: 3 })
        .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => composed(depth - 1, `${path}${index}`)))),
    )
    .map(([preamble, epilogue, parts]): Composed => {
      const delimited = parts.map((part) => `--${boundary}\r\n${part.header}${part.body}\r\n`).join('')
      return {
        header: `Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n`,
        body: `${preamble}\r\n${delimited}--${boundary}--\r\n${epilogue}`,
        parts,
      }
    })
  const message = composed(depth - 1, `${path}m`).map(
    (part): Composed => ({ header: 'Content-Type: message/rfc822\r\n\r\n', body: part.header + part.body, parts: [part] }),
  )
  return fc.oneof(leaf, multipart, multipart, message)
}

function assertSame(part: Part, expected: Composed, octets: Buffer): void {
  assert.equal(octets.toString('utf8', part.headerStart, part.bodyStart), expected.header)
  assert.equal(octets.toString('utf8', part.bodyStart, part.bodyEnd), expected.body)
  assert.equal(part.parts.length, expected.parts.length)
  for (const [index, child] of part.parts.entries()) assertSame(child, expected.parts[index]!, octets)
}

test('RFC 2046 §5.1: the offsets of every part cut out exactly what the message was put together from', () => {
  check(composed(3, 'b'), (expected) => {
    const octets = Buffer.from(expected.header + expected.body)
    assertSame(scan(octets, []).root, expected, octets)
  })
})
