// A draft's fields as they could be sent: recipients read, the subject marked, and what is wrong, field by field. RFC 5322
import { keyOf } from '#community/standing.ts'
import { type FieldFault, type Mailbox, readRecipients, subjectFault, textFault, writeRecipient } from '#mail/compose.ts'
import type { Draft, DraftFields } from '#mailbox/drafts.ts'
import { isReason } from '#policy/carried.ts'
import { type HandlingAsked, nothingAsked, readHandlingAsked } from '#policy/handling-asked.ts'
import type { Marking } from '#policy/marking.ts'
import { readRelease, type ReleaseDeclared } from '#policy/release.ts'
import { asksForLess, markedSubject, namesAreReadable, wholeMarking, withoutOtherMarkings } from '#policy/offered.ts'
import type { Scheme } from '#policy/schemes.ts'

export type RecipientField = 'to' | 'cc' | 'bcc'

/** What stands in the way, at the field that causes it. `about` is a short text of the person's own, or a number. */
export interface FieldProblem {
  readonly field: RecipientField | 'subject' | 'text' | 'marking' | 'reader' | 'lowering' | 'until'
  readonly reason: FieldFault | 'none' | 'not-an-address' | 'too-many' | 'asks-for-less' | 'not-a-name' | 'not-a-day' | 'past'
  readonly about: string
}

export interface TypedRecipientAt extends Mailbox {
  readonly field: RecipientField
}

export interface TypedDraft {
  /** Each once, in the order To, Cc, Bcc; the envelope is exactly these. */
  readonly recipients: readonly TypedRecipientAt[]
  readonly subject: string
  readonly marking: Marking | null
  /** Why it is marked lower than what it answers or passes on; null where it is not. */
  readonly lowering: string | null
  /** What is asked beyond the minimum, as a message says it. */
  readonly handling: HandlingAsked
  /** What is declared for recipients outside the community; null for nothing, or nothing whole. G15 */
  readonly release: ReleaseDeclared | null
  readonly problems: readonly FieldProblem[]
}

/** As many as a submission by SMTP may have. */
export const maxDraftRecipients = 500
const fields = ['to', 'cc', 'bcc'] as const

/** Reads a draft's fields by the schemes of its writer, at a time; never throws. */
export function readDraft(
  draft: Pick<Draft, 'fields' | 'origin' | 'version'>,
  schemes: readonly Scheme[],
  nowMs: number,
): TypedDraft {
  const marking = draft.fields.marking === null ? null : wholeMarking(draft.fields.marking, schemes)
  const isLower = asksForLess(draft.fields.marking, draft.origin.minimum, schemes)
  const reason = (draft.fields.lowering ?? '').trim()
  const typed = draft.fields.subject.trim()
  // What is lowered on purpose is lowered in the subject, too, which an answer begins with as it stood.
  const bare = isLower && isReason(reason) ? withoutOtherMarkings(typed, marking, schemes) : typed
  const subject = markedSubject(bare, marking, schemes)
  const { recipients, problems } = readLists(draft.fields)
  if (recipients.length === 0 && problems.length === 0) problems.push({ field: 'to', reason: 'none', about: '' })
  if (recipients.length > maxDraftRecipients) problems.push({ field: 'to', reason: 'too-many', about: String(recipients.length) })
  const inSubject = subjectFault(subject)
  if (inSubject !== null) problems.push({ field: 'subject', reason: inSubject, about: '' })
  const inText = textFault(draft.fields.text)
  if (inText !== null) problems.push({ field: 'text', reason: inText, about: '' })
  const inReason = subjectFault(reason)
  if (inReason !== null) problems.push({ field: 'lowering', reason: inReason, about: '' })
  if (isLower && !isReason(reason))
    problems.push({ field: 'marking', reason: 'asks-for-less', about: draft.origin.minimum?.level ?? '' })
  if (marking !== null && !namesAreReadable(marking, draft.origin.minimum, schemes))
    problems.push({ field: 'reader', reason: 'not-a-name', about: '' })
  const handling = askedOf(draft.fields, recipients)
  if (handling === null) problems.push({ field: 'until', reason: 'not-a-day', about: '' })
  const isPast = handling !== null && handling.untilMs !== null && handling.untilMs < nowMs
  if (isPast) problems.push({ field: 'until', reason: 'past', about: '' })
  return {
    recipients,
    // What is said at the field is not said of the message again.
    handling: isPast ? { ...handling, untilMs: null } : (handling ?? nothingAsked),
    subject,
    marking,
    release: releaseOf(draft),
    lowering: isLower && inReason === null && isReason(reason) ? reason : null,
    problems,
  }
}

/** What is asked, or null where the last day is none. */
function askedOf({ asked }: DraftFields, recipients: readonly TypedRecipientAt[]): HandlingAsked | null {
  if (asked === undefined) return nothingAsked
  const { noForwarding, noDownload, onlyRecipients, until } = asked
  const end = until.trim() === '' ? nothingAsked : readHandlingAsked(`until=${until.trim()}`, keyOf)
  if (end === null) return null
  const readers = onlyRecipients ? recipients.map(({ address }) => keyOf(address) ?? address) : null
  return { noForwarding, noDownload, readers, untilMs: end.untilMs }
}

function releaseOf({ fields: { release }, version }: Pick<Draft, 'fields' | 'version'>): ReleaseDeclared | null {
  return release?.version !== version ? null : readRelease(`${release.ground}; ${release.words}`)
}

function readLists(typed: DraftFields): { recipients: TypedRecipientAt[]; problems: FieldProblem[] } {
  const recipients: TypedRecipientAt[] = []
  const problems: FieldProblem[] = []
  const seen = new Set<string>()
  for (const field of fields) {
    for (const one of readRecipients(typed[field])) {
      if (one.kind === 'wrong') problems.push({ field, reason: 'not-an-address', about: one.written })
      else if (!seen.has(keyOf(one.address) ?? one.address)) {
        seen.add(keyOf(one.address) ?? one.address)
        recipients.push({ field, name: one.name, address: one.address })
      }
    }
  }
  return { recipients, problems }
}

/** A list of recipients without some addresses, in the form in which people type it. */
export function withoutRecipients(typed: string, addresses: ReadonlySet<string>): string {
  return readRecipients(typed)
    .flatMap((one) => {
      if (one.kind === 'wrong') return [one.written]
      if (addresses.has(keyOf(one.address) ?? one.address)) return []
      return [writeRecipient(one)]
    })
    .join(', ')
}

/** The address keys of recipients, each once. */
export const keysOf = (recipients: readonly TypedRecipientAt[]) => [...new Set(recipients.map((one) => keyOf(one.address) ?? ''))]
