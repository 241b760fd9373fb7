// For each rule a submission, or a recipient, that it stops, so that the rulebook shows the words that a sender sees: the rule's own. G01–G16.
import type { AttachedMarking, RecipientFacts, SubmissionFacts } from '#policy/facts.ts'
import { adopter, found, plainFacts } from '#policy/example-facts.ts'
import { nothingAsked } from '#policy/handling-asked.ts'

const to = (address: string, more: Partial<RecipientFacts>): RecipientFacts => ({ address, standing: 'member', ...more })
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
  ['recipientIsInside', to('client@outside.example', { standing: 'outside' })],
  ['recipientIsDeliveredHere', to('desk@force.example.cjsm.test', { standing: 'server-organisation' })],
  ['recipientIsANamedReader', to('pupil@chambers.cjsm.test', { isNamedReader: false })],
])

/** By the names of the message's rules, and of what a sender is only told. */
export const messageExamples: ReadonlyMap<string, SubmissionFacts> = new Map([
  ['fromCanBeRead', message({ fromFields: 2 })],
  ['fromIsTheSubmitters', message({ from: ['other@firm.cjsm.test'] })],
  ['senderIsTheSubmitters', message({ senderFields: 1, sender: ['other@firm.cjsm.test'] })],
  ['reversePathIsTheSubmitters', message({ reversePath: 'other@firm.cjsm.test' })],
  ['markingIsWithinTheCeiling', message({ markings: [found('subject', 'SECRET')] })],
  ['attachmentsAreWithinTheCeiling', message({ attached: [attached('SECRET')] })],
  ['attachmentsAreNotEncrypted', message({ unread: [{ path: ['accounts.xlsx'], why: 'encrypted' }] })],
  ['restrictedIsAnAdopters', message({ markings: [found('banner', 'RESTRICTED')] })],
  ['automatedMailHasItsPermit', message({ automation: { kind: 'automated', matched: 'Precedence: bulk' } })],
  ['unalterableMailBearsItsBlock', message({ block: 'cannot-be-added', wording: { ...plainFacts.wording, unsigned: 'refuse' } })],
  ['loweringHasAReason', message({ lowering: [''] })],
  ['handlingIsUnderstood', message({ handling: null })],
  [
    'forwardingIsAllowed',
    message({ passedOn: [{ path: [], from: ['sergeant@force.cjsm.test'], asked: { ...nothingAsked, noForwarding: true } }] }),
  ],

  ['confidentialTakenAsOwn', message({ markings: [found('banner', 'CONFIDENTIAL')] })],
  ['attachedConfidentialTakenAsOwn', message({ attached: [attached('CONFIDENTIAL')] })],
  ['attachmentNotRead', message({ unread: [{ path: ['scan.pdf'], why: 'damaged' }] })],
  ['blockCouldNotBeAdded', message({ block: 'cannot-be-added' })],
  ['carriersDisagree', message({ submitter: adopter, markings: [found('subject', 'PROTECT'), found('banner', 'RESTRICTED')] })],
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
