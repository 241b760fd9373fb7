// Reads a marking where it may stand: a line, a subject, the marking fields of a header, the banner of a body. By position and
// form. G04–G07.
import { fieldsNamed, fieldText, type Header } from '#mail/header.ts'
import { bannerEdges } from '#policy/banner-lines.ts'
import { firstOctets } from '#policy/field-ends.ts'
import { type FormOptions, readForm } from '#policy/form.ts'
import { maxMarkingCharacters, maxMarkingFieldOctets, maxMarkingFields, subjectWindowCharacters } from '#policy/limits.ts'
import { higherMarking, type Marking } from '#policy/marking.ts'
import { readProtectiveMarking, readSubjectTags } from '#policy/protective-marking.ts'
import type { Scheme } from '#policy/schemes.ts'
import { readSioLabel } from '#policy/sio-label.ts'
import { type Edge, headEdges, tailEdges } from '#policy/subject-edges.ts'
import { withoutLetterSpacing } from '#policy/tokens.ts'

export interface SubjectMarking {
  readonly marking: Marking
  /** It stands behind Re: or Fw:, so it came with the message that is answered or passed on. */
  readonly inherited: boolean
}

export interface HeaderMarking {
  readonly marking: Marking
  readonly carrier: 'x-protective-marking' | 'sio-label'
}

export interface BannerMarking {
  readonly marking: Marking
  readonly where: 'first-line' | 'last-line'
  /** It stands below the start of an original that is not quoted line by line, as Outlook puts it: not the writer's own. */
  readonly inherited: boolean
}

/**
 * The marking that a line is (`standsAlone`), or that starts it before a dash, colon or bar; null for a line that only holds
 * such words.
 */
export function readMarkingLine(line: string, options: { schemes: readonly Scheme[]; standsAlone: boolean }): Marking | null {
  if (line.length > maxMarkingCharacters && options.standsAlone) return null
  const text = line.slice(0, maxMarkingCharacters)
  const written = text.trim()
  const marking = readForm(withoutLetterSpacing(text), options.schemes, { ...plain, standsAlone: options.standsAlone })
  return marking !== null && options.standsAlone ? { ...marking, written } : marking
}

/** The highest marking at the head or tail of a decoded subject; null where there is none. */
export function readSubjectMarking(subject: string, schemes: readonly Scheme[]): SubjectMarking | null {
  const heads = headEdges(subject.trimStart().slice(0, subjectWindowCharacters))
  const isAnswer = heads.some((edge) => edge.inherited)
  const tails = tailEdges(subject.trimEnd().slice(-subjectWindowCharacters), isAnswer)
  let highest: SubjectMarking | null = null
  for (const edge of [...heads, ...tails]) {
    const marking = readEdge(edge, schemes)
    if (marking !== null && isHigher(marking, highest)) highest = { marking, inherited: edge.inherited }
  }
  return highest
}

/**
 * The highest marking of the X-Protective-Marking and SIO-Label fields, the former where they are equal; null where there is
 * none.
 */
export function readMarkingHeader(header: Header, schemes: readonly Scheme[]): HeaderMarking | null {
  let highest: HeaderMarking | null = null
  for (const [carrier, read] of [
    ['x-protective-marking', readProtectiveMarking],
    ['sio-label', readSioLabel],
  ] as const) {
    for (const field of fieldsNamed(header, carrier).slice(0, maxMarkingFields)) {
      const marking = read(fieldText(firstOctets(field, maxMarkingFieldOctets)), schemes)
      if (marking !== null && isHigher(marking, highest)) highest = { marking, carrier }
    }
  }
  return highest
}

/**
 * The highest marking of each end of a body's text at which one stands: the writer's own first and last lines, and the last of an
 * original. Lines quoted with `>` are not looked at.
 */
export function readBannerMarkings(text: string, schemes: readonly Scheme[]): BannerMarking[] {
  return bannerEdges(text).flatMap(({ lines, where, inherited }) => {
    const found: BannerMarking[] = []
    for (const line of lines) {
      const marking = readMarkingLine(line, { schemes, standsAlone: true })
      if (marking === null) break
      found.push({ marking, where, inherited })
    }
    return highestOf(found) ?? []
  })
}

/** The first of the highest; null for none. */
function highestOf(found: readonly BannerMarking[]): BannerMarking | null {
  let highest: BannerMarking | null = null
  for (const one of found) if (isHigher(one.marking, highest)) highest = one
  return highest
}

function isHigher(marking: Marking, highest: { readonly marking: Marking } | null): boolean {
  return highest === null || higherMarking(highest.marking, marking) === marking
}

const plain: Omit<FormOptions, 'standsAlone'> = { enclosed: false, field: false }

function readEdge(edge: Edge, schemes: readonly Scheme[]): Marking | null {
  if (edge.kind === 'head') return readForm(edge.text, schemes, { ...plain, standsAlone: false })
  if (edge.kind === 'bracketed') {
    const enclosed = { enclosed: true, field: false }
    return (
      readSubjectTags(edge.text, schemes) ??
      readForm(edge.text, schemes, { ...enclosed, standsAlone: true }) ??
      (edge.isSquare ? readForm(edge.text, schemes, { ...enclosed, standsAlone: false }) : null)
    )
  }
  const marking = readForm(edge.text, schemes, { ...plain, standsAlone: true })
  // `PRIVATE - CONFIDENTIAL` is no level, however it is hyphenated.
  const qualified = marking?.bare === true && schemes.some((scheme) => scheme.qualifiers.includes(edge.wordBefore))
  return qualified ? null : marking
}
