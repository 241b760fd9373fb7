// Summaries of copies: what FETCH shows of a message without touching its content. Records nothing. RFC 3501 §6.4.5; design.md, At rest.
import { unsealSummary } from '#keys/content.ts'
import { flagReader } from '#mailbox/flags.ts'
import { summaryBatch } from '#mailbox/limits.ts'
import type { Means, Reader } from '#mailbox/means.ts'
import { type SummaryRow, summariesOf } from '#mailbox/open.sql.ts'
import { type Summary, decodeSummary } from '#mailbox/summary.ts'

/** What can be told of a copy without touching its content. */
export interface CopySummary extends Pick<Summary, 'envelope' | 'structure' | 'headerOctets' | 'marking'> {
  readonly uid: number
  readonly internalDateMs: number
  readonly octets: number
  readonly flags: readonly string[]
  readonly modseq: bigint
}

/** The place that a copy's wrapped data key is bound to. */
export const placeOfKey = (message: string) => `copy/${message}`

/** Summaries in the order of `uids`; a copy that is no longer there is passed over. Throws SealBroken on what was tampered with. */
export async function* fetchSummaries(
  means: Means,
  who: Reader,
  mailbox: string,
  uids: readonly number[],
): AsyncGenerator<CopySummary> {
  const read = flagReader()
  let next = readBatch(means, who, mailbox, uids, 0)
  for (let from = 0; from < uids.length; from += summaryBatch) {
    const rows = await next
    next = readBatch(means, who, mailbox, uids, from + summaryBatch)
    yield* await openSummaries(means, who, rows, read)
  }
}

/** Reads rows ahead of their use: the database works while summaries are opened. A fault counts when it is awaited. */
function readBatch(means: Means, who: Reader, mailbox: string, uids: readonly number[], from: number): Promise<SummaryRow[]> {
  const batch = uids.slice(from, from + summaryBatch)
  const rows = batch.length === 0 ? Promise.resolve([]) : summariesOf(means.database, who.holder, mailbox, batch)
  rows.catch(() => {})
  return rows
}

async function openSummaries(
  means: Means,
  who: Reader,
  rows: readonly SummaryRow[],
  read: (flags: string) => readonly string[],
): Promise<CopySummary[]> {
  const dataKeys = await means.keys.unsealAll(
    who.holder,
    'mailbox',
    rows.map((row) => ({ about: placeOfKey(row.id), sealed: row.wrappedKey })),
  )
  return rows.map((row, index) => {
    const { envelope, structure, headerOctets, marking } = decodeSummary(
      unsealSummary(means.keys.sealing, dataKeys[index]!, row, row.summary),
    )
    const { uid, internalDateMs, octets } = row
    return {
      uid,
      internalDateMs,
      octets,
      flags: read(row.flags),
      modseq: BigInt(row.modseq),
      envelope,
      structure,
      headerOctets,
      marking,
    }
  })
}
