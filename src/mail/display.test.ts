// Which parts are the text of a message, and which its attachments. RFC 2046 §5.1, RFC 2387, RFC 2392.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodedOctets, displayOf, nestedIn, partAt } from '#mail/display.ts'
import { maxShownBodies } from '#mail/limits.ts'
import { type Part, StructureScan } from '#mail/structure.ts'
import { messageOf, multipart, partOf } from '#test/support/mail-parts.ts'

function structureOf(content: string): Part {
  const scan = new StructureScan()
  scan.push(messageOf({ Subject: 'a' }, content))
  return scan.end().root
}

/** `bodies | attachments | pictures`, by their paths. */
function shown(content: string): string {
  const { bodies, attachments, pictures } = displayOf(structureOf(content))
  const texts = bodies.map(({ plain, html }) => `${plain?.path ?? '-'}/${html?.path ?? '-'}`)
  return [texts.join(' '), attachments.map(({ path }) => path).join(' '), [...pictures.keys()].join(' ')].join(' | ')
}

const plain = partOf({ type: 'text/plain', body: 'a' })
const html = partOf({ type: 'text/html', body: '<p>a' })
const picture = partOf({ type: 'image/png', body: 'x', fields: ['Content-ID: <a@b>'] })
const pdf = partOf({ type: 'application/pdf; name=a.pdf', body: 'x' })
const named = partOf({ type: 'text/plain', body: 'a', fields: ['Content-Disposition: inline; filename=a.txt'] })
const inner = `Content-Type: message/rfc822\r\n\r\n${messageOf({ Subject: 'b' }, multipart('mixed', [plain, pdf], 'inner')).toString()}`

const table: [name: string, content: string, expected: string][] = [
  ['a plain text alone', plain, '0/- |  | '],
  ['HTML alone', html, '-/0 |  | '],
  ['a file alone', pdf, ' | 0 | '],
  ['two forms of one text (RFC 2046 §5.1.4)', multipart('alternative', [plain, html]), '1/2 |  | '],
  ['HTML with its pictures (RFC 2387)', multipart('related', [html, picture]), '-/1 | 2 | a@b'],
  [
    'what most programs send',
    multipart('mixed', [multipart('alternative', [plain, multipart('related', [html, picture])]), pdf]),
    '1.1/1.2.1 | 1.2.2 2 | a@b',
  ],
  ['a text below another, as lists add it', multipart('mixed', [plain, pdf, plain]), '1/- 3/- | 2 | '],
  ['a text that is named as a file (RFC 2183)', multipart('mixed', [plain, named]), '1/- | 2 | '],
  ['a nested message', multipart('mixed', [plain, inner]), '1/- | 2 | '],
  ['alternatives without a text', multipart('alternative', [pdf, picture]), ' | 1 2 | a@b'],
  ['alternatives of the same form', multipart('alternative', [plain, html, html]), '1/3 | 2 | '],
  [
    'a signed text',
    multipart('signed', [plain, partOf({ type: 'application/pkcs7-signature; name=smime.p7s', body: 'x' })]),
    '1/- | 2 | ',
  ],
]

for (const [name, content, expected] of table) {
  test(`of ${name}, the text is shown and everything else is listed`, () => assert.equal(shown(content), expected))
}

test('as many texts as the limit are shown, the next is listed', () => {
  const of = (count: number) => displayOf(structureOf(multipart('mixed', Array<string>(count).fill(plain))))
  assert.deepEqual([of(maxShownBodies).bodies.length, of(maxShownBodies).attachments.length], [maxShownBodies, 0])
  assert.deepEqual([of(maxShownBodies + 1).bodies.length, of(maxShownBodies + 1).attachments.length], [maxShownBodies, 1])
})

test('parts are found by their path, and a nested message’s parts by the path from the top', () => {
  const root = structureOf(multipart('mixed', [plain, inner]))
  const nested = nestedIn(partAt(root, '2')!)!
  assert.deepEqual([nested.path, nested.part.subtype], ['2.1', 'mixed'])
  assert.deepEqual(
    displayOf(nested.part, nested.path).attachments.map(({ path }) => path),
    ['2.1.2'],
  )
  assert.equal(partAt(root, '2.1.2')?.part.subtype, 'pdf')
  assert.equal(nestedIn(partAt(root, '1')!), null)
  for (const path of ['3', '1.1', '01', '1.', '', '-1', '1e3', '0.1', '__proto__', '9999999999', `${'1.'.repeat(300)}1`]) {
    assert.equal(partAt(root, path), null, path)
  }
})

test('a size is near that of the decoded file', () => {
  const body = 'x'.repeat(100_000)
  assert.equal(decodedOctets(structureOf(partOf({ type: 'application/pdf', body }))) - 100_000 < 10, true)
  assert.equal(decodedOctets(structureOf(partOf({ type: 'text/plain', body: 'abc', encoding: '8bit' }))), 5)
})
