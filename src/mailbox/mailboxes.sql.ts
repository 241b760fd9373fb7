// Mailbox rows and their locks; only mailbox/ runs these.
import type { Runner, Transaction } from '#store/database.ts'
import { type Packed, sql } from '#store/sql.ts'

export type SpecialUse = 'inbox' | 'drafts' | 'sent' | 'junk' | 'trash' | 'archive'

export interface MailboxRow {
  readonly id: string
  readonly sealedName: Buffer
  readonly specialUse: SpecialUse | null
  readonly subscribed: boolean
  readonly uidValidity: number
}

/** All mailbox rows of a holder, names still sealed. */
export function mailboxesOf(run: Runner, holder: string) {
  return run.rows<MailboxRow>(
    sql`select id, sealed_name, special_use, subscribed, uid_validity from mailbox where holder = ${holder} order by id`,
  )
}

/** The mailbox whose canonical name has this keyed hash: one row or none. */
export function mailboxNamed(run: Runner, holder: string, nameHash: Buffer) {
  return run.rows<{ id: string }>(sql`select id from mailbox where holder = ${holder} and name_hash = ${nameHash}`)
}

export interface NewMailboxes {
  readonly ids: readonly string[]
  readonly nameHashes: Packed
  readonly sealedNames: Packed
  readonly specialUses: readonly (SpecialUse | null)[]
  readonly uidValidities: readonly number[]
}

/** Inserts mailboxes of a holder; throws when a name or special use is there already. */
export function insertMailboxes(tx: Transaction, holder: string, made: NewMailboxes) {
  return tx.run(sql`
    insert into mailbox (holder, id, name_hash, sealed_name, special_use, uid_validity)
    select ${holder}::uuid, id, substring(${made.nameHashes.octets}::bytea from hash_start for hash_length),
           substring(${made.sealedNames.octets}::bytea from name_start for name_length), special_use, uid_validity
      from unnest(${made.ids}::uuid[], ${made.nameHashes.starts}::int[], ${made.nameHashes.lengths}::int[],
                  ${made.sealedNames.starts}::int[], ${made.sealedNames.lengths}::int[], ${made.specialUses}::text[],
                  ${made.uidValidities}::bigint[])
        as made (id, hash_start, hash_length, name_start, name_length, special_use, uid_validity)`)
}

/** Takes so many UIDVALIDITYs for a holder and gives the last: seconds, but above all that were ever taken. */
export function takeUidValidities(tx: Transaction, holder: string, count: number, seconds: number) {
  return tx.rows<{ uidValidity: number }>(sql`
    insert into mailbox_series (holder, uid_validity) values (${holder}, ${seconds}::bigint + ${count}::int - 1)
    on conflict (holder) do update set uid_validity = greatest(mailbox_series.uid_validity + ${count}::int, excluded.uid_validity)
    returning uid_validity`)
}

/** Writes new names, `ids[i]` with the i-th hash and sealed name, and returns how many rows changed. */
export function renameMailboxes(
  tx: Transaction,
  holder: string,
  ids: readonly string[],
  nameHashes: Packed,
  sealedNames: Packed,
) {
  return tx.run(sql`
    update mailbox set name_hash = substring(${nameHashes.octets}::bytea from hash_start for hash_length),
                       sealed_name = substring(${sealedNames.octets}::bytea from name_start for name_length)
      from unnest(${ids}::uuid[], ${nameHashes.starts}::int[], ${nameHashes.lengths}::int[],
                  ${sealedNames.starts}::int[], ${sealedNames.lengths}::int[])
        as renamed (id, hash_start, hash_length, name_start, name_length)
     where mailbox.holder = ${holder} and mailbox.id = renamed.id`)
}

/** Sets whether LSUB shows a mailbox, and returns 0 when there is none of that name. */
export function subscribeMailbox(run: Runner, holder: string, nameHash: Buffer, on: boolean) {
  return run.run(sql`update mailbox set subscribed = ${on} where holder = ${holder} and name_hash = ${nameHash}`)
}

declare const locked: unique symbol
/** A mailbox whose row is locked until commit: made only by lockMailboxes, so that the type proves the lock. */
export interface LockedMailbox {
  readonly [locked]: true
  readonly holder: string
  readonly id: string
  readonly uidValidity: number
}

/** Locks mailboxes in (holder, id) order, the one that everybody keeps, and gives those that are there. */
export function lockMailboxes(tx: Transaction, holder: string, ids: readonly string[]) {
  return tx.rows<LockedMailbox>(sql`
    select holder, id, uid_validity from mailbox
     where holder = ${holder} and id = any(${ids}::uuid[])
     order by holder, id
       for no key update`)
}

/** Locks all mailboxes that a holder has, in the same order. Whoever makes, renames or deletes one does this first: they have INBOX in common. */
export function lockTree(tx: Transaction, holder: string) {
  return tx.rows<LockedMailbox>(sql`
    select holder, id, uid_validity from mailbox where holder = ${holder} order by holder, id for no key update`)
}

/** Removes the row of a mailbox that has no copies left, with its tombstones. */
export async function removeMailbox(tx: Transaction, mailbox: LockedMailbox): Promise<void> {
  await tx.run(sql`delete from tombstone where holder = ${mailbox.holder} and mailbox = ${mailbox.id}`)
  await tx.run(sql`delete from mailbox where holder = ${mailbox.holder} and id = ${mailbox.id}`)
}

/** The octets that a holder has in all mailboxes. */
export function octetsHeld(run: Runner, holder: string) {
  return run.rows<{ octets: number }>(
    sql`select coalesce(sum(octets), 0)::bigint as octets from mailbox where holder = ${holder}`,
  )
}

/** The INBOXes of some holders, and the UID that the next message of each gets. */
export function inboxesAmong(run: Runner, holders: readonly string[]) {
  return run.rows<{ holder: string; mailbox: string; uidNext: number }>(sql`
    select holder, id as mailbox, uid_next from mailbox where holder = any(${holders}::uuid[]) and special_use = 'inbox'`)
}
