import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { editHeader, receivedField } from '#mail/edit.ts'
import { composeField, fieldsNamed, fieldText, parseHeader } from '#mail/header.ts'

const none = { prepend: [], remove: () => false, append: [] }
const edit = (text: string, edits: Partial<Parameters<typeof editHeader>[1]> = {}) =>
  editHeader(parseHeader(Buffer.from(text)), { ...none, ...edits }).toString()

test('a header without edits stays octet for octet', () => {
  const octets = readFileSync(new URL('../../testdata/mail/apple-mixed-inside-alternative.eml', import.meta.url))
  const header = parseHeader(octets)
  assert.deepEqual(editHeader(header, none), octets.subarray(0, header.octets))
  assert.equal(edit('A : b\n c\n\nbody'), 'A : b\n c\n\n')
})

test('trace fields go first, supplied ones last, Bcc goes with its folds, and all else stays', () => {
  const edited = edit('A: 1\r\nBcc: x,\r\n y\r\nbcc:z\r\na:  2 \r\n\r\nbody', {
    prepend: [Buffer.from('Received: r\r\n')],
    remove: (field) => field.key === 'bcc',
    append: [composeField('Message-ID', '<1@x>')],
  })
  assert.equal(edited, 'Received: r\r\nA: 1\r\na:  2 \r\nMessage-ID: <1@x>\r\n\r\n')
})

test('a header that ends without a blank line, or without a line end, gets what it lacks', () => {
  assert.equal(edit('A: b\r\nno field\r\n'), 'A: b\r\n\r\n')
  assert.equal(edit('A: b', { append: [Buffer.from('C: d\r\n')] }), 'A: b\r\nC: d\r\n\r\n')
  assert.equal(edit(''), '\r\n')
})

const received = { from: 'laptop.example', by: 'mx.cjsm.test', protocol: 'ESMTPSA', id: 'r-1', atMs: 0 }

test('RFC 5321 §4.4: a Received field names client, host, protocol, id and date, and the address only when given', () => {
  const text = (more: object) => fieldText(parseHeader(receivedField({ ...received, ...more })).fields[0]!)
  const date = 'Thu, 1 Jan 1970 00:00:00 +0000'
  assert.equal(text({}), `from laptop.example by mx.cjsm.test with ESMTPSA id r-1; ${date}`)
  assert.equal(
    text({ clientAddress: '192.0.2.1', tls: 'TLSv1.3' }),
    `from laptop.example ([192.0.2.1]) by mx.cjsm.test with ESMTPSA (TLSv1.3) id r-1; ${date}`,
  )
})

test('RFC 5321 §4.4: what a client said in EHLO cannot add a field, a comment or a clause', () => {
  const octets = receivedField({ ...received, from: 'x\r\nBcc: evil (by other; with\0' })
  const header = parseHeader(octets)
  assert.equal(header.fields.length, 1)
  assert.equal(fieldsNamed(header, 'Bcc').length, 0)
  assert.match(fieldText(header.fields[0]!), /^from x\?\?Bcc:\?evil\?\?by\?other\?\?with\? by /)
  assert.ok(receivedField({ ...received, from: 'x'.repeat(70_000) }).length < 500)
})
