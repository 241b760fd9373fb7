// The summary of a message, sealed under its data key: what lists and IMAP FETCH show without touching content.
import type { ImapEnvelope } from '#mail/envelope.ts'
import type { Part } from '#mail/structure.ts'

export interface Summary {
  readonly v: 1
  /** The whole message as delivered, and its header with the blank line. */
  readonly octets: number
  readonly headerOctets: number
  readonly envelope: ImapEnvelope
  /** Offsets count from the first octet of the message as delivered. */
  readonly structure: Part
  /** The asserted marking as written, or null. */
  readonly marking: string | null
  /** What its sender asks for beyond the minimum (G09), as policy/handling-asked.ts writes it; left out for nothing. */
  readonly handling?: string
  /** Address keys of those whose wishes all of these are, whom they do not bind, if any; left out for those of who wrote it. */
  readonly askedBy?: readonly string[]
  /** The marking reads as one above the ceiling, and is its sender's own words (G07); left out for all others. */
  readonly isOwnMarking?: true
  /** The words of markings that an officer of the Helpdesk released as not above the ceiling (G05); left out for none. */
  readonly released?: readonly string[]
}

/** What a sender's wishes and the Helpdesk's decisions are kept as. */
export type SummaryNotes = Pick<Summary, 'handling' | 'askedBy' | 'isOwnMarking' | 'released'>

/** The notes of a summary, without those that are not there. */
export const notesOf = ({ handling, askedBy, isOwnMarking, released }: SummaryNotes): SummaryNotes => ({
  ...(handling === undefined || handling === '' ? {} : { handling }),
  ...(askedBy === undefined ? {} : { askedBy }),
  ...(isOwnMarking === undefined ? {} : { isOwnMarking }),
  ...(released === undefined || released.length === 0 ? {} : { released }),
})

export function encodeSummary(summary: Summary): Buffer {
  return Buffer.from(JSON.stringify(summary))
}

/** Reads what encodeSummary wrote; throws on another version. */
export function decodeSummary(octets: Buffer): Summary {
  const summary = JSON.parse(octets.toString()) as Summary
  if (summary.v !== 1) throw new Error('a summary of an unknown version')
  return summary
}
