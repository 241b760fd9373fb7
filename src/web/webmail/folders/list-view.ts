// What the list of a folder's messages shows: plain data from summaries, every text of a stranger made harmless.
import { displayOf } from '#mail/display.ts'
import type { EnvelopeAddress } from '#mail/envelope.ts'
import { decodeWords } from '#mail/words.ts'
import type { CopySummary } from '#mailbox/summaries.ts'
import { handlingOf } from '#policy/handling.ts'
import { sizeText } from '#base/size-text.ts'
import { listDate, plainText } from '#web/format.ts'
import { maxListCharacters } from '#web/limits.ts'
import { urls } from '#web/urls.ts'

/** One row. */
export interface MessageRow {
  readonly uid: number
  readonly href: string
  /** Who it is from; in Sent and Drafts, whom it is to. */
  readonly who: string
  readonly subject: string
  readonly marking: string | null
  readonly date: string
  readonly iso: string
  readonly size: string
  readonly hasAttachment: boolean
  readonly isSeen: boolean
  readonly isFlagged: boolean
  readonly isAnswered: boolean
  /** A mail program marked it deleted, and has not removed it yet. */
  readonly isDeleted: boolean
}

const text = (given: string | null) => plainText(decodeWords((given ?? '').slice(0, 4 * maxListCharacters)), maxListCharacters)

/** People in one line: the first by name or address, and how many more there are. */
export function peopleText(people: readonly EnvelopeAddress[], none: string): string {
  const named = people.filter((one) => one.host !== null)
  const [first] = named
  if (first === undefined) return none
  const shown = text(first.name) || plainText(`${first.mailbox}@${first.host}`, maxListCharacters)
  return named.length === 1 ? shown : `${shown} and ${named.length - 1} more`
}

/** The row of one message; `showsRecipients` in folders of what one wrote oneself. */
export function rowOf(mailbox: string, copy: CopySummary, showsRecipients: boolean, nowMs: number): MessageRow {
  const { uid, envelope, internalDateMs, flags } = copy
  return {
    uid,
    href: urls.message(mailbox, uid),
    who: showsRecipients
      ? `To: ${peopleText([...envelope.to, ...envelope.cc, ...envelope.bcc], 'nobody yet')}`
      : peopleText(envelope.from, 'Unknown sender'),
    subject: text(envelope.subject) || 'No subject',
    marking: copy.marking === null ? null : plainText(handlingOf(copy.marking).title ?? copy.marking, 60),
    date: listDate(internalDateMs, nowMs),
    iso: new Date(internalDateMs).toISOString(),
    size: sizeText(copy.octets),
    hasAttachment: displayOf(copy.structure).attachments.length > 0,
    isSeen: flags.includes('\\Seen'),
    isFlagged: flags.includes('\\Flagged'),
    isAnswered: flags.includes('\\Answered'),
    isDeleted: flags.includes('\\Deleted'),
  }
}
