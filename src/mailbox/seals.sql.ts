// Messages that are sealed in every mailbox, and those that one holder passes on to nobody; only mailbox/ runs these. G05, T07
import type { Runner, Transaction } from '#store/database.ts'
import { sql } from '#store/sql.ts'

export interface MessagePlace {
  readonly month: number
  readonly message: string
}

/** Seals a message, and others with it; those that were sealed before stay as they are. Returns what is sealed now and was not. */
export function insertSeals(tx: Transaction, { month, message }: MessagePlace, alike: readonly MessagePlace[], atMs: number) {
  return tx.rows<MessagePlace>(sql`
    insert into message_seal (month, message, sealed_ms, with_month, with_message)
    select ${month}::integer, ${message}::uuid, ${atMs}::bigint, null, null
     union all
    select of_month, of_message, ${atMs}::bigint, ${month}::integer, ${message}::uuid
      from unnest(${alike.map((one) => one.month)}::integer[], ${alike.map((one) => one.message)}::uuid[]) one (of_month, of_message)
    on conflict do nothing returning month, message`)
}

/** Opens a message again, and what was sealed with it; returns what was. */
export function deleteSeals(tx: Transaction, { month, message }: MessagePlace) {
  return tx.rows<MessagePlace>(sql`
    delete from message_seal
     where (month = ${month} and message = ${message}) or (with_month = ${month} and with_message = ${message})
    returning month, message`)
}

/** How many messages were sealed with one. */
export function countSealedWith(run: Runner, { month, message }: MessagePlace) {
  return run.rows<{ count: number }>(sql`
    select count(*)::int as count from message_seal where with_month = ${month} and with_message = ${message}`)
}

export function sealOf(run: Runner, month: number, message: string) {
  return run.rows<{ sealedMs: number }>(sql`select sealed_ms from message_seal where month = ${month} and message = ${message}`)
}

/** Which message a copy is of. */
export function messageOfCopy(run: Runner, holder: string, mailbox: string, uid: number) {
  return run.rows<MessagePlace>(sql`
    select month, message from copy where holder = ${holder} and mailbox = ${mailbox} and uid = ${uid}`)
}

/** Every copy of a message. */
export function copiesOfMessage(run: Runner, { month, message }: MessagePlace) {
  return run.rows<{ holder: string; mailbox: string; uid: number }>(sql`
    select holder, mailbox, uid from copy where month = ${month} and message = ${message} order by holder, mailbox, uid`)
}

/** How many people have a message, but for who sent it, and since when. */
export function holdersOfMessage(run: Runner, { month, message }: MessagePlace, sender: string | null) {
  return run.rows<{ holders: number; sinceMs: number | null }>(sql`
    select count(distinct holder) filter (where holder is distinct from ${sender}::uuid)::int as holders,
           min(internal_date_ms) as since_ms
      from copy where month = ${month} and message = ${message}`)
}

/** The copies of a message that some holders have. */
export function copiesAmong(run: Runner, { month, message }: MessagePlace, holders: readonly string[]) {
  return run.rows<{ holder: string; mailbox: string; uid: number }>(sql`
    select holder, mailbox, uid from copy
     where holder = any(${[...holders]}::uuid[]) and month = ${month} and message = ${message} order by holder, mailbox, uid`)
}

export function insertStop(tx: Transaction, holder: string, { month, message }: MessagePlace, incident: string) {
  return tx.run(sql`
    insert into passing_stop (holder, month, message, incident) values (${holder}, ${month}, ${message}, ${incident})
    on conflict do nothing`)
}

export function deleteStops(tx: Transaction, incident: string) {
  return tx.run(sql`delete from passing_stop where incident = ${incident}`)
}
