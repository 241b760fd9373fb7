// How much is too much, and what is as regular as a machine's. T08, T23
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isMachineRegular, type VolumeFacts, volumeIsNoSpam, volumeIsWatched } from '#policy/volume.ts'

const limits = { perHour: 5_000, perDay: 20_000, spreadPerHour: 500 }
const quiet: VolumeFacts = {
  thisHour: 0,
  lastDay: 0,
  usualDay: 0,
  usualDays: 0,
  organisations: 0,
  usualOrganisations: 0,
  scored: 0,
  readAsSpam: 0,
  lifted: 0,
}
const spam = { scored: 20, readAsSpam: 16 }

const cases: [why: string, facts: Partial<VolumeFacts>, isSpam: boolean][] = [
  ['nothing', {}, false],
  ['as much as the limits', { thisHour: 5_000, lastDay: 20_000 }, false],
  ['more than the limit of an hour', { thisHour: 5_001, lastDay: 5_001 }, true],
  ['more than the limit of a day', { thisHour: 1, lastDay: 20_001 }, true],
  ['far more than usual', { lastDay: 1_200, usualDay: 20, usualDays: 10 }, true],
  ['twenty times the usual, of somebody who sends much', { lastDay: 4_000, usualDay: 200, usualDays: 10 }, false],
  ['much for somebody new', { lastDay: 1_200, usualDay: 20, usualDays: 4 }, false],
  ['a large mailing of somebody who sends little', { lastDay: 1_000, usualDay: 2, usualDays: 20 }, false],
  ['any score without volume', { thisHour: 1_250, lastDay: 5_000, scored: 5_000, readAsSpam: 5_000 }, false],
  ['a quarter of an hour’s limit that reads as spam', { thisHour: 1_251, lastDay: 1_251, ...spam }, true],
  ['a quarter of a day’s limit that reads as spam', { lastDay: 5_001, ...spam }, true],
  ['a quarter of what is unusual that reads as spam', { lastDay: 251, usualDay: 2, usualDays: 5, ...spam }, true],
  ['a quarter of a limit of which too few messages were read', { thisHour: 1_251, scored: 19, readAsSpam: 19 }, false],
  ['a quarter of a limit of which five in twenty are no spam', { thisHour: 1_251, scored: 20, readAsSpam: 15 }, false],
  ['as many organisations as the limit', { organisations: 500 }, false],
  ['more organisations than the limit', { organisations: 501 }, true],
  ['far more organisations than usual', { organisations: 201, usualOrganisations: 3, usualDays: 10 }, true],
  ['twenty times the usual organisations', { organisations: 400, usualOrganisations: 20, usualDays: 10 }, false],
  ['a quarter of the organisations of a limit, where it reads as spam', { organisations: 126, ...spam }, true],
  ['as much again after a person gave sending back', { thisHour: 10_000, lastDay: 40_000, lifted: 1 }, false],
  ['more than as much again after that', { thisHour: 10_001, lastDay: 10_001, lifted: 1 }, true],
  ['half a limit that reads as spam after a person gave sending back', { thisHour: 2_500, lifted: 1, ...spam }, false],
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

test('only who sends an eighth of a limit is watched, whatever was read of them (T23)', () => {
  const isWatched = (facts: Partial<VolumeFacts>) => volumeIsWatched({ ...quiet, ...facts }, limits)
  assert.equal(isWatched({ thisHour: 625, lastDay: 2_500, ...spam }), false)
  assert.equal(isWatched({ thisHour: 626 }), true)
  assert.equal(isWatched({ lastDay: 126, usualDay: 2, usualDays: 5 }), true)
})

const every = (gapMs: number, spreadMs: number, count = 20) =>
  Array.from({ length: count }, (_, at) => at * gapMs + (at % 3) * spreadMs)
test('arrivals at regular times are a machine’s; few, quick or spread ones are not (T08)', () => {
  assert.equal(isMachineRegular(every(60_000, 0)), true)
  assert.equal(isMachineRegular(every(60_000, 500)), true)
  assert.equal(isMachineRegular(every(60_000, 0, 19)), false)
  assert.equal(isMachineRegular(every(60_000, 20_000)), false)
  assert.equal(isMachineRegular(every(1_000, 0)), false)
})
