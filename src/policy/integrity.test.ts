// Quoted text against its original: in the forms of Thunderbird, Outlook, Gmail and webmail; wrapped, indented and quoted anew. G16
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decide } from '#policy/decide.ts'
import { plainFacts } from '#policy/facts-for-tests.ts'
import { type Integrity, integrityOf, noticeToAdd, quotesSomething, statesTheChange } from '#policy/integrity.ts'

const original =
  'Dear Jane,\n\nthe defendant was seen at nine o’clock in the market.\nHe wore a red coat.\n\nKate\n-- \nKate Smith\n020 7946 0000'
const quote = (text: string) =>
  text
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n')
const body = original.slice(0, original.indexOf('\n-- '))

const cases: [verdict: Integrity, why: string, text: string][] = [
  ['verbatim', 'all of it with quote marks', `Thanks.\n\nOn 1 July Kate wrote:\n${quote(original)}\n`],
  ['verbatim', 'all but the signature, which programs leave out', `Thanks.\n\n${quote(body)}`],
  [
    'verbatim',
    'all of it, wrapped anew',
    `Yes.\n${quote('Dear Jane,\n\nthe defendant was seen at nine\no’clock in the market. He wore\na red coat.\n\nKate')}`,
  ],
  ['verbatim', 'all of it below Outlook’s fields', `Yes.\n\nFrom: Kate Smith\nSent: 1 July\nTo: Jane\nSubject: x\n\n${original}`],
  ['verbatim', 'all of it below Outlook’s rule', `Yes.\n\n-----Original Message-----\nFrom: Kate\nSent: x\n\n${body}`],
  [
    'verbatim',
    'all of it as Gmail forwards',
    `Look.\n\n---------- Forwarded message ---------\nFrom: Kate <k@x.test>\nDate: Mon\nSubject: x\nTo: Jane\n\n${body}`,
  ],
  [
    'verbatim',
    'all of it, answered line by line',
    `> Dear Jane,\n>\n> the defendant was seen at nine o’clock in the market.\n\nBy whom?\n\n> He wore a red coat.\n>\n> Kate`,
  ],
  ['extract', 'a sentence', `> He wore a red coat.\n\nSure?`],
  ['extract', 'two sentences with one between them left out', '> Dear Jane,\n\nHello.\n\n> He wore a red coat.'],
  ['modified', 'a word changed', quote(body.replace('red', 'green'))],
  ['modified', 'a word left out in a sentence', quote(body.replace('was seen', 'seen'))],
  ['modified', 'a word put in', quote(body.replace('a red', 'not a red'))],
  ['modified', 'sentences in another order', '> He wore a red coat.\n\nand\n\n> Dear Jane,'],
  ['modified', 'a sentence below Outlook’s fields changed', `Yes.\n\nFrom: Kate\nSent: x\n\n${body.replace('nine', 'ten')}`],
  ['cannot-tell', 'nothing', 'Thanks.'],
]
for (const [verdict, why, text] of cases) {
  test(`quoting ${why} is ${verdict} (G16)`, () => assert.equal(integrityOf(text, [original]), verdict))
}

test('the alternative that fits best counts (G16)', () => {
  assert.equal(integrityOf(quote(body), ['something else', original]), 'verbatim')
  assert.equal(integrityOf(quote(body), []), 'cannot-tell')
})

test('a text that quotes is known, and one that says that it is an extract (G16)', () => {
  assert.deepEqual(['Hello', '> x', 'On 1 July 2024 Kate wrote:\n\nx'].map(quotesSomething), [false, true, true])
  assert.equal(statesTheChange('The relevant extract:\n> a'), true)
  assert.equal(statesTheChange('> a [...] b\nSee [...] above'), true)
  assert.equal(statesTheChange('See below:\n> the extract'), false)
})

test('an altered copy without a statement gets one; what was not altered, says so, or must not be added to gets none (G16)', () => {
  const notice = (verdict: Integrity, isStated = false, block: typeof plainFacts.block = 'present') =>
    noticeToAdd({ ...plainFacts, block, integrity: { verdict, original: '<a@b>', isStated } })
  assert.match(notice('modified')!, /differs/)
  assert.match(notice('extract')!, /extract/)
  assert.deepEqual(
    [notice('verbatim'), notice('cannot-tell'), notice('modified', true), notice('modified', false, 'cannot-be-added')],
    [null, null, null, null],
  )
  assert.equal(decide(plainFacts).closing.notice, null)
})

test('no text makes the comparison throw, or takes long', () => {
  const text = fc
    .array(
      fc.constantFrom('> ', '>', 'a', ' b', '\n', '\r\n', 'From: x', '-----Original Message-----', 'On x wrote:', '-- ', '[...]'),
      { maxLength: 60 },
    )
    .map((pieces) => pieces.join(''))
  fc.assert(
    fc.property(text, text, (one, other) => void [integrityOf(one, [other]), statesTheChange(one), quotesSomething(one)]),
    { seed: 3, numRuns: 2_000 },
  )
  const from = performance.now()
  for (const unit of ['> a\nb\n', 'a ', '> a ', 'on '.repeat(40), '\n-- ', '>'.repeat(50)]) {
    const long = unit.repeat(Math.ceil((256 * 1024) / unit.length))
    integrityOf(long, [long, 'a '.repeat(49_000)])
    integrityOf(`> x ${'a '.repeat(40_000)}`, ['a '.repeat(49_000)])
    statesTheChange(long)
  }
  assert.ok(performance.now() - from < 8_000)
})
