// Where in an attachment a marking stands, and where the same words are only words. G04, G05.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Place } from '#mail/documents/place.ts'
import { findAttachedMarkings, shippedReading } from '#policy/attached-markings.ts'
import { readMarkingSet } from '#policy/marking-set.ts'

const levels = (where: Place['where'], lines: string[], property?: string) =>
  findAttachedMarkings([{ where, path: ['a'], lines, ...(property === undefined ? {} : { property }) }]).map(
    ({ marking }) => marking.level,
  )

test('a header or footer is a marking where one stands alone in it, beside others or with a page number (G05)', () => {
  const marked = [
    'SECRET',
    'Page 1 of 3\tSECRET\t2011',
    'SECRET - Page 1',
    '12 | SECRET',
    '- SECRET -',
    'S E C R E T',
    'SECRET 2/9',
  ]
  for (const line of marked.slice(0, -1)) assert.deepEqual(levels('header', [line]), ['SECRET'], line)
  const words = ['SECRET information', 'The Secret Agent', 'Secret', 'COMPANY CONFIDENTIAL', 'SECRET SANTA', 'SECRETARY']
  for (const line of words) assert.deepEqual(levels('footer', [line]), [], line)
})

test('a first page is marked by a line alone near its top (G05)', () => {
  assert.deepEqual(levels('first page', ['SECRET', 'UK EYES ONLY', 'Text']), ['SECRET', null])
  assert.deepEqual(levels('first page', ['Police', 'Headquarters', 'TOP SECRET', 'Text']), ['TOP SECRET'])
  assert.deepEqual(levels('first page', ['1', '2', '3', '4', '5', 'SECRET']), ['SECRET'])
  assert.deepEqual(levels('first page', ['1', '2', '3', '4', '5', '6', 'SECRET']), [])
  assert.deepEqual(levels('first page', ['Protective marking\tSECRET']), ['SECRET'])
  assert.deepEqual(levels('first page', ['Surname\tSECRET']), [])
  assert.deepEqual(levels('first page', ['EXAMPLE CONSTABULARY', 'SECRET', 'OPERATION ORDER']), ['SECRET'])
})

test('a witness called Secret is no marking, below a label or in a list of names (G04)', () => {
  for (const lines of [
    ['Surname', 'SECRET'],
    ['Witness:', 'SECRET'],
    ['Present', 'SMITH', 'SECRET', 'JONES'],
    ['List', 'SECRET', 'BROWN'],
  ]) {
    assert.deepEqual(levels('first page', lines), [], lines.join())
  }
})

test('a text without pages is marked by what it begins with (G04, G05)', () => {
  const levelsOf = (lines: string[]) =>
    findAttachedMarkings([{ where: 'first page', path: ['a.csv'], lines, isUnpaged: true }]).length
  assert.equal(levelsOf(['SECRET', 'Name']), 1)
  assert.equal(levelsOf(['Code name', 'SECRET']), 0)
})

test('a page that lists levels is marked by what it begins with, or not at all (G04)', () => {
  assert.deepEqual(levels('first page', ['The levels', 'RESTRICTED', 'SECRET', 'TOP SECRET']), [])
  assert.deepEqual(levels('first page', ['RESTRICTED', 'SECRET', 'TOP SECRET']), [])
  assert.deepEqual(levels('first page', ['SECRET', 'The levels', 'RESTRICTED', 'SECRET']), ['SECRET'])
})

test('a file name is read as a title, underscores as blanks, without its extension (G05)', () => {
  for (const name of ['SECRET.docx', 'SECRET - plan.pdf', 'Plan_(UK SECRET).docx', '[SECRET] plan.tar.gz', 'Plan_-_SECRET.odt']) {
    assert.deepEqual(levels('file name', [name]), ['SECRET'], name)
  }
  for (const name of ['secret.docx', 'SECRET_SANTA.docx', 'Top Secret recipe.txt', 'SECRETS.zip', '.SECRET']) {
    assert.deepEqual(levels('file name', [name]), [], name)
  }
})

test('what Windows and browsers write for a copy is no part of a file’s name (G05)', () => {
  for (const name of [
    'Op Hawk [SECRET] (1).txt',
    'Op Hawk - SECRET (1).txt',
    'Op Hawk - SECRET(2).txt',
    'Op Hawk - SECRET - Copy.txt',
    'Op Hawk - SECRET - Copy (2).txt',
    'Op_Hawk_-_SECRET_(1).txt',
    'Copy of SECRET - Op Hawk.txt',
    'Copy of Copy of SECRET.txt',
  ]) {
    assert.deepEqual(levels('file name', [name]), ['SECRET'], name)
  }
  for (const name of [
    'A secret (1).txt',
    'SECRET SANTA - Copy (2).txt',
    'Copy of Top Secret recipe.txt',
    '(1).txt',
    ' - Copy.txt',
  ]) {
    assert.deepEqual(levels('file name', [name]), [], name)
  }
})

test('properties are marked by a title’s edges, and by a keyword, category or status that is a marking (G05)', () => {
  assert.deepEqual(levels('properties', ['SECRET - Operation Hawk'], 'title'), ['SECRET'])
  assert.deepEqual(levels('properties', ['plan; UK SECRET, hawk'], 'keywords'), ['SECRET'])
  assert.deepEqual(levels('properties', ['TOP SECRET'], 'category'), ['TOP SECRET'])
  assert.deepEqual(levels('properties', ['Secret Santa'], 'title'), [])
  assert.deepEqual(levels('properties', ['secret diary, SECRET diary'], 'keywords'), [])
})

test('a label is the level in any letter case, but Confidential is what every business calls its own (G04, G05)', () => {
  for (const label of ['Secret', 'SECRET', 'UK Secret']) assert.deepEqual(levels('label metadata', [label]), ['SECRET'], label)
  assert.deepEqual(levels('label metadata', ['CONFIDENTIAL']), ['CONFIDENTIAL'])
  for (const label of ['Confidential', 'Highly Confidential', 'Confidential \\ All Employees', 'General', 'Internal'])
    assert.deepEqual(levels('label metadata', [label]), [], label)
})

test('the operator’s table says what a label of Microsoft’s is that stands by its id, in any letter case; no other label is one (G05, G06)', () => {
  const id = '2096f6a2-d2f7-48be-b329-b73aaa526e5d'
  const set = readMarkingSet([
    {
      name: 'mapping.json',
      data: [
        { from: `MSIP/${id.toUpperCase()}`, to: 'GSC/SECRET' },
        { from: 'MSIP/0', to: 'GPMS/RESTRICTED' },
      ],
    },
  ])
  const read = (property: string, lines: string[], reading = set.readingFor('Firm')) =>
    findAttachedMarkings([{ where: 'label metadata', path: ['a'], lines, property }], reading).map(
      ({ marking, line }) => `${marking.scheme}/${marking.level} ${marking.aboveCeiling} ${line}`,
    )
  assert.deepEqual(read(`MSIP_Label_${id}`, ['']), ['GSC/SECRET true SECRET (by its label)'])
  assert.deepEqual(read(`MSIP_Label_${id.toUpperCase()}`, ['General']), ['GSC/SECRET true SECRET (by its label)'])
  assert.deepEqual(read('MSIP_Label_0', ['']), ['GPMS/RESTRICTED false RESTRICTED (by its label)'])
  assert.deepEqual(read('MSIP_Label_1', ['General']), [])
  assert.deepEqual(read(`TitusLabel_${id}`, ['General']), [])
  assert.deepEqual(read(`MSIP_Label_${id}`, ['General'], shippedReading), [])
})

test('a nested message is read as a message, and what it bears is inherited (G05, G07)', () => {
  const header = Buffer.from('Subject: CONFIDENTIAL: report\r\nX-Protective-Marking: SECRET\r\n\r\n')
  const found = findAttachedMarkings([
    { where: 'nested message', path: ['m.eml'], lines: [], header, texts: ['TOP SECRET\r\n\r\nText'] },
  ])
  assert.deepEqual(
    found.map(({ marking, origin }) => `${marking.level} ${origin}`),
    ['SECRET inherited', 'CONFIDENTIAL inherited', 'TOP SECRET inherited'],
  )
})

test('no place makes the reader throw, and it takes no more than 200 markings (G04)', () => {
  const line = fc.oneof(fc.string({ unit: 'binary', maxLength: 250 }), fc.constantFrom('SECRET', 'Page 1', '\tSECRET\t', '1/2'))
  const place = fc.record({
    where: fc.constantFrom('file name', 'archive entry', 'header', 'footer', 'first page', 'properties', 'label metadata'),
    path: fc.constant(['a']),
    lines: fc.array(line, { maxLength: 20 }),
    property: fc.constantFrom('title', 'keywords', 'category'),
  })
  const property = fc.property(fc.array(place, { maxLength: 20 }), (places) => {
    assert.ok(findAttachedMarkings(places).length <= 200)
  })
  fc.assert(property, { seed: 5, numRuns: Number(process.env.CJSM_FUZZ_RUNS ?? 500) })
})

test('200 markings of attachments are kept (maxAttachedMarkings)', () => {
  const places = Array.from({ length: 300 }, (): Place => ({ where: 'header', path: ['a'], lines: ['SECRET'] }))
  assert.equal(findAttachedMarkings(places).length, 200)
})
