// A line above a text in each encoding, with no other octet changed; and where it is not put. G06, RFC 2045 §6
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeTransfer } from '#mail/decode.ts'
import type { Part } from '#mail/part.ts'
import { linePrepended, ownTextStarts } from '#mail/prepend-text.ts'
import { StructureScan } from '#mail/structure.ts'

function scanned(raw: string): Part {
  const scan = new StructureScan()
  scan.push(Buffer.from(raw, 'latin1'))
  return scan.end().root
}
const message = (type: string, encoding: string, body: string) =>
  `Content-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${body}`

/** The decoded body with the line above it; null where it is not put. */
function withLine(type: string, encoding: string, body: string, line = 'RESTRICTED'): string | null {
  const raw = message(type, encoding, body)
  const part = scanned(raw)
  const edit = linePrepended(part, Buffer.from(body, 'latin1'), line)
  if (edit === null) return null
  assert.equal(edit.removed, 0)
  // Padding within base64 ends it for some programs (RFC 2045 §6.8).
  if (encoding === 'base64') assert.doesNotMatch(edit.inserted.toString('latin1'), /=/)
  const at = edit.at - part.bodyStart
  const edited = Buffer.from(`${body.slice(0, at)}${edit.inserted.toString('latin1')}${body.slice(at)}`, 'latin1')
  for (const one of edited.toString('latin1').split('\r\n')) assert.ok(one.length <= 78 || encoding === '8bit', one)
  return decodeTransfer(edited, encoding.toUpperCase()).toString('latin1')
}

test('above a plain text the line stands alone, and every octet of the text follows (RFC 2045)', () => {
  const text = 'Dear all,\r\n\r\nf\xfcr = 100%\r\n'
  assert.equal(withLine('text/plain', '8bit', text), `RESTRICTED\r\n\r\n${text}`)
  assert.equal(withLine('text/plain', 'quoted-printable', 'f=FCr =3D x=\r\ny', 'A = B'), 'A = B\r\n\r\nf\xfcr = xy')
  const base64 = Buffer.from(text.repeat(5), 'latin1')
    .toString('base64')
    .replace(/.{76}(?!$)/g, '$&\r\n')
  for (const line of ['RESTRICTED', 'PROTECT', 'PROTECT - STAFF']) {
    const decoded = withLine('text/plain', 'base64', base64, line)!
    assert.equal(decoded.trimStart(), `${line}\r\n\r\n${text.repeat(5)}`)
    assert.ok(decoded.length - decoded.trimStart().length <= 2)
  }
})

test('above HTML the line stands where its body begins, and nowhere where that is not certain (G06)', () => {
  const div = '\r\n<div>RESTRICTED</div>\r\n'
  assert.equal(withLine('text/html', '8bit', '<p>x</p>'), `${div}<p>x</p>`)
  assert.equal(withLine('text/html', '8bit', '<html><body class="a>b"><p>x</p>'), `<html><body class="a>b">${div}<p>x</p>`)
  assert.equal(
    withLine('text/html', 'quoted-printable', '<BODY lang=3D"en"><p>x</p>'),
    '<BODY lang="en"><div>RESTRICTED</div><p>x</p>',
  )
  for (const body of ['<!doctype html><p>x', '<html><p>x', '<body class="x', '<body'])
    assert.equal(withLine('text/html', '8bit', body), null, body)
  assert.equal(withLine('text/html', 'base64', Buffer.from('<p>x</p>').toString('base64')), null)
  assert.match(withLine('text/html', '8bit', '<p>', 'SMITH & <b> EYES ONLY')!, /SMITH &#38; &#60;b&#62; EYES ONLY/)
})

test('a line that is no plain line, or a charset that is not ASCII below, is not written (G06)', () => {
  assert.equal(withLine('text/plain', '8bit', 'x', 'M\u00dcLLER EYES ONLY'), null)
  assert.equal(withLine('text/plain', '8bit', 'x', 'A\r\nB'), null)
  assert.equal(withLine('text/plain; charset=utf-16', 'base64', 'AAAA'), null)
})

test('the text that begins a message is the first of several, each alternative of one; none of what is signed', () => {
  const starts = (raw: string) => ownTextStarts(scanned(raw)).map((part) => raw.slice(part.bodyStart, part.bodyEnd))
  const mixed = (type: string) =>
    `Content-Type: multipart/${type}; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n`
  assert.deepEqual(starts(mixed('mixed')), ['one'])
  assert.deepEqual(starts(mixed('alternative')), ['one', 'two'])
  assert.deepEqual(starts(mixed('signed')), [])
  assert.deepEqual(starts('Content-Type: application/pkcs7-mime\r\n\r\nMIIB'), [])
})
