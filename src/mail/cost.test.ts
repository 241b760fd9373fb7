// What strangers send to make a reader slow: 256 KiB of it, as much as a header may have, costs in proportion; a quadratic reader
// would take minutes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '#mail/address.ts'
import { parseAddressList, soleMailboxes } from '#mail/address-list.ts'
import { parseDate } from '#mail/date.ts'
import { decodeTransfer } from '#mail/decode.ts'
import { imapEnvelopeOf } from '#mail/envelope.ts'
import { composeField, parseHeader } from '#mail/header.ts'
import { quotingTextOfHtml, textOfHtml } from '#mail/html.ts'
import { maxHeaderOctets } from '#mail/limits.ts'
import { parseParameterised } from '#mail/parameters.ts'
import { StructureScan } from '#mail/structure.ts'
import { decodeParameters, decodeWords, encodeWords } from '#mail/words.ts'

const size = maxHeaderOctets
/** Far above what any of these takes on a slow machine (under 0.2 s), far below what a quadratic reader would. */
const deadlineMs = 5_000
const fill = (unit: string) => unit.repeat(Math.ceil(size / unit.length))

const grammar = [
  '"',
  '\\',
  '\\"',
  '(',
  ')',
  '()',
  '<',
  '>',
  '<>',
  '[',
  ',',
  ';',
  ':',
  '@',
  'a@',
  'a@b,',
  'a ',
  ' ',
  '\t',
  '.',
  '=',
  '=?',
  '?',
  '=?utf-8?q?',
  '=?utf-8?q?a?= ',
  "*0*='",
  ';a=b',
  ';a*0=b',
  ';a="',
  '%',
  '\r\n ',
  'é',
  '\u0308',
  '\ud800',
]
const readers: [name: string, read: (text: string) => unknown][] = [
  ['parseAddressList', parseAddressList],
  ['soleMailboxes', soleMailboxes],
  ['decodeWords', decodeWords],
  ['encodeWords', encodeWords],
  ['parameters', (text) => decodeParameters(parseParameterised(text).parameters)],
  ['parseDate', parseDate],
  ['textOfHtml', textOfHtml],
  ['parseHeader', (text) => imapEnvelopeOf(parseHeader(Buffer.from(`To: ${text}`)))],
  ['composeField', (text) => composeField('X', text.replace(/[\r\n]/g, ''))],
  ['base64', (text) => decodeTransfer(Buffer.from(text), 'base64')],
  ['quoted-printable', (text) => decodeTransfer(Buffer.from(text), 'quoted-printable')],
]

for (const [name, read] of readers) {
  test(`256 KiB of any part of the grammar costs ${name} time in proportion`, () => {
    for (const unit of grammar) {
      const text = fill(unit)
      const start = performance.now()
      read(text)
      assert.ok(performance.now() - start < deadlineMs, `${JSON.stringify(unit)} took too long`)
    }
  })
}

test('256 KiB of any part of HTML costs textOfHtml time in proportion', () => {
  for (const unit of [
    '<',
    '</',
    '<!--',
    '<!-- --!',
    '-->',
    '<a ',
    '<a "',
    '<a b="',
    '<script>',
    '<style></styl',
    '<pre>',
    '<blockquote>',
    '</blockquote>',
    '<blockquote border-left: type= ',
    '&',
    '&#',
    '&amp',
    '<p>',
    ' \n',
  ]) {
    const start = performance.now()
    textOfHtml(fill(unit))
    quotingTextOfHtml(fill(unit))
    assert.ok(performance.now() - start < deadlineMs, `${JSON.stringify(unit)} took too long`)
  }
})

const bodies = [
  '..\r\n',
  '\r\n',
  '\n',
  '\r',
  '--',
  '--\r\n',
  '--b\r\n',
  '--c\r\n',
  '--b--\r\n',
  '--b\r\n\r\n',
  '--b\r\na: b\r\n',
  '--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n',
  '--b\r\nContent-Type: message/rfc822\r\n\r\n',
  'a: b\r\n',
  ' ',
  '\0',
  '\xff',
  'x',
]

test('256 KiB of any kind of line costs the structure scan time in proportion, in one chunk or in small ones', () => {
  for (const unit of bodies) {
    for (const start of ['', 'Content-Type: multipart/mixed; boundary=b\r\n\r\n', 'Subject: ']) {
      const octets = Buffer.from(start + fill(unit), 'latin1')
      const begun = performance.now()
      const whole = new StructureScan()
      whole.push(octets)
      whole.end()
      const cut = new StructureScan()
      for (let at = 0; at < octets.length; at += 100) cut.push(octets.subarray(at, at + 100))
      cut.end()
      assert.ok(performance.now() - begun < deadlineMs, `${JSON.stringify(start + unit)} took too long`)
    }
  }
})

test('delimiters of a hundred open multiparts that end alike cost one look-up a line', () => {
  const open = Array.from(
    { length: 99 },
    (_, level) => `Content-Type: multipart/mixed; boundary="${'b'.repeat(60)}${level}"\r\n\r\n--${'b'.repeat(60)}${level}\r\n`,
  ).join('')
  const begun = performance.now()
  const scan = new StructureScan()
  scan.push(Buffer.from(`${open}\r\n${fill(`--${'b'.repeat(61)}\r\n`)}`))
  assert.equal(scan.end().depth, 100)
  assert.ok(performance.now() - begun < deadlineMs)
})

test('an address of 256 KiB is refused by its length', () => {
  for (const unit of grammar) assert.throws(() => parseAddress(fill(unit)))
})
