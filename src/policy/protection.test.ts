// Asserted marking, floor, and the field that acceptance writes. G06, G09, T01.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FoundMarking, SubmissionFacts } from '#policy/facts.ts'
import { found, plainFacts } from '#policy/facts-for-tests.ts'
import { assertedMarking, carriersDisagree, floorOf, markingToWrite } from '#policy/protection.ts'

function factsWith(markings: FoundMarking[], protectiveMarkingFields = 0, isReply = false): SubmissionFacts {
  return { ...plainFacts, markings, protectiveMarkingFields, isReply }
}

const npm = 'NOT PROTECTIVELY MARKED'
const floors: [string, FoundMarking[], boolean, string][] = [
  ['nothing', [], false, 'protected'],
  [npm, [found('subject', npm)], false, 'not-protectively-marked'],
  [`${npm} twice`, [found('subject', npm), found('banner', npm)], false, 'not-protectively-marked'],
  ['OFFICIAL', [found('subject', 'OFFICIAL')], false, 'protected'],
  [`${npm} and PROTECT`, [found('subject', npm), found('banner', 'PROTECT')], false, 'protected'],
  [`${npm} and PRIVATE`, [found('subject', npm), found('banner', 'PRIVATE')], false, 'protected'],
  [`${npm} and an own CONFIDENTIAL`, [found('subject', npm), found('banner', 'CONFIDENTIAL')], false, 'protected'],
  [`${npm} with a caveat`, [found('subject', `${npm} - UK EYES ONLY`)], false, 'protected'],
  [`${npm} behind Re:`, [found('subject', npm, 'inherited')], false, 'protected'],
  [`${npm} in an answer's subject`, [found('subject', npm)], true, 'protected'],
  [
    `${npm} in an answer's own banner`,
    [found('subject', npm, 'inherited'), found('banner', npm)],
    true,
    'not-protectively-marked',
  ],
]

for (const [name, markings, isReply, floor] of floors) {
  test(`a message marked ${name} is ${floor} (G09, T01)`, () => assert.equal(floorOf(factsWith(markings, 0, isReply)), floor))
}

test('the highest marking is the asserted one, and the sender is told when levels differ (G06)', () => {
  const facts = factsWith([found('subject', 'PROTECT'), found('banner', 'RESTRICTED - STAFF'), found('sio-label', 'PROTECT')])
  assert.equal(assertedMarking(facts)?.level, 'RESTRICTED')
  assert.equal(carriersDisagree(facts)?.about, 'sio-label: PROTECT, banner: RESTRICTED')
  assert.equal(carriersDisagree(factsWith([found('subject', 'PROTECT'), found('banner', 'PROTECT')])), null)
  assert.equal(assertedMarking(factsWith([])), null)
})

test('the first of equal markings is the asserted one (G06)', () => {
  assert.deepEqual(assertedMarking(factsWith([found('subject', 'PROTECT - STAFF'), found('banner', 'PROTECT')]))?.descriptors, [
    'STAFF',
  ])
})

test('whatever carrier bears it, a marking is to be written to all, an own one never (G06)', () => {
  assert.equal(markingToWrite(factsWith([found('subject', 'PROTECT')]))?.level, 'PROTECT')
  assert.equal(markingToWrite(factsWith([found('banner', 'PRIVATE')]))?.written, 'PRIVATE')
  assert.equal(markingToWrite(factsWith([found('sio-label', 'PROTECT')]))?.level, 'PROTECT')
  assert.equal(markingToWrite(factsWith([found('banner', 'CONFIDENTIAL')])), null)
  assert.equal(markingToWrite(factsWith([])), null)
})
