// A mailbox and its copies at one moment, each in one statement and so of one snapshot; only mailbox/ runs these.
import type { Runner } from '#store/database.ts'
import { sql } from '#store/sql.ts'

export interface StatusRow {
  readonly id: string
  readonly messages: number
  readonly unseen: number
  readonly uidNext: number
  readonly uidValidity: number
  readonly highestModseq: number
  readonly octets: number
}

// Ten thousand copies as one text cost a third of what as many rows do: a line is `uid modseq flag flag ...`.

/** The counts of the mailbox whose name has this hash: one row or none. */
export function statusOf(run: Runner, holder: string, nameHash: Buffer) {
  return run.rows<StatusRow>(sql`
    select id, messages, uid_next, uid_validity, highest_modseq, octets,
           (select count(*) from copy where holder = mailbox.holder and mailbox = mailbox.id and not flags @> array['\\Seen']) as unseen
      from mailbox where holder = ${holder} and name_hash = ${nameHash}`)
}

/** The counts, and all copies as lines or null: one row or none. */
export function statusAndCopies(run: Runner, holder: string, nameHash: Buffer) {
  return run.rows<StatusRow & { copies: string | null }>(sql`
    select id, messages, uid_next, uid_validity, highest_modseq, octets,
           (select count(*) from copy where holder = mailbox.holder and mailbox = mailbox.id and not flags @> array['\\Seen']) as unseen,
           (select string_agg(concat_ws(' ', uid, modseq, nullif(array_to_string(flags, ' '), '')), E'\\n' order by uid)
              from copy where holder = mailbox.holder and mailbox = mailbox.id) as copies
      from mailbox where holder = ${holder} and name_hash = ${nameHash}`)
}

/** The UIDs next to one: one row. */
export function uidsBeside(run: Runner, holder: string, mailbox: string, uid: number) {
  return run.rows<{ below: number | null; above: number | null }>(sql`
    select (select max(uid) from copy where holder = ${holder} and mailbox = ${mailbox} and uid < ${uid}) as below,
           (select min(uid) from copy where holder = ${holder} and mailbox = ${mailbox} and uid > ${uid}) as above`)
}

/** What is above a modseq. Below the floor tombstones are gone: then every UID without a copy counts as expunged (RFC 7162 §3.2.5.2). */
export function changesAbove(run: Runner, holder: string, mailbox: string, modseq: number, uidNext: number) {
  return run.rows<{ uidNext: number; highestModseq: number; changed: string | null; expunged: string | null }>(sql`
    select uid_next, highest_modseq,
           (select string_agg(concat_ws(' ', uid, modseq, nullif(array_to_string(flags, ' '), '')), E'\\n' order by uid)
              from copy where holder = mailbox.holder and mailbox = mailbox.id and modseq > ${modseq}) as changed,
           case when ${modseq} >= tombstone_floor
                then (select string_agg(uid::text, ' ' order by uid)
                        from tombstone where holder = mailbox.holder and mailbox = mailbox.id and modseq > ${modseq} and uid < ${uidNext})
                else (select string_agg(missing::text, ' ' order by missing)
                        from generate_series(1, least(${uidNext}, uid_next) - 1) as missing
                       where not exists (select from copy where holder = mailbox.holder and mailbox = mailbox.id and uid = missing))
            end as expunged
      from mailbox where holder = ${holder} and id = ${mailbox}`)
}

/** The counts of all mailboxes of a holder; no more than `most` unseen copies are counted in each. */
export function countsOf(run: Runner, holder: string, most: number) {
  return run.rows<{ id: string; messages: number; unseen: number }>(sql`
    select id, messages,
           (select count(*) from (select from copy where holder = mailbox.holder and mailbox = mailbox.id and not flags @> array['\\Seen'] limit ${most}) as unseen_copy) as unseen
      from mailbox where holder = ${holder}`)
}

/** UIDs next below one, the highest first. */
export function uidsBelow(run: Runner, holder: string, mailbox: string, uid: number, most: number) {
  return run.rows<{ uid: number }>(sql`
    select uid from copy where holder = ${holder} and mailbox = ${mailbox} and uid < ${uid} order by uid desc limit ${most}`)
}

/** UIDs next above one, the lowest first. */
export function uidsAbove(run: Runner, holder: string, mailbox: string, uid: number, most: number) {
  return run.rows<{ uid: number }>(sql`
    select uid from copy where holder = ${holder} and mailbox = ${mailbox} and uid > ${uid} order by uid limit ${most}`)
}
