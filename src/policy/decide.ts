// Every rule about a submitted message, in the order in which they are asked, and what they say together. G01–G09, T01, T07.
import { fromCanBeRead, fromIsTheSubmitters, reversePathIsTheSubmitters, senderIsTheSubmitters } from '#policy/alignment.ts'
import { restrictedIsAnAdopters } from '#policy/adoption.ts'
import { confidentialTakenAsOwn, markingIsWithinTheCeiling } from '#policy/ceiling.ts'
import type { RecipientFacts, SubmissionFacts } from '#policy/facts.ts'
import type { Marking } from '#policy/marking.ts'
import { recipientIsDeliveredHere, recipientIsInside, recipientIsKnown, recipientIsNotRemoved } from '#policy/membership.ts'
import { assertedMarking, carriersDisagree, type Floor, floorOf, markingToWrite } from '#policy/protection.ts'
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
]

/** Asked once the message is there; the first refusal is the message's. */
export const messageRules: readonly Rule<SubmissionFacts>[] = [
  { name: 'fromCanBeRead', clause: 'G03', judge: fromCanBeRead },
  { name: 'fromIsTheSubmitters', clause: 'G03', judge: fromIsTheSubmitters },
  { name: 'senderIsTheSubmitters', clause: 'G03', judge: senderIsTheSubmitters },
  { name: 'reversePathIsTheSubmitters', clause: 'G03', judge: reversePathIsTheSubmitters },
  { name: 'markingIsWithinTheCeiling', clause: 'G05', judge: markingIsWithinTheCeiling },
  { name: 'restrictedIsAnAdopters', clause: 'G07', judge: restrictedIsAnAdopters },
]

/** What the sender is told where nothing is refused. */
const warningRules: readonly ((facts: SubmissionFacts) => Warning | null)[] = [confidentialTakenAsOwn, carriersDisagree]

export interface Decision {
  readonly message: Verdict
  /** One for each recipient, in their order; they hold only where `message` is allowed. */
  readonly recipients: readonly RecipientVerdict[]
  /** What the sender wrote: the highest of what was read, the first of equals (G06). */
  readonly asserted: Marking | null
  /** How the service treats the message's own text (G09). */
  readonly floor: Floor
  readonly warnings: readonly Warning[]
  /** What acceptance writes as X-Protective-Marking; null where nothing is to be written. */
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
    writeMarking: markingToWrite(facts),
  }
}

function firstRefusal<F>(rules: readonly Rule<F>[], facts: F): Verdict {
  for (const rule of rules) {
    const verdict = rule.judge(facts)
    if (verdict.kind === 'refused') return verdict
  }
  return allowed
}
