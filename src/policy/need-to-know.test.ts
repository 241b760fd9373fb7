// What a sender is warned of before sending, and what not. G08, G11, T07, T22
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { marksOf, mayBeMistaken, type NeedToKnowFacts, oneMistakeFrom, warningsOf } from '#policy/need-to-know.ts'
import { readMarkingLine } from '#policy/read-marking.ts'
import { shippedSchemes } from '#policy/schemes.ts'

const jane = 'jane.doe@firm.cjsm.test'
const to = (...addresses: string[]) =>
  addresses.map((address) => ({
    address,
    organisation: address.slice(address.indexOf('@')),
    isGroup: false,
    awayUntil: null,
    isExDirectory: false,
  }))
const calm: NeedToKnowFacts = {
  recipients: to(jane),
  known: [jane],
  similar: [],
  original: null,
  marking: null,
  limits: { recipients: 3, organisations: 2, monitored: ['gsi.gov.uk', '.pnn.police.uk'] },
}
const marked = (line: string) => readMarkingLine(line, { schemes: shippedSchemes, standsAlone: true })
const said = (facts: Partial<NeedToKnowFacts>) =>
  warningsOf({ ...calm, ...facts }).map(({ clause, reason }) => `${clause} ${reason}`)

const cases: [why: string, facts: Partial<NeedToKnowFacts>, ...warnings: string[]][] = [
  ['somebody known', {}],
  ['nobody', { recipients: [] }],
  ['somebody new', { known: [] }, 'G11 recipient-is-new'],
  [
    'a look-alike of somebody known',
    { recipients: to('jane.d0e@firm.cjsm.test') },
    'G11 recipient-looks-like-another',
    'G11 recipient-is-new',
  ],
  [
    'a namesake in the directory',
    { known: [], similar: ['jane.doe@other.cjsm.test'] },
    'G11 recipient-looks-like-another',
    'G11 recipient-is-new',
  ],
  ['both of two who look alike', { recipients: to(jane, 'jane.d0e@firm.cjsm.test'), known: [jane, 'jane.d0e@firm.cjsm.test'] }],
  [
    'the wrong address beside the right one',
    { recipients: to(jane, 'jane.d0e@firm.cjsm.test') },
    'G11 recipient-looks-like-another',
    'G11 recipient-is-new',
  ],
  ['as many as may be', { recipients: to('a@x.test', 'b@x.test', 'c@y.test'), known: ['a@x.test', 'b@x.test', 'c@y.test'] }],
  [
    'too many recipients',
    { recipients: to('a@x.test', 'b@x.test', 'c@x.test', 'd@x.test'), known: ['a@x.test', 'b@x.test', 'c@x.test', 'd@x.test'] },
    'G11 goes-to-many',
  ],
  [
    'too many organisations',
    { recipients: to('a@x.test', 'b@y.test', 'c@z.test'), known: ['a@x.test', 'b@y.test', 'c@z.test'] },
    'G11 goes-to-many',
  ],
  ['an answer to those who had the original', { original: [jane, 'x@y.test'] }],
  ['an answer to more', { original: ['x@y.test'] }, 'T07 answer-is-wider'],
  [
    'a group that reads what names a person',
    { recipients: [{ ...calm.recipients[0]!, isGroup: true }], marking: marked('RESTRICTED - J SMITH EYES ONLY') },
    'G08 named-reader-is-a-group',
  ],
  [
    'a group that reads what names a nation',
    { recipients: [{ ...calm.recipients[0]!, isGroup: true }], marking: marked('RESTRICTED - UK EYES ONLY') },
  ],
  ['a person who reads what names them', { marking: marked('RESTRICTED - J SMITH EYES ONLY') }],
  ['a monitored network', { recipients: to('x@dept.gsi.gov.uk'), known: ['x@dept.gsi.gov.uk'] }, 'T22 recipient-is-monitored'],
  [
    'a monitored network under the community’s suffix',
    { recipients: to('x@kent.pnn.police.uk.cjsm.test'), known: ['x@kent.pnn.police.uk.cjsm.test'] },
    'T22 recipient-is-monitored',
  ],
  ['somebody who is away', { recipients: [{ ...calm.recipients[0]!, awayUntil: '2026-12-31' }] }, 'G11 recipient-is-away'],
  [
    'somebody who is not in the directory',
    { recipients: [{ ...calm.recipients[0]!, isExDirectory: true }] },
    'G11 recipient-is-ex-directory',
  ],
  ['one that only ends alike', { recipients: to('x@notgsi.gov.uk'), known: ['x@notgsi.gov.uk'] }],
]
for (const [why, facts, ...warnings] of cases) {
  test(`a message to ${why} brings ${warnings.length === 0 ? 'no warning' : warnings.join(' and ')}`, () =>
    assert.deepEqual(said(facts), warnings))
}

const pairs: [one: string, other: string, mistaken: boolean][] = [
  [jane, jane, false],
  [jane, 'jane.doe@firrn.cjsm.test', true],
  [jane, 'jаne.doe@firm.cjsm.test', true],
  [jane, 'jane_doe@firm.cjsm.test', true],
  // Cyrillic а and е twice, and a nought.
  [jane, 'jаnе_d0е@firm.cjsm.test', true],
  [jane, 'jane.deo@firm.cjsm.test', true],
  [jane, 'jane.do@firm.cjsm.test', true],
  [jane, 'jane.doe@chambers.cjsm.test', true],
  [jane, 'jack.roe@firm.cjsm.test', false],
  [jane, 'jane.roe@other.cjsm.test', false],
  ['ann@x.test', 'anna@x.test', false],
  ['info@x.test', 'info@y.test', false],
]
for (const [one, other, mistaken] of pairs) {
  test(`${other} is ${mistaken ? '' : 'not '}mistaken for ${one} (G11)`, () => {
    assert.equal(mayBeMistaken(one, other), mistaken)
    assert.equal(mayBeMistaken(other, one), mistaken)
  })
}

test('every look-alike is told, two by their addresses, and of two who are new the pair once (G11)', () => {
  const others = ['jan.doe@firm.cjsm.test', 'jane.roe@firm.cjsm.test', 'janet.doe@firm.cjsm.test']
  const told = (recipients: string[], known: string[], similar: string[] = []) =>
    warningsOf({ ...calm, recipients: to(...recipients), known, similar })[0]?.about
  assert.equal(told(others, [jane]), `${others[0]} looks like ${jane}, ${others[1]} looks like ${jane} and 1 more`)
  assert.equal(told([jane, others[1]!], []), `${jane} looks like ${others[1]}`)
  assert.equal(told([others[1]!], [], [jane]), `${others[1]} looks like ${jane}`)
})

test('each recipient is marked at their own line, whomever the sentences name (G11, T07, T22)', () => {
  const many = ['a@x.test', 'b@x.test', 'c@x.test', 'd@pnn.police.uk', 'jane.d0e@firm.cjsm.test']
  const [jo] = to('jo@x.test')
  const away = { ...jo!, awayUntil: '2026-12-31', isExDirectory: true }
  const marks = marksOf({
    ...calm,
    recipients: [...to(...many, jane), away],
    known: [jane, 'jo@x.test'],
    original: [jane, many[0]!],
  })
  const wider = 'Did not have the message that you answer'
  assert.deepEqual(Object.fromEntries(marks), {
    'a@x.test': ['New to you'],
    'b@x.test': ['New to you', wider],
    'c@x.test': ['New to you', wider],
    'd@pnn.police.uk': ['New to you', wider, 'May be read by auditors there'],
    'jane.d0e@firm.cjsm.test': [`Looks like ${jane}`, 'New to you', wider],
    [jane]: [],
    'jo@x.test': [wider, 'Away until 2026-12-31', 'Not in the directory'],
  })
})

test('what is one typing mistake away is what may be mistaken, at that domain (G11)', () => {
  const near = oneMistakeFrom(jane)
  for (const mistaken of ['jane.doe', 'jan.doe', 'jane.d0e', 'jnae.doe', 'janedoe', 'jane.ddoe'].map(
    (one) => `${one}@firm.cjsm.test`,
  ))
    assert.equal(near.includes(mistaken), mistaken !== jane, mistaken)
  assert.ok(oneMistakeFrom('carnell@x.test').includes('camell@x.test'))
  assert.ok(near.length < 80 * (jane.length + 1) && near.every((other) => mayBeMistaken(jane, other)))
  assert.deepEqual(oneMistakeFrom('info@x.test'), [])
})

test('comparing a long list with a thousand addresses takes no time that is noticed', () => {
  const many = Array.from({ length: 1_000 }, (_, at) => `person.number${at}x@firm${at % 7}.cjsm.test`)
  const from = performance.now()
  warningsOf({ ...calm, recipients: to(...Array.from({ length: 500 }, (_, at) => `${'q'.repeat(60)}${at}@w.test`)), known: many })
  assert.ok(performance.now() - from < 2_000)
})
