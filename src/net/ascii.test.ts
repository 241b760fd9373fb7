import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asciiOf } from '#net/ascii.ts'

test('typographic characters become what ASCII has for them, and one line stays one', () => {
  assert.equal(
    asciiOf('Ask your organisation’s “desk” – RFC 3501 §9 …'),
    `Ask your organisation's "desk" - RFC 3501 section 9 ...`,
  )
  assert.equal(asciiOf('bøb\r\n* OK fine\u202e'), 'b?b?* OK fine?')
})
