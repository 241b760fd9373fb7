// Reading what copies hold, and noting who was given it; only mailbox/ runs these.
import type { Withheld } from '#mailbox/withheld.ts'
import type { Runner, Transaction } from '#store/database.ts'
import { type Query, sql } from '#store/sql.ts'

/** Why a mail program is not given a message, to be asked of a row that has `month`, the message's id, and the holder; null for those it may have. */
const withheldBy = (month: Query, message: Query, holder: Query, nowMs: number) => sql`
  (select case when not no_download then 'ended' when until_ms < ${nowMs} then 'no-download-ended' else 'no-download' end
     from message_handling
    where message_handling.month = ${month} and message_handling.message = ${message} and sender is distinct from ${holder}
      and (no_download or until_ms < ${nowMs}))`

export interface SummaryRow {
  readonly uid: number
  readonly month: number
  readonly id: string
  readonly wrappedKey: Buffer
  readonly modseq: number
  readonly flags: string
  readonly internalDateMs: number
  readonly octets: number
  /** Null where the rows before have `maxOctets` of summaries already: to be read by another query. */
  readonly summary: Buffer | null
  readonly isSealed: boolean
  readonly withheld: Withheld | null
}

/** Rows of those named copies that are there, in UID order, with at most about `maxOctets` of sealed summaries. */
export function summariesOf(
  run: Runner,
  holder: string,
  mailbox: string,
  uids: readonly number[],
  maxOctets: number,
  nowMs: number,
) {
  return run.rows<SummaryRow>(sql`
    select uid, month, id, wrapped_key, modseq, array_to_string(flags, ' ') as flags, internal_date_ms, octets,
           case when octets_so_far - octet_length(summary) < ${maxOctets} then summary end as summary,
           exists (select from message_seal where message_seal.month = found.month and message_seal.message = found.id) as is_sealed,
           ${withheldBy(sql`found.month`, sql`found.id`, sql`${holder}::uuid`, nowMs)} as withheld
      from (select uid, copy.month, id, wrapped_key, modseq, flags, internal_date_ms, copy.octets, summary,
                   sum(octet_length(summary)) over (order by uid) as octets_so_far
              from copy join message on message.month = copy.month and message.id = copy.message
             where holder = ${holder} and mailbox = ${mailbox} and uid = any(${uids}::bigint[])) as found
     order by uid`)
}

export interface OpenableRow {
  readonly uid: number
  readonly octets: number
  /** Whether the computer was given this message before. */
  readonly handed: boolean
  /** Whether it was shown there to its reader. */
  readonly opened: boolean
  readonly isSealed: boolean
  readonly withheld: Withheld | null
}

/** Those named copies that are there, in UID order, and whether this computer had their messages. */
export function copiesToOpen(
  run: Runner,
  holder: string,
  mailbox: string,
  uids: readonly number[],
  computer: string,
  nowMs: number,
) {
  return run.rows<OpenableRow>(sql`
    select uid, octets, given.opened is not null as handed, coalesce(given.opened, false) as opened,
           exists (select from message_seal where message_seal.month = copy.month and message_seal.message = copy.message) as is_sealed,
           ${withheldBy(sql`copy.month`, sql`copy.message`, sql`copy.holder`, nowMs)} as withheld
      from copy
      left join lateral (
             select opened from hand_over
              where holder = copy.holder and month = copy.month and message = copy.message and computer = ${computer}
           ) as given on true
     where holder = ${holder} and mailbox = ${mailbox} and uid = any(${uids}::bigint[])
     order by uid`)
}

/** Notes that a computer is given messages, and returns those that it was not given before; one UID for each message. Where `nowMs` is given, not those that are withheld from mail programs then. */
export function insertHandOvers(
  tx: Transaction,
  holder: string,
  mailbox: string,
  uids: readonly number[],
  computer: string,
  nowMs: number | null,
) {
  return tx.rows<{ uid: number; message: string }>(sql`
    with given as (
      select min(uid) as uid, month, message from copy
       where holder = ${holder} and mailbox = ${mailbox} and uid = any(${uids}::bigint[])
         and not exists (select from message_seal where message_seal.month = copy.month and message_seal.message = copy.message)
         and (${nowMs}::bigint is null or ${withheldBy(sql`copy.month`, sql`copy.message`, sql`copy.holder`, nowMs ?? 0)} is null)
       group by month, message
       order by month, message
    ), fresh as (
      insert into hand_over (holder, month, message, computer)
      select ${holder}::uuid, month, message, ${computer}::uuid from given
          on conflict do nothing
      returning month, message
    )
    select uid, given.message from given join fresh on fresh.month = given.month and fresh.message = given.message order by uid`)
}

/** Notes that messages are shown to their reader, and returns those that were not shown at this computer before; one UID for each message. */
export function markOpened(tx: Transaction, holder: string, mailbox: string, uids: readonly number[], computer: string) {
  return tx.rows<{ uid: number; message: string }>(sql`
    with shown as (
      select min(uid) as uid, month, message from copy
       where holder = ${holder} and mailbox = ${mailbox} and uid = any(${uids}::bigint[])
       group by month, message
    )
    update hand_over set opened = true
      from shown
     where holder = ${holder} and computer = ${computer} and hand_over.month = shown.month and hand_over.message = shown.message
       and not opened
    returning uid, shown.message`)
}

export interface ContentRow {
  readonly uid: number
  readonly month: number
  readonly id: string
  readonly wrappedKey: Buffer
  readonly octets: number
  /** Sealed; null when the content store has it. */
  readonly content: Buffer | null
  /** The summary of a message that is sealed for everybody, whose notice is made from it; null for all others. */
  readonly sealedSummary: Buffer | null
  /** Why a mail program is not given it, and the summary that its notice is made from. */
  readonly withheld: Withheld | null
  readonly withheldSummary: Buffer | null
  /** Whether its holder said that it is above the ceiling. */
  readonly isStopped: boolean
}

/** Keys and sealed content of those named copies that are there, in no order. */
export function contentsOf(run: Runner, holder: string, mailbox: string, uids: readonly number[], nowMs: number) {
  const withheld = withheldBy(sql`copy.month`, sql`copy.message`, sql`copy.holder`, nowMs)
  return run.rows<ContentRow>(sql`
    select uid, copy.month, id, wrapped_key, message.octets, content,
           ${withheld} as withheld, case when ${withheld} is not null then summary end as withheld_summary,
           case when exists (select from message_seal where message_seal.month = copy.month and message_seal.message = copy.message)
                then summary end as sealed_summary,
           exists (select from passing_stop
                    where holder = ${holder} and passing_stop.month = copy.month and passing_stop.message = copy.message) as is_stopped
      from copy join message on message.month = copy.month and message.id = copy.message
     where holder = ${holder} and mailbox = ${mailbox} and uid = any(${uids}::bigint[])`)
}
