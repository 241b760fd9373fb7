// Who may use which marking: RESTRICTED is for those who adopted the scheme; everybody may answer and pass on what came with it.
// G06, G07.
import type { FoundMarking, SubmissionFacts } from '#policy/facts.ts'
import { allowed, refuse, type Verdict } from '#policy/verdict.ts'

/**
 * G07: a RESTRICTED that the submitter writes is an adopter's; one that came with an earlier message is anybody's to send back.
 */
export function restrictedIsAnAdopters(facts: SubmissionFacts): Verdict {
  if (facts.submitter.adopter) return allowed
  const found = facts.markings.find((each) => isRestricted(each) && isOriginated(each, facts))
  if (found === undefined) return allowed
  const remedy = 'Your organisation has not adopted the scheme. Send it without RESTRICTED: it is protected all the same.'
  return refuse('G07', 'non-adopter-originates-restricted', `${found.carrier}: ${found.line}`, remedy)
}

/**
 * G07: whether this message's writer put the marking there. In an answer, a notification, or what names the message that it
 * passes on, subject and marking fields may be carried through (G06), and what is attached may come with it; below Fw: only what
 * is attached, since anybody can write that. A banner is own text.
 */
export function isOriginated(found: FoundMarking, facts: SubmissionFacts): boolean {
  if (found.origin === 'inherited') return false
  if (found.carrier === 'banner') return true
  const comesFromAnother = facts.isReply || facts.automation.kind === 'notification'
  return !comesFromAnother && !(facts.isForward && found.carrier === 'attachment')
}

function isRestricted(found: FoundMarking): boolean {
  return found.marking.scheme === 'GPMS' && found.marking.level === 'RESTRICTED'
}
