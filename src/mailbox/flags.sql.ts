// Flags of copies, read and written; joined by a space, which no flag holds. Only mailbox/ runs these.
import type { LockedMailbox } from '#mailbox/mailboxes.sql.ts'
import type { Transaction } from '#store/database.ts'
import { sql } from '#store/sql.ts'

/** Flags and modseqs of those named copies that are there, in UID order. */
export function copyFlags(tx: Transaction, mailbox: LockedMailbox, uids: readonly number[]) {
  return tx.rows<{ uid: number; modseq: number; flags: string }>(sql`
    select uid, modseq, array_to_string(flags, ' ') as flags from copy
     where holder = ${mailbox.holder} and mailbox = ${mailbox.id} and uid = any(${uids}::bigint[])
     order by uid`)
}

/** Writes flags, `flags[i]` to `uids[i]`, at one new modseq of the mailbox, and returns it (RFC 7162 §3.1). */
export async function writeFlags(
  tx: Transaction,
  mailbox: LockedMailbox,
  uids: readonly number[],
  flags: readonly string[],
): Promise<number> {
  const [raised] = await tx.rows<{ highestModseq: number }>(sql`
    with raised as (
      update mailbox set highest_modseq = highest_modseq + 1
       where holder = ${mailbox.holder} and id = ${mailbox.id}
      returning highest_modseq
    ), written as (
      update copy set flags = string_to_array(change.flags, ' '), modseq = raised.highest_modseq
        from raised, unnest(${uids}::bigint[], ${flags}::text[]) as change (uid, flags)
       where copy.holder = ${mailbox.holder} and copy.mailbox = ${mailbox.id} and copy.uid = change.uid
    )
    select highest_modseq from raised`)
  return raised!.highestModseq
}
