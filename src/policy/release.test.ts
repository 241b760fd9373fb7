// What may leave the community: open in every part, declared, or to who is trusted. G15.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decide, judgeRecipient } from '#policy/decide.ts'
import type { AttachedMarking, SubmissionFacts } from '#policy/facts.ts'
import { found, plainFacts } from '#policy/facts-for-tests.ts'
import { maxReleasedAttachments } from '#policy/limits.ts'
import { readRelease, type ReleaseFacts, releaseGrounds, releaseRecorded, writeRelease } from '#policy/release.ts'

const npm = 'NOT PROTECTIVELY MARKED'
const client = { address: 'client@outside.example', standing: 'outside' } as const
const member = { address: 'a@firm.cjsm.test', standing: 'member' } as const
const nothing: ReleaseFacts = { declared: [], attachments: [], answers: [], quotes: false, forwardedBy: null, channels: [] }
const open = { markings: [found('subject', npm)] }
const inFile = (path: readonly string[], line = npm, where: AttachedMarking['where'] = 'header'): AttachedMarking => ({
  ...found('attachment', line),
  where,
  path,
})

function reasonOf(facts: Partial<SubmissionFacts>, release: Partial<ReleaseFacts> = {}): string {
  const decision = decide({ ...plainFacts, recipients: [client], ...facts, release: { ...nothing, ...release } })
  const [{ verdict } = { verdict: decision.message }] = decision.recipients
  return verdict.kind === 'refused' ? `${verdict.clause} ${verdict.reason}` : verdict.kind
}
const goes = 'G15 outside-is-not-reached-yet'
const contradicts = 'G15 release-contradicts-the-marking'
const stays = 'G15 release-is-not-declared'
const certain = { ground: 'certain-not-sensitive', words: 'It was in the newspaper' } as const
const trusted = { ground: 'trusted-recipient', words: 'The expert is instructed' } as const
const report = ['report.docx']

const cases: [name: string, facts: Partial<SubmissionFacts>, release: Partial<ReleaseFacts>, expected: string][] = [
  ['unmarked', {}, {}, stays],
  ['marked PROTECT', { markings: [found('subject', 'PROTECT')] }, {}, stays],
  ['unmarked, and declared certain', {}, { declared: [certain] }, goes],
  ['marked PROTECT, and declared certain', { markings: [found('subject', 'PROTECT')] }, { declared: [certain] }, contradicts],
  [
    'with a file marked PROTECT, and declared certain',
    { attached: [inFile(report, 'PROTECT')] },
    { attachments: [report], declared: [certain] },
    contradicts,
  ],
  [
    'what quotes PROTECT, and is declared certain',
    { quoted: [found('quoted', 'PROTECT', 'inherited')] },
    { quotes: true, declared: [certain] },
    contradicts,
  ],
  ['marked NPM', open, {}, goes],
  ['marked NPM behind Re:', { markings: [found('subject', npm, 'inherited')] }, {}, stays],
  ['marked NPM with a descriptor', { markings: [found('subject', `${npm} - STAFF`)] }, {}, stays],
  ['NPM, and RESTRICTED is quoted', { ...open, quoted: [found('quoted', 'RESTRICTED', 'inherited')] }, { quotes: true }, stays],
  [
    'NPM, and the quoted RESTRICTED was lowered with a reason',
    { ...open, quoted: [found('quoted', 'RESTRICTED', 'inherited')], lowering: ['It was published'] },
    { quotes: true },
    stays,
  ],
  ['NPM, and something without a marking is quoted', open, { quotes: true }, stays],
  ['NPM, and what is quoted is NPM', { ...open, quoted: [found('quoted', npm, 'inherited')] }, { quotes: true }, goes],
  ['NPM with an unmarked file', open, { attachments: [report] }, stays],
  ['NPM with an NPM file', { ...open, attached: [inFile(report)] }, { attachments: [report] }, goes],
  [
    'NPM with a file that says two things',
    { ...open, attached: [inFile(report), inFile(report, 'RESTRICTED')] },
    { attachments: [report] },
    stays,
  ],
  [
    'NPM with a file that could not be read',
    { ...open, attached: [inFile(report)], unread: [{ path: report, why: 'damaged' }] },
    { attachments: [report] },
    stays,
  ],
  ['NPM with one NPM file of two', { ...open, attached: [inFile(report)] }, { attachments: [report, ['b.docx']] }, stays],
  ['NPM with two files of one name', { ...open, attached: [inFile(report)] }, { attachments: [report, report] }, stays],
  [
    'NPM with an archive of which one entry is NPM',
    { ...open, attached: [inFile(['a.zip', 'report.docx'])] },
    { attachments: [['a.zip']] },
    stays,
  ],
  [
    'NPM with an archive that its name marks NPM',
    { ...open, attached: [inFile([`${npm} a.zip`], npm, 'file name')] },
    { attachments: [[`${npm} a.zip`]] },
    goes,
  ],
  [
    'NPM with an attached NPM message',
    { ...open, attached: [inFile(['attached message'], npm, 'nested message')] },
    { attachments: [['attached message']] },
    goes,
  ],
  [
    'NPM with an attached answer that bears NPM',
    { ...open, attached: [inFile(['attached message'], npm, 'nested message')] },
    { attachments: [['attached message']], answers: [['attached message']] },
    stays,
  ],
  [
    'NPM with an attached NPM message that has an unmarked file',
    { ...open, attached: [inFile(['attached message'], npm, 'nested message')] },
    { attachments: [['attached message'], ['attached message', 'scan.pdf']] },
    stays,
  ],
  ['declared certain', {}, { declared: [certain] }, goes],
  ['declared certain, with an unmarked file', {}, { declared: [certain], attachments: [report] }, goes],
  ['declared in a way that is not understood', open, { declared: [null] }, 'G15 release-is-not-understood'],
  ['declared twice', {}, { declared: [certain, certain] }, 'G15 release-is-not-understood'],
  ['for a trusted recipient without a channel', {}, { declared: [trusted] }, 'G15 channel-is-not-verified'],
  [
    'for a trusted recipient at another domain',
    {},
    { declared: [trusted], channels: ['side.example'] },
    'G15 channel-is-not-verified',
  ],
  ['for a trusted recipient over a verified channel', {}, { declared: [trusted], channels: ['outside.example'] }, goes],
  ['NPM, and sent on by a machine', open, { forwardedBy: 'X-Forwarded-For' }, 'G15 automatic-forwarding-goes-outside'],
]

for (const [name, facts, release, expected] of cases) {
  test(`a message for somebody outside that is ${name}: ${expected} (G15)`, () => {
    assert.equal(reasonOf(facts, release), expected)
  })
}

test('somebody outside stops nobody inside, and at RCPT nothing is known of the message yet (G15)', () => {
  const { message, recipients } = decide({ ...plainFacts, recipients: [client, member], release: nothing })
  assert.deepEqual([message.kind, ...recipients.map(({ verdict }) => verdict.kind)], ['allowed', 'refused', 'allowed'])
  assert.equal(judgeRecipient(client).kind, 'allowed')
})

test('a refusal says which part is protected, in which field to declare, and that the service cannot send yet (G15)', () => {
  const said = (facts: Partial<SubmissionFacts>, release: Partial<ReleaseFacts>) => {
    const { verdict } = decide({ ...plainFacts, recipients: [client], ...facts, release: { ...nothing, ...release } })
      .recipients[0]!
    return verdict.kind === 'refused' ? `${verdict.about} ${verdict.remedy}` : ''
  }
  assert.match(
    said({}, {}),
    /^client@outside\.example Its text is protected.*in webmail where it says .*, elsewhere in X-CJSM-Release/,
  )
  assert.match(said(open, { attachments: [report] }), /“report\.docx” is protected/)
  const long = found(
    'subject',
    'RESTRICTED - APPOINTMENTS - BUDGET - COMMERCIAL - CONTRACTS - HONOURS - INVESTIGATION - LEGAL - LOCSEN',
  )
  const contradicted = said({ markings: [long] }, { declared: [certain] })
  assert.match(contradicted, /It is marked RESTRICTED - APPOINTMENTS/)
  assert.ok(contradicted.length <= client.address.length + 200)
  assert.match(said(open, {}), /rules let it go to them, but this service cannot send outside/)
})

test('as many files as are looked at may go as NPM, and one more may not (G15)', () => {
  const files = (count: number) => Array.from({ length: count }, (_, at) => [`${npm} ${at}.txt`])
  const facts = (count: number) => ({ ...open, attached: files(count).map((path) => inFile(path, npm, 'file name')) })
  const reason = (count: number) => reasonOf(facts(count), { attachments: files(count) })
  assert.deepEqual([reason(maxReleasedAttachments), reason(maxReleasedAttachments + 1)], [goes, stays])
})

test('the record says on which ground, and in whose words (G15)', () => {
  const recorded = (facts: Partial<SubmissionFacts>, release: Partial<ReleaseFacts> | null) =>
    releaseRecorded({ ...plainFacts, ...facts, release: release === null ? null : { ...nothing, ...release } })
  assert.equal(recorded({}, null), null)
  assert.deepEqual(recorded({}, {}), { release: 'not-declared' })
  assert.deepEqual(recorded(open, {}), { release: 'not-protectively-marked' })
  assert.deepEqual(recorded(open, { declared: [certain] }), { release: 'certain-not-sensitive', releaseWords: certain.words })
  assert.deepEqual(recorded({}, { declared: [null] }), { release: 'not-understood' })
})

test('a declaration is read as it is written, and one without words or of another ground is none (G15)', () => {
  const words = fc.string({ unit: 'binary', maxLength: 200 }).map((text) => `It is ${text}`.trim())
  const property = fc.property(fc.constantFrom(...releaseGrounds), words, (ground, written) => {
    assert.deepEqual(readRelease(writeRelease({ ground, words: written })), { ground, words: written })
  })
  fc.assert(property, { seed: 15 })
  for (const value of [
    '',
    'certain-not-sensitive',
    'certain-not-sensitive;',
    'certain-not-sensitive; 1',
    'yes; it was published',
  ])
    assert.equal(readRelease(value), null, value)
})
