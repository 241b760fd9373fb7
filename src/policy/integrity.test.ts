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
  [
    'verbatim',
    'all of it below a list of recipients on two lines',
    `Yes.\n\n________________________________\nFrom: Kate Smith\nSent: 1 July\nTo: Jane <j@x.test>; Ada\nQuist <a@x.test>; Orla\nFenwick\nSubject: x\n\n${original}`,
  ],
  [
    'verbatim',
    'all of it below a list of recipients that ends the fields',
    `---------- Forwarded message ---------\nFrom: Kate <k@x.test>\nDate: Mon\nSubject: x\nTo: Jane\n <j@x.test>, Ada\n\n\n${body}`,
  ],
  [
    'verbatim',
    'all of it as Apple Mail forwards',
    `Begin forwarded message:\n\n${quote(`From: Kate <k@x.test>\nSubject: x\nDate: 1 July\nTo: Jane <j@x.test>,\n Ada <a@x.test>\n\n${body}`)}\n\nJane`,
  ],
  [
    'verbatim',
    'all of it as Apple Mail answers',
    `Yes.\n\n${quote(`On 1 Jul 2024, at 10:00, Kate Smith of the Unit\n<k@x.test> wrote:\n\n${body}`)}`,
  ],
  [
    'verbatim',
    'all of it below a sentence that ends like an attribution',
    `On 3 May he wrote:\n\nI was there.\n\n${quote(body)}`,
  ],
  ['extract', 'a sentence', `> He wore a red coat.\n\nSure?`],
  ['extract', 'two sentences with one between them left out', '> Dear Jane,\n\nHello.\n\n> He wore a red coat.'],
  ['modified', 'a word changed', quote(body.replace('red', 'green'))],
  ['modified', 'a word left out in a sentence', quote(body.replace('was seen', 'seen'))],
  ['modified', 'a word put in', quote(body.replace('a red', 'not a red'))],
  ['modified', 'sentences in another order', '> He wore a red coat.\n\nand\n\n> Dear Jane,'],
  ['modified', 'a sentence below Outlook’s fields changed', `Yes.\n\nFrom: Kate\nSent: x\n\n${body.replace('nine', 'ten')}`],
  ['modified', 'nothing that was there, with quote marks', '> I consent.'],
  ['modified', 'a line put above all of it', quote(`-- I consent.\nOn Monday he wrote: I consent.\n${body}`)],
  [
    'modified',
    'all of it as Apple Mail forwards, a word changed',
    `Begin forwarded message:\n\n${quote(`From: Kate\nDate: 1 July\n\n${body.replace('red', 'green')}`)}`,
  ],
  ['cannot-tell', 'nothing', 'Thanks.'],
  ['cannot-tell', 'nothing above a signature', `Thanks.\n\n${'_'.repeat(32)}\nJane\nSolicitor\n020 7946 0001`],
  ['cannot-tell', 'nothing but when one is away', 'I am away:\n\nFrom: Monday\nTo: Friday\n\nJane'],
  ['cannot-tell', 'somebody else below a sentence', 'On 3 May 2024 he wrote:\n\nI was not there at nine o’clock.\n\nJane'],
]
for (const [verdict, why, text] of cases) {
  test(`quoting ${why} is ${verdict} (G16)`, () => assert.equal(integrityOf(text, [original]), verdict))
}

const thread = `${body}\n\n> Where was he?\n>\n> Jane`
for (const [verdict, text] of [
  ['verbatim', thread],
  ['modified', thread.replace('red', 'tan').replace('Where', 'When')],
] as const) {
  test(`an original that quotes something itself is ${verdict} below Outlook’s fields (G16)`, () =>
    assert.equal(integrityOf(`Yes.\n\nFrom: Kate\nSent: 1 July\nTo: Jane\nSubject: x\n\n${text}`, [thread]), verdict))
}

test('without quote marks, four words that follow one another as in the original show that it is meant (G16)', () => {
  const below = (text: string) => integrityOf(`From: Kate\nSent: 1 July\nSubject: x\n\n${text}`, [body])
  assert.deepEqual(['He wore a green', 'He wore a', 'He wore a red cap'].map(below), ['cannot-tell', 'extract', 'modified'])
})

const stated: [isStated: boolean, own: string][] = [
  [true, 'This is an extract of the message below.'],
  [true, 'Below is the relevant extract.'],
  [true, 'I have edited the quoted text, to save space.'],
  [true, 'I have shortened your e-mail.'],
  [true, 'Edited below.'],
  [true, 'Please see my amendments in bold\nbelow.'],
  [true, 'The message below has been amended.'],
  [false, 'Please see below.'],
  [false, 'Please find the amended defence statement attached.'],
  [false, 'I altered the e-mail address that we hold.'],
  [false, 'His bail conditions were altered on Friday, and an extract of the custody record is attached.'],
  [false, 'See [...] of the Act.'],
]
for (const [isStated, own] of stated) {
  test(`${JSON.stringify(own)} ${isStated ? 'says' : 'does not say'} that the quotation was changed (G16)`, () =>
    assert.equal(statesTheChange(`${own}\n\n${quote(body)}`, [body]), isStated))
}

test('what is left out is said within the quotation, unless the original says so itself (G16)', () => {
  const says = (text: string, from = body) => statesTheChange(text, [from])
  assert.equal(says('Yes.\n> Dear Jane,\n> [...]\n> Kate'), true)
  assert.equal(says('Yes.\n> Dear Jane,\n[…]\n> Kate'), true)
  assert.equal(says('Yes.\n\nFrom: Kate\nSent: x\n\nDear Jane, [snip] Kate'), true)
  assert.equal(says('Yes.\n> Dear Jane, [...] Katie', 'Dear Jane, [...] Kate'), false)
})

test('the alternative that fits best counts (G16)', () => {
  assert.equal(integrityOf(quote(body), ['something else', original]), 'verbatim')
  assert.equal(integrityOf(quote(body), []), 'cannot-tell')
})

test('a text that quotes is known, and one that says that it is an extract (G16)', () => {
  assert.deepEqual(['Hello', '> x', 'On 1 July 2024 Kate wrote:\n\nx'].map(quotesSomething), [false, true, true])
  assert.equal(statesTheChange('The relevant extract:\n> a', []), true)
  assert.equal(statesTheChange('> a [...] b\nSee [...] above', []), true)
  assert.equal(statesTheChange('See below:\n> the extract', []), false)
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
    fc.property(
      text,
      text,
      (one, other) => void [integrityOf(one, [other]), statesTheChange(one, [other]), quotesSomething(one)],
    ),
    { seed: 3, numRuns: 2_000 },
  )
  const from = performance.now()
  for (const unit of [
    '> a\nb\n',
    'a ',
    '> a ',
    'on '.repeat(40),
    '\n-- ',
    '>'.repeat(50),
    'From: x\n',
    'To: x\n\n',
    'edited in by me ',
    '[...]',
    'From: x\nSent: y\n> a\nb\n',
  ]) {
    const long = unit.repeat(Math.ceil((256 * 1024) / unit.length))
    integrityOf(long, [long, 'a '.repeat(49_000)])
    integrityOf(`> x ${'a '.repeat(40_000)}`, ['a '.repeat(49_000)])
    statesTheChange(long, [long])
  }
  assert.ok(performance.now() - from < 8_000)
})
