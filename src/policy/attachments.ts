// The ceiling inside what is attached: names, documents, archives, nested messages. G05, G07, T07, T19.
import { markingAsMeant } from '#policy/ceiling.ts'
import type { AttachedMarking, SubmissionFacts } from '#policy/facts.ts'
import { maxShownNameCharacters } from '#policy/limits.ts'
import { higherMarking } from '#policy/marking.ts'
import { allowed, refuse, type Verdict, type Warning, warn } from '#policy/verdict.ts'

/** G05: nothing that is attached is marked above the ceiling, wherever in it the marking stands. */
export function attachmentsAreWithinTheCeiling(facts: SubmissionFacts): Verdict {
  const above = facts.attached.filter((found) => markingAsMeant(found, facts).aboveCeiling)
  if (above.length === 0) return allowed
  const highest = above.reduce((one, other) => (higherMarking(one.marking, other.marking) === one.marking ? one : other))
  const remedy = 'This service carries nothing above RESTRICTED. If the marking is wrong, correct it in the file and send again.'
  return refuse('G05', 'attachment-above-the-ceiling', `${placeOf(highest)}: ${highest.line}`, remedy)
}

/** T19: no document that is attached is encrypted, as long as organisations have not chosen what is to become of those. */
export function attachmentsAreNotEncrypted(facts: SubmissionFacts): Verdict {
  const found = facts.unread.find(({ why }) => why === 'encrypted')
  if (found === undefined) return allowed
  const remedy = 'Send it without encryption: the service protects it on the way and where it is kept.'
  return refuse('T19', 'content-cannot-be-scanned', `${shownPath(found.path)} is encrypted and cannot be scanned`, remedy)
}

/** G05: tells a sender whose attachment was delivered without having been looked through. */
export function attachmentNotRead(facts: SubmissionFacts): Warning | null {
  const found = facts.unread.find(({ why }) => why !== 'encrypted')
  if (found === undefined) return null
  const remedy = 'Delivered all the same. Make sure yourself that nothing in it is above RESTRICTED.'
  return warn('G05', 'attachment-not-looked-through', `${shownPath(found.path)} is ${found.why}`, remedy)
}

/** G05: tells a sender whose attachment is headed CONFIDENTIAL as a marking of their own. */
export function attachedConfidentialTakenAsOwn(facts: SubmissionFacts): Warning | null {
  const found = facts.attached.find((each) => each.marking.aboveCeiling && !markingAsMeant(each, facts).aboveCeiling)
  if (found === undefined) return null
  const remedy = 'Delivered and protected. If it is CONFIDENTIAL under the Government scheme, tell the Helpdesk at once.'
  return warn('G05', 'attached-confidential-taken-as-own-marking', `${placeOf(found)}: ${found.line}`, remedy)
}

/** `annex.zip › report.docx, header`. */
function placeOf({ path, where }: AttachedMarking): string {
  return where === 'nested message' ? shownPath(path) : `${shownPath(path)}, ${where}`
}

/** The outermost and the innermost name, of long ones the end. */
function shownPath(path: readonly string[]): string {
  const names = path.length > 2 ? [path[0]!, '…', path.at(-1)!] : path
  return names
    .map((name) => (name.length > maxShownNameCharacters ? `…${name.slice(1 - maxShownNameCharacters)}` : name))
    .join(' › ')
}
