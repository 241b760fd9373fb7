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
import { decodeParameters, decodeWords, encodeWords } from '#mail/words.ts'
import { grammarRuns } from '#test/support/fuzz.ts'

const runs = { seed: 20261121, numRuns: grammarRuns }
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
      assert.ok(
        textOfHtml(html)
          .split('\n')
          .every((line) => line === line.trim() && !/[\r\t]| {2}/.test(line)),
      )
      assert.ok(/[\r\n]/.test(words) || !/[\r\n]/.test(decodeWords(words)), 'an encoded word brought a line end')
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
