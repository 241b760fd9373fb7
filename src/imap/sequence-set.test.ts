// Sequence sets against a view. RFC 3501 §9, §6.4.8; RFC 4315.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatSet, lowerBound, sequenceNamed, star, uidsNamed } from '#imap/sequence-set.ts'

const uids = [3, 5, 8, 13]

const byUid: [title: string, set: [number, number][], named: number[]][] = [
  ['single UIDs', [[5, 5]], [5]],
  ['a UID that is not there', [[6, 6]], []],
  ['a range', [[4, 8]], [5, 8]],
  ['a range turned round', [[8, 4]], [5, 8]],
  ['everything', [[1, star]], [3, 5, 8, 13]],
  ['the last one', [[star, star]], [13]],
  ['a range from behind the last one, which names the last one (RFC 3501 §6.4.8)', [[99, star]], [13]],
  [
    'overlapping ranges once',
    [
      [1, 8],
      [5, 13],
      [3, 3],
    ],
    [3, 5, 8, 13],
  ],
  ['a range of four thousand million', [[1, 4_294_967_295]], [3, 5, 8, 13]],
]
for (const [title, set, named] of byUid) test(`a set of UIDs names ${title}`, () => assert.deepEqual(uidsNamed(set, uids), named))

test('a set of sequence numbers names copies by their place, and none that is not there', () => {
  assert.deepEqual(sequenceNamed([[2, 3]], uids), [5, 8])
  assert.deepEqual(sequenceNamed([[star, star]], uids), [13])
  assert.deepEqual(sequenceNamed([[3, star]], uids), [8, 13])
  assert.equal(sequenceNamed([[5, 5]], uids), null)
  assert.equal(sequenceNamed([[1, 5]], uids), null)
  assert.deepEqual(sequenceNamed([[9, star]], uids), [13])
})

test('in an empty mailbox * names nothing', () => {
  assert.deepEqual(uidsNamed([[1, star]], []), [])
  assert.deepEqual(sequenceNamed([[1, star]], []), [])
  assert.deepEqual(sequenceNamed([[star, star]], []), [])
})

test('a set names what testing each UID against each range names', () => {
  const number = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant(star))
  const set = fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 6 })
  const held = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 20 }).map((all) => all.sort((a, b) => a - b))
  fc.assert(
    fc.property(set, held, (ranges, there) => {
      const last = there.at(-1) ?? 0
      const expected = there.filter((uid) =>
        ranges.some((range) => {
          const [from, to] = range.map((end) => (end === star ? last : end)) as [number, number]
          return uid >= Math.min(from, to) && uid <= Math.max(from, to)
        }),
      )
      assert.deepEqual(uidsNamed(ranges, there), expected)
    }),
    { numRuns: 2_000, seed: 3501 },
  )
})

test('numbers are written as ranges in their order (RFC 4315 §3)', () => {
  assert.equal(formatSet([1, 2, 3, 7, 9, 10]), '1:3,7,9:10')
  assert.equal(formatSet([5]), '5')
  assert.equal(formatSet([7, 3, 4]), '7,3:4')
  assert.equal(lowerBound(uids, 6), 2)
})
