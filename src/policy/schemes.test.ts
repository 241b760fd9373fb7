// Schemes as data. G05–G07.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readMarkingLine } from '#policy/read-marking.ts'
import { gpms, gsc, readScheme } from '#policy/schemes.ts'

test('GPMS carries up to RESTRICTED, GSC up to OFFICIAL-SENSITIVE (G05)', () => {
  const carried = [gpms, gsc].map((scheme) =>
    [...new Set(scheme.levels.filter((level) => !level.aboveCeiling).map((level) => level.name))].sort(),
  )
  assert.deepEqual(carried, [
    ['NOT PROTECTIVELY MARKED', 'PROTECT', 'RESTRICTED'],
    ['OFFICIAL', 'OFFICIAL-SENSITIVE'],
  ])
})

test('every level above the ceiling ranks over every level below it, in both schemes (G05)', () => {
  const ranks = (above: boolean) =>
    [...gpms.levels, ...gsc.levels].filter((level) => level.aboveCeiling === above).map((level) => level.rank)
  assert.ok(Math.min(...ranks(true)) > Math.max(...ranks(false)))
})

test('an organisation’s own markings are a scheme of its own, read like the others (G07)', () => {
  const own = readScheme({ id: 'hart', title: 'Hart & Co', outsideLevels: ['CHAMBERS SENSITIVE'], namedCaveats: [] })
  const marking = readMarkingLine('CHAMBERS SENSITIVE', { schemes: [gpms, own], standsAlone: true })
  assert.deepEqual([marking?.scheme, marking?.level, marking?.descriptors], ['hart', null, ['CHAMBERS SENSITIVE']])
})

test('an organisation’s own descriptor is read where its scheme has it (G06)', () => {
  const wider = {
    ...gpms,
    descriptors: [...gpms.descriptors, { name: 'WITNESS CARE', words: ['WITNESS', 'CARE'], afterSpace: false }],
  }
  assert.deepEqual(readMarkingLine('RESTRICTED - WITNESS CARE', { schemes: [wider], standsAlone: true })?.descriptors, [
    'WITNESS CARE',
  ])
  assert.equal(readMarkingLine('RESTRICTED - WITNESS CARE', { schemes: [gpms], standsAlone: true }), null)
})

const wrong: [string, unknown, RegExp][] = [
  ['nothing', null, /not a marking scheme/],
  ['an unknown key', { id: 'x', title: 'x', colour: 'red' }, /not a marking scheme/],
  ['a level without rank', { id: 'x', title: 'x', levels: [{ name: 'A' }] }, /levels/],
  ['a word without letters', { id: 'x', title: 'x', owners: ['--'] }, /owners/],
  ['an id with a space', { id: 'x y', title: 'x' }, /id/],
]

for (const [name, data, message] of wrong) {
  test(`scheme data with ${name} is refused by a sentence that says where`, () => {
    assert.throws(() => readScheme(data), message)
  })
}
