// Copies of a message that are messages of their own: a mail program files what it sends by APPEND, which no id of ours joins to what was delivered. docs/decisions/0080-sealed-after-delivery.md
import { firstIdOf, idTimeMs } from '#base/ids.ts'
import { keyOf } from '#community/standing.ts'
import type { Accounts } from '#identity/accounts.ts'
import type { EnvelopeAddress, ImapEnvelope } from '#mail/envelope.ts'
import { theService } from '#keys/epoch.ts'
import { SealBroken } from '#keys/sealing.ts'
import { alikeAfterMs, alikeBeforeMs } from '#mailbox/limits.ts'
import type { Means, Reader } from '#mailbox/means.ts'
import { copiesOfMessage, copiesStoredWithin, type MessagePlace } from '#mailbox/seals.sql.ts'
import { type CopySummary, fetchSummaries } from '#mailbox/summaries.ts'

export type AlikeMeans = Means & { readonly accounts: Pick<Accounts, 'holdersAt'> }

/**
 * The messages that have the Message-ID, date and author of this one, among what was stored at about the same time in the
 * mailboxes of all who have it, and of all whom its header names; none for one without a Message-ID.
 */
export async function findAlike(means: AlikeMeans, message: MessagePlace): Promise<MessagePlace[]> {
  const copies = await copiesOfMessage(means.database, message)
  const one = copies[0]
  if (one === undefined) return []
  const [copy] = await Array.fromAsync(fetchSummaries(means, byService(one.holder), one.mailbox, [one.uid]))
  const wanted = copy === undefined ? null : likenessOf(copy.envelope)
  if (wanted === null) return []
  const { from, to, cc } = copy!.envelope
  const named = await means.accounts.holdersAt(keysOf([...from, ...to, ...cc]))
  const holders = new Set([...copies.map(({ holder }) => holder), ...[...named.values()].map(({ holder }) => holder)])
  const found = new Map<string, MessagePlace>()
  for (const holder of holders) {
    for (const alike of await alikeOf(means, holder, message, wanted)) found.set(alike.message, alike)
  }
  return [...found.values()]
}

async function alikeOf(means: AlikeMeans, holder: string, { message }: MessagePlace, wanted: string): Promise<MessagePlace[]> {
  const storedMs = idTimeMs(message)
  const rows = await copiesStoredWithin(
    means.database,
    holder,
    firstIdOf(storedMs - alikeBeforeMs),
    firstIdOf(storedMs + alikeAfterMs),
  )
  const others = rows.filter((row) => row.message !== message)
  const found: MessagePlace[] = []
  for (const [mailbox, inOne] of Map.groupBy(others, (row) => row.mailbox)) {
    const places = new Map(inOne.map(({ uid, month, message: id }) => [uid, { month, message: id }]))
    for (const { uid, envelope } of await summariesOf(means, holder, mailbox, [...places.keys()]))
      if (likenessOf(envelope) === wanted) found.push(places.get(uid)!)
  }
  return found
}

/** All that open: one that is damaged hides no other. */
async function summariesOf(means: Means, holder: string, mailbox: string, uids: readonly number[]): Promise<CopySummary[]> {
  const read = (some: readonly number[]) => Array.fromAsync(fetchSummaries(means, byService(holder), mailbox, some))
  try {
    return await read(uids)
  } catch (fault) {
    if (!(fault instanceof SealBroken)) throw fault
    if (uids.length === 1) return []
    const half = uids.length >> 1
    return [
      ...(await summariesOf(means, holder, mailbox, uids.slice(0, half))),
      ...(await summariesOf(means, holder, mailbox, uids.slice(half))),
    ]
  }
}

/** What two copies of one message have in common, however they were filed: a notice that stands for one has it too. Null where there is no Message-ID. */
function likenessOf({ messageId, date, from }: ImapEnvelope): string | null {
  return messageId === null ? null : JSON.stringify([messageId, date, keysOf(from)])
}

const keysOf = (addresses: readonly EnvelopeAddress[]): string[] =>
  addresses.map(({ mailbox, host }) => keyOf(`${mailbox}@${host}`)).filter((key) => key !== null)

/** Nobody reads: headers are compared, and shown to nobody. */
const byService = (holder: string): Reader => ({ holder, computer: theService, address: '' })
