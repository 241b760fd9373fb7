import assert from 'node:assert/strict'
import { test } from 'node:test'
import { composeField, fieldsNamed, fieldText, parseHeader } from '#mail/header.ts'

const read = (text: string) => parseHeader(Buffer.from(text))
const bodies = (text: string) => read(text).fields.map((field) => [field.fieldName, fieldText(field)])

test('RFC 5322 §2.2: fields keep their octets and their order, and the blank line ends the header', () => {
  const text = 'Subject: one\r\nTo:a@b\r\n\r\nbody: x\r\n'
  const header = read(text)
  assert.deepEqual(bodies(text), [
    ['Subject', 'one'],
    ['To', 'a@b'],
  ])
  assert.equal(header.octets, 24)
  assert.equal(header.hasBlankLine, true)
  assert.equal(Buffer.concat(header.fields.map((field) => field.raw)).toString(), 'Subject: one\r\nTo:a@b\r\n')
})

test('RFC 5322 §2.2.3: a folded field is unfolded, also where the fold comes first or holds white space only', () => {
  assert.deepEqual(bodies('Subject:\r\n \tone\r\n  two\r\n\t\r\n three \r\n\r\n'), [['Subject', 'one  two\t three ']])
})

test('RFC 5322 §4.5: white space before the colon is not part of the name', () => {
  assert.deepEqual(bodies('Subject \t: x\r\n\r\n'), [['Subject', 'x']])
})

const ends: [why: string, text: string, fields: number, octets: number, hasBlankLine: boolean][] = [
  ['an empty message', '', 0, 0, false],
  ['a blank line alone', '\r\n', 0, 2, true],
  ['a bare line feed as blank line', 'A: b\n\nbody', 1, 6, true],
  ['a missing blank line', 'A: b\r\n', 1, 6, false],
  ['a missing last line end', 'A: b', 1, 4, false],
  ['a line that is no field', 'A: b\r\nnot a field\r\n\r\nbody', 1, 6, false],
  ['a line without a colon', 'A: b\r\nnofield\r\n\r\n', 1, 6, false],
  ['a continuation of nothing', ' a: b\r\n\r\n', 0, 0, false],
  ['an mbox line', 'From a@b Mon\r\nA: b\r\n\r\n', 0, 0, false],
  ['an empty name', ': b\r\n\r\n', 0, 0, false],
  ['an 8-bit name', 'Ä: b\r\n\r\n', 0, 0, false],
  ['a bare carriage return', 'A: b\r\n\r\r\n', 1, 6, false],
  ['a colon on the next line only', 'Ab\r\n: c\r\n', 0, 0, false],
]

for (const [why, text, fields, octets, hasBlankLine] of ends) {
  test(`a header with ${why} ends where a reader would stop`, () => {
    const header = read(text)
    assert.deepEqual([header.fields.length, header.octets, header.hasBlankLine], [fields, octets, hasBlankLine])
  })
}

test('names such as __proto__ and names of 70,000 octets are ordinary', () => {
  const long = 'x'.repeat(70_000)
  const header = read(`__proto__: a\r\nconstructor: b\r\n${long}: c\r\n\r\n`)
  assert.deepEqual(
    ['__PROTO__', 'Constructor', long.toUpperCase(), 'toString'].map((name) => fieldsNamed(header, name).length),
    [1, 1, 1, 0],
  )
})

test('fieldsNamed gives every field of the name, whatever its case, in order', () => {
  assert.deepEqual(fieldsNamed(read('From: a\r\nfrom: b\r\nTo: c\r\nFROM: d\r\n\r\n'), 'From').map(fieldText), ['a', 'b', 'd'])
})

test('RFC 6532: a body is UTF-8, and Latin-1 where it is not valid UTF-8', () => {
  assert.deepEqual(bodies('A: é\r\n'), [['A', 'é']])
  assert.equal(fieldText(parseHeader(Buffer.from('A: caf\xe9\r\n', 'latin1')).fields[0]!), 'café')
})

test('composeField folds at 78 where it can, and what it writes reads back', () => {
  const value = `${'word '.repeat(40)}${'x'.repeat(100)}  end`
  const composed = composeField('Subject', value)
  const lines = composed.toString().split('\r\n')
  assert.equal(lines.at(-1), '')
  assert.ok(lines.every((line) => line.length <= 78 || line.includes('x'.repeat(100))))
  assert.ok(lines.slice(0, -1).every((line) => line.trim() !== ''))
  assert.equal(fieldText(parseHeader(composed).fields[0]!), value)
})

test('composeField never writes a second line that the value brought along', () => {
  for (const value of ['a\r\nBcc: b', 'a\nb', 'a\rb', 'a\0b']) assert.throws(() => composeField('X', value))
  for (const name of ['', 'a b', 'a:', 'é', 'a\r\nb']) assert.throws(() => composeField(name, 'x'))
})
