// How the service treats a message, apart from what its sender wrote: protected, unless marked NOT PROTECTIVELY MARKED. G06,
// G09, T01.
import { isOriginated } from '#policy/adoption.ts'
import { markingAsMeant } from '#policy/ceiling.ts'
import type { SubmissionFacts } from '#policy/facts.ts'
import { highestMarking, type Marking, ownScheme } from '#policy/marking.ts'
import { type Warning, warn } from '#policy/verdict.ts'

export type Floor = 'protected' | 'not-protectively-marked'

/** G06: the highest of the markings as they were meant, the first of equals; null for an unmarked message. */
export function assertedMarking(facts: SubmissionFacts): Marking | null {
  return highestMarking(facts.markings.map((found) => markingAsMeant(found, facts)))
}

/**
 * G09: the floor of the message's own text (an attachment has its own). NOT PROTECTIVELY MARKED counts where this message's
 * writer put it, and where no other marking, descriptor or caveat asks for care: a Re: of an open message may say what is not open.
 */
export function floorOf(facts: SubmissionFacts): Floor {
  const open =
    facts.markings.every(({ marking }) => isOpen(marking)) && facts.markings.some((found) => isOriginated(found, facts))
  return open ? 'not-protectively-marked' : 'protected'
}

/**
 * G06: what acceptance writes as X-Protective-Marking: a marking read in subject or banner, where no such field stands; else
 * null.
 */
export function markingToWrite(facts: SubmissionFacts): Marking | null {
  if (facts.protectiveMarkingFields > 0) return null
  if (!facts.markings.some((found) => found.carrier === 'subject' || found.carrier === 'banner')) return null
  const asserted = assertedMarking(facts)
  // An own marking has no level that the field could say; CONFIDENTIAL written there would be read as the scheme's.
  return asserted?.scheme === ownScheme ? null : asserted
}

/** G06: tells a sender whose header, subject and banner say different levels, of which the highest counts. */
export function carriersDisagree(facts: SubmissionFacts): Warning | null {
  const levels = new Map(facts.markings.map((found) => [markingAsMeant(found, facts).level, found]))
  levels.delete(null)
  if (levels.size < 2) return null
  const about = [...levels].map(([level, found]) => `${found.carrier}: ${level}`).join(', ')
  return warn('G06', 'markings-disagree', about, 'The highest of them counts. Give the same marking everywhere.')
}

function isOpen(marking: Marking): boolean {
  return marking.level === 'NOT PROTECTIVELY MARKED' && marking.descriptors.length === 0 && marking.caveats.length === 0
}
