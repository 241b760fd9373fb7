// What senders asked is kept in what answers or passes on something of theirs. G09
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SubmissionFacts } from '#policy/facts.ts'
import { ownAddress, plainFacts } from '#policy/facts-for-tests.ts'
import { type HandlingAsked, nothingAsked, type PassedOn } from '#policy/handling-asked.ts'
import {
  accessHasNotEnded,
  forwardingIsAllowed,
  handlingInForce,
  handlingToWrite,
  handlingWasCarried,
  quotedStaysAmongItsReaders,
  whoMayHave,
} from '#policy/handling-carried.ts'

const author = 'other@force.test'
const passing = (asked: Partial<HandlingAsked>, more: Partial<PassedOn> = {}): SubmissionFacts => ({
  ...plainFacts,
  passedOn: [{ path: [], from: [author], asked: { ...nothingAsked, ...asked }, ...more }],
})

test('what was sent not to be forwarded is refused as an attachment, but not from who wrote it (G09)', () => {
  const verdict = forwardingIsAllowed(passing({ noForwarding: true }))
  assert.equal(verdict.kind === 'refused' && verdict.about, 'the attached message from other@force.test')
  assert.equal(forwardingIsAllowed(passing({ noForwarding: true }, { from: [ownAddress] })).kind, 'allowed')
  assert.equal(forwardingIsAllowed(passing({ noDownload: true })).kind, 'allowed')
  assert.equal(forwardingIsAllowed(plainFacts).kind, 'allowed')
})

test('who may have what is passed on: those whom its sender named, or who had it, and its sender (G09)', () => {
  const had = [author, 'a@x.test', 'b@x.test']
  const may = (asked: Partial<HandlingAsked>, more: Partial<PassedOn> = { had }) => {
    const one = whoMayHave(passing(asked, more).passedOn[0]!)
    return one === null ? null : [...new Set(one)].toSorted()
  }
  assert.equal(may({ noDownload: true }), null)
  assert.deepEqual(may({ noForwarding: true }), ['a@x.test', 'b@x.test', author])
  assert.deepEqual(may({ readers: ['a@x.test', 'c@x.test'] }), ['a@x.test', 'c@x.test', author])
  assert.deepEqual(may({ noForwarding: true, readers: ['a@x.test', 'c@x.test'] }), ['a@x.test', author])
  const recipient = { address: 'd@x.test', standing: 'member' as const }
  assert.equal(quotedStaysAmongItsReaders(recipient).kind, 'allowed')
  const verdict = quotedStaysAmongItsReaders({ ...recipient, mayHaveOriginal: false })
  assert.equal(verdict.kind === 'refused' && `${verdict.clause} ${verdict.about}`, 'G09 d@x.test')
})

test('an answer is as strict as the strictest of what it answers and what it asks itself, and its sender is told (G09)', () => {
  const [early, late] = [Date.UTC(2030, 0, 1), Date.UTC(2031, 0, 1)]
  const facts = passing({ noDownload: true, readers: ['a@x.test', 'b@x.test'], untilMs: late })
  const inForce = (own: Partial<HandlingAsked>) => handlingInForce({ ...facts, handling: { ...nothingAsked, ...own } })
  assert.deepEqual(inForce({}), {
    asked: { noForwarding: false, noDownload: true, readers: ['a@x.test', 'b@x.test', author], untilMs: late },
    askedBy: [author],
  })
  const own = { noForwarding: true, readers: ['a@x.test', 'd@x.test'], untilMs: early }
  assert.deepEqual(inForce(own).asked, { noForwarding: true, noDownload: true, readers: ['a@x.test'], untilMs: early })
  const words = handlingWasCarried(facts)
  assert.deepEqual([words?.clause, words?.about], ['G09', 'no download, named readers only, to be read until 2031-01-01'])
  assert.match(handlingToWrite(facts) ?? '', /^no-download, reader=a@x\.test/)
  // Whoever asks the same is bound by it as well, and told nothing.
  const same = { ...facts, handling: inForce({}).asked }
  assert.deepEqual([handlingWasCarried(same), handlingToWrite(same)], [null, null])
  assert.deepEqual(handlingInForce(same).askedBy, [author])
  // What its sender adds binds those too whose wishes it carries.
  for (const added of [{ noForwarding: true }, { untilMs: early }])
    assert.deepEqual(handlingInForce({ ...facts, handling: { ...nothingAsked, ...added } }).askedBy, [])
  assert.deepEqual(handlingInForce({ ...passing({ noForwarding: true }), handling: { ...nothingAsked, ...own } }).askedBy, [])
  assert.deepEqual(inForce({ noDownload: true, readers: [author] }).askedBy, [author], 'the form of an answer asks the same')
  // Of several who asked, nobody is free of what the others asked.
  const third = { path: [], from: ['third@force.test'], asked: { ...nothingAsked, untilMs: late } }
  assert.deepEqual(handlingInForce({ ...facts, passedOn: [...facts.passedOn, third] }).askedBy, [])
  assert.deepEqual(handlingInForce({ ...facts, passedOn: [...facts.passedOn, ...facts.passedOn] }).askedBy, [author])
  // What one asked oneself binds nobody but those who were asked.
  assert.equal(handlingInForce(passing({ noDownload: true }, { from: [ownAddress] })).askedBy, null)
})

test('nobody is told who gets a blind copy; where nobody else is named, the sender is (G09)', () => {
  const facts = { ...plainFacts, handling: { ...nothingAsked, readers: ['a@x.test', 'b@x.test'] }, blind: ['b@x.test'] }
  assert.equal(handlingToWrite(facts), 'reader=a@x.test')
  assert.equal(handlingWasCarried(facts), null)
  assert.equal(handlingToWrite({ ...facts, blind: ['a@x.test', 'b@x.test'] }), `reader=${ownAddress}`)
  assert.equal(handlingToWrite({ ...facts, blind: ['c@x.test'] }), null)
})

test('what nobody could read any more is refused with its day (G09)', () => {
  const handling = { ...nothingAsked, untilMs: Date.UTC(2020, 6, 1, 22, 59, 59) }
  assert.equal(accessHasNotEnded({ ...plainFacts, handling }).kind, 'allowed')
  const verdict = accessHasNotEnded({ ...plainFacts, handling, accessHasEnded: true })
  assert.equal(
    verdict.kind === 'refused' && `${verdict.clause} ${verdict.about}`,
    'G09 its last day is 2020-07-01, which is past',
  )
})
