// Which carriers of a message do not say its marking yet, and what is to be written into them. G06.
import { fieldsNamed, type Header } from '#mail/header.ts'
import { findMarkings } from '#policy/find-markings.ts'
import type { Marking, MarkingParts } from '#policy/marking.ts'
import { writeProtectiveMarking } from '#policy/protective-marking.ts'
import { readMarkingHeader, readSubjectMarking } from '#policy/read-marking.ts'
import type { Scheme } from '#policy/schemes.ts'
import { writeSioLabel } from '#policy/sio-label.ts'
import { subjectTag } from '#policy/written-form.ts'

/** Who defines the names in the X-Protective-Marking that we write (NS). */
export const markingNamespace = 'cjsm'

/** What is to be written; null for a carrier that says it already, or cannot. */
export interface CarriersToWrite {
  readonly protectiveMarking: string | null
  readonly label: string | null
  /** What a label that is replaced said; null where there is none. */
  readonly labelBefore: string | null
  /** `[RESTRICTED]`, for the head of the subject. */
  readonly subjectTag: string | null
}

/** The carriers in a header that lack a marking; a field that no scheme reads stays, and gets no second one beside it. */
export function carriersToWrite(header: Header, marking: Marking, schemes: readonly Scheme[]): CarriersToWrite {
  const inField = (name: string) => {
    const fields = fieldsNamed(header, name)
    const read = fields.length === 0 ? null : readMarkingHeader({ ...header, fields }, schemes)
    return { isMissing: fields.length === 0, read: read?.marking ?? null }
  }
  const lacks = ({ isMissing, read }: ReturnType<typeof inField>) =>
    isMissing || (read !== null && !read.aboveCeiling && !covers(read, marking))
  const field = inField('X-Protective-Marking')
  const label = inField('SIO-Label')
  const subjects = fieldsNamed(header, 'Subject')
  const inSubject = findMarkings({ ...header, fields: subjects }, [], schemes)
  const isInSubject = inSubject.some((found) => covers(found.marking, marking))
  return {
    protectiveMarking: lacks(field) ? writeProtectiveMarking(marking, markingNamespace) : null,
    label: lacks(label) ? writeSioLabel(marking) : null,
    labelBefore: label.read?.written ?? null,
    subjectTag: subjects.length > 1 || isInSubject ? null : subjectTag(marking, schemes),
  }
}

/** A subject as it is delivered with a marking that is to be written, or as it stands where that is null or cannot be. */
export function subjectWith(subject: string, marking: Marking | null, schemes: readonly Scheme[]): string {
  if (marking === null) return subject
  const found = readSubjectMarking(subject, schemes)
  const tag = found !== null && covers(found.marking, marking) ? null : subjectTag(marking, schemes)
  return tag === null ? subject : `${tag} ${subject}`.trimEnd()
}

/** Whether what was read says all of a marking, or stands as high in another scheme: no scheme's words replace another's. */
export function covers(read: Marking, marking: MarkingParts & Pick<Marking, 'rank'>): boolean {
  if (read.scheme !== marking.scheme && read.level !== null && marking.level !== null) return read.rank === marking.rank
  const has = (all: readonly string[], wanted: readonly string[]) => wanted.every((one) => all.includes(one))
  return read.level === marking.level && has(read.descriptors, marking.descriptors) && has(read.caveats, marking.caveats)
}
