// The door by which every stored message is read: it unseals, and records the hand-over before any octet is given. docs/flow.md, Evidence; G14, T03
import type { EvidenceEvent } from '#evidence/leaf.ts'
import { dataKeyOf, type Identity, unsealRange, unsealSummary } from '#keys/content.ts'
import { actOf, inRecords, recordActs } from '#mailbox/acts.ts'
import { maxReadAheadCopies, maxReadAheadOctets } from '#mailbox/limits.ts'
import type { Means, Reader } from '#mailbox/means.ts'
import { type ContentRow, type OpenableRow, contentsOf, copiesToOpen, insertHandOvers, markOpened } from '#mailbox/open.sql.ts'
import { type StandIn, type Stopped, sealedNotice } from '#mailbox/seals.ts'
import { placeOfKey } from '#mailbox/summaries.ts'
import { decodeSummary } from '#mailbox/summary.ts'
import { withheldNotice } from '#mailbox/withheld.ts'

/** A message's octets, read by range; `to` is the offset after the last. Yields exactly `to - from` octets or throws. */
export interface Content {
  readonly octets: number
  range(from: number, to: number): AsyncIterable<Buffer>
  /** Why it is not to be passed on; left out for nothing. What is sealed for everybody is a notice that says so. */
  readonly stopped?: Stopped
}

/** Opened copies; `content` gives null for a copy that is no longer there. */
export interface OpenedCopies {
  content(uid: number): Promise<Content | null>
}

/** What content is opened for: to be shown to the reader, to be given to the reader's computer, or to be searched here. */
export type Purpose = 'reading' | 'hand-over' | 'search'

/**
 * Opens copies. For a hand-over, each message that the computer was not given before is recorded first, and a fault in that refuses all; for
 * reading, also each that was not shown there before.
 */
export async function openCopies(
  means: Means,
  who: Reader,
  mailbox: string,
  uids: readonly number[],
  purpose: Purpose,
): Promise<OpenedCopies> {
  const copies = await copiesToOpen(means.database, who.holder, mailbox, uids, who.computer, means.clock.now())
  const isGiven = (copy: OpenableRow) => !copy.isSealed && (purpose === 'reading' || copy.withheld === null)
  const isNew = copies.some((copy) => isGiven(copy) && (purpose === 'reading' ? !copy.opened : !copy.handed))
  if (purpose !== 'search' && isNew) await recordHandOver(means, who, mailbox, uids, purpose)
  return readAhead(means, who, mailbox, copies, purpose)
}

/** One record for each 500 messages that are new to the computer, one commitment a message; none for repeats. */
async function recordHandOver(
  means: Means,
  who: Reader,
  mailbox: string,
  uids: readonly number[],
  purpose: 'reading' | 'hand-over',
): Promise<void> {
  const actsOf = (event: EvidenceEvent, fresh: readonly { message: string; uid: number }[]) =>
    fresh.length === 0
      ? []
      : inRecords(fresh).map((rows) =>
          actOf(
            who,
            event,
            rows.map(({ message, uid }) => ({ message, mailbox, uid, address: who.address })),
          ),
        )
  await means.database.transaction(async (tx) => {
    const given = await insertHandOvers(
      tx,
      who.holder,
      mailbox,
      uids,
      who.computer,
      purpose === 'reading' ? null : means.clock.now(),
    )
    const shown = purpose === 'reading' ? await markOpened(tx, who.holder, mailbox, uids, who.computer) : []
    await recordActs(means.evidence, tx, [...actsOf('ContentHandover', given), ...actsOf('MessageOpened', shown)])
  })
}

/** Content of copies that are mostly asked for in turn: small ones are read some at a time, and each is kept until it was asked for. */
function readAhead(means: Means, who: Reader, mailbox: string, copies: readonly OpenableRow[], purpose: Purpose): OpenedCopies {
  const places = new Map(copies.map((copy, index) => [copy.uid, index]))
  let kept = new Map<number, ContentRow>()
  return {
    async content(uid) {
      const place = places.get(uid)
      if (place === undefined) return null
      if (!kept.has(uid)) {
        const rows = await contentsOf(means.database, who.holder, mailbox, window(copies, place), means.clock.now())
        kept = new Map(rows.map((row) => [row.uid, row]))
      }
      const row = kept.get(uid)
      kept.delete(uid)
      return row === undefined ? null : contentOf(means, who, row, purpose)
    },
  }
}

/** The UIDs from a place on that fit together; always the first. */
function window(copies: readonly OpenableRow[], place: number): number[] {
  const uids: number[] = []
  let octets = 0
  for (const copy of copies.slice(place, place + maxReadAheadCopies)) {
    octets += copy.octets
    if (uids.length > 0 && octets > maxReadAheadOctets) break
    uids.push(copy.uid)
  }
  return uids
}

async function contentOf(means: Means, who: Reader, row: ContentRow, purpose: Purpose): Promise<Content> {
  const dataKey = dataKeyOf(await means.keys.unseal(who.holder, 'mailbox', placeOfKey(row.id), row.wrappedKey))
  const identity: Identity = { month: row.month, id: row.id }
  const { content, sealedSummary, withheld, withheldSummary } = row
  const summaryIn = (sealed: Buffer) => decodeSummary(unsealSummary(means.keys.sealing, dataKey, identity, sealed))
  if (sealedSummary !== null) return { ...octetsOf(sealedNotice(summaryIn(sealedSummary).envelope)), stopped: 'sealed' }
  if (purpose === 'hand-over' && withheld !== null && withheldSummary !== null)
    return octetsOf(withheldNotice(summaryIn(withheldSummary), withheld))
  const readAt = async (from: number, length: number): Promise<Buffer> =>
    content === null ? means.contentStore.readAt(row.month, row.id, from, length) : content.subarray(from, from + length)
  return {
    octets: row.octets,
    ...(row.isStopped ? { stopped: 'told-above' } : {}),
    range(from, to) {
      if (from < 0 || from > to || to > row.octets) throw new RangeError('a range outside the message')
      return unsealRange(means.keys.sealing, dataKey, identity, row.octets, readAt, from, to)
    },
  }
}

/** The octets of what stands for a message. */
function octetsOf({ content }: StandIn): Content {
  return {
    octets: content.length,
    async *range(from, to) {
      if (from < 0 || from > to || to > content.length) throw new RangeError('a range outside the message')
      if (to > from) yield content.subarray(from, to)
    },
  }
}
