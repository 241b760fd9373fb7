// Which of two markings is the higher. G05, G06.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { higherMarking, highestMarking } from '#policy/marking.ts'
import { readMarkingLine } from '#policy/read-marking.ts'
import { shippedSchemes } from '#policy/schemes.ts'

function marked(line: string) {
  const marking = readMarkingLine(line, { schemes: shippedSchemes, standsAlone: true })
  assert.ok(marking !== null)
  return marking
}

test('levels are ordered, across schemes too, and no level is below all of them (G06)', () => {
  const rising = ['PRIVATE', 'NPM', 'PROTECT', 'RESTRICTED', 'CONFIDENTIAL', 'SECRET', 'TOP SECRET'].map(marked)
  for (const [index, lower] of rising.slice(0, -1).entries()) {
    const higher = rising[index + 1]!
    assert.equal(higherMarking(lower, higher), higher)
    assert.equal(higherMarking(higher, lower), higher)
  }
  const secret = marked('SECRET - HMG USE ONLY')
  assert.equal(higherMarking(marked('RESTRICTED'), secret), secret)
})

test('the first of equals is the highest; of none there is none (G06)', () => {
  const first = marked('PROTECT - STAFF')
  assert.equal(highestMarking([first, marked('PROTECT')]), first)
  assert.equal(highestMarking([]), null)
})
