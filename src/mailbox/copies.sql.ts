// Copies of messages made, moved and removed, with their mailboxes' counters; only mailbox/ runs these.
import type { LockedMailbox } from '#mailbox/mailboxes.sql.ts'
import type { Runner, Transaction } from '#store/database.ts'
import { sql } from '#store/sql.ts'

export const deletedFlag = '\\Deleted'

export interface MessageRow {
  readonly month: number
  readonly message: string
}

/** The UIDs that bear \Deleted, of all copies (null) or of those named, ascending. */
export function uidsMarkedDeleted(tx: Transaction, mailbox: LockedMailbox, uids: readonly number[] | null) {
  return tx.rows<{ uid: number }>(sql`
    select uid from copy
     where holder = ${mailbox.holder} and mailbox = ${mailbox.id} and flags @> array[${deletedFlag}::text]
       and (${uids}::bigint[] is null or uid = any(${uids}::bigint[]))
     order by uid`)
}

/** The UIDs of all copies, ascending. */
export function everyUid(tx: Transaction, mailbox: LockedMailbox) {
  return tx.rows<{ uid: number }>(
    sql`select uid from copy where holder = ${mailbox.holder} and mailbox = ${mailbox.id} order by uid`,
  )
}

/** How many of some copies are there, and their octets. */
export function countsOfCopies(run: Runner, mailbox: LockedMailbox, uids: readonly number[]) {
  return run.rows<{ copies: number; octets: number }>(sql`
    select count(*)::int as copies, coalesce(sum(octets), 0)::bigint as octets from copy
     where holder = ${mailbox.holder} and mailbox = ${mailbox.id} and uid = any(${uids}::bigint[])`)
}

export interface CopiedRow extends MessageRow {
  readonly uid: number
  readonly newUid: number
}

/** Copies copies, with flags and internal date, in UID order and at one new modseq of the target; the messages' counts are the caller's. */
export function insertCopies(tx: Transaction, source: LockedMailbox, target: LockedMailbox, uids: readonly number[]) {
  return tx.rows<CopiedRow>(sql`
    with source as (
      select uid, month, message, wrapped_key, flags, internal_date_ms, octets, row_number() over (order by uid) - 1 as place
        from copy where holder = ${source.holder} and mailbox = ${source.id} and uid = any(${uids}::bigint[])
    ), raised as (
      update mailbox
         set uid_next = uid_next + total.count, highest_modseq = highest_modseq + 1,
             messages = messages + total.count, octets = mailbox.octets + total.octets
        from (select count(*) as count, sum(octets)::bigint as octets from source) as total
       where holder = ${target.holder} and id = ${target.id} and total.count > 0
      returning uid_next - total.count as first, highest_modseq
    ), made as (
      insert into copy (holder, mailbox, uid, month, message, wrapped_key, modseq, flags, internal_date_ms, octets)
      select ${target.holder}::uuid, ${target.id}::uuid, first + place, month, message, wrapped_key, highest_modseq, flags, internal_date_ms, octets
        from source, raised
    )
    select uid, first + place as new_uid, month, message from source, raised order by uid`)
}

export interface RemovedRow extends MessageRow {
  readonly uid: number
}

/** Removes copies at one new modseq and leaves tombstones with it (RFC 7162 §3.2.7); the messages' counts are the caller's. */
export function removeCopies(tx: Transaction, mailbox: LockedMailbox, uids: readonly number[]) {
  return tx.rows<RemovedRow>(sql`
    with removed as (
      delete from copy where holder = ${mailbox.holder} and mailbox = ${mailbox.id} and uid = any(${uids}::bigint[])
      returning uid, month, message, octets
    ), raised as (
      update mailbox
         set highest_modseq = highest_modseq + 1, messages = messages - total.count, octets = mailbox.octets - total.octets
        from (select count(*) as count, sum(octets)::bigint as octets from removed) as total
       where holder = ${mailbox.holder} and id = ${mailbox.id} and total.count > 0
      returning highest_modseq
    ), kept as (
      insert into tombstone (holder, mailbox, uid, modseq)
      select ${mailbox.holder}::uuid, ${mailbox.id}::uuid, uid, highest_modseq from removed, raised
    )
    select uid, month, message from removed order by uid`)
}

/** Removes every copy of a mailbox that is about to go itself: no tombstones, no counters. */
export function removeEveryCopy(tx: Transaction, mailbox: LockedMailbox) {
  return tx.rows<RemovedRow>(sql`
    delete from copy where holder = ${mailbox.holder} and mailbox = ${mailbox.id} returning uid, month, message`)
}

// Messages have copies of several holders: their rows are locked in (month, id) order, after all mailboxes, so that nobody waits in a circle.

/** Counts new copies at their messages. */
export function countCopiesUp(tx: Transaction, messages: readonly MessageRow[]) {
  return tx.run(sql`
    with more as (
      select month, message, count(*) as count
        from unnest(${messages.map((one) => one.month)}::int[], ${messages.map((one) => one.message)}::uuid[]) as one (month, message)
       group by month, message
    ), held as (
      select month, id from message where (month, id) in (select month, message from more) order by month, id for no key update
    )
    update message set copies = copies + more.count
      from more join held on held.month = more.month and held.id = more.message
     where message.month = held.month and message.id = held.id`)
}

/** Counts removed copies at their messages and tells which messages have none left. */
export function countCopiesDown(tx: Transaction, messages: readonly MessageRow[]) {
  return tx.rows<{ month: number; id: string; copies: number }>(sql`
    with fewer as (
      select month, message, count(*) as count
        from unnest(${messages.map((one) => one.month)}::int[], ${messages.map((one) => one.message)}::uuid[]) as one (month, message)
       group by month, message
    ), held as (
      select month, id from message where (month, id) in (select month, message from fewer) order by month, id for no key update
    )
    update message set copies = copies - fewer.count
      from fewer join held on held.month = fewer.month and held.id = fewer.message
     where message.month = held.month and message.id = held.id
    returning message.month, message.id, message.copies`)
}

/** Deletes messages without copies, and that the holder's computers had them; tells which have content in the content store. */
export function deleteMessages(tx: Transaction, holder: string, messages: readonly { month: number; id: string }[]) {
  const months = messages.map((one) => one.month)
  const ids = messages.map((one) => one.id)
  return tx.rows<{ month: number; id: string; stored: boolean }>(sql`
    with forgotten as (
      delete from hand_over where holder = ${holder}
         and (month, message) in (select * from unnest(${months}::int[], ${ids}::uuid[]))
    )
    delete from message where copies = 0 and (month, id) in (select * from unnest(${months}::int[], ${ids}::uuid[]))
    returning month, id, stored`)
}
