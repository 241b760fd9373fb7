// COPY, MOVE and EXPUNGE: each one transaction with its evidence. RFC 3501 §6.4.3 and §6.4.7, RFC 4315, RFC 6851; G20
import { type Refused, refused } from '#base/faults.ts'
import { actOf, inRecords, recordActs } from '#mailbox/acts.ts'
import {
  type CopiedRow,
  type MessageRow,
  type RemovedRow,
  countCopiesDown,
  countCopiesUp,
  countsOfCopies,
  deleteMessages,
  insertCopies,
  removeCopies,
  uidsMarkedDeleted,
} from '#mailbox/copies.sql.ts'
import { type LockedMailbox, lockMailboxes, mailboxNamed, octetsHeld } from '#mailbox/mailboxes.sql.ts'
import { type Means, type Reader, mailboxDoesNotExist } from '#mailbox/means.ts'
import { canonicalName } from '#mailbox/names.ts'
import type { Transaction } from '#store/database.ts'

/** Where copies went: `from[i]` became `to[i]`, both ascending. */
export interface Copied {
  readonly uidValidity: number
  readonly from: readonly number[]
  readonly to: readonly number[]
}

/** A message whose last copy went, with content in the content store: to be unlinked after the commit. */
export interface Unlinked {
  readonly month: number
  readonly id: string
}

const overQuota = refused(
  'G20',
  'over-quota',
  'the mailbox would hold more than its quota',
  'Delete and expunge what is no longer needed, or ask your administrator.',
)

const messagesAreGone = refused(
  'G20',
  'messages-are-gone',
  'some of the messages are in this mailbox no more, and none was copied',
  'Look at the mailbox again, and copy what is there.',
)

/**
 * Copies what is there of some messages into a mailbox of the same holder and returns the new UIDs; refuses when it is not there, when
 * the quota would be passed and, with `whole`, when a message is gone.
 */
export async function copyMessages(
  means: Means,
  who: Reader,
  from: string,
  uids: readonly number[],
  toName: string,
  whole = false,
): Promise<Copied | Refused> {
  const target = await idOfName(means, who, toName)
  if (target === null) return mailboxDoesNotExist
  const copied = await means.database.transaction(async (tx) => {
    const places = await lockPlaces(tx, who.holder, from, target)
    if ('kind' in places) return places
    if (places.source === null) return whole ? messagesAreGone : { uidValidity: places.target.uidValidity, from: [], to: [] }
    const [wanted] = await countsOfCopies(tx, places.source, uids)
    if (whole && wanted!.copies < uids.length) return messagesAreGone
    if (!(await quotaAllows(means, tx, who.holder, wanted!.octets))) return overQuota
    const rows = await insertCopies(tx, places.source, places.target, uids)
    if (rows.length > 0) await countCopiesUp(tx, rows)
    await recordTransfer(means, tx, who, 'MailboxCopy', places.source, places.target, rows)
    return copiedOf(places.target, rows)
  })
  if (!('kind' in copied)) means.watcher.announce([{ holder: who.holder, mailbox: target }])
  return copied
}

/** Moves messages into a mailbox of the same holder and returns their new UIDs; refuses when it is not there. */
export async function moveMessages(
  means: Means,
  who: Reader,
  from: string,
  uids: readonly number[],
  toName: string,
): Promise<Copied | Refused> {
  const target = await idOfName(means, who, toName)
  if (target === null) return mailboxDoesNotExist
  const moved = await means.database.transaction(async (tx) => {
    const places = await lockPlaces(tx, who.holder, from, target)
    if ('kind' in places) return places
    if (places.source === null) return { uidValidity: places.target.uidValidity, from: [], to: [] }
    return copiedOf(places.target, await moveLocked(means, tx, who, places.source, places.target, uids))
  })
  if (!('kind' in moved)) means.watcher.announce([from, target].map((mailbox) => ({ holder: who.holder, mailbox })))
  return moved
}

/** Moves copies between locked mailboxes, maybe the same one, and records it; the messages keep their counts. */
export async function moveLocked(
  means: Means,
  tx: Transaction,
  who: Reader,
  source: LockedMailbox,
  target: LockedMailbox,
  uids: readonly number[],
): Promise<CopiedRow[]> {
  const rows = await insertCopies(tx, source, target, uids)
  if (rows.length > 0) {
    await removeCopies(
      tx,
      source,
      rows.map((row) => row.uid),
    )
  }
  await recordTransfer(means, tx, who, 'MailboxMove', source, target, rows)
  return rows
}

/** Expunges what bears \Deleted, of all copies (null) or of those named, and returns the UIDs that went. */
export async function expungeMessages(
  means: Means,
  who: Reader,
  mailbox: string,
  uids: readonly number[] | null,
): Promise<readonly number[]> {
  const expunged = await means.database.transaction(async (tx) => {
    const [place] = await lockMailboxes(tx, who.holder, [mailbox])
    if (place === undefined) return { uids: [], unlinked: [] }
    const marked = await uidsMarkedDeleted(tx, place, uids)
    if (marked.length === 0) return { uids: [], unlinked: [] }
    const removed = await removeCopies(
      tx,
      place,
      marked.map((row) => row.uid),
    )
    const unlinked = await releaseMessages(tx, who.holder, removed)
    await recordRemoval(means, tx, who, place, removed)
    return { uids: removed.map((row) => row.uid), unlinked }
  })
  if (expunged.uids.length > 0) means.watcher.announce([{ holder: who.holder, mailbox }])
  await unlink(means, expunged.unlinked)
  return expunged.uids
}

/** Gives up copies of messages, whose rows are gone already; deletes messages that have none left, and returns what to unlink after the commit. */
export async function releaseMessages(tx: Transaction, holder: string, removed: readonly MessageRow[]): Promise<Unlinked[]> {
  if (removed.length === 0) return []
  const unused = (await countCopiesDown(tx, removed)).filter((message) => message.copies === 0)
  if (unused.length === 0) return []
  return (await deleteMessages(tx, holder, unused)).filter((message) => message.stored)
}

/** Unlinks content after the commit that gave it up. What fails here is an orphan, which the sweep finds. */
export async function unlink(means: Pick<Means, 'contentStore' | 'log'>, unlinked: readonly Unlinked[]): Promise<void> {
  for (const { month, id } of unlinked) {
    await means.contentStore
      .remove(month, id)
      .catch(() => means.log.warn({ month, message: id }, 'content could not be unlinked'))
  }
}

/** Records which copies were removed for good. */
export async function recordRemoval(
  means: Means,
  tx: Transaction,
  who: Reader,
  mailbox: LockedMailbox,
  removed: readonly RemovedRow[],
): Promise<void> {
  if (removed.length === 0) return
  const acts = inRecords(removed).map((rows) =>
    actOf(who, 'MailboxExpunge', [
      { mailbox: mailbox.id, uids: rows.map((row) => row.uid), messages: rows.map((row) => row.message) },
    ]),
  )
  await recordActs(means.evidence, tx, acts)
}

async function recordTransfer(
  means: Means,
  tx: Transaction,
  who: Reader,
  event: 'MailboxCopy' | 'MailboxMove',
  source: LockedMailbox,
  target: LockedMailbox,
  copied: readonly CopiedRow[],
): Promise<void> {
  if (copied.length === 0) return
  const acts = inRecords(copied).map((rows) =>
    actOf(who, event, [
      {
        mailbox: source.id,
        uids: rows.map((row) => row.uid),
        to: target.id,
        newUids: rows.map((row) => row.newUid),
        messages: rows.map((row) => row.message),
      },
    ]),
  )
  await recordActs(means.evidence, tx, acts)
}

const copiedOf = (target: LockedMailbox, rows: readonly CopiedRow[]): Copied => ({
  uidValidity: target.uidValidity,
  from: rows.map((row) => row.uid),
  to: rows.map((row) => row.newUid),
})

async function idOfName(means: Means, who: Reader, name: string): Promise<string | null> {
  const hash = await means.keys.hashFor(who.holder, 'mailbox name')
  const [row] = await mailboxNamed(means.database, who.holder, hash(canonicalName(name)))
  return row?.id ?? null
}

/** Locks both mailboxes; a source that was deleted meanwhile has no copies, so it is null and no reason to refuse. */
async function lockPlaces(
  tx: Transaction,
  holder: string,
  from: string,
  to: string,
): Promise<{ source: LockedMailbox | null; target: LockedMailbox } | Refused> {
  const rows = await lockMailboxes(tx, holder, [from, to])
  const target = rows.find((row) => row.id === to)
  return target === undefined ? mailboxDoesNotExist : { source: rows.find((row) => row.id === from) ?? null, target }
}

async function quotaAllows(means: Means, tx: Transaction, holder: string, added: number): Promise<boolean> {
  const quota = (await means.accounts.holdersById(tx, [holder])).get(holder)?.quotaOctets ?? 0
  const [held] = await octetsHeld(tx, holder)
  return held!.octets + added <= quota
}
