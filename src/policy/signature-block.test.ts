// What counts as a signature block, and what the rules make of mail without one. G12, G13
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from '#policy/decide.ts'
import { found, ownAddress, plainFacts } from '#policy/facts-for-tests.ts'
import { bearsBlock, bearsStatement, noWording } from '#policy/signature-block.ts'

const own = [ownAddress]
const filler = (lines: number) => Array.from({ length: lines }, (_, at) => `Paragraph ${at} of the statement.`).join('\n')

const signed: [why: string, text: string, isAnswer: boolean][] = [
  ['a telephone number', 'Dear Miriam\n\nsee below.\n\nJane Doe\nTel: 020 7946 0000', false],
  ['an international number', 'Hello\n\nJane Doe | +44 (0)20 7946 0000 | Firm LLP', false],
  ['a number with hyphens', 'Hello\n\nJane Doe\n(01632) 960-001', false],
  ['a number of ten digits', 'Hello\n\nJane Doe\n016977 2345', false],
  ['a number with dots', 'Hello\n\nJane Doe\n020.7946.0000', false],
  ['a number without spaces', 'Hello\n\nJane Doe, 02079460000', false],
  ['a number dialled from abroad', 'Hello\n\nJane Doe 0044 20 7946 0000', false],
  ['a number of another country', 'Hello\n\nJane Doe +1 (202) 555-0100', false],
  ['a number and an extension', 'Hello\n\nJane Doe\n01632 960001 ext 12', false],
  ['two numbers', 'Hello\n\nJane Doe\n020 7946 0000/07700 900000', false],
  ['a local number behind its label', 'Hello\n\nJane Doe\nTel: 7946 0000', false],
  ['a direct line', 'Hello\n\nJane Doe\nDDI 796 0001', false],
  ['a switchboard and an extension', 'Hello\n\nPC Doe\n101 ext 7312', false],
  ['a number beside a date', 'Hello\n\nMonday 03/02/2026: 020 7946 0000', false],
  ['an address', 'Hello\n-- \nJane Doe\njane@elsewhere.example', false],
  ['several on a line', 'Hello\n\nT: 020 7946 0000 M: 07700 900000 E: jane@firm.example', false],
  ['a block with a statement below', `Hello\n\nJane\n01632 960001\n${filler(12)}`, false],
  [
    'a block above a long quoted original',
    `Yes.\n\nJane\n01632 960001\n\nKate wrote:\n${'> what do you say?\n'.repeat(400)}`,
    true,
  ],
  ['a block below a line of underscores', `Yes.\n\n${'_'.repeat(32)}\nJane\nSolicitor\n01632 960001`, true],
  [
    'a block below the dates of a leave',
    'I am away:\n\nFrom: Monday 9 February\nTo: Friday 13 February\n\nJane\n01632 960001',
    true,
  ],
  ['a block above a quoted original', 'Yes.\n\nJane\n01632 960001\n\n> what do you say?\n> Kate', true],
  [
    'a block above an original that is not quoted',
    'Yes.\n\nJane\n01632 960001\n\n-----Original Message-----\nFrom: k@x.test\nSent: today\nTo: jane\nSubject: x\n\nHello',
    true,
  ],
  [
    'what the service put below an original',
    `Yes.\n\n-----Original Message-----\nFrom: k@x.test\nSent: x\n\nHello\n\n-- \nJane\n${ownAddress}`,
    true,
  ],
]
for (const [why, text, isAnswer] of signed) {
  test(`${why} in the closing lines is a signature block (G12)`, () => assert.equal(bearsBlock(text, own, isAnswer), true))
}

const unsigned: [why: string, text: string, isAnswer: boolean][] = [
  ['nothing', '', false],
  ['a name alone', 'Hello\n\nJane', false],
  [
    'a sentence with somebody’s number',
    'Please telephone the witness at her new number, which is 020 7946 0000, before noon.',
    false,
  ],
  ['a number far above the end', `Tel: 020 7946 0000\n${filler(40)}`, false],
  ['a case number', 'See T20240117 and 01/02/2024.\n\nJane', false],
  ['a date and a time', 'Hearing 03/02/2026 10:30\n\nRegards\nJane', false],
  ['a date with dots', 'Hearing 03.02.2026 10.30\n\nRegards\nJane', false],
  ['a date with hyphens', 'Hearing 03-02-2026 1030\n\nRegards\nJane', false],
  ['a date as standards write it', 'Hearing 2026-02-03 10:30\n\nRegards\nJane', false],
  ['a labelled hearing by telephone', 'Telephone 03.02.2026\n\nRegards\nJane', false],
  ['a number of a record', 'URN: 04/2019/123456\n\nRegards\nJane', false],
  ['a reference', 'Ref 01-23-456789-x\n\nRegards\nJane', false],
  ['an account', 'Sort code 01-23-45, account 12345678\n\nRegards\nJane', false],
  ['an extension of nothing', 'Ext 7312\n\nRegards\nJane', false],
  ['the address of who is quoted', 'On 1 July 2024, Kate <k@x.test> wrote:\n> what do you say?\n\nYes.\nJane', true],
  ['the block of a quoted original', 'Yes.\nJane\n\n> Kate\n> 020 7946 0000', true],
  [
    'the block of an original that is not quoted',
    'Yes.\n\n-----Original Message-----\nFrom: k@x.test\nSent: today\nSubject: x\n\nHello\nKate\n020 7946 0000',
    true,
  ],
  [
    'the sender’s address in a field of the original',
    `Yes.\n\n-----Original Message-----\nFrom: k@x.test\nTo: Jane <${ownAddress}>\nSubject: x\n\nHello`,
    true,
  ],
]
for (const [why, text, isAnswer] of unsigned) {
  test(`${why} is no signature block of the sender’s (G12)`, () => assert.equal(bearsBlock(text, own, isAnswer), false))
}

test('a block is added where it is missing, and nowhere else (G12)', () => {
  const added = (block: typeof plainFacts.block) => decide({ ...plainFacts, block }).closing.block
  assert.deepEqual((['present', 'missing', 'cannot-be-added', 'exempt'] as const).map(added), [false, true, false, false])
})

test('what must not be altered is accepted with a warning, or refused where its organisation chose that (G12)', () => {
  const facts = { ...plainFacts, block: 'cannot-be-added' as const }
  const warned = decide(facts)
  assert.equal(warned.message.kind, 'allowed')
  assert.deepEqual(
    warned.warnings.map(({ clause, reason }) => [clause, reason]),
    [['G12', 'signature-block-is-missing']],
  )
  const refusal = decide({ ...facts, wording: { ...noWording, unsigned: 'refuse' } })
  assert.deepEqual(refusal.message.kind === 'refused' && [refusal.message.clause, refusal.message.reason], [
    'G12',
    'signature-block-is-missing',
  ])
  assert.deepEqual(refusal.warnings, [])
})

test('the statement goes with what its organisation says that it goes with (G13)', () => {
  const statement = 'For the addressee only.'
  const restricted = [found('subject', 'RESTRICTED')]
  const open = [found('subject', 'NOT PROTECTIVELY MARKED')]
  const added = (statementFor: 'marked' | 'protected', markings: typeof restricted) =>
    decide({
      ...plainFacts,
      submitter: { ...plainFacts.submitter, adopter: true },
      markings,
      wording: { ...noWording, statement, statementFor },
    }).closing.statement
  assert.deepEqual(
    [restricted, [], open].map((markings) => added('marked', markings)),
    [statement, null, null],
  )
  assert.deepEqual(
    [restricted, [], open].map((markings) => added('protected', markings)),
    [statement, statement, null],
  )
  assert.equal(decide({ ...plainFacts, markings: restricted }).closing.statement, null)
})

test('a statement that is there already is known, however it is wrapped or quoted (G13)', () => {
  assert.equal(bearsStatement('Hi\n> This  message\n> is\nprivate.', 'This message is private.'), true)
  assert.equal(bearsStatement('Hi. This message is.', 'This message is private.'), false)
})
