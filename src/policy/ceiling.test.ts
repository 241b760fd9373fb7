// The ceiling, and what CONFIDENTIAL means. G05, G07, T07.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  confidentialTakenAsOwn,
  isAboveCeiling,
  markingAsMeant,
  markingIsWithinTheCeiling,
  stoppedIsNotPassedOn,
} from '#policy/ceiling.ts'
import { attachmentsAreWithinTheCeiling, linesAboveTheCeiling } from '#policy/attachments.ts'
import type { AttachedMarking, FoundMarking, SubmissionFacts } from '#policy/facts.ts'
import { adopter, found, plainFacts } from '#policy/facts-for-tests.ts'

function factsWith(isAdopter: boolean, markings: FoundMarking[], isReply = false): SubmissionFacts {
  return { ...plainFacts, submitter: isAdopter ? adopter : plainFacts.submitter, markings, isReply }
}

const cases: [string, boolean, FoundMarking[], boolean][] = [
  ['an unmarked message', true, [], true],
  ['RESTRICTED in the subject', true, [found('subject', 'RESTRICTED')], true],
  ['OFFICIAL-SENSITIVE in the banner', true, [found('banner', 'OFFICIAL-SENSITIVE')], true],
  ['SECRET in the subject', true, [found('subject', 'SECRET')], false],
  ['SECRET of a non-adopter in the banner', false, [found('banner', 'SECRET')], false],
  [
    'TOP SECRET in a field beside PROTECT in the subject',
    true,
    [found('x-protective-marking', 'TOP SECRET'), found('subject', 'PROTECT')],
    false,
  ],
  ['an inherited SECRET', false, [found('subject', 'SECRET', 'inherited')], false],
  ["an adopter's CONFIDENTIAL", true, [found('banner', 'CONFIDENTIAL')], false],
  ["a non-adopter's CONFIDENTIAL", false, [found('banner', 'CONFIDENTIAL')], true],
  ["a non-adopter's CONFIDENTIAL with the prefix UK", false, [found('subject', 'UK CONFIDENTIAL')], false],
  ["a non-adopter's CONFIDENTIAL with a descriptor", false, [found('subject', 'CONFIDENTIAL - STAFF')], false],
  ["a non-adopter's CONFIDENTIAL with a caveat", false, [found('subject', 'CONFIDENTIAL - UK EYES ONLY')], false],
  ['a CONFIDENTIAL that an adopter inherited', true, [found('subject', 'CONFIDENTIAL', 'inherited')], true],
]

for (const [name, isAdopter, markings, passes] of cases) {
  test(`${name} is ${passes ? 'within' : 'above'} the ceiling (G05)`, () => {
    const verdict = markingIsWithinTheCeiling(factsWith(isAdopter, markings))
    assert.equal(verdict.kind, passes ? 'allowed' : 'refused')
    if (verdict.kind === 'refused') assert.deepEqual([verdict.clause, verdict.reason], ['G05', 'marked-above-the-ceiling'])
  })
}

test('a refusal names the highest marking and its carrier, and nothing else of the message (G05)', () => {
  const verdict = markingIsWithinTheCeiling(
    factsWith(true, [found('subject', 'SECRET'), found('banner', 'TOP SECRET - UK EYES ONLY')]),
  )
  assert.ok(verdict.kind === 'refused')
  assert.equal(verdict.about, 'banner: TOP SECRET - UK EYES ONLY')
  assert.ok(verdict.remedy.length <= 129)
})

test("an adopter's answer to CONFIDENTIAL passes by In-Reply-To alone; their own banner does not (G05)", () => {
  assert.equal(markingIsWithinTheCeiling(factsWith(true, [found('subject', 'CONFIDENTIAL')], true)).kind, 'allowed')
  assert.equal(markingIsWithinTheCeiling(factsWith(true, [found('banner', 'CONFIDENTIAL')], true)).kind, 'refused')
})

const headed = (isAdopter: boolean, line: string, carrier: 'original' | 'quoted' = 'original'): SubmissionFacts => ({
  ...factsWith(isAdopter, []),
  quoted: [found(carrier, line, 'inherited')],
})

for (const isAdopter of [true, false]) {
  const who = isAdopter ? 'an adopter' : 'a non-adopter'
  test(`an original headed SECRET in the text of ${who} is above the ceiling, and the line is kept for the Helpdesk (G05)`, () => {
    const facts = headed(isAdopter, 'SECRET')
    const verdict = markingIsWithinTheCeiling(facts)
    assert.equal(verdict.kind === 'refused' && `${verdict.clause} ${verdict.about}`, 'G05 original: SECRET')
    assert.deepEqual(linesAboveTheCeiling(facts), ['original: SECRET'])
    assert.equal(markingIsWithinTheCeiling({ ...facts, isReleased: true }).kind, 'allowed')
  })

  test(`a report headed CONFIDENTIAL that ${who} quotes, or a SECRET that they cite, is within the ceiling (G04, G05, G07)`, () => {
    assert.equal(markingIsWithinTheCeiling(headed(isAdopter, 'CONFIDENTIAL')).kind, 'allowed')
    assert.equal(markingIsWithinTheCeiling(headed(isAdopter, 'SECRET', 'quoted')).kind, 'allowed')
  })
}

test("a non-adopter's CONFIDENTIAL is a marking of their own, of which they are told (G05, G07)", () => {
  const facts = factsWith(false, [found('banner', 'CONFIDENTIAL')])
  const meant = markingAsMeant(facts.markings[0]!, facts)
  assert.deepEqual(
    [meant.scheme, meant.level, meant.rank, meant.aboveCeiling, meant.written],
    ['own', null, null, false, 'CONFIDENTIAL'],
  )
  assert.equal(confidentialTakenAsOwn(facts)?.reason, 'confidential-taken-as-own-marking')
  assert.equal(confidentialTakenAsOwn(factsWith(false, [found('banner', 'PROTECT')])), null)
})

test('what an officer released passes the ceiling in the message and in its files, and counts as a marking of its writer’s own (G05)', () => {
  const above = factsWith(true, [found('subject', 'SECRET')])
  assert.equal(isAboveCeiling(markingIsWithinTheCeiling(above)), true)
  const released = { ...above, isReleased: true }
  assert.equal(markingIsWithinTheCeiling(released).kind, 'allowed')
  assert.deepEqual([markingAsMeant(above.markings[0]!, released).level, confidentialTakenAsOwn(released)], [null, null])
  const file: AttachedMarking = { ...found('attachment', 'SECRET'), where: 'header', path: ['plan.docx'] }
  const attached = { ...factsWith(false, []), attached: [file] }
  assert.equal(isAboveCeiling(attachmentsAreWithinTheCeiling(attached)), true)
  assert.equal(attachmentsAreWithinTheCeiling({ ...attached, isReleased: true }).kind, 'allowed')
  const restricted = factsWith(true, [found('subject', 'RESTRICTED')])
  assert.equal(markingAsMeant(restricted.markings[0]!, { ...restricted, isReleased: true }).level, 'RESTRICTED')
})

test('what was sealed, or what its holder said is above the ceiling, is passed on to nobody; other originals are (G05, T07)', () => {
  const integrity = { verdict: 'verbatim', original: '<1@force.example>', isStated: false } as const
  const facts = factsWith(true, [])
  const clauseWith = (stopped: 'sealed' | 'told-above') => {
    const verdict = stoppedIsNotPassedOn({ ...facts, integrity, stopped })
    return verdict.kind === 'refused' && verdict.clause
  }
  assert.deepEqual([clauseWith('sealed'), clauseWith('told-above')], ['G05', 'T07'])
  for (const one of [null, integrity]) assert.equal(stoppedIsNotPassedOn({ ...facts, integrity: one }).kind, 'allowed')
})
