// Strangers' text and file names, made harmless. RFC 2183 §2.3, RFC 2231.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileNameOf, safeFileName, shownText } from '#mail/display-text.ts'
import { maxFileNameCharacters } from '#mail/limits.ts'
import { newPart } from '#mail/part.ts'

const names: [given: string, shown: string | null][] = [
  ['report.pdf', 'report.pdf'],
  ['../../etc/passwd', 'passwd'],
  ['C:\\Users\\me\\plan.docx', 'plan.docx'],
  ['..', null],
  ['/', null],
  ['   ', null],
  ['.htaccess', 'htaccess'],
  ['\u202efdp.exe', 'fdp.exe'],
  ['a\u0000b\u0007c\r\nX: y.txt', 'abc X_ y.txt'],
  ['invoice.pdf                                          .exe', 'invoice.pdf .exe'],
  ['what? "yes" <no>|*.txt', 'what_ _yes_ _no___.txt'],
  ['trailing dots.txt. . .', 'trailing dots.txt'],
  ['naïve résumé 履歴書.pdf', 'naïve résumé 履歴書.pdf'],
  ['\ud800.txt', '\ufffd.txt'],
  ['soft\u00adhyphen\u200b.txt', 'softhyphen.txt'],
]

for (const [given, shown] of names) {
  test(`a file called ${JSON.stringify(given)} is shown as ${JSON.stringify(shown)}`, () =>
    assert.equal(safeFileName(given), shown))
}

test('a name of the longest length stays, one more is cut and keeps its ending', () => {
  const fitting = `${'n'.repeat(maxFileNameCharacters - 4)}.pdf`
  assert.equal(safeFileName(fitting), fitting)
  const cut = safeFileName(`n${fitting}`)!
  assert.equal([...cut].length, maxFileNameCharacters)
  assert.ok(cut.endsWith('….pdf'))
  assert.equal([...safeFileName('😀'.repeat(5000))!].length, maxFileNameCharacters)
})

test('a name is read from the disposition, else from the type, in RFC 2231 and encoded words', () => {
  const part = newPart(0)
  assert.equal(fileNameOf(part), null)
  part.parameters = [['name', '=?utf-8?Q?b=C3=A9.txt?=']]
  assert.equal(fileNameOf(part), 'bé.txt')
  part.disposition = {
    type: 'attachment',
    parameters: [
      ['filename*0*', "utf-8''%e2%82%ac-"],
      ['filename*1', 'rates.txt'],
    ],
  }
  assert.equal(fileNameOf(part), '€-rates.txt')
})

test('a text keeps its lines and tabs and what its scripts need, and loses what moves or hides', () => {
  assert.equal(shownText('a\tb\r\nc\rd\u202e\u2066\u0000e\u200df'), 'a\tb\nc\nde\u200df')
  assert.equal(shownText('\ud800'), '\ufffd')
})
