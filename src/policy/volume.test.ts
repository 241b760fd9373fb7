// How much is too much, and what is as regular as a machine's. T08, T23
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isMachineRegular, type VolumeFacts, volumeIsNoSpam } from '#policy/volume.ts'

const limits = { perHour: 5_000, perDay: 20_000 }
const quiet: VolumeFacts = { thisHour: 0, lastDay: 0, usualDay: 0, usualDays: 0 }

const cases: [why: string, facts: Partial<VolumeFacts>, isSpam: boolean][] = [
  ['nothing', {}, false],
  ['as much as the limits', { thisHour: 5_000, lastDay: 20_000 }, false],
  ['more than the limit of an hour', { thisHour: 5_001, lastDay: 5_001 }, true],
  ['more than the limit of a day', { thisHour: 1, lastDay: 20_001 }, true],
  ['far more than usual', { lastDay: 1_200, usualDay: 20, usualDays: 10 }, true],
  ['twenty times the usual, of somebody who sends much', { lastDay: 4_000, usualDay: 200, usualDays: 10 }, false],
  ['much for somebody new', { lastDay: 1_200, usualDay: 20, usualDays: 4 }, false],
  ['a large mailing of somebody who sends little', { lastDay: 1_000, usualDay: 2, usualDays: 20 }, false],
]
for (const [why, facts, isSpam] of cases) {
  test(`${why} is ${isSpam ? '' : 'not '}too much (T23)`, () => {
    const verdict = volumeIsNoSpam({ ...quiet, ...facts }, limits)
    assert.equal(
      verdict.kind === 'refused' ? `${verdict.clause} ${verdict.reason}` : 'allowed',
      isSpam ? 'T23 sending-is-stopped' : 'allowed',
    )
  })
}

const every = (gapMs: number, spreadMs: number, count = 20) =>
  Array.from({ length: count }, (_, at) => at * gapMs + (at % 3) * spreadMs)
test('arrivals at regular times are a machine’s; few, quick or spread ones are not (T08)', () => {
  assert.equal(isMachineRegular(every(60_000, 0)), true)
  assert.equal(isMachineRegular(every(60_000, 500)), true)
  assert.equal(isMachineRegular(every(60_000, 0, 19)), false)
  assert.equal(isMachineRegular(every(60_000, 20_000)), false)
  assert.equal(isMachineRegular(every(1_000, 0)), false)
})
