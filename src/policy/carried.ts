// What came with an earlier message: quoted with `>`, below an original, attached. Its marking is carried on, and lowered only
// by a deliberate act with a reason. G06, G16.
import { maxReasonCharacters } from '#policy/limits.ts'
import type { FoundMarking, SubmissionFacts } from '#policy/facts.ts'
import { higherMarking, highestMarking, type Marking, markingWords, ownScheme } from '#policy/marking.ts'
import { judgedByTheCeiling, markingAsMeant } from '#policy/ceiling.ts'
import { allowed, refuse, type Verdict, type Warning, warn } from '#policy/verdict.ts'
import { isSameMarking } from '#policy/written-form.ts'

/** A marking that was lowered on purpose. */
export interface Lowered {
  readonly from: Marking
  readonly reason: string
}

/** G06: what the message itself bears: in its marking fields, its subject, and its writer's own text. */
export function ownMarking(facts: SubmissionFacts): Marking | null {
  const own = facts.markings.filter((found) => !isBelowAnOriginal(found))
  return highestMarking(own.map((found) => markingAsMeant(found, facts)))
}

/** G06: the highest of what came with earlier messages; null for none. What is above the ceiling is another rule's. */
export function carriedMarking(facts: SubmissionFacts): Marking | null {
  const carried = [
    ...facts.markings.filter(isBelowAnOriginal),
    ...facts.quoted,
    ...facts.attached.filter(({ where }) => where === 'nested message'),
  ]
  const meant = carried.map((found) => markingAsMeant(found, facts))
  return highestMarking(meant.filter((marking) => !marking.aboveCeiling && marking.scheme !== ownScheme))
}

/**
 * G06: the message's marking: its own, or what it carries where that asks for more; with the descriptors and caveats of both
 * where they are of one level. What its sender lowered on purpose is not carried.
 */
export function markingWithCarried(facts: SubmissionFacts): Marking | null {
  const highest = highestMarking(judgedByTheCeiling(facts).map((found) => markingAsMeant(found, facts)))
  if (highest?.aboveCeiling === true) return highest
  const own = ownMarking(facts)
  const carried = loweringReason(facts) === null ? carriedMarking(facts) : null
  return carried === null ? own : together(own, carried)
}

/** G06: what a sender lowered, and why; null where nothing was. */
export function loweredMarking(facts: SubmissionFacts): Lowered | null {
  const reason = loweringReason(facts)
  const from = carriedMarking(facts)
  if (reason === null || from === null) return null
  const own = ownMarking(facts)
  return own !== null && isSameMarking(own, together(own, from)) ? null : { from, reason }
}

/** G06: a marking is lowered with a reason, given once. */
export function loweringHasAReason(facts: SubmissionFacts): Verdict {
  if (facts.lowering.length === 0 || loweringReason(facts) !== null) return allowed
  const about =
    facts.lowering.length > 1 ? `${facts.lowering.length} X-CJSM-Lower-Marking fields` : 'X-CJSM-Lower-Marking says nothing'
  return refuse(
    'G06',
    'marking-lowered-without-a-reason',
    about,
    'Say in one field why the marking may be lower, or leave it out.',
  )
}

/** G06: tells a sender whose message was given the marking of what it answers or passes on. */
export function markingWasCarried(facts: SubmissionFacts): Warning | null {
  const marking = markingWithCarried(facts)
  const own = ownMarking(facts)
  if (marking === null || marking.aboveCeiling || (own !== null && isSameMarking(own, marking))) return null
  const remedy = 'It was marked like what it answers or passes on. To lower it, give the reason in X-CJSM-Lower-Marking.'
  return warn('G06', 'marking-carried-through', markingWords(marking), remedy)
}

function loweringReason({ lowering }: SubmissionFacts): string | null {
  const [reason = ''] = lowering
  return lowering.length === 1 && isReason(reason) ? reason : null
}

/** Whether a text can be a reason: it has a word in it. */
export function isReason(text: string): boolean {
  return /\p{L}{2}/u.test(text) && text.length <= maxReasonCharacters
}

/** Whether a banner stands in the text below an original: it came with an earlier message. */
export function isBelowAnOriginal(found: FoundMarking): boolean {
  return found.carrier === 'banner' && found.origin === 'inherited'
}

function together(own: Marking | null, carried: Marking): Marking {
  if (own === null || own.scheme === ownScheme) return carried
  const isOpen = own.level === 'NOT PROTECTIVELY MARKED' && carried.level !== own.level
  const higher = isOpen ? carried : higherMarking(own, carried)
  if (own.level !== carried.level || own.scheme !== carried.scheme) return higher
  const { descriptors, caveats } = carried
  const joined = {
    ...own,
    descriptors: [...new Set([...own.descriptors, ...descriptors])],
    caveats: [...new Set([...own.caveats, ...caveats])],
  }
  return isSameMarking(joined, own) ? own : { ...joined, written: markingWords(joined) }
}
