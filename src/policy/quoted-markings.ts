// The markings at the head of what a text quotes or passes on: the subject among an original's fields, and its first line. G05, G06
import { originalAt, originalField } from '#policy/banner-lines.ts'
import type { FoundMarking } from '#policy/facts.ts'
import { bannerWindowCharacters, maxMarkingCharacters, maxTexts, originalWindowCharacters } from '#policy/limits.ts'
import type { Marking } from '#policy/marking.ts'
import { readMarkingLine, readSubjectMarking } from '#policy/read-marking.ts'
import type { Scheme } from '#policy/schemes.ts'

/**
 * The markings that head what each text quotes line by line, and the original that stands below it. A marking further down is
 * running text of somebody's.
 */
export function findQuotedMarkings(texts: readonly string[], schemes: readonly Scheme[]): FoundMarking[] {
  return texts.slice(0, maxTexts).flatMap((text) => [...quotedLineByLine(text, schemes), ...standingBelow(text, schemes)])
}

/** What is above the lines, or their fields, shows whether an original begins with them: else they may be any that are cited. */
function quotedLineByLine(text: string, schemes: readonly Scheme[]): FoundMarking[] {
  const start = text.includes('>') ? /^[ \t]{0,9}>/m.exec(text)?.index : undefined
  if (start === undefined) return []
  const lines = text
    .slice(start, start + bannerWindowCharacters)
    .split(/\r?\n/)
    .map(withoutQuoteMarks)
  const end = lines.indexOf(null)
  const { subject, first, hasFields } = readHead(lines.slice(0, end < 0 ? lines.length : end) as string[], schemes)
  const above = text.slice(Math.max(0, start - bannerWindowCharacters), start).trimEnd()
  return foundAt(hasFields || above.endsWith('wrote:') ? 'original' : 'quoted', [...careful(subject), first])
}

/** A quoted line's own text; null for a line that is not quoted. */
function withoutQuoteMarks(line: string): string | null {
  const match = /^[ \t>]{0,40}/.exec(line)![0]
  return match.includes('>') ? line.slice(match.length) : null
}

/** An original below the writer's own text without quote marks, as Outlook and HTML have it. */
function standingBelow(text: string, schemes: readonly Scheme[]): FoundMarking[] {
  const original = originalAt(text)
  if (original === null) return []
  const { below, isAttributed } = original
  const { subject, first, hasFields } = readHead(text.slice(below, below + originalWindowCharacters).split(/\r?\n/), schemes)
  // A rule without fields may be above anything, such as a notice at the end of every message.
  return hasFields || isAttributed ? foundAt('original', careful(subject, first)) : []
}

interface Head {
  /** Null also where a single line only looks like a field. */
  readonly subject: Marking | null
  readonly first: Marking | null
  readonly hasFields: boolean
}

/** Reads the fields of an original, where it has them, and the first line below them that is more than signs. */
function readHead(lines: readonly string[], schemes: readonly Scheme[]): Head {
  let subject: Marking | null = null
  let first: Marking | null = null
  let fields = 0
  let isBelowField = false
  for (const [at, line] of lines.entries()) {
    if (!/[\p{L}\p{N}]/u.test(line)) {
      isBelowField = false
      continue
    }
    const field = originalField.exec(line)?.[0]
    if (field !== undefined) {
      isBelowField = true
      fields++
      if (/subject/i.test(field)) subject ??= readSubjectMarking(line.slice(field.length), schemes)?.marking ?? null
      continue
    }
    first = readMarkingLine(line, { schemes, standsAlone: true })
    // The rest of a long list of recipients, which programs wrap.
    const isWrapped = /^\s|[;@]/.test(line) || originalField.test(lines[at + 1] ?? '')
    if (first !== null || !isBelowField || !isWrapped) break
  }
  const hasFields = fields > 1
  return { subject: hasFields ? subject : null, first, hasFields }
}

/** Those that ask for care: what an original says of itself opens nothing, since only its head is read. G09, G15 */
function careful(...markings: readonly (Marking | null)[]): (Marking | null)[] {
  return markings.filter((marking) => marking?.level !== 'NOT PROTECTIVELY MARKED')
}

function foundAt(carrier: 'quoted' | 'original', markings: readonly (Marking | null)[]): FoundMarking[] {
  return markings
    .filter((marking) => marking !== null)
    .map((marking) => ({ marking, carrier, origin: 'inherited', line: marking.written.slice(0, maxMarkingCharacters) }))
}
