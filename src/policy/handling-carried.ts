// What the senders of earlier messages asked, kept where something of theirs is answered, quoted or passed on. G09
// docs/decisions/0092-handling-in-mail-programs.md
import { londonDay } from '#base/london.ts'
import type { RecipientFacts, SubmissionFacts } from '#policy/facts.ts'
import { type HandlingAsked, nothingAsked, type PassedOn, writeHandlingAsked } from '#policy/handling-asked.ts'
import { maxNamedReaders, maxShownNameCharacters } from '#policy/limits.ts'
import { allowed, refuse, type Verdict, type Warning, warn } from '#policy/verdict.ts'

export interface HandlingInForce {
  /** What is asked of its readers: its sender's own wishes, and those that it carries. Nobody who gets a blind copy is named. */
  readonly asked: HandlingAsked
  /** Address keys of those who asked all of that, whom it does not bind: nobody where several asked, or its sender asks more; null where the wishes are its sender's alone. */
  readonly askedBy: readonly string[] | null
}

/** What others than the submitter asked of what this message passes on. */
export function askedByOthers({ passedOn, submitter }: Pick<SubmissionFacts, 'passedOn' | 'submitter'>): PassedOn[] {
  return passedOn.filter(
    ({ asked, from }) => writeHandlingAsked(asked) !== '' && !from.some((address) => submitter.mayUse.includes(address)),
  )
}

/** G09: who may get what is passed on, as its sender asked; null for everybody. Who asked may always. */
export function whoMayHave({ asked, from, had }: PassedOn): readonly string[] | null {
  const { noForwarding, readers } = asked
  const among = noForwarding && had !== undefined ? had.filter((one) => readers?.includes(one) ?? true) : readers
  return among === null ? null : [...from, ...among]
}

/** G09: the wishes of the sender together with those of whose message is passed on: each as strict as the strictest. */
export function handlingInForce(facts: SubmissionFacts): HandlingInForce {
  const own = withoutBlind(facts)
  const others = askedByOthers(facts)
  if (others.length === 0) return { asked: own, askedBy: null }
  const [first, ...rest] = others.map(({ from }) => from)
  const all = [...new Set(first)].filter((one) => rest.every((from) => from.includes(one)))
  const asksMore = isBeyond(own, others.reduce(together, nothingAsked))
  return { asked: others.reduce(together, own), askedBy: asksMore ? [] : all }
}

/** Fewer readers ask for nothing more: an answer to one of several is for that one. */
const isBeyond = (own: HandlingAsked, theirs: HandlingAsked): boolean =>
  (own.noForwarding && !theirs.noForwarding) ||
  (own.noDownload && !theirs.noDownload) ||
  (own.readers !== null && theirs.readers === null) ||
  (own.untilMs !== null && own.untilMs < (theirs.untilMs ?? Infinity))

/** Nobody else sees who gets a blind copy (RFC 5322 §3.6.3): where no other reader is named, the sender is. */
function withoutBlind({ handling, blind, submitter }: SubmissionFacts): HandlingAsked {
  const asked = handling ?? nothingAsked
  if (asked.readers === null || blind === undefined) return asked
  const seen = asked.readers.filter((reader) => !blind.includes(reader))
  return { ...asked, readers: seen.length === 0 ? submitter.mayUse.slice(0, 1) : seen }
}

function together(one: HandlingAsked, { asked, from }: PassedOn): HandlingAsked {
  const theirs = asked.readers === null ? null : [...new Set([...asked.readers, ...from])].slice(0, maxNamedReaders)
  const both = one.readers?.filter((reader) => theirs?.includes(reader) ?? true) ?? theirs
  const ends = [one.untilMs, asked.untilMs].filter((end) => end !== null)
  return {
    noForwarding: one.noForwarding || asked.noForwarding,
    noDownload: one.noDownload || asked.noDownload,
    readers: both?.length === 0 ? from : both,
    untilMs: ends.length === 0 ? null : Math.min(...ends),
  }
}

/** G09: what the header is to say; null where it says that already. */
export function handlingToWrite(facts: SubmissionFacts): string | null {
  const written = writeHandlingAsked(handlingInForce(facts).asked)
  return facts.handling === null || written === writeHandlingAsked(facts.handling) ? null : written
}

/** G09: what is attached may be passed on: its own sender has not asked that it is not. */
export function forwardingIsAllowed(facts: SubmissionFacts): Verdict {
  const found = askedByOthers(facts).find(({ asked, had }) => asked.noForwarding && had === undefined)
  if (found === undefined) return allowed
  const from = found.from[0] ?? 'somebody'
  const about = `the attached message from ${from.slice(0, 2 * maxShownNameCharacters)}`
  return refuse(
    'G09',
    'forwarding-was-not-allowed',
    about,
    'Its sender asked that it is not forwarded. Ask them to send it themselves.',
  )
}

/** G09: what is passed on stays among those whom its sender let have it. */
export function quotedStaysAmongItsReaders(recipient: RecipientFacts): Verdict {
  if (recipient.mayHaveOriginal !== false) return allowed
  const remedy = 'The sender of what you quote or attach asked that nobody else has it. Leave it out, or ask them to send it.'
  return refuse('G09', 'forwarding-was-not-allowed', recipient.address, remedy)
}

/** G09: there is still time to read it. */
export function accessHasNotEnded(facts: SubmissionFacts): Verdict {
  if (facts.accessHasEnded !== true) return allowed
  const { untilMs } = handlingInForce(facts).asked
  const about = untilMs === null ? 'its last day is past' : `its last day is ${londonDay(untilMs)}, which is past`
  const remedy = 'Give a later day, or none. Where the sender of what you quote or attach gave it, leave that out.'
  return refuse('G09', 'access-ended-before-it-was-sent', about, remedy)
}

/** G09: tells a sender whose message asks what that asked which it answers or passes on. */
export function handlingWasCarried(facts: SubmissionFacts): Warning | null {
  const { asked, askedBy } = handlingInForce(facts)
  if (askedBy === null || writeHandlingAsked(asked) === writeHandlingAsked(withoutBlind(facts))) return null
  const wishes = [
    ...(asked.noForwarding ? ['no forwarding'] : []),
    ...(asked.noDownload ? ['no download'] : []),
    ...(asked.readers === null ? [] : ['named readers only']),
    ...(asked.untilMs === null ? [] : [`to be read until ${londonDay(asked.untilMs)}`]),
  ]
  const remedy = 'Its readers are asked what the sender of the message that you answer or pass on asked.'
  return warn('G09', 'handling-carried-through', wishes.join(', '), remedy)
}
