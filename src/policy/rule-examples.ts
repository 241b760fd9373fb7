// For each rule a submission, or a recipient, that it stops, so that the rulebook shows the words that a sender sees: the rule's own; and when it does so. G01–G16.
import type { AttachedMarking, RecipientFacts, SubmissionFacts } from '#policy/facts.ts'
import { adopter, found, plainFacts } from '#policy/example-facts.ts'
import { nothingAsked } from '#policy/handling-asked.ts'
import { readMarkingLine } from '#policy/read-marking.ts'
import type { NeedToKnowFacts } from '#policy/need-to-know.ts'
import type { RecipientRelease } from '#policy/release.ts'
import { shippedSchemes } from '#policy/schemes.ts'
import type { VolumeFacts, VolumeLimits } from '#policy/volume.ts'

const to = (address: string, more: Partial<RecipientFacts>): RecipientFacts => ({ address, standing: 'member', ...more })
const outside = (release: Partial<RecipientRelease>) =>
  to('client@outside.example', {
    standing: 'outside',
    release: { protectedPart: null, declared: [], marking: null, forwardedBy: null, isVerifiedChannel: false, ...release },
  })
const message = (facts: Partial<SubmissionFacts>): SubmissionFacts => ({ ...plainFacts, ...facts })
const attached = (line: string): AttachedMarking => ({
  ...found('attachment', line),
  where: 'header',
  path: ['annex.zip', 'report.docx'],
})

/** By the names of the recipient's rules. */
export const recipientExamples: ReadonlyMap<string, RecipientFacts> = new Map([
  ['recipientIsKnown', to('nobody@firm.cjsm.test', { standing: 'unknown' })],
  ['recipientIsNotRemoved', to('former.clerk@firm.cjsm.test', { standing: 'removed' })],
  ['recipientIsDeliveredHere', to('desk@force.example.cjsm.test', { standing: 'server-organisation' })],
  ['recipientIsANamedReader', to('pupil@chambers.cjsm.test', { isNamedReader: false })],
  ['quotedStaysAmongItsReaders', to('pupil@chambers.cjsm.test', { mayHaveOriginal: false })],
  ['forwardingOutsideIsNotAutomatic', outside({ forwardedBy: 'Auto-Submitted: auto-generated' })],
  ['releaseIsDeclared', outside({ protectedPart: 'its text' })],
  ['outsideIsReached', outside({})],
])

/** By the names of the message's rules, and of what a sender is only told. */
export const messageExamples: ReadonlyMap<string, SubmissionFacts> = new Map([
  ['fromCanBeRead', message({ fromFields: 2 })],
  ['fromIsTheSubmitters', message({ from: ['other@firm.cjsm.test'] })],
  ['senderIsTheSubmitters', message({ senderFields: 1, sender: ['other@firm.cjsm.test'] })],
  ['reversePathIsTheSubmitters', message({ reversePath: 'other@firm.cjsm.test' })],
  ['markingIsWithinTheCeiling', message({ markings: [found('subject', 'SECRET')] })],
  ['attachmentsAreWithinTheCeiling', message({ attached: [attached('SECRET')] })],
  ['stoppedIsNotPassedOn', message({ stopped: 'told-above' })],
  ['contentCanBeLookedInto', message({ unread: [{ path: ['accounts.xlsx'], why: 'encrypted' }] })],
  ['restrictedIsAnAdopters', message({ markings: [found('banner', 'RESTRICTED')] })],
  ['automatedMailHasItsPermit', message({ automation: { kind: 'automated', matched: 'Precedence: bulk' } })],
  ['unalterableMailBearsItsBlock', message({ block: 'cannot-be-added', wording: { ...plainFacts.wording, unsigned: 'refuse' } })],
  ['loweringHasAReason', message({ lowering: [''] })],
  ['handlingIsUnderstood', message({ handling: null })],
  [
    'forwardingIsAllowed',
    message({ passedOn: [{ path: [], from: ['sergeant@force.cjsm.test'], asked: { ...nothingAsked, noForwarding: true } }] }),
  ],
  ['accessHasNotEnded', message({ handling: { ...nothingAsked, untilMs: Date.UTC(2026, 0, 31) }, accessHasEnded: true })],

  ['confidentialTakenAsOwn', message({ markings: [found('banner', 'CONFIDENTIAL')] })],
  ['attachedConfidentialTakenAsOwn', message({ attached: [attached('CONFIDENTIAL')] })],
  ['attachmentNotRead', message({ unread: [{ path: ['scan.pdf'], why: 'damaged' }] })],
  [
    'deliveredUnlooked',
    message({
      unread: [{ path: ['papers.7z'], why: 'closed' }],
      wording: { ...plainFacts.wording, unscannable: 'deliver-flagged' },
    }),
  ],
  ['blockCouldNotBeAdded', message({ block: 'cannot-be-added' })],
  ['carriersDisagree', message({ submitter: adopter, markings: [found('subject', 'PROTECT'), found('banner', 'RESTRICTED')] })],
  [
    'handlingWasCarried',
    message({ passedOn: [{ path: [], from: ['sergeant@force.cjsm.test'], asked: { ...nothingAsked, noDownload: true } }] }),
  ],
  ['markingWasCarried', message({ quoted: [found('quoted', 'RESTRICTED', 'inherited')] })],
  ['openMarkingIsPlain', message({ markings: [found('subject', 'NOT PROTECTIVELY MARKED - STAFF')] })],
  [
    'additionIsKnown',
    message({
      markings: [
        { ...found('subject', 'PROTECT'), marking: { ...found('subject', 'PROTECT').marking, descriptors: ['FAMILY'] } },
      ],
    }),
  ],
])

/** When each rule refuses, or tells, in words that stand behind "Refused when" and "You are told when". */
export const ruleWords: ReadonlyMap<string, string> = new Map([
  ['recipientIsKnown', 'a recipient is not a member'],
  ['recipientIsNotRemoved', 'a recipient’s address is no longer in use'],
  [
    'recipientIsDeliveredHere',
    'a recipient is at an organisation with a server of its own, which this version does not reach yet',
  ],
  ['recipientIsANamedReader', 'its readers were named, and a recipient is none of them'],
  [
    'quotedStaysAmongItsReaders',
    'it quotes or attaches what its sender asked that nobody else has, and a recipient is none of those',
  ],
  ['forwardingOutsideIsNotAutomatic', 'a program forwards it outside the community'],
  ['releaseIsDeclared', 'it goes outside the community, and nobody declared why it may'],
  ['outsideIsReached', 'it goes outside the community, which this version does not reach yet'],
  ['fromCanBeRead', 'its From cannot be read, or stands there twice'],
  ['fromIsTheSubmitters', 'its From is not an address of yours'],
  ['senderIsTheSubmitters', 'its Sender is not an address of yours'],
  ['reversePathIsTheSubmitters', 'its return address is not one of yours'],
  ['markingIsWithinTheCeiling', 'it is marked above RESTRICTED'],
  ['attachmentsAreWithinTheCeiling', 'something attached is marked above RESTRICTED'],
  ['stoppedIsNotPassedOn', 'it passes on what was sealed, or what you were told is above RESTRICTED'],
  ['contentCanBeLookedInto', 'something attached cannot be looked into, and your organisation does not let that pass'],
  ['restrictedIsAnAdopters', 'you mark it RESTRICTED, and your organisation has not adopted the marking scheme'],
  ['automatedMailHasItsPermit', 'a machine sends it without a permit'],
  ['unalterableMailBearsItsBlock', 'it is signed or encrypted without your signature block, and your organisation asks for one'],
  ['loweringHasAReason', 'it lowers a marking without a reason'],
  ['handlingIsUnderstood', 'what it asks of its readers cannot be understood'],
  ['forwardingIsAllowed', 'a message is attached whose sender asked that it is not forwarded'],
  ['accessHasNotEnded', 'the last day on which it may be read is past'],
  ['confidentialTakenAsOwn', 'CONFIDENTIAL is taken for your organisation’s own marking, not the Government’s'],
  ['attachedConfidentialTakenAsOwn', 'the same stands in a file that is attached'],
  ['attachmentNotRead', 'a file could not be read for markings'],
  ['deliveredUnlooked', 'it goes although something attached could not be looked into'],
  ['blockCouldNotBeAdded', 'your signature block could not be added'],
  ['carriersDisagree', 'its header, subject and text bear different markings'],
  ['handlingWasCarried', 'what the sender of the message that it answers or passes on asked of its readers was carried'],
  ['markingWasCarried', 'the marking of what it answers was carried'],
  ['openMarkingIsPlain', 'more stands behind a marking that takes nothing'],
  ['additionIsKnown', 'what stands behind a marking is not known'],
])

const clerk = 'a.clerk@chambers.cjsm.test'
const known: NeedToKnowFacts = {
  recipients: [{ address: clerk, organisation: 'Chambers', isGroup: false, awayUntil: null, isExDirectory: false }],
  known: [clerk],
  similar: [],
  original: null,
  marking: null,
  limits: { recipients: 20, organisations: 5, monitored: ['pnn.police.uk'] },
}
const other = (more: Partial<NeedToKnowFacts['recipients'][number]>): Partial<NeedToKnowFacts> => {
  const recipient = { ...known.recipients[0]!, ...more }
  return { recipients: [recipient], known: [recipient.address] }
}

const many = Array.from({ length: 25 }, (_, n) => ({
  ...known.recipients[0]!,
  address: `clerk.${n}@chambers${n % 6}.cjsm.test`,
  organisation: `Chambers ${n % 6}`,
}))

/** By the names of what is looked at before sending: when it is said, and facts that it is said of. */
export const needToKnowExamples: ReadonlyMap<string, readonly [when: string, facts: NeedToKnowFacts]> = new Map(
  (
    [
      [
        'looksLikeAnother',
        'a recipient looks like another',
        { recipients: other({ address: 'a.c1erk@chambers.cjsm.test' }).recipients! },
      ],
      ['isWrittenToForTheFirstTime', 'you have not written to a recipient lately', { known: [] }],
      ['goesToMany', 'it goes to many', { recipients: many }],
      ['goesWiderThanTheOriginal', 'your answer goes to more people than the original did', { original: [] }],
      [
        'namedReaderIsAGroup',
        'what is for the eyes of one goes to a group',
        {
          ...other({ address: 'team@force.cjsm.test', isGroup: true }),
          marking: readMarkingLine('RESTRICTED - J SMITH EYES ONLY', { schemes: shippedSchemes, standsAlone: true }),
        },
      ],
      ['isMonitored', 'mail to a recipient may be audited', other({ address: 'sergeant@force.pnn.police.uk.cjsm.test' })],
      ['isAway', 'a recipient is away', other({ awayUntil: '4 May' })],
      ['isExDirectory', 'a recipient is not in the directory', other({ isExDirectory: true })],
    ] as const
  ).map(([name, when, facts]) => [name, [when, { ...known, ...facts }]]),
)

/** What an account sent, and limits that it passes. T23 */
export const volumeExample: readonly [VolumeFacts, VolumeLimits] = [
  {
    thisHour: 10_001,
    lastDay: 10_001,
    usualDay: 0,
    usualDays: 0,
    organisations: 0,
    usualOrganisations: 0,
    scored: 0,
    readAsSpam: 0,
    lifted: 0,
  },
  { perHour: 10_000, perDay: 50_000, spreadPerHour: 1_000 },
]
