// A protective marking as structured data: what the sender wrote, apart from how the service treats it. G06, G07, G09.

export interface Marking {
  /** `GPMS`, `GSC` or the id of an organisation's own scheme; `own` for a word that only looks like a level (G07). */
  readonly scheme: string
  /** The level's name in the scheme, such as `RESTRICTED`; null for PRIVATE, an own marking, or caveats that stand alone. */
  readonly level: string | null
  /**
   * Orders levels, also across schemes (RFC 2634 §3.2's hierarchy times ten); it is no official mapping. Null where there is no
   * level.
   */
  readonly rank: number | null
  readonly aboveCeiling: boolean
  /**
   * True where nothing but the level's word stood there: no owner, descriptor, caveat, label or marking field. Decides what
   * CONFIDENTIAL means (G05).
   */
  readonly bare: boolean
  readonly descriptors: readonly string[]
  readonly caveats: readonly string[]
  /** As it stood, at most 200 characters on one line. */
  readonly written: string
}

/** What a marking says, however it was written. */
export type MarkingParts = Pick<Marking, 'scheme' | 'level' | 'descriptors' | 'caveats'>

/** The scheme of a marking that is an organisation's own way to ask for care, at no level. */
export const ownScheme = 'own'

/**
 * The higher of two markings: above the ceiling before below, a level before none, then by rank; the first where they are equal.
 */
export function higherMarking(one: Marking, other: Marking): Marking {
  if (one.aboveCeiling !== other.aboveCeiling) return one.aboveCeiling ? one : other
  return (other.rank ?? -1) > (one.rank ?? -1) ? other : one
}

/** The highest of some markings, the first of equals; null for none. */
export function highestMarking(markings: readonly Marking[]): Marking | null {
  return markings.length === 0 ? null : markings.reduce(higherMarking)
}

/** `RESTRICTED - COMMERCIAL - UK EYES ONLY`: level, descriptors, caveats. */
export function markingWords({ level, descriptors, caveats }: MarkingParts): string {
  return [level, ...descriptors, ...caveats].filter((word) => word !== null && word !== '').join(' - ')
}
