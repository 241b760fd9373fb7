// What who receives a message must do with it, in sentences: by its marking, its descriptors and caveats, or for want of one. G08, G09, T01.
import { maxMarkingCharacters } from '#policy/limits.ts'
import type { Marking } from '#policy/marking.ts'
import { readProtectiveMarking } from '#policy/protective-marking.ts'
import { readMarkingLine } from '#policy/read-marking.ts'
import { type Scheme, shippedSchemes } from '#policy/schemes.ts'

export interface Handling {
  /** The marking's words, or null where the message bears none. */
  readonly title: string | null
  /** `open` for NOT PROTECTIVELY MARKED alone, `protected` for everything else. */
  readonly floor: 'open' | 'protected'
  readonly sentences: readonly string[]
}

const unmarked =
  'It bears no marking. Treat it as RESTRICTED: share it only with those who need it for their work, and keep it in this service or a secure place.'
const ownMarking = 'The sender asks for care in words of their own. Treat it as RESTRICTED at the least.'
const above = 'It bears a marking above what this service may carry. Stop reading, do not pass it on, and tell the Helpdesk now.'
const released =
  'It is headed like a marking above what this service may carry. An officer of the Helpdesk looked at the message that bore it first, and released it as not above RESTRICTED. Treat it as RESTRICTED.'
/** G08: where a handling requirement is not clear. */
export const consultTheSender = 'If you are not sure what you may do with it, ask the sender.'

/** What a marking that reads as above the ceiling is taken for: its writer's own words (G07), or what an officer released (G05). */
export type TakenAs = 'own' | 'released'

/** The handling of a message whose marking stood so (null for none), as its summary keeps it. */
export function handlingOf(
  written: string | null,
  schemes: readonly Scheme[] = shippedSchemes,
  takenAs: TakenAs | null = null,
): Handling {
  if (written === null) return { title: null, floor: 'protected', sentences: [unmarked] }
  const line = written.slice(0, maxMarkingCharacters)
  const marking =
    readMarkingLine(line, { schemes, standsAlone: true }) ??
    readProtectiveMarking(line, schemes) ??
    readMarkingLine(line, { schemes, standsAlone: false })
  if (marking === null) return { title: line, floor: 'protected', sentences: [ownMarking] }
  if (marking.aboveCeiling && takenAs !== null)
    return { title: titleOf(marking), floor: 'protected', sentences: [takenAs === 'own' ? ownMarking : released] }
  return handlingOfMarking(marking, schemes)
}

function handlingOfMarking(marking: Marking, schemes: readonly Scheme[]): Handling {
  const scheme = schemes.find((each) => each.id === marking.scheme)
  const names = [...(marking.level === null ? [] : [marking.level]), ...marking.descriptors, ...marking.caveats]
  const isOpen = marking.level === 'NOT PROTECTIVELY MARKED' && names.length === 1
  const known = names.map((name) => sentenceFor(name, scheme)).filter((sentence) => sentence !== null)
  // PRIVATE or a caveat alone says nothing of where it may be kept: the floor does.
  const sentences = marking.aboveCeiling ? [above] : known.length === 0 ? [ownMarking] : [...new Set(known)]
  return { title: titleOf(marking), floor: isOpen ? 'open' : 'protected', sentences }
}

/** What a scheme says of a level, descriptor or caveat by its name, or by the ending of one that names somebody: `J SMITH EYES ONLY`. */
export function sentenceFor(name: string, scheme: Scheme | undefined): string | null {
  const ending = scheme?.namedCaveats.find((caveat) => name.toUpperCase().endsWith(` ${caveat.name}`))?.name
  return scheme?.handling.get(name) ?? (ending === undefined ? null : (scheme?.handling.get(ending) ?? null))
}

function titleOf({ level, descriptors, caveats, written }: Marking): string {
  const words = [[level, ...descriptors].filter((word) => word !== null).join(' - '), ...caveats].filter((word) => word !== '')
  return words.length === 0 ? written : words.join(', ')
}
