// Every rule about a submitted message, in the order in which they are asked, and what they say together. G01–G09, T01, T07.
import { fromCanBeRead, fromIsTheSubmitters, reversePathIsTheSubmitters, senderIsTheSubmitters } from '#policy/alignment.ts'
import { restrictedIsAnAdopters } from '#policy/adoption.ts'
import {
  attachedConfidentialTakenAsOwn,
  attachmentNotRead,
  attachmentsAreNotEncrypted,
  attachmentsAreWithinTheCeiling,
} from '#policy/attachments.ts'
import { type Lowered, loweredMarking, loweringHasAReason, markingWasCarried } from '#policy/carried.ts'
import { confidentialTakenAsOwn, markingIsWithinTheCeiling } from '#policy/ceiling.ts'
import { automatedMailHasItsPermit } from '#policy/automation.ts'
import type { RecipientFacts, SubmissionFacts } from '#policy/facts.ts'
import { forwardingIsAllowed, handlingIsUnderstood, recipientIsANamedReader } from '#policy/handling-asked.ts'
import { type IntegrityFacts, noticeToAdd } from '#policy/integrity.ts'
import type { Marking } from '#policy/marking.ts'
import { recipientIsDeliveredHere, recipientIsInside, recipientIsKnown, recipientIsNotRemoved } from '#policy/membership.ts'
import {
  additionIsKnown,
  assertedMarking,
  carriersDisagree,
  type Floor,
  floorOf,
  markingToWrite,
  openMarkingIsPlain,
} from '#policy/protection.ts'
import { blockCouldNotBeAdded, statementToAdd, unalterableMailBearsItsBlock } from '#policy/signature-block.ts'
import { allowed, type RecipientVerdict, type Verdict, type Warning, withContact } from '#policy/verdict.ts'

export interface Rule<F> {
  /** Named for what is true when it passes. */
  readonly name: string
  readonly clause: string
  readonly judge: (facts: F) => Verdict
}

/** Asked of each recipient at RCPT, and again when the message is there. */
export const recipientRules: readonly Rule<RecipientFacts>[] = [
  { name: 'recipientIsKnown', clause: 'G01', judge: recipientIsKnown },
  { name: 'recipientIsNotRemoved', clause: 'G02', judge: recipientIsNotRemoved },
  { name: 'recipientIsInside', clause: 'G01', judge: recipientIsInside },
  { name: 'recipientIsDeliveredHere', clause: 'G01', judge: recipientIsDeliveredHere },
  { name: 'recipientIsANamedReader', clause: 'G09', judge: recipientIsANamedReader },
]

/** Asked once the message is there; the first refusal is the message's. */
export const messageRules: readonly Rule<SubmissionFacts>[] = [
  { name: 'fromCanBeRead', clause: 'G03', judge: fromCanBeRead },
  { name: 'fromIsTheSubmitters', clause: 'G03', judge: fromIsTheSubmitters },
  { name: 'senderIsTheSubmitters', clause: 'G03', judge: senderIsTheSubmitters },
  { name: 'reversePathIsTheSubmitters', clause: 'G03', judge: reversePathIsTheSubmitters },
  { name: 'markingIsWithinTheCeiling', clause: 'G05', judge: markingIsWithinTheCeiling },
  { name: 'attachmentsAreWithinTheCeiling', clause: 'G05', judge: attachmentsAreWithinTheCeiling },
  { name: 'attachmentsAreNotEncrypted', clause: 'T19', judge: attachmentsAreNotEncrypted },
  { name: 'restrictedIsAnAdopters', clause: 'G07', judge: restrictedIsAnAdopters },
  { name: 'automatedMailHasItsPermit', clause: 'T08', judge: automatedMailHasItsPermit },
  { name: 'unalterableMailBearsItsBlock', clause: 'G12', judge: unalterableMailBearsItsBlock },
  { name: 'loweringHasAReason', clause: 'G06', judge: loweringHasAReason },
  { name: 'handlingIsUnderstood', clause: 'G09', judge: handlingIsUnderstood },
  { name: 'forwardingIsAllowed', clause: 'G09', judge: forwardingIsAllowed },
]

/** What the sender is told where nothing is refused. */
export const warningRules: readonly ((facts: SubmissionFacts) => Warning | null)[] = [
  confidentialTakenAsOwn,
  attachedConfidentialTakenAsOwn,
  attachmentNotRead,
  blockCouldNotBeAdded,
  carriersDisagree,
  markingWasCarried,
  openMarkingIsPlain,
  additionIsKnown,
]

export interface Decision {
  readonly message: Verdict
  /** One for each recipient, in their order; they hold only where `message` is allowed. */
  readonly recipients: readonly RecipientVerdict[]
  /** The message's marking: the highest of what its sender wrote, with what it carries from earlier messages (G06). */
  readonly asserted: Marking | null
  /** How the service treats the message's own text (G09). */
  readonly floor: Floor
  readonly warnings: readonly Warning[]
  /** What the sender marked lower than what it answers or passes on, and why; null where nothing was (G06). */
  readonly lowered: Lowered | null
  /** What acceptance adds at the message's end, in each alternative that lacks it (G12, G13, G16). */
  readonly closing: { readonly notice: string | null; readonly block: boolean; readonly statement: string | null }
  /** What the header says of what is quoted or attached; null where it is nothing that the submitter received (G16). */
  readonly integrity: IntegrityFacts | null
  /** What acceptance writes to every carrier that lacks it; null where nothing is to be written. */
  readonly writeMarking: Marking | null
}

/** The first refusal of a recipient, or `allowed`; `helpdesk` is the contact to end a remedy with. */
export function judgeRecipient(recipient: RecipientFacts, helpdesk?: string): Verdict {
  return withContact(firstRefusal(recipientRules, recipient), helpdesk)
}

/** What every rule says of a submission: a verdict for the message, one for each recipient, markings, floor and warnings. */
export function decide(facts: SubmissionFacts, helpdesk?: string): Decision {
  return {
    message: withContact(firstRefusal(messageRules, facts), helpdesk),
    recipients: facts.recipients.map((recipient) => ({
      address: recipient.address,
      verdict: judgeRecipient(recipient, helpdesk),
    })),
    asserted: assertedMarking(facts),
    floor: floorOf(facts),
    warnings: warningRules.map((rule) => rule(facts)).filter((warning) => warning !== null),
    lowered: loweredMarking(facts),
    closing: { notice: noticeToAdd(facts), block: facts.block === 'missing', statement: statementToAdd(facts) },
    integrity: facts.integrity,
    writeMarking: markingToWrite(facts),
  }
}

/** What one rule says of a submission, or of one of its recipients. */
export interface Explained {
  readonly rule: string
  readonly clause: string
  /** The recipient's address; null for a rule about the message. */
  readonly recipient: string | null
  readonly verdict: Verdict
}

/** Every rule's own verdict, in the order of the tables, also behind the first refusal: for who asks why. */
export function explain(facts: SubmissionFacts): Explained[] {
  const ofRecipients = facts.recipients.flatMap((recipient) =>
    recipientRules.map(({ name, clause, judge }) => ({
      rule: name,
      clause,
      recipient: recipient.address,
      verdict: judge(recipient),
    })),
  )
  const ofMessage = messageRules.map(({ name, clause, judge }) => ({
    rule: name,
    clause,
    recipient: null,
    verdict: judge(facts),
  }))
  return [...ofRecipients, ...ofMessage]
}

function firstRefusal<F>(rules: readonly Rule<F>[], facts: F): Verdict {
  for (const rule of rules) {
    const verdict = rule.judge(facts)
    if (verdict.kind === 'refused') return verdict
  }
  return allowed
}
