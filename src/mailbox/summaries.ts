// Summaries of copies: what FETCH shows of a message without touching its content. Records nothing. RFC 3501 §6.4.5; docs/flow.md, At rest.
import { dataKeyOf, unsealSummary } from '#keys/content.ts'
import { flagReader } from '#mailbox/flags.ts'
import { maxSummaryBatchOctets, summaryBatch } from '#mailbox/limits.ts'
import type { Means, Reader } from '#mailbox/means.ts'
import { type SummaryRow, summariesOf } from '#mailbox/open.sql.ts'
import { sealedNotice } from '#mailbox/seals.ts'
import { type Summary, type SummaryNotes, decodeSummary, notesOf } from '#mailbox/summary.ts'
import { type Withheld, withheldNotice } from '#mailbox/withheld.ts'

/** What can be told of a copy without touching its content. */
export interface CopySummary extends Pick<Summary, 'envelope' | 'structure' | 'headerOctets' | 'marking'>, SummaryNotes {
  readonly uid: number
  readonly internalDateMs: number
  readonly octets: number
  readonly flags: readonly string[]
  readonly modseq: bigint
  /** True for a message that is sealed for everybody (G05): what it shows is the notice that says so. */
  readonly isSealed?: true
  /** Why a mail program is not given it (G09); left out for nothing. */
  readonly withheld?: Withheld
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
  let at = 0
  let next = readBatch(means, who, mailbox, uids, at)
  while (at < uids.length) {
    const rows = await next
    const cut = rows.findIndex((row) => row.summary === null)
    at = cut < 0 ? at + summaryBatch : uids.indexOf(rows[cut]!.uid, at)
    next = readBatch(means, who, mailbox, uids, at)
    yield* await openSummaries(means, who, cut < 0 ? rows : rows.slice(0, cut), read)
  }
}

/** Reads rows ahead of their use: the database works while summaries are opened. A fault counts when it is awaited. */
function readBatch(means: Means, who: Reader, mailbox: string, uids: readonly number[], from: number): Promise<SummaryRow[]> {
  const batch = uids.slice(from, from + summaryBatch)
  if (batch.length === 0) return Promise.resolve([])
  const rows = summariesOf(means.database, who.holder, mailbox, batch, maxSummaryBatchOctets, means.clock.now())
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
    const { envelope, structure, headerOctets, marking, ...notes } = decodeSummary(
      unsealSummary(means.keys.sealing, dataKeyOf(dataKeys[index]!), row, row.summary!),
    )
    const { uid, internalDateMs, octets } = row
    if (row.isSealed) {
      const { content, ...notice } = sealedNotice(envelope)
      const copy = { uid, internalDateMs, flags: read(row.flags), modseq: BigInt(row.modseq) }
      return { ...notice, ...copy, octets: content.length, marking: null, isSealed: true }
    }
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
      ...notesOf(notes),
      ...(row.withheld === null ? {} : { withheld: row.withheld }),
    }
  })
}

/** The same as mail programs are shown it: what they are not given shows the notice that stands for it. G09 */
export async function* fetchForPrograms(
  means: Means,
  who: Reader,
  mailbox: string,
  uids: readonly number[],
): AsyncGenerator<CopySummary> {
  for await (const copy of fetchSummaries(means, who, mailbox, uids)) {
    if (copy.withheld === undefined) yield copy
    else {
      const { content, ...notice } = withheldNotice(copy, copy.withheld)
      yield { ...copy, ...notice, octets: content.length }
    }
  }
}
