// The ceiling inside what is attached: names, documents, archives, nested messages. G05, G07, T07.
import { judgedByTheCeiling, markingAsMeant, remedyAbove } from '#policy/ceiling.ts'
import type { AttachedMarking, FoundMarking, SubmissionFacts } from '#policy/facts.ts'
import { maxShownNameCharacters } from '#policy/limits.ts'
import { higherMarking } from '#policy/marking.ts'
import { allowed, refuse, type Verdict, type Warning, warn } from '#policy/verdict.ts'

/** G05: nothing that is attached is marked above the ceiling, wherever in it the marking stands. */
export function attachmentsAreWithinTheCeiling(facts: SubmissionFacts): Verdict {
  const above = facts.attached.filter((found) => markingAsMeant(found, facts).aboveCeiling)
  if (above.length === 0) return allowed
  const highest = above.reduce((one, other) => (higherMarking(one.marking, other.marking) === one.marking ? one : other))
  const remedy =
    'Nothing above RESTRICTED is carried. Correct a wrong marking in the file; if it is none, the Helpdesk can release it.'
  return refuse('G05', 'attachment-above-the-ceiling', `${placeOf(highest)}: ${highest.line}`, remedyAbove(facts, remedy))
}

/** G05: tells a sender whose attachment is headed CONFIDENTIAL as a marking of their own. */
export function attachedConfidentialTakenAsOwn(facts: SubmissionFacts): Warning | null {
  if (facts.isReleased === true) return null
  const found = facts.attached.find(
    (each) => each.marking.aboveCeiling && each.isReleased !== true && !markingAsMeant(each, facts).aboveCeiling,
  )
  if (found === undefined) return null
  const remedy = 'Delivered and protected. If it is CONFIDENTIAL under the Government scheme, tell the Helpdesk at once.'
  return warn('G05', 'attached-confidential-taken-as-own-marking', `${placeOf(found)}: ${found.line}`, remedy)
}

/** G05: every line that the ceiling refuses, each with its place: whoever releases a message releases all of them. */
export function linesAboveTheCeiling(facts: SubmissionFacts): string[] {
  const isAbove = (found: FoundMarking) => markingAsMeant(found, facts).aboveCeiling
  const own = judgedByTheCeiling(facts)
    .filter(isAbove)
    .map((found) => `${found.carrier}: ${found.line}`)
  const attached = facts.attached.filter(isAbove).map((found) => `${placeOf(found)}: ${found.line}`)
  return [...new Set([...own, ...attached])]
}

/** `annex.zip › report.docx, header`. */
function placeOf({ path, where }: AttachedMarking): string {
  return where === 'nested message' ? shownPath(path) : `${shownPath(path)}, ${where}`
}

/** The outermost and the innermost of a path's names, of long ones the end. */
export function shownPath(path: readonly string[]): string {
  const names = path.length > 2 ? [path[0]!, '…', path.at(-1)!] : path
  return names
    .map((name) => (name.length > maxShownNameCharacters ? `…${name.slice(1 - maxShownNameCharacters)}` : name))
    .join(' › ')
}
