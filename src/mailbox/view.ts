// What a mailbox holds now, and what changed since: STATUS, SELECT and the re-reading after a hint. RFC 3501 §6.3.1 and §6.3.10, RFC 7162.
import { setImmediate } from 'node:timers/promises'
import { type CopyEntry, flagReader } from '#mailbox/flags.ts'
import { copiesEachTurn } from '#mailbox/limits.ts'
import type { Means, Reader } from '#mailbox/means.ts'
import { canonicalName } from '#mailbox/names.ts'
import {
  type StatusRow,
  changesAbove,
  countsOf,
  statusAndCopies,
  statusOf,
  uidsAbove,
  uidsBelow,
  uidsBeside,
} from '#mailbox/view.sql.ts'

/** The counts of a mailbox; `octets` is the sum of its messages' sizes (RFC 8438). */
export interface MailboxStatus {
  readonly id: string
  readonly messages: number
  readonly unseen: number
  readonly recent: 0
  readonly uidNext: number
  readonly uidValidity: number
  readonly highestModseq: bigint
  readonly octets: number
}

export interface Selected {
  readonly status: MailboxStatus
  /** Every copy, in UID order. */
  readonly copies: readonly CopyEntry[]
}

/** What happened in a mailbox since a modseq. `changed` holds what is new and what has other flags, in UID order. */
export interface Changes {
  readonly changed: readonly CopyEntry[]
  readonly expunged: readonly number[]
  readonly highestModseq: bigint
  readonly uidNext: number
  /** The mailbox was deleted. */
  readonly gone: boolean
}

/** The counts of the mailbox of that name, or null. */
export async function readStatus(means: Means, who: Reader, name: string): Promise<MailboxStatus | null> {
  const hash = await means.keys.hashFor(who.holder, 'mailbox name')
  const [row] = await statusOf(means.database, who.holder, hash(canonicalName(name)))
  return row === undefined ? null : statusFrom(row)
}

/** The counts and all copies, of one moment, or null. */
export async function selectMailbox(means: Means, who: Reader, name: string): Promise<Selected | null> {
  const hash = await means.keys.hashFor(who.holder, 'mailbox name')
  const [row] = await statusAndCopies(means.database, who.holder, hash(canonicalName(name)))
  return row === undefined ? null : { status: statusFrom(row), copies: await copiesFrom(row.copies) }
}

/** What changed above `modseq`; expunged are those below `uidNext` only, since the session never knew others. */
export async function changesSince(
  means: Means,
  who: Reader,
  mailbox: string,
  modseq: bigint,
  uidNext: number,
): Promise<Changes> {
  const [row] = await changesAbove(means.database, who.holder, mailbox, Number(modseq), uidNext)
  if (row === undefined) return { changed: [], expunged: [], highestModseq: modseq, uidNext, gone: true }
  return {
    changed: await copiesFrom(row.changed),
    expunged: row.expunged === null ? [] : row.expunged.split(' ').map(Number),
    highestModseq: BigInt(row.highestModseq),
    uidNext: row.uidNext,
    gone: false,
  }
}

/** The UIDs next to one that may be gone itself. */
export interface Neighbours {
  readonly below: number | null
  readonly above: number | null
}

/** The UIDs just below and just above one, or null where there is none. */
export async function neighboursOf(means: Means, who: Reader, mailbox: string, uid: number): Promise<Neighbours> {
  const [row] = await uidsBeside(means.database, who.holder, mailbox, uid)
  return row!
}

/** How many messages each mailbox of the reader has, by its id; unseen ones are counted up to `most`. */
export async function readCounts(
  means: Means,
  who: Reader,
  most: number,
): Promise<Map<string, { messages: number; unseen: number }>> {
  const rows = await countsOf(means.database, who.holder, most)
  return new Map(rows.map(({ id, ...counts }) => [id, counts]))
}

/** Where a page of a mailbox begins: at the newest, or next to a UID. */
export type PlaceInMailbox =
  | { readonly below?: number; readonly above?: never }
  | { readonly above: number; readonly below?: never }

/** At most `most` UIDs of one page, the newest first; counts nothing, whatever the mailbox holds. */
export async function readPage(
  means: Means,
  who: Reader,
  mailbox: string,
  place: PlaceInMailbox,
  most: number,
): Promise<number[]> {
  const rows =
    place.above === undefined
      ? await uidsBelow(means.database, who.holder, mailbox, place.below ?? Number.MAX_SAFE_INTEGER, most)
      : (await uidsAbove(means.database, who.holder, mailbox, place.above, most)).reverse()
  return rows.map((row) => row.uid)
}

function statusFrom(row: StatusRow): MailboxStatus {
  return {
    id: row.id,
    messages: row.messages,
    unseen: row.unseen,
    recent: 0,
    uidNext: row.uidNext,
    uidValidity: row.uidValidity,
    highestModseq: BigInt(row.highestModseq),
    octets: row.octets,
  }
}

/** Reads lines of `uid modseq flag flag ...`, with turns for others between so many of them. */
export async function copiesFrom(lines: string | null): Promise<CopyEntry[]> {
  const copies: CopyEntry[] = []
  if (lines === null) return copies
  const read = flagReader()
  for (let at = 0; at < lines.length; ) {
    const found = lines.indexOf('\n', at)
    const end = found < 0 ? lines.length : found
    copies.push(copyFrom(lines.slice(at, end), read))
    at = end + 1
    if (copies.length % copiesEachTurn === 0) await setImmediate()
  }
  return copies
}

function copyFrom(line: string, read: ReturnType<typeof flagReader>): CopyEntry {
  const afterUid = line.indexOf(' ')
  const afterModseq = line.indexOf(' ', afterUid + 1)
  const end = afterModseq < 0 ? line.length : afterModseq
  return {
    uid: Number(line.slice(0, afterUid)),
    modseq: BigInt(line.slice(afterUid + 1, end)),
    flags: read(line.slice(end + 1)),
  }
}
