// Putting messages into mailboxes; only mailbox/ runs these. One statement writes a whole batch.
import type { Runner, Transaction } from '#store/database.ts'
import { type Packed, type Query, sql } from '#store/sql.ts'

export interface TargetRow {
  readonly holder: string
  readonly id: string
  readonly isInbox: boolean
  readonly uidValidity: number
  readonly uidNext: number
  readonly highestModseq: number
  readonly used: number
}

/**
 * Locks INBOXes and named mailboxes of some holders in (holder, id) order, to commit; `used` is the holder's octets in all mailboxes:
 * the row's own as they are once it is locked, which a sum over all would read as they were before the wait.
 */
export function lockTargets(
  tx: Transaction,
  inboxesOf: readonly string[],
  holders: readonly string[],
  mailboxes: readonly string[],
) {
  return tx.rows<TargetRow>(sql`
    select holder, id, special_use is not distinct from 'inbox' as is_inbox, uid_validity, uid_next, highest_modseq,
           octets + (select coalesce(sum(octets), 0)::bigint from mailbox other where other.holder = mailbox.holder and other.id <> mailbox.id) as used
      from mailbox
     where holder = any(${inboxesOf}::uuid[]) and special_use = 'inbox'
        or holder = any(${holders}::uuid[]) and id = any(${mailboxes}::uuid[])
     order by holder, id
       for no key update`)
}

export interface Rows {
  readonly messages: {
    months: number[]
    ids: string[]
    octets: number[]
    copies: number[]
    stored: boolean[]
    /** In hex; null for a message without a Message-ID. */
    names: (string | null)[]
    summaries: Packed
    contents: Packed
  }
  readonly copies: {
    holders: string[]
    mailboxes: string[]
    uids: number[]
    months: number[]
    messages: string[]
    keys: Packed
    modseqs: number[]
    flags: string[]
    dates: number[]
    octets: number[]
  }
  readonly mailboxes: {
    holders: string[]
    ids: string[]
    uidNexts: number[]
    modseqs: number[]
    messages: number[]
    octets: number[]
  }
}

/** Sends messages, copies and the mailboxes' counters; the mailboxes are locked. Flags are joined by a space, which none holds. */
export function insertDelivered(tx: Transaction, { messages, copies, mailboxes }: Rows) {
  tx.later(sql`
    with written as (
      insert into message (month, id, octets, copies, summary, content, stored, name_hash)
      select month, id, octets, copies,
             substring(${messages.summaries.octets}::bytea from summary_start for summary_length),
             substring(${messages.contents.octets}::bytea from content_start for content_length), stored, decode(name, 'hex')
        from unnest(${messages.months}::int[], ${messages.ids}::uuid[], ${messages.octets}::bigint[], ${messages.copies}::int[], ${messages.stored}::bool[],
                    ${messages.summaries.starts}::int[], ${messages.summaries.lengths}::int[], ${messages.contents.starts}::int[], ${messages.contents.lengths}::int[], ${messages.names}::text[])
          as one (month, id, octets, copies, stored, summary_start, summary_length, content_start, content_length, name)
    ), put as (
      insert into copy (holder, mailbox, uid, month, message, wrapped_key, modseq, flags, internal_date_ms, octets)
      select holder, mailbox, uid, month, message, substring(${copies.keys.octets}::bytea from key_start for key_length), modseq,
             string_to_array(flags, ' '), internal_date_ms, octets
        from unnest(${copies.holders}::uuid[], ${copies.mailboxes}::uuid[], ${copies.uids}::bigint[], ${copies.months}::int[], ${copies.messages}::uuid[],
                    ${copies.keys.starts}::int[], ${copies.keys.lengths}::int[], ${copies.modseqs}::bigint[], ${copies.flags}::text[], ${copies.dates}::bigint[], ${copies.octets}::bigint[])
          as one (holder, mailbox, uid, month, message, key_start, key_length, modseq, flags, internal_date_ms, octets)
    )
    update mailbox
       set uid_next = now.uid_next, highest_modseq = now.modseq, messages = mailbox.messages + now.messages, octets = mailbox.octets + now.octets
      from unnest(${mailboxes.holders}::uuid[], ${mailboxes.ids}::uuid[], ${mailboxes.uidNexts}::bigint[], ${mailboxes.modseqs}::bigint[], ${mailboxes.messages}::bigint[], ${mailboxes.octets}::bigint[])
        as now (holder, id, uid_next, modseq, messages, octets)
     where mailbox.holder = now.holder and mailbox.id = now.id`)
}

/** Copies for mailboxes that are found by their use, each the `nth` new one of its mailbox; and what that comes to for each mailbox and each holder. */
export interface DirectRows {
  readonly messages: Rows['messages']
  readonly copies: Pick<Rows['copies'], 'holders' | 'months' | 'messages' | 'keys' | 'flags' | 'dates' | 'octets'> & {
    uses: string[]
    nths: number[]
  }
  readonly targets: { holders: string[]; uses: string[]; counts: number[]; octets: number[] }
  readonly holders: { ids: string[]; octets: number[] }
}

export interface PlacedRow {
  readonly holder: string
  readonly use: string
  readonly id: string
  readonly uidValidity: number
  readonly uidNext: number
}

/** Parts of a statement in which `standing` gives (id, state, quota_octets) of the holders: `target` locks the mailboxes as lockTargets does. */
export function targetsLocked({ targets }: DirectRows) {
  return sql`
    select holder, id, special_use, uid_validity, uid_next, highest_modseq,
           octets + (select coalesce(sum(octets), 0)::bigint from mailbox other where other.holder = mailbox.holder and other.id <> mailbox.id) as used
      from mailbox
     where (holder, special_use) in (select * from unnest(${targets.holders}::uuid[], ${targets.uses}::text[]))
     order by holder, id
       for no key update`
}

/** True when every mailbox is there, no holder was removed, and what comes fits into every quota. */
export function roomForAll({ targets, holders }: DirectRows) {
  return sql`
    (select count(*) from target) = cardinality(${targets.holders}::uuid[])
    and (select count(*) from unnest(${holders.ids}::uuid[], ${holders.octets}::bigint[]) as due (holder, octets)
           join standing on standing.id = due.holder
          where state <> 'removed'
            and (select max(used) from target where target.holder = due.holder) + due.octets <= quota_octets)
        = cardinality(${holders.ids}::uuid[])`
}

/** Writes messages, copies and the mailboxes' counters when `gate` holds: further parts of that statement. */
export function deliveredDirectly({ messages, copies, targets }: DirectRows, gate: Query) {
  return sql`
    written as (
      insert into message (month, id, octets, copies, summary, content, stored, name_hash)
      select month, id, octets, copies,
             substring(${messages.summaries.octets}::bytea from summary_start for summary_length),
             substring(${messages.contents.octets}::bytea from content_start for content_length), stored, decode(name, 'hex')
        from unnest(${messages.months}::int[], ${messages.ids}::uuid[], ${messages.octets}::bigint[], ${messages.copies}::int[], ${messages.stored}::bool[],
                    ${messages.summaries.starts}::int[], ${messages.summaries.lengths}::int[], ${messages.contents.starts}::int[], ${messages.contents.lengths}::int[], ${messages.names}::text[])
          as one (month, id, octets, copies, stored, summary_start, summary_length, content_start, content_length, name)
       where ${gate}
    ), put as (
      insert into copy (holder, mailbox, uid, month, message, wrapped_key, modseq, flags, internal_date_ms, octets)
      select one.holder, target.id, uid_next + nth, month, message, substring(${copies.keys.octets}::bytea from key_start for key_length),
             highest_modseq + 1 + nth, string_to_array(flags, ' '), internal_date_ms, octets
        from unnest(${copies.holders}::uuid[], ${copies.uses}::text[], ${copies.nths}::int[], ${copies.months}::int[], ${copies.messages}::uuid[],
                    ${copies.keys.starts}::int[], ${copies.keys.lengths}::int[], ${copies.flags}::text[], ${copies.dates}::bigint[], ${copies.octets}::bigint[])
          as one (holder, use, nth, month, message, key_start, key_length, flags, internal_date_ms, octets)
        join target on target.holder = one.holder and target.special_use = one.use
       where ${gate}
    ), raised as (
      update mailbox
         set uid_next = target.uid_next + due.count, highest_modseq = target.highest_modseq + due.count,
             messages = mailbox.messages + due.count, octets = mailbox.octets + due.octets
        from target
        join unnest(${targets.holders}::uuid[], ${targets.uses}::text[], ${targets.counts}::int[], ${targets.octets}::bigint[])
          as due (holder, use, count, octets) on due.holder = target.holder and due.use = target.special_use
       where mailbox.holder = target.holder and mailbox.id = target.id and ${gate}
    )`
}

export function usedOctets(run: Runner, holder: string) {
  return run.rows<{ used: number }>(sql`select coalesce(sum(octets), 0)::bigint as used from mailbox where holder = ${holder}`)
}
