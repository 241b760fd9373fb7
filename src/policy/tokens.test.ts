// Words and signs of a line. G05.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tokensOf, withoutLetterSpacing } from '#policy/tokens.ts'

test('words, signs and dashes of every kind are parted; what does not show is dropped (G05)', () => {
  assert.deepEqual(
    tokensOf('\ufeffTOP\u00a0SEC\u200bRET – Smith’s').map(({ text, isCapitals, afterSpace }) => [text, isCapitals, afterSpace]),
    [
      ['TOP', true, true],
      ['SECRET', true, true],
      ['-', false, true],
      ['SMITH’S', false, true],
    ],
  )
})

test('a full stop belongs to a word only where one follows it (G05)', () => {
  assert.deepEqual(
    tokensOf('A.B. C.').map(({ text }) => text),
    ['A.B', '.', 'C', '.'],
  )
})

test('full-width letters are letters (G05)', () => {
  assert.deepEqual(
    tokensOf('ＳＥＣＲＥＴ').map(({ text, isCapitals }) => [text, isCapitals]),
    [['SECRET', true]],
  )
})

test('letter-spaced words are put together, other lines stay (G05)', () => {
  assert.equal(withoutLetterSpacing('S E C R E T'), 'SECRET')
  assert.equal(withoutLetterSpacing(' T O P  S E C R E T '), 'TOP SECRET')
  assert.equal(withoutLetterSpacing('P R O T E C T - S T A F F'), 'PROTECT - STAFF')
  assert.equal(withoutLetterSpacing('I am a lawyer'), 'I am a lawyer')
})
