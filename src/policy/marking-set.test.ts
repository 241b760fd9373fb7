// Schemes of organisations and the operator's mapping table, as data files. G06, G07.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shippedReading } from '#policy/attached-markings.ts'
import { mappedMarkings, shippedMap } from '#policy/marking-map.ts'
import { readMarkingSet, shippedSet } from '#policy/marking-set.ts'
import { readMarkingLine } from '#policy/read-marking.ts'

const chambers = {
  id: 'CHAMBERS',
  title: 'Chambers',
  levels: [{ name: 'CHAMBERS ONLY', rank: 15 }],
  organisations: ['Hollis Penn'],
}
const company = {
  id: 'CO',
  title: 'A company',
  levels: [
    { name: 'GREEN', rank: 10 },
    { name: 'RED', rank: 40, aboveCeiling: true },
  ],
}

test('an organisation’s own scheme is read in its own mail only, one without organisations in everybody’s (G07)', () => {
  const set = readMarkingSet([
    { name: 'a.json', data: chambers },
    { name: 'b.json', data: company },
  ])
  const read = (organisation: string, line: string) =>
    readMarkingLine(line, { schemes: set.schemesFor(organisation), standsAlone: true })?.scheme ?? null
  assert.deepEqual([read('Hollis Penn', 'CHAMBERS ONLY'), read('Firm', 'CHAMBERS ONLY')], ['CHAMBERS', null])
  assert.deepEqual([read('Hollis Penn', 'RED'), read('Firm', 'RED'), read('Firm', 'RESTRICTED')], ['CO', 'CO', 'GPMS'])
})

test('attachments are read by the schemes of who sends them, and by the operator’s table of labels (G05, G07)', () => {
  const labels = [{ from: 'MSIP/A-1', to: 'CHAMBERS/CHAMBERS ONLY' }]
  const set = readMarkingSet([
    { name: 'a.json', data: chambers },
    { name: 'mapping.json', data: labels },
  ])
  const { schemes, labels: read } = set.readingFor('Hollis Penn')
  assert.deepEqual([schemes.length, [...read.keys()]], [3, ['MSIP/a-1']])
  assert.equal(set.readingFor('Firm').schemes.length, 2)
  assert.equal(readMarkingSet([{ name: 'a.json', data: chambers }]).readingFor('Firm'), shippedReading)
  assert.equal(shippedSet.readingFor('Hollis Penn'), shippedReading)
})

test('the operator’s table takes the place of the one that is shipped; what it does not name is mapped to nothing (G06)', () => {
  const restricted = readMarkingLine('RESTRICTED - STAFF', { schemes: shippedSet.schemesFor(''), standsAlone: true })!
  assert.deepEqual(mappedMarkings(restricted, shippedMap), [{ scheme: 'GSC', level: 'OFFICIAL-SENSITIVE' }])
  const { map } = readMarkingSet([{ name: 'mapping.json', data: [{ from: 'GPMS/RESTRICTED', to: 'CO/AMBER' }] }])
  assert.deepEqual(mappedMarkings(restricted, map), [{ scheme: 'CO', level: 'AMBER' }])
  assert.deepEqual(mappedMarkings({ ...restricted, level: 'PROTECT' }, map), [])
  assert.deepEqual(mappedMarkings({ ...restricted, level: null }, shippedMap), [])
})

test('a shipped table maps only levels that there are, and none above a ceiling (G05, G06)', () => {
  const levels = new Map(
    shippedSet
      .schemesFor('')
      .flatMap(({ id, levels: all }) => all.map((level): [string, boolean] => [`${id}/${level.name}`, level.aboveCeiling])),
  )
  for (const [from, to] of shippedMap) {
    assert.equal(levels.get(from), false)
    for (const { scheme, level } of to) assert.equal(levels.get(`${scheme}/${level}`), false)
  }
})

test('a file that is none is named, with what is wrong (G06)', () => {
  const wrong = (name: string, data: unknown) => () => readMarkingSet([{ name, data }])
  assert.throws(wrong('x.json', { id: 'X' }), /^Error: x\.json: not a marking scheme/)
  assert.throws(wrong('x.json', { ...company, id: 'GPMS' }), /^Error: x\.json: there is a scheme GPMS already/)
  assert.throws(wrong('x.json', { ...chambers, organisations: 'all' }), /^Error: x\.json: organisations is a list/)
  assert.throws(
    wrong('mapping.json', [{ from: 'MSIP/1', to: 'GSC/SECRT' }]),
    /^Error: mapping\.json: there is no level GSC\/SECRT/,
  )
  assert.throws(wrong('mapping.json', [{ from: 'RESTRICTED' }]), /^Error: mapping\.json: not a mapping table/)
})
