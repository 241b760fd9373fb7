// The markings in what is attached: in its names, and where a document bears one. By position and form, as everywhere. G04, G05.
import { parseHeader } from '#mail/header.ts'
import type { Place } from '#mail/documents/place.ts'
import { findMarkings } from '#policy/find-markings.ts'
import type { AttachedMarking } from '#policy/facts.ts'
import { maxAttachedMarkings, maxFirstPageLines, maxMarkingCharacters } from '#policy/limits.ts'
import type { Marking } from '#policy/marking.ts'
import { readMarkingLine, readSubjectMarking } from '#policy/read-marking.ts'
import { markingOf, readForm } from '#policy/form.ts'
import { labelPrefix, type MarkingMap } from '#policy/marking-map.ts'
import { type Scheme, shippedSchemes } from '#policy/schemes.ts'

/** What documents are read by: the schemes of who sends them, and the operator's table of what Microsoft's labels are, by their ids. */
export interface AttachedReading {
  readonly schemes: readonly Scheme[]
  readonly labels: MarkingMap
}

export const shippedReading: AttachedReading = { schemes: shippedSchemes, labels: new Map() }

/** The markings of the places of attached documents, in their order. */
export function findAttachedMarkings(places: readonly Place[], reading: AttachedReading = shippedReading): AttachedMarking[] {
  const found: AttachedMarking[] = []
  for (const place of places) {
    if (found.length >= maxAttachedMarkings) break
    found.push(
      ...(place.header === undefined ? markingsAt(place, reading) : markingsOfNested(place, place.header, reading.schemes)),
    )
  }
  return found.slice(0, maxAttachedMarkings)
}

function markingsAt(place: Place, reading: AttachedReading): AttachedMarking[] {
  const { where, path } = place
  return readPlace(place, reading).map((marking) => ({
    marking,
    carrier: 'attachment',
    origin: 'originated',
    line: marking.written.slice(0, maxMarkingCharacters),
    where,
    path,
  }))
}

/** A message in a message is somebody's earlier one, whatever it says. */
function markingsOfNested({ where, path, texts }: Place, header: Buffer, schemes: readonly Scheme[]): AttachedMarking[] {
  return findMarkings(parseHeader(header), texts ?? [], schemes).map((found) => ({
    ...found,
    carrier: 'attachment',
    origin: 'inherited',
    where,
    path,
  }))
}

function readPlace({ where, property, lines, isUnpaged = false }: Place, reading: AttachedReading): Marking[] {
  const { schemes } = reading
  switch (where) {
    case 'file name':
    case 'archive entry':
      return readAll(lines, (line) => readSubjectMarking(fileTitle(line), schemes)?.marking ?? null)
    case 'header':
    case 'footer':
      return readAll(lines.flatMap(sideBySide), (line) => readMarkingLine(line, { schemes, standsAlone: true }))
    case 'first page':
      return readFirstPage(lines, isUnpaged, schemes)
    case 'properties':
      return readProperty(property ?? '', lines, schemes)
    case 'label metadata':
      return [...mappedLabel(property ?? '', reading), ...readAll(lines, (line) => readLabel(line, schemes))]
    case 'nested message':
      return []
    default:
      return where satisfies never
  }
}

function readAll(lines: readonly string[], read: (line: string) => Marking | null): Marking[] {
  return lines.map(read).filter((marking) => marking !== null)
}

/**
 * A file's name as a title: without its extension and what Windows and browsers write for a copy, and with the blanks that
 * underscores stand for.
 */
function fileTitle(name: string): string {
  return name
    .replace(/(?:\.[A-Za-z0-9]{1,8}){1,2}$/, '')
    .replaceAll('_', ' ')
    .trim()
    .replace(/^(?:copy of ){1,4}/i, '')
    .replace(/(?:\s?\(\d{1,3}\)|\s-\scopy){1,4}$/i, '')
}

/** What stands left, centre and right, each without the page number beside it. */
function sideBySide(line: string): string[] {
  return line
    .split('\t')
    .map((piece) => piece.replace(/^\s*(?:page\s)?\s?\d{1,5}(?:\s?(?:of|\/)\s?\d{1,5})?\s*(?:[|–—-]\s*)?(?=\p{L})/iu, ''))
    .map((piece) => piece.replace(/\s*(?:[|–—-]\s*)?(?:page\s?\d{1,5}|\bpage)(?:\s?(?:of|\/)\s?\d{1,5})?\s*$/iu, ''))
}

/**
 * The banner of a first page: a line alone near its top. Only what the page begins with counts in a text without pages, and where
 * lines of the page say different levels, as in one that explains them.
 */
function readFirstPage(lines: readonly string[], isUnpaged: boolean, schemes: readonly Scheme[]): Marking[] {
  const read = (isUnpaged ? lines.slice(0, 2) : lines).map((line) => readBannerLine(line, schemes))
  if (!isUnpaged && levelsIn(read) < 2) {
    return read
      .slice(0, maxFirstPageLines)
      .filter((marking, at): marking is Marking => marking !== null && !isListed(marking, lines, at))
  }
  const first = read.slice(0, 2)
  return first[0] === null || levelsIn(first) > 1 ? [] : first.filter((marking) => marking !== null)
}

const nameLabel =
  /^(?:(?:sur|fore|first|last|family|given|full)?[ -]?names?|witness(?:es)?|defendants?|complainants?|code ?word)\b|:$/i

/** Whether a bare level may be a name or a word in a list: below a label, or beside other single words in capitals. */
function isListed(marking: Marking, lines: readonly string[], at: number): boolean {
  if (at === 0 || !marking.bare) return false
  const before = lines[at - 1] ?? ''
  return nameLabel.test(before) || [before, lines[at + 1] ?? ''].some((line) => /^\p{Lu}{2,}[.,;]?$/u.test(line))
}

function levelsIn(markings: readonly (Marking | null)[]): number {
  return new Set(markings.map((marking) => marking?.level ?? null).filter((level) => level !== null)).size
}

/** A line of a page; a row of a form counts where its first cell says that the second is a marking. */
function readBannerLine(line: string, schemes: readonly Scheme[]): Marking | null {
  const cells = line.split('\t').filter((cell) => cell.trim() !== '')
  const written = cells.length === 2 ? `${cells[0]!.trim().replace(/:$/, '')}: ${cells[1]!.trim()}` : cells.join(' ')
  return readMarkingLine(written, { schemes, standsAlone: true })
}

/** A title or subject bears a marking as a message's subject does; a keyword, category or status is one or is not. */
function readProperty(property: string, lines: readonly string[], schemes: readonly Scheme[]): Marking[] {
  if (property === 'title' || property === 'subject')
    return readAll(lines, (line) => readSubjectMarking(line, schemes)?.marking ?? null)
  const values = property === 'keywords' ? lines.flatMap((line) => line.split(/[,;]/, 100)) : lines
  return readAll(values, (value) => readMarkingLine(value, { schemes, standsAlone: true }))
}

/** What the operator's table says of a label of Microsoft's, whose name says nothing to others, or does not stand there. */
function mappedLabel(property: string, { schemes, labels }: AttachedReading): Marking[] {
  if (labels.size === 0 || !property.startsWith('MSIP_Label_')) return []
  const mapped = labels.get(`${labelPrefix}${property.slice('MSIP_Label_'.length).toLowerCase()}`) ?? []
  return mapped.flatMap(({ scheme: id, level: name }) => {
    const scheme = schemes.find((one) => one.id === id)
    const level = scheme?.levels.find((one) => one.name === name)
    if (scheme === undefined || level === undefined) return []
    return [markingOf(scheme, { level, descriptors: [], caveats: [], bare: false }, `${name} (by its label)`)]
  })
}

/**
 * A label is there for markings, so its letters' case does not matter; but `Confidential` is the name of a label that every
 * business has, and is the level only where it is written as one.
 */
function readLabel(line: string, schemes: readonly Scheme[]): Marking | null {
  const plain = readMarkingLine(line, { schemes, standsAlone: true })
  if (plain !== null) return plain
  const label = readForm(line, schemes, { standsAlone: true, enclosed: true, field: true })
  return label?.level === 'CONFIDENTIAL' ? null : label
}
