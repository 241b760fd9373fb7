// How times and strangers' text are written.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { counted, listDate, longDate, plainText } from '#web/format.ts'
import { maxListCharacters } from '#web/limits.ts'

test('dates are those of London, also in summer', () => {
  assert.equal(longDate(Date.parse('2026-11-22T13:05:00Z')), '22 November 2026 at 1:05pm')
  assert.equal(longDate(Date.parse('2026-06-01T23:30:00Z')), '2 June 2026 at 12:30am')
  const nowMs = Date.parse('2026-11-22T18:00:00Z')
  assert.equal(listDate(Date.parse('2026-11-22T09:07:00Z'), nowMs), '9:07am')
  assert.equal(listDate(Date.parse('2026-11-21T23:59:00Z'), nowMs), '21 November')
  assert.equal(listDate(Date.parse('2025-11-22T09:07:00Z'), nowMs), '22 November 2025')
})

test('what is counted stands in the singular for one, and with commas', () => {
  assert.deepEqual(
    [counted(1, 'message'), counted(2, 'message'), counted(20_000, 'message')],
    ['1 message', '2 messages', '20,000 messages'],
  )
})

test('strangers’ text is one line without what moves or hides it, cut by whole characters', () => {
  assert.equal(plainText('a\u202eb\u2066c\u0000d\u0085e\r\nf\ud800g\u{e0041}h'), 'a b c d e f g h')
  assert.equal(plainText('Llŷr  Ōe 律师 👩‍⚖️'.replace('\u200d', '')), 'Llŷr Ōe 律师 👩⚖️')
  const long = '👩'.repeat(maxListCharacters)
  assert.equal(plainText(long, maxListCharacters), long)
  assert.equal(plainText(`${long}x`, maxListCharacters), `${long}…`)
})

test('a very long text costs no more than what is shown of it', () => {
  const began = performance.now()
  plainText('\u202e'.repeat(20_000_000), 200)
  assert.ok(performance.now() - began < 500)
})
