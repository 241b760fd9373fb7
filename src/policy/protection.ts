// How the service treats a message, apart from what its sender wrote: protected, unless marked NOT PROTECTIVELY MARKED. G06,
// G09, T01.
import { isOriginated } from '#policy/adoption.ts'
import { markingAsMeant } from '#policy/ceiling.ts'
import type { SubmissionFacts } from '#policy/facts.ts'
import { markingWithCarried } from '#policy/carried.ts'
import { type Marking, ownScheme } from '#policy/marking.ts'
import { type Phrase, type Scheme, shippedSchemes } from '#policy/schemes.ts'
import { type Warning, warn } from '#policy/verdict.ts'

export type Floor = 'protected' | 'not-protectively-marked'

/** G06: the message's marking, with what it carries from earlier messages; null for an unmarked message. */
export function assertedMarking(facts: SubmissionFacts): Marking | null {
  return markingWithCarried(facts)
}

/**
 * G09: the floor of the message's own text (an attachment has its own). NOT PROTECTIVELY MARKED counts where this message's
 * writer put it, and where no other marking, descriptor or caveat asks for care, nor anything that it carries from an earlier
 * message: a Re: of an open message may say what is not open.
 */
export function floorOf(facts: SubmissionFacts): Floor {
  const open =
    facts.markings.every(({ marking }) => isOpen(marking)) && facts.markings.some((found) => isOriginated(found, facts))
  const asserted = assertedMarking(facts)
  return open && asserted !== null && isOpen(asserted) ? 'not-protectively-marked' : 'protected'
}

/** G06: what acceptance writes to every carrier that lacks it; null for an unmarked message, and for a marking of one's own. */
export function markingToWrite(facts: SubmissionFacts): Marking | null {
  const asserted = assertedMarking(facts)
  // An own marking has no level that a field could say; CONFIDENTIAL written there would be read as the scheme's.
  return asserted === null || asserted.scheme === ownScheme || asserted.aboveCeiling ? null : asserted
}

/** G06: tells a sender whose header, subject and banner say different levels, of which the highest counts. */
export function carriersDisagree(facts: SubmissionFacts): Warning | null {
  const levels = new Map(facts.markings.map((found) => [markingAsMeant(found, facts).level, found]))
  levels.delete(null)
  if (levels.size < 2) return null
  const about = [...levels].map(([level, found]) => `${found.carrier}: ${level}`).join(', ')
  return warn('G06', 'markings-disagree', about, 'The highest of them counts. Give the same marking everywhere.')
}

/** Whether a marking says that nothing need be protected: NOT PROTECTIVELY MARKED, and nothing with it. G09 */
export function isOpen(marking: Marking): boolean {
  return marking.level === 'NOT PROTECTIVELY MARKED' && marking.descriptors.length === 0 && marking.caveats.length === 0
}

/** G06, G08: tells a sender whose NOT PROTECTIVELY MARKED comes with a descriptor or caveat: it is protected then. */
export function openMarkingIsPlain(facts: SubmissionFacts): Warning | null {
  const found = facts.markings.find(({ marking }) => marking.level === 'NOT PROTECTIVELY MARKED' && !isOpen(marking))
  if (found === undefined) return null
  const remedy = 'What asks for care is protected. Use a level such as PROTECT with it, or leave the rest out.'
  return warn('G06', 'open-marking-asks-for-care', `${found.carrier}: ${found.line}`, remedy)
}

/** G06: tells a sender of a descriptor or caveat that the scheme does not know, so that nobody is told what it asks for. */
export function additionIsKnown(facts: SubmissionFacts, schemes: readonly Scheme[] = shippedSchemes): Warning | null {
  for (const { marking, carrier } of facts.markings) {
    const scheme = schemes.find(({ id }) => id === marking.scheme)
    if (scheme === undefined) continue
    const unknown = [
      ...marking.descriptors.filter((name) => !isNamed(scheme.descriptors, name) && !isNamed(scheme.outsideLevels, name)),
      ...marking.caveats.filter((name) => !isNamed(scheme.caveats, name) && !endsAsNamed(scheme, name)),
    ]
    if (unknown.length === 0) continue
    const remedy = 'It is carried as it is, but readers are not told what it asks of them. Say so in the message.'
    return warn('G08', 'descriptor-is-not-in-the-scheme', `${carrier}: ${unknown.join(', ')}`, remedy)
  }
  return null
}

function isNamed(list: readonly Phrase[], name: string): boolean {
  return list.some((phrase) => phrase.name === name)
}

function endsAsNamed(scheme: Scheme, caveat: string): boolean {
  return scheme.namedCaveats.some(({ name }) => caveat.toUpperCase().endsWith(` ${name}`))
}
