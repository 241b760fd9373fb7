// Which markings a person may choose when they write: those that the rules would let pass, and none below what they answer or pass on. G05–G07
import type { SubmitterFacts } from '#policy/facts.ts'
import { markingOf } from '#policy/form.ts'
import { sentenceFor } from '#policy/handling.ts'
import { higherMarking, type Marking, markingWords } from '#policy/marking.ts'
import { readSubjectMarking } from '#policy/read-marking.ts'
import { gpms, type Scheme, shippedSchemes } from '#policy/schemes.ts'
import { bannerLine, isSameMarking } from '#policy/written-form.ts'

/** A marking by its parts, as it is chosen and kept. */
export type MarkingParts = Pick<Marking, 'scheme' | 'level' | 'descriptors' | 'caveats'>

type Writer = Pick<SubmitterFacts, 'adopter'>

/** One that may be chosen. */
export interface Offered {
  /** `GPMS/RESTRICTED`; what a form sends. */
  readonly id: string
  readonly scheme: string
  /** The scheme's title. */
  readonly title: string
  readonly name: string
  /** What who receives it must do, or null (G08). */
  readonly handling: string | null
}

const outside = (scheme: Scheme, name: string) => scheme.outsideLevels.some((phrase) => phrase.name === name)
const schemeOf = (id: string, schemes: readonly Scheme[]): Scheme | undefined => schemes.find((scheme) => scheme.id === id)
const named = (list: readonly { name: string }[]) => [...new Set(list.map((one) => one.name))]

/** Levels and what stands at none (PRIVATE) that this person may originate, and what they must carry on. */
export function offeredMarkings(
  submitter: Writer,
  minimum: MarkingParts | null,
  schemes: readonly Scheme[] = shippedSchemes,
): Offered[] {
  const least = minimum === null ? null : wholeMarking(minimum, schemes)
  return schemes.flatMap((scheme) =>
    [...named(scheme.levels).sort(byRank(scheme)), ...named(scheme.outsideLevels)].flatMap((name) => {
      const marking = wholeMarking(partsOf(scheme, name), schemes)
      const isCarried = least !== null && marking.scheme === least.scheme && headOf(marking) === headOf(least)
      if (!isCarried && (isRefused(marking, submitter) || isBelow(marking, least))) return []
      return [
        { id: `${scheme.id}/${name}`, scheme: scheme.id, title: scheme.title, name, handling: scheme.handling.get(name) ?? null },
      ]
    }),
  )
}

/** Descriptors and caveats that may be added to a marking of a scheme; what names nobody is none of them, but beside a name. */
export function offeredAdditions(
  scheme: string,
  schemes: readonly Scheme[] = shippedSchemes,
): { descriptors: string[]; caveats: string[] } {
  const found = schemeOf(scheme, schemes) ?? gpms
  return {
    descriptors: named(found.descriptors).filter((name) => !outside(found, name)),
    caveats: named(found.caveats.filter((caveat) => caveat.alone)).filter((name) => name !== eyesOnly),
  }
}

const eyesOnly = 'EYES ONLY'

/** Whom a caveat names, `J SMITH` of `J SMITH EYES ONLY`; null for one that is the scheme's own. G08 */
export function readerNamed(caveat: string, scheme: string, schemes: readonly Scheme[] = shippedSchemes): string | null {
  const own = (schemeOf(scheme, schemes) ?? gpms).caveats
  if (!caveat.toUpperCase().endsWith(` ${eyesOnly}`) || own.some(({ name }) => name === caveat)) return null
  return caveat.slice(0, -eyesOnly.length - 1)
}

/** Whether the readers whom a marking names are read back from it, as others will read it; those that are carried on stand as they came. G06, G08 */
export function namesAreReadable(
  marking: Marking,
  minimum: MarkingParts | null,
  schemes: readonly Scheme[] = shippedSchemes,
): boolean {
  const carried = new Set(minimum?.caveats.map((caveat) => caveat.toUpperCase()))
  const isNamed = (caveat: string) => !carried.has(caveat) && readerNamed(caveat, marking.scheme, schemes) !== null
  return !marking.caveats.some(isNamed) || bannerLine(marking, schemes) !== null
}

/** The parts of what a form chose, and of the reader whom it names; null for an id that is none, and no name. */
export function chosenParts(
  id: string,
  descriptor: string,
  caveat: string,
  schemes: readonly Scheme[] = shippedSchemes,
  reader = '',
): MarkingParts | null {
  const words = reader.trim().replace(/\s+/g, ' ').toUpperCase()
  const eyes = words === '' ? [] : [`${words} ${eyesOnly}`]
  const slash = id.indexOf('/')
  const scheme = schemeOf(id.slice(0, slash), schemes)
  const name = id.slice(slash + 1)
  if (scheme === undefined || (!named(scheme.levels).includes(name) && !outside(scheme, name)))
    return eyes.length === 0 ? null : { scheme: gpms.id, level: null, descriptors: [], caveats: eyes }
  const parts = partsOf(scheme, name)
  const additions = offeredAdditions(scheme.id, schemes)
  return {
    ...parts,
    descriptors: [...parts.descriptors, ...additions.descriptors.filter((one) => one === descriptor)],
    caveats: [...[...additions.caveats, eyesOnly].filter((one) => one === caveat), ...eyes],
  }
}

/** The id of a marking among those offered. */
export const offeredId = (parts: MarkingParts): string => `${parts.scheme}/${headOf(parts)}`

/** A marking with its rank and as it is written, `RESTRICTED - COMMERCIAL - EYES ONLY`; parts that no scheme knows are left out. */
export function wholeMarking(parts: MarkingParts, schemes: readonly Scheme[] = shippedSchemes): Marking {
  const scheme = schemeOf(parts.scheme, schemes) ?? gpms
  const level = scheme.levels.find((one) => one.name === parts.level) ?? null
  const written = [level?.name ?? '', ...parts.descriptors, ...parts.caveats].filter((one) => one !== '').join(' - ')
  return markingOf(scheme, { level, descriptors: parts.descriptors, caveats: parts.caveats, bare: false }, written)
}

/** The subject with the marking before it, unless it says that already, or a higher one where this is no more than a level: that counts (G06: written to header and subject). */
export function markedSubject(subject: string, marking: Marking | null, schemes: readonly Scheme[] = shippedSchemes): string {
  if (marking === null) return subject
  const found = readSubjectMarking(subject, schemes)?.marking
  const isPlain = marking.descriptors.length + marking.caveats.length === 0
  if (found !== undefined && (isOneHead(found, marking) || (isPlain && higherMarking(marking, found) === found))) return subject
  return `[${markingWords(marking)}] ${subject}`.trimEnd()
}

/** A subject without the other markings that stand in square brackets in it, for one that was lowered; what is above the ceiling stays. G06 */
export function withoutOtherMarkings(
  subject: string,
  marking: Marking | null,
  schemes: readonly Scheme[] = shippedSchemes,
): string {
  const kept = subject.replace(/\[[^[\]]*\] ?/g, (group) => {
    const found = readSubjectMarking(group, schemes)?.marking
    if (found === undefined || found.aboveCeiling || (marking !== null && isSameMarking(found, marking))) return group
    return ''
  })
  return kept.trim()
}

/** What who receives it must do, one sentence for each part that has one (G08). */
export function handlingOf(parts: MarkingParts, schemes: readonly Scheme[] = shippedSchemes): string[] {
  const scheme = schemeOf(parts.scheme, schemes)
  const names = [parts.level ?? '', ...parts.descriptors, ...parts.caveats]
  return names.map((name) => sentenceFor(name, scheme)).filter((sentence) => sentence !== null)
}

/** True where a chosen marking asks for less than what it answers or passes on (G06). */
export function asksForLess(
  chosen: MarkingParts | null,
  minimum: MarkingParts | null,
  schemes: readonly Scheme[] = shippedSchemes,
): boolean {
  if (minimum === null) return false
  if (chosen === null) return true
  const isOne = (one: string, other: string) => one.toUpperCase() === other.toUpperCase()
  const keeps = (has: readonly string[], wanted: readonly string[]) => wanted.every((one) => has.some((each) => isOne(one, each)))
  return (
    isBelow(wholeMarking(chosen, schemes), wholeMarking(minimum, schemes)) ||
    !keeps([...chosen.descriptors], minimum.descriptors) ||
    !keeps(chosen.caveats, minimum.caveats)
  )
}

const isOneHead = (one: Marking, other: Marking) => one.scheme === other.scheme && headOf(one) === headOf(other)

/** The level's name, or what stands in its place. */
const headOf = (parts: MarkingParts): string => parts.level ?? parts.descriptors[0] ?? parts.caveats[0] ?? ''

function partsOf(scheme: Scheme, name: string): MarkingParts {
  return outside(scheme, name)
    ? { scheme: scheme.id, level: null, descriptors: [name], caveats: [] }
    : { scheme: scheme.id, level: name, descriptors: [], caveats: [] }
}

const byRank = (scheme: Scheme) => (one: string, other: string) => rankOf(scheme, one) - rankOf(scheme, other)
const rankOf = (scheme: Scheme, name: string) => scheme.levels.find((level) => level.name === name)?.rank ?? 0

const isBelow = (marking: Marking, least: Marking | null) => least?.rank != null && (marking.rank ?? -1) < least.rank

/** What ceiling.ts and adoption.ts say of a marking that one writes oneself; the test holds this against the rules. */
function isRefused(marking: Marking, { adopter }: Writer): boolean {
  return marking.aboveCeiling || (marking.scheme === gpms.id && marking.level === 'RESTRICTED' && !adopter)
}
