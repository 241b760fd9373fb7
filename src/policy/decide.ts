// Every rule about a submitted message, in the order in which they are asked, and what they say together. G01–G09, T01, T07.
import { fromCanBeRead, fromIsTheSubmitters, reversePathIsTheSubmitters, senderIsTheSubmitters } from '#policy/alignment.ts'
import { restrictedIsAnAdopters } from '#policy/adoption.ts'
import { attachedConfidentialTakenAsOwn, attachmentsAreWithinTheCeiling } from '#policy/attachments.ts'
import { type Lowered, loweredMarking, loweringHasAReason, markingWasCarried } from '#policy/carried.ts'
import { confidentialTakenAsOwn, markingIsWithinTheCeiling, stoppedIsNotPassedOn } from '#policy/ceiling.ts'
import { automatedMailHasItsPermit } from '#policy/automation.ts'
import type { RecipientFacts, SubmissionFacts } from '#policy/facts.ts'
import { handlingIsUnderstood, recipientIsANamedReader } from '#policy/handling-asked.ts'
import {
  accessHasNotEnded,
  forwardingIsAllowed,
  type HandlingInForce,
  handlingInForce,
  handlingToWrite,
  handlingWasCarried,
  quotedStaysAmongItsReaders,
} from '#policy/handling-carried.ts'
import { type IntegrityFacts, noticeToAdd } from '#policy/integrity.ts'
import { attachmentNotRead, contentCanBeLookedInto, deliveredUnlooked, notLookedInto } from '#policy/looked-into.ts'
import type { Marking } from '#policy/marking.ts'
import { recipientIsDeliveredHere, recipientIsKnown, recipientIsNotRemoved } from '#policy/membership.ts'
import {
  additionIsKnown,
  assertedMarking,
  carriersDisagree,
  type Floor,
  floorOf,
  markingToWrite,
  openMarkingIsPlain,
} from '#policy/protection.ts'
import { forwardingOutsideIsNotAutomatic, outsideIsReached, releaseIsDeclared, withRelease } from '#policy/release.ts'
import { blockCouldNotBeAdded, statementToAdd, unalterableMailBearsItsBlock } from '#policy/signature-block.ts'
import { allowed, type MessageVerdict, type RecipientVerdict, type Verdict, type Warning, withContact } from '#policy/verdict.ts'

export interface Rule<F, V = Verdict> {
  /** Named for what is true when it passes. */
  readonly name: string
  readonly clause: string
  readonly judge: (facts: F) => V
}

/** Asked of each recipient at RCPT, and again when the message is there. */
export const recipientRules: readonly Rule<RecipientFacts>[] = [
  { name: 'recipientIsKnown', clause: 'G01', judge: recipientIsKnown },
  { name: 'recipientIsNotRemoved', clause: 'G02', judge: recipientIsNotRemoved },
  { name: 'recipientIsDeliveredHere', clause: 'G01', judge: recipientIsDeliveredHere },
  { name: 'recipientIsANamedReader', clause: 'G09', judge: recipientIsANamedReader },
  { name: 'quotedStaysAmongItsReaders', clause: 'G09', judge: quotedStaysAmongItsReaders },
  { name: 'forwardingOutsideIsNotAutomatic', clause: 'G15', judge: forwardingOutsideIsNotAutomatic },
  { name: 'releaseIsDeclared', clause: 'G15', judge: releaseIsDeclared },
  { name: 'outsideIsReached', clause: 'G15', judge: outsideIsReached },
]

/** Asked once the message is there; the first refusal is the message's, or else the first hold. */
export const messageRules: readonly Rule<SubmissionFacts, MessageVerdict>[] = [
  { name: 'fromCanBeRead', clause: 'G03', judge: fromCanBeRead },
  { name: 'fromIsTheSubmitters', clause: 'G03', judge: fromIsTheSubmitters },
  { name: 'senderIsTheSubmitters', clause: 'G03', judge: senderIsTheSubmitters },
  { name: 'reversePathIsTheSubmitters', clause: 'G03', judge: reversePathIsTheSubmitters },
  { name: 'markingIsWithinTheCeiling', clause: 'G05', judge: markingIsWithinTheCeiling },
  { name: 'attachmentsAreWithinTheCeiling', clause: 'G05', judge: attachmentsAreWithinTheCeiling },
  { name: 'stoppedIsNotPassedOn', clause: 'T07', judge: stoppedIsNotPassedOn },
  { name: 'contentCanBeLookedInto', clause: 'T19', judge: contentCanBeLookedInto },
  { name: 'restrictedIsAnAdopters', clause: 'G07', judge: restrictedIsAnAdopters },
  { name: 'automatedMailHasItsPermit', clause: 'T08', judge: automatedMailHasItsPermit },
  { name: 'unalterableMailBearsItsBlock', clause: 'G12', judge: unalterableMailBearsItsBlock },
  { name: 'loweringHasAReason', clause: 'G06', judge: loweringHasAReason },
  { name: 'handlingIsUnderstood', clause: 'G09', judge: handlingIsUnderstood },
  { name: 'forwardingIsAllowed', clause: 'G09', judge: forwardingIsAllowed },
  { name: 'accessHasNotEnded', clause: 'G09', judge: accessHasNotEnded },
]

/** What the sender is told where nothing is refused. */
export const warningRules: readonly ((facts: SubmissionFacts) => Warning | null)[] = [
  confidentialTakenAsOwn,
  attachedConfidentialTakenAsOwn,
  attachmentNotRead,
  deliveredUnlooked,
  blockCouldNotBeAdded,
  carriersDisagree,
  markingWasCarried,
  handlingWasCarried,
  openMarkingIsPlain,
  additionIsKnown,
]

export interface Decision {
  readonly message: MessageVerdict
  /** One for each recipient, in their order; they hold only where `message` is not refused. */
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
  /** What its readers are told could not be looked into, in a field of its own; null where all was (T19). */
  readonly notLookedInto: string | null
  /** What acceptance writes to every carrier that lacks it; null where nothing is to be written. */
  readonly writeMarking: Marking | null
  /** What is asked of its readers, with what it carries from earlier messages (G09). */
  readonly handling: HandlingInForce
  /** What the header is to say of that; null where it says it already. */
  readonly writeHandling: string | null
}

/** The first refusal of a recipient, or `allowed`; `helpdesk` is the contact to end a remedy with. */
export function judgeRecipient(recipient: RecipientFacts, helpdesk?: string): Verdict {
  return withContact(firstRefusal(recipientRules, recipient), helpdesk)
}

/** What every rule says of a submission: a verdict for the message, one for each recipient, markings, floor and warnings. */
export function decide(facts: SubmissionFacts, helpdesk?: string): Decision {
  return {
    message: withContact(firstRefusal(messageRules, facts), helpdesk),
    recipients: withRelease(facts).map((recipient) => ({
      address: recipient.address,
      verdict: judgeRecipient(recipient, helpdesk),
    })),
    asserted: assertedMarking(facts),
    floor: floorOf(facts),
    warnings: warningRules.map((rule) => rule(facts)).filter((warning) => warning !== null),
    lowered: loweredMarking(facts),
    closing: { notice: noticeToAdd(facts), block: facts.block === 'missing', statement: statementToAdd(facts) },
    integrity: facts.integrity,
    notLookedInto: notLookedInto(facts),
    writeMarking: markingToWrite(facts),
    handling: handlingInForce(facts),
    writeHandling: handlingToWrite(facts),
  }
}

/** What one rule says of a submission, or of one of its recipients. */
export interface Explained {
  readonly rule: string
  readonly clause: string
  /** The recipient's address; null for a rule about the message. */
  readonly recipient: string | null
  readonly verdict: MessageVerdict
}

/** Every rule's own verdict, in the order of the tables, also behind the first refusal: for who asks why. */
export function explain(facts: SubmissionFacts): Explained[] {
  const ofRecipients = withRelease(facts).flatMap((recipient) =>
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

/** A refusal counts before a hold, whichever rule stands first. */
function firstRefusal<F, V extends MessageVerdict>(rules: readonly Rule<F, V>[], facts: F): V | typeof allowed {
  let held: V | typeof allowed = allowed
  for (const rule of rules) {
    const verdict = rule.judge(facts)
    if (verdict.kind === 'refused') return verdict
    if (verdict.kind === 'held' && held.kind === 'allowed') held = verdict
  }
  return held
}
