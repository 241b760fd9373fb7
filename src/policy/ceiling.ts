// Nothing above RESTRICTED (GPMS) or OFFICIAL-SENSITIVE (GSC) is carried; and what CONFIDENTIAL means, written by whom. G05,
// G07, T07.
import { isOriginated } from '#policy/adoption.ts'
import type { FoundMarking, SubmissionFacts } from '#policy/facts.ts'
import { higherMarking, type Marking, ownScheme } from '#policy/marking.ts'
import { allowed, refuse, type Verdict, type Warning, warn } from '#policy/verdict.ts'

/** G05: no marking in header, subject or banner, inherited or not, is above the ceiling. */
export function markingIsWithinTheCeiling(facts: SubmissionFacts): Verdict {
  const above = facts.markings.filter((found) => markingAsMeant(found, facts).aboveCeiling)
  if (above.length === 0) return allowed
  const highest = above.reduce((one, other) => (higherMarking(one.marking, other.marking) === one.marking ? one : other))
  const remedy = 'This service carries nothing above RESTRICTED. If the marking is wrong, correct it and send again.'
  return refuse('G05', 'marked-above-the-ceiling', `${highest.carrier}: ${highest.line}`, remedy)
}

/**
 * G05, G07: the marking as its writer means it. CONFIDENTIAL alone in a subject or banner is the level only when an adopter
 * writes it: a non-adopter heads medical reports so, and an adopter who answers one has not written it. Else it is an own marking.
 */
export function markingAsMeant(found: FoundMarking, facts: SubmissionFacts): Marking {
  const { marking } = found
  const isBare = marking.scheme === 'GPMS' && marking.level === 'CONFIDENTIAL' && marking.bare
  if (!isBare || (facts.submitter.adopter && isOriginated(found, facts))) return marking
  return { ...marking, scheme: ownScheme, level: null, rank: null, aboveCeiling: false }
}

/** G05: tells a sender whose CONFIDENTIAL was delivered as a marking of their own. */
export function confidentialTakenAsOwn(facts: SubmissionFacts): Warning | null {
  const found = facts.markings.find((each) => each.marking.aboveCeiling && !markingAsMeant(each, facts).aboveCeiling)
  if (found === undefined) return null
  const remedy = 'Delivered and protected. If it is CONFIDENTIAL under the Government scheme, tell the Helpdesk at once.'
  return warn('G05', 'confidential-taken-as-own-marking', `${found.carrier}: ${found.line}`, remedy)
}
