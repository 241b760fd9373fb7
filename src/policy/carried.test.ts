// What a message carries from the ones that it answers or passes on, and how it is lowered. G06.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loweredMarking, loweringHasAReason, markingWasCarried, markingWithCarried } from '#policy/carried.ts'
import type { AttachedMarking, FoundMarking, SubmissionFacts } from '#policy/facts.ts'
import { found, plainFacts } from '#policy/facts-for-tests.ts'
import { markingWords } from '#policy/marking.ts'
import { floorOf } from '#policy/protection.ts'

const quoted = (line: string): FoundMarking => found('quoted', line, 'inherited')
const original = (line: string): FoundMarking => found('original', line, 'inherited')
const below = (line: string): FoundMarking => found('banner', line, 'inherited')
const nested = (line: string): AttachedMarking => ({
  ...found('attachment', line, 'inherited'),
  where: 'nested message',
  path: [],
})
const wordsOf = (facts: Partial<SubmissionFacts>) => {
  const marking = markingWithCarried({ ...plainFacts, ...facts })
  return marking === null ? null : markingWords(marking)
}

const cases: [string, Partial<SubmissionFacts>, string | null][] = [
  ['an unmarked answer to a quoted RESTRICTED', { quoted: [quoted('RESTRICTED')] }, 'RESTRICTED'],
  ['an unmarked answer above an original', { markings: [below('PROTECT')] }, 'PROTECT'],
  ['a forward with the original attached', { attached: [nested('RESTRICTED - STAFF')] }, 'RESTRICTED - STAFF'],
  ['a lower answer', { markings: [found('subject', 'PROTECT')], quoted: [quoted('RESTRICTED')] }, 'RESTRICTED'],
  ['a higher answer', { markings: [found('subject', 'RESTRICTED')], quoted: [quoted('PROTECT')] }, 'RESTRICTED'],
  [
    'an answer of the same level',
    { markings: [found('subject', 'RESTRICTED - LEGAL')], quoted: [quoted('RESTRICTED - STAFF - UK EYES ONLY')] },
    'RESTRICTED - LEGAL - STAFF - UK EYES ONLY',
  ],
  [
    'an open answer to PRIVATE',
    { markings: [found('subject', 'NOT PROTECTIVELY MARKED')], quoted: [quoted('PRIVATE')] },
    'PRIVATE',
  ],
  ['an answer that cites a SECRET, which is no marking of what it answers', { quoted: [quoted('SECRET')] }, null],
  ['an answer to an original headed SECRET, which the ceiling judges', { quoted: [original('SECRET')] }, 'SECRET'],
  ['a forward of an original headed RESTRICTED', { quoted: [original('RESTRICTED - LEGAL')] }, 'RESTRICTED - LEGAL'],
  ['an answer to a non-adopter’s CONFIDENTIAL', { quoted: [quoted('CONFIDENTIAL')] }, null],
  ['a lowered answer', { quoted: [quoted('RESTRICTED')], lowering: ['The annex was taken off.'] }, null],
  [
    'a lowered answer with a marking of its own',
    { markings: [found('subject', 'PROTECT')], attached: [nested('RESTRICTED')], lowering: ['The annex was taken off.'] },
    'PROTECT',
  ],
  ['an attached document, whose marking is its own', { attached: [{ ...nested('RESTRICTED'), where: 'header' }] }, null],
]
for (const [name, facts, words] of cases) {
  test(`${name} is ${words ?? 'unmarked'} (G06)`, () => assert.equal(wordsOf(facts), words))
}

test('what is carried is protected, whatever the answer says of itself (G09, T01)', () => {
  const markings = [found('banner', 'NOT PROTECTIVELY MARKED')]
  assert.equal(floorOf({ ...plainFacts, markings }), 'not-protectively-marked')
  assert.equal(floorOf({ ...plainFacts, markings, quoted: [quoted('PROTECT')] }), 'protected')
  assert.equal(
    floorOf({ ...plainFacts, markings, quoted: [quoted('PROTECT')], lowering: ['published'] }),
    'not-protectively-marked',
  )
})

test('lowering is an act with a reason: what it was lowered from is kept, and a field without reason is refused (G06)', () => {
  const facts = { ...plainFacts, quoted: [quoted('RESTRICTED')] }
  const lowered = loweredMarking({ ...facts, lowering: ['The annex was taken off.'] })
  assert.deepEqual([lowered?.from.level, lowered?.reason], ['RESTRICTED', 'The annex was taken off.'])
  assert.equal(loweredMarking(facts), null)
  assert.equal(loweredMarking({ ...plainFacts, lowering: ['nothing to lower'] }), null)
  assert.equal(loweringHasAReason(facts).kind, 'allowed')
  for (const lowering of [[''], ['-'], ['one reason', 'and another']]) {
    const verdict = loweringHasAReason({ ...facts, lowering })
    assert.equal(verdict.kind === 'refused' && verdict.clause, 'G06')
    assert.equal(wordsOf({ ...facts, lowering }), 'RESTRICTED')
  }
})

test('a sender is told when the service marked a message like what it answers (G06)', () => {
  const facts = { ...plainFacts, quoted: [quoted('RESTRICTED')] }
  assert.equal(markingWasCarried(facts)?.about, 'RESTRICTED')
  assert.equal(markingWasCarried({ ...facts, markings: [found('subject', 'RESTRICTED')] }), null)
  assert.equal(markingWasCarried(plainFacts), null)
})
