// A marking in words, as it is written into a subject or over a text: only what reads back as the same marking. G06.
import { maxMarkingCharacters } from '#policy/limits.ts'
import { type Marking, type MarkingParts, markingWords, ownScheme } from '#policy/marking.ts'
import { readMarkingLine, readSubjectMarking } from '#policy/read-marking.ts'
import type { Scheme } from '#policy/schemes.ts'

/** True where two markings say the same: level, descriptors and caveats, and the scheme where there is a level. */
export function isSameMarking(one: MarkingParts, other: MarkingParts): boolean {
  return (
    one.level === other.level &&
    (one.level === null || one.scheme === other.scheme) &&
    one.descriptors.join('\n') === other.descriptors.join('\n') &&
    one.caveats.join('\n') === other.caveats.join('\n')
  )
}

/** `[RESTRICTED - COMMERCIAL]` for the head of a subject; null for a marking that would not be read there as what it is. */
export function subjectTag(marking: Marking, schemes: readonly Scheme[]): string | null {
  if (marking.scheme === ownScheme) return null
  const tag = `[${markingWords(marking)}]`
  if (tag.length > maxMarkingCharacters || /[\p{C}\p{Zl}\p{Zp}]/u.test(tag)) return null
  const read = readSubjectMarking(`${tag} subject`, schemes)
  return read !== null && !read.inherited && isSameMarking(read.marking, marking) ? tag : null
}

/** The line to stand alone over a text; null for a marking that would not be read there as what it is. */
export function bannerLine(marking: Marking, schemes: readonly Scheme[]): string | null {
  if (marking.scheme === ownScheme) return null
  const line = markingWords(marking)
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(line)) return null
  const read = readMarkingLine(line, { schemes, standsAlone: true })
  return read !== null && isSameMarking(read, marking) ? line : null
}
