// How a number of octets is said to people.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sizeText } from '#base/size-text.ts'

test('sizes are counted in thousands', () => {
  const sizes = [0, 1, 999, 1000, 999_499, 999_500, 1_000_000, 1_249_000, 26_214_400]
  assert.deepEqual(sizes.map(sizeText), ['0 bytes', '1 byte', '999 bytes', '1 KB', '999 KB', '1 MB', '1 MB', '1.2 MB', '26.2 MB'])
})
