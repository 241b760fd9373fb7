// Nobody sends as another: From, Sender and reverse-path are the submitter's own, or delegated to them. G03.
import type { SubmissionFacts } from '#policy/facts.ts'
import { allowed, refuse, type Verdict } from '#policy/verdict.ts'

/** G03: there is one From field, and everybody who reads it reads the same addresses. */
export function fromCanBeRead(facts: SubmissionFacts): Verdict {
  if (facts.fromFields === 1 && facts.from !== null && facts.from.length > 0) return allowed
  const about = facts.fromFields === 1 ? 'From cannot be read in one way' : `${facts.fromFields} From fields`
  return refuse(
    'G03',
    'from-cannot-be-read',
    about,
    'Send one From field with your own address in it, and nothing else but your name.',
  )
}

/** G03: every address in From is the submitter's to use. */
export function fromIsTheSubmitters(facts: SubmissionFacts): Verdict {
  const other = firstNotTheirs(facts, facts.from ?? [])
  if (other === undefined) return allowed
  const remedy = 'Write from your own address, or ask the person whose address it is to delegate to you.'
  return refuse('G03', 'from-is-not-the-submitters', `From: ${other}`, remedy)
}

/** G03: Sender may be missing; where it stands, it is one field with one address, the submitter's (RFC 5322 §3.6.2). */
export function senderIsTheSubmitters(facts: SubmissionFacts): Verdict {
  if (facts.senderFields === 0) return allowed
  const sender = facts.senderFields === 1 && facts.sender?.length === 1 ? facts.sender : null
  const other = firstNotTheirs(facts, sender ?? [])
  if (sender !== null && other === undefined) return allowed
  const about = other === undefined ? 'Sender cannot be read in one way' : `Sender: ${other}`
  return refuse('G03', 'sender-is-not-the-submitters', about, 'Leave the Sender field out, or put your own address in it.')
}

/** G03: the reverse-path is the submitter's, or `<>`, which by itself refuses nothing (RFC 6409 §3.2): read receipts have it. */
export function reversePathIsTheSubmitters(facts: SubmissionFacts): Verdict {
  const other = facts.reversePath === null ? undefined : firstNotTheirs(facts, [facts.reversePath])
  if (other === undefined) return allowed
  const remedy = 'Let your mail program give your own address as the sender (MAIL FROM).'
  return refuse('G03', 'reverse-path-is-not-the-submitters', `MAIL FROM: ${other}`, remedy)
}

/** A set, since a stranger chooses how many addresses From holds. */
function firstNotTheirs(facts: SubmissionFacts, addresses: readonly string[]): string | undefined {
  const theirs = new Set(facts.submitter.mayUse)
  return addresses.find((address) => !theirs.has(address))
}
