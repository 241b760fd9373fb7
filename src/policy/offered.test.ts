// What a person may choose as marking is what the rules let pass, and never less than what they answer. G05–G08
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  asksForLess,
  chosenParts,
  handlingOf,
  markedSubject,
  namesAreReadable,
  offeredAdditions,
  offeredId,
  offeredMarkings,
  type MarkingParts,
  readerNamed,
  wholeMarking,
  withoutOtherMarkings,
} from '#policy/offered.ts'
import { restrictedIsAnAdopters } from '#policy/adoption.ts'
import { markingIsWithinTheCeiling } from '#policy/ceiling.ts'
import { plainFacts } from '#policy/facts-for-tests.ts'
import { readProtectiveMarking, writeProtectiveMarking } from '#policy/protective-marking.ts'
import { readSubjectMarking } from '#policy/read-marking.ts'
import { shippedSchemes } from '#policy/schemes.ts'

const adopter = { adopter: true }
const other = { adopter: false }
const restricted: MarkingParts = { scheme: 'GPMS', level: 'RESTRICTED', descriptors: ['COMMERCIAL'], caveats: ['EYES ONLY'] }
const ids = (submitter: typeof adopter, minimum: MarkingParts | null = null) =>
  offeredMarkings(submitter, minimum).map((one) => one.id)

test('an adopter is offered RESTRICTED, a non-adopter all but RESTRICTED, nobody what is above the ceiling (G05, G06, G07)', () => {
  assert.deepEqual(ids(adopter), [
    'GPMS/NOT PROTECTIVELY MARKED',
    'GPMS/PROTECT',
    'GPMS/RESTRICTED',
    'GPMS/PRIVATE',
    'GSC/OFFICIAL',
    'GSC/OFFICIAL-SENSITIVE',
  ])
  assert.deepEqual(
    ids(other),
    ids(adopter).filter((id) => id !== 'GPMS/RESTRICTED'),
  )
})

test('what is offered for a message of one’s own is what the rules let pass, and nothing else (G05, G07)', () => {
  for (const writer of [adopter, other])
    for (const scheme of shippedSchemes)
      for (const { name: level } of scheme.levels) {
        const marking = wholeMarking({ scheme: scheme.id, level, descriptors: [], caveats: [] })
        const found = { marking, carrier: 'x-protective-marking' as const, origin: 'originated' as const, line: marking.written }
        const facts = {
          ...plainFacts,
          submitter: { ...plainFacts.submitter, ...writer },
          markings: [found],
          protectiveMarkingFields: 1,
        }
        const passes = [markingIsWithinTheCeiling, restrictedIsAnAdopters].every((rule) => rule(facts).kind === 'allowed')
        assert.equal(ids(writer).includes(`${scheme.id}/${level}`), passes, `${scheme.id} ${level}`)
      }
})

test('an answer has at least the marking of what it answers, also from a non-adopter (G06, G07)', () => {
  assert.deepEqual(ids(other, restricted), ['GPMS/RESTRICTED', 'GSC/OFFICIAL-SENSITIVE'])
  assert.equal(asksForLess(restricted, restricted), false)
  assert.equal(asksForLess({ ...restricted, descriptors: [] }, restricted), true)
  assert.equal(asksForLess({ ...restricted, caveats: [] }, restricted), true)
  assert.equal(asksForLess({ ...restricted, level: 'PROTECT' }, restricted), true)
  assert.equal(asksForLess(null, restricted), true)
  assert.equal(asksForLess(null, null), false)
})

test('what is chosen is what our readers read back from field and subject (G06)', () => {
  for (const { id } of offeredMarkings(adopter, null)) {
    for (const [descriptor, caveat, reader = ''] of [
      ['', ''],
      ['COMMERCIAL', ''],
      ['', 'UK EYES ONLY'],
      ['PERSONAL', 'EYES ONLY'],
      ['PERSONAL', 'UK EYES ONLY', 'J Smith'],
      ['', '', 'Detective Inspector Q.  Jones'],
    ] as const) {
      const parts = chosenParts(id, descriptor, caveat, shippedSchemes, reader)!
      const marking = wholeMarking(parts)
      const read = readProtectiveMarking(writeProtectiveMarking(marking, 'cjsm'), shippedSchemes)
      assert.deepEqual([read?.level, read?.descriptors, read?.caveats], [marking.level, marking.descriptors, marking.caveats], id)
      const subject = markedSubject('R v Smith', marking)
      const inSubject = readSubjectMarking(subject, shippedSchemes)!.marking
      assert.equal(inSubject.level, marking.level, subject)
      assert.equal(markedSubject(subject, marking), subject, 'it is written once')
      assert.equal(offeredId(parts), id)
    }
  }
  assert.equal(markedSubject('R v Smith', null), 'R v Smith')
})

test('what is no marking of a scheme is not chosen, and each says what it asks for (G08)', () => {
  for (const id of ['', 'none', 'GPMS', 'GPMS/', 'X/RESTRICTED', 'GPMS/NONSENSE', 'GPMS/__proto__'])
    assert.equal(chosenParts(id, '', ''), null)
  assert.deepEqual(chosenParts('GPMS/RESTRICTED', 'NONSENSE', 'NONSENSE')?.descriptors, [])
  assert.equal(handlingOf(restricted).length, 3)
  for (const one of offeredMarkings(adopter, null)) assert.ok(one.handling, one.id)
})

test('a lower marking is not put before a higher one, and what was lowered is taken out of the subject (G05, G06)', () => {
  const open = wholeMarking(chosenParts('GPMS/NOT PROTECTIVELY MARKED', '', '')!)
  assert.equal(markedSubject('Re: [RESTRICTED] list', open), 'Re: [RESTRICTED] list')
  const named = wholeMarking(chosenParts('GPMS/PROTECT', '', 'UK EYES ONLY')!)
  assert.equal(markedSubject('[RESTRICTED] list', named), '[PROTECT - UK EYES ONLY] [RESTRICTED] list', 'a caveat is not lost')
  assert.equal(
    markedSubject('Re: [PROTECT] list', wholeMarking(restricted)),
    '[RESTRICTED - COMMERCIAL - EYES ONLY] Re: [PROTECT] list',
  )
  assert.equal(withoutOtherMarkings('Re: [RESTRICTED - LEGAL] list [7]', open), 'Re: list [7]')
  assert.equal(withoutOtherMarkings('[SEC=RESTRICTED] list', null), 'list')
  for (const kept of ['[NOT PROTECTIVELY MARKED] list', '[SECRET] list', '[EXTERNAL] Re: list', 'list - RESTRICTED'])
    assert.equal(withoutOtherMarkings(kept, open), kept)
})

test('a reader is named as the grammar of markings has it, and stands in the marking (G08)', () => {
  const named = (reader: string, id = 'GPMS/RESTRICTED') => chosenParts(id, '', '', shippedSchemes, reader)
  for (const [typed, caveat, isReadable] of [
    ['j smith ', 'J SMITH EYES ONLY', true],
    ["Ann O'Brien", "ANN O'BRIEN EYES ONLY", true],
    ['SIO, Operation Hawk', 'SIO, OPERATION HAWK EYES ONLY', false],
    ['one two three four five six', 'ONE TWO THREE FOUR FIVE SIX EYES ONLY', true],
    ['one two three four five six seven', 'ONE TWO THREE FOUR FIVE SIX SEVEN EYES ONLY', false],
    ['your', 'YOUR EYES ONLY', false],
    ['top secret', 'TOP SECRET EYES ONLY', false],
  ] as const) {
    const parts = named(typed)!
    assert.deepEqual(parts.caveats, [caveat])
    assert.equal(namesAreReadable(wholeMarking(parts), null), isReadable, typed)
    assert.ok(namesAreReadable(wholeMarking(parts), parts), 'what is carried on stands as it came')
    assert.equal(readerNamed(caveat, 'GPMS'), caveat.slice(0, -' EYES ONLY'.length))
  }
  assert.deepEqual(named('J Smith', ''), { scheme: 'GPMS', level: null, descriptors: [], caveats: ['J SMITH EYES ONLY'] })
  assert.equal(named('', ''), null)
  assert.ok(!offeredAdditions('GPMS').caveats.includes('EYES ONLY'), 'it would name nobody')
  assert.equal(readerNamed('UK EYES ONLY', 'GPMS'), null)
  assert.match(handlingOf(named('J Smith')!).at(-1)!, /Only the people it names may read it/)
  assert.equal(asksForLess(named('J Smith'), { ...named('x')!, caveats: ['J Smith EYES ONLY'] }), false)
})
