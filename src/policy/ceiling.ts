// Nothing above RESTRICTED (GPMS) or OFFICIAL-SENSITIVE (GSC) is carried; and what CONFIDENTIAL means, written by whom. G05,
// G07, T07.
import type { Refused } from '#base/faults.ts'
import { isOriginated } from '#policy/adoption.ts'
import type { FoundMarking, SubmissionFacts } from '#policy/facts.ts'
import { higherMarking, type Marking, markingWords, ownScheme } from '#policy/marking.ts'
import { allowed, type MessageVerdict, refuse, type Verdict, type Warning, warn } from '#policy/verdict.ts'

/** True for what the ceiling refuses, in the message or in what is attached: a sealed copy of it is kept for the Helpdesk. */
export function isAboveCeiling(verdict: MessageVerdict): boolean {
  return (
    verdict.kind === 'refused' &&
    (verdict.reason === 'marked-above-the-ceiling' || verdict.reason === 'attachment-above-the-ceiling')
  )
}

/** G05: what the ceiling judges in a message itself: its own markings, and those at the head of an original in its text. */
export function judgedByTheCeiling({ markings, quoted }: SubmissionFacts): FoundMarking[] {
  return [...markings, ...quoted.filter(({ carrier }) => carrier === 'original')]
}

/** G05: no marking in header, subject or banner, or at the head of an original, inherited or not, is above the ceiling. */
export function markingIsWithinTheCeiling(facts: SubmissionFacts): Verdict {
  const above = judgedByTheCeiling(facts).filter((found) => markingAsMeant(found, facts).aboveCeiling)
  if (above.length === 0) return allowed
  const highest = above.reduce((one, other) => (higherMarking(one.marking, other.marking) === one.marking ? one : other))
  const remedy =
    'Nothing above RESTRICTED is carried. Correct a wrong marking and send again; if it is none, the Helpdesk can release it.'
  return refuse('G05', 'marked-above-the-ceiling', `${highest.carrier}: ${highest.line}`, remedyAbove(facts, remedy))
}

const foundAbove =
  'An officer of the Helpdesk found that it is above RESTRICTED. Delete it. If that is wrong, ask again: two officers decide then.'

/** What to do about what the ceiling refuses, whether or not an officer decided about it before. */
export const remedyAbove = ({ isFoundAbove }: SubmissionFacts, remedy: string) => (isFoundAbove === true ? foundAbove : remedy)

/**
 * G05, G07: the marking as its writer means it. CONFIDENTIAL alone in a subject or banner is the level only when an adopter
 * writes it: a non-adopter heads medical reports so, and an adopter who answers one has not written it. Else it is an own marking;
 * and so is what an officer found not to be above the ceiling.
 */
export function markingAsMeant(found: FoundMarking, facts: SubmissionFacts): Marking {
  const { marking } = found
  const isBare = marking.scheme === 'GPMS' && marking.level === 'CONFIDENTIAL' && marking.bare
  const isFound = marking.aboveCeiling && isReleased(found, facts)
  if (!isFound && (!isBare || (facts.submitter.adopter && isOriginated(found, facts)))) return marking
  return { ...marking, scheme: ownScheme, level: null, rank: null, aboveCeiling: false }
}

const isReleased = (found: FoundMarking, facts: SubmissionFacts) => facts.isReleased === true || found.isReleased === true

/** What an officer released of an original. */
export interface ReleasedOriginal {
  /** The words of its markings. */
  readonly words: readonly string[]
  /** Whether what is attached is the original and nothing else. */
  readonly isWhole: boolean
  /** Whether what is quoted is the original's, or cannot be compared with one so long; else it is something new. */
  readonly isQuoted: boolean
}

/** G05: what came with an original that an officer released is released in an answer and a forward too; what its writer adds is not. */
export function withReleasedOriginal(facts: SubmissionFacts, { words, isWhole, isQuoted }: ReleasedOriginal): SubmissionFacts {
  const passed = <F extends FoundMarking>(found: F, cameWithIt: boolean): F =>
    cameWithIt && found.marking.aboveCeiling && words.includes(markingWords(found.marking))
      ? { ...found, isReleased: true }
      : found
  const inherited = <F extends FoundMarking>(found: F) =>
    passed(found, found.origin === 'inherited' && (isQuoted || found.carrier === 'subject'))
  return {
    ...facts,
    markings: facts.markings.map(inherited),
    quoted: facts.quoted.map(inherited),
    attached: facts.attached.map((found) => passed(found, isWhole)),
  }
}

/** G05: the words of every marking above the ceiling that an officer released in a message. */
export function releasedWords(facts: SubmissionFacts): string[] {
  const released = [...judgedByTheCeiling(facts), ...facts.attached].filter(
    (found) => found.marking.aboveCeiling && isReleased(found, facts),
  )
  return [...new Set(released.map(({ marking }) => markingWords(marking)))]
}

/** G05: tells a sender whose CONFIDENTIAL was delivered as a marking of their own. */
export function confidentialTakenAsOwn(facts: SubmissionFacts): Warning | null {
  if (facts.isReleased === true) return null
  const found = facts.markings.find(
    (each) => each.marking.aboveCeiling && each.isReleased !== true && !markingAsMeant(each, facts).aboveCeiling,
  )
  if (found === undefined) return null
  const remedy = 'Delivered and protected. If it is CONFIDENTIAL under the Government scheme, tell the Helpdesk at once.'
  return warn('G05', 'confidential-taken-as-own-marking', `${found.carrier}: ${found.line}`, remedy)
}

const lockItAway = 'Lock away what you have of it elsewhere, printed or saved, pass it on to nobody, and tell the Helpdesk.'
const keepIt = 'Pass it on to nobody, answer without its text, and do not delete it. The Helpdesk tells you when it is decided.'

/** G05, T07: nothing is passed on of a message that the Helpdesk sealed, or that its holder said is above the ceiling. */
export function stoppedIsNotPassedOn({ stopped }: SubmissionFacts): Verdict {
  return stopped === undefined ? allowed : stoppedRefusal(stopped)
}

/** Why a message that was stopped is not passed on, or not read: the same words at every door. */
export function stoppedRefusal(stopped: 'sealed' | 'told-above'): Refused {
  return stopped === 'sealed'
    ? refuse(
        'G05',
        'message-is-sealed',
        'the message was sealed by the Helpdesk: two of its officers decided that nobody is to read it',
        lockItAway,
      )
    : refuse('T07', 'told-above-the-ceiling', 'you told the Helpdesk that the message is above RESTRICTED', keepIt)
}
