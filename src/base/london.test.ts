// Days of London: their ends in summer and in winter, and on the days on which clocks change.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endOfLondonDay, londonDay } from '#base/london.ts'

for (const [day, end] of [
  ['2026-12-31', '2026-12-31T23:59:59Z'],
  ['2026-07-31', '2026-07-31T22:59:59Z'],
  ['2026-03-28', '2026-03-28T23:59:59Z'],
  ['2026-03-29', '2026-03-29T22:59:59Z'],
  ['2026-10-24', '2026-10-24T22:59:59Z'],
  ['2026-10-25', '2026-10-25T23:59:59Z'],
  ['9999-12-31', '9999-12-31T23:59:59Z'],
] as const)
  test(`${day} ends in London at ${end}`, () => {
    const atMs = endOfLondonDay(day)
    assert.equal(atMs, Date.parse(end))
    assert.equal(londonDay(atMs!), day)
    assert.notEqual(londonDay(atMs! + 1000), day)
  })

test('what is no day has no end', () => {
  for (const wrong of ['2026-02-30', '2026-2-3', 'tomorrow', '']) assert.equal(endOfLondonDay(wrong), null)
})
