// Messages that a person decides about; only delivery/ runs these. T19
import type { Runner, Transaction } from '#store/database.ts'
import { sql } from '#store/sql.ts'

export type HoldState = 'held' | 'released' | 'refused' | 'withdrawn' | 'expired'

export interface HoldRow {
  readonly id: string
  readonly submitter: string
  readonly receipt: string
  readonly month: number
  readonly message: string
  readonly octets: number
  readonly sealedAbout: Buffer
  readonly stored: boolean
  /** Null once it is decided. */
  readonly wrappedKey: Buffer | null
  readonly heldMs: number
  readonly expiresMs: number
  readonly state: HoldState
  readonly decidedBy: string | null
  readonly decidedMs: number | null
  readonly decision: string | null
}

export interface NewHold extends Omit<HoldRow, 'stored' | 'state' | 'decidedBy' | 'decidedMs' | 'decision'> {
  readonly wrappedKey: Buffer
  readonly summary: Buffer
  readonly content: Buffer | null
  readonly name: Buffer | null
}

const columns = sql`id, submitter, receipt, month, message, octets, sealed_about, stored, wrapped_key, held_ms, expires_ms,
  state, decided_by, decided_ms, decision`

export function insertHold(tx: Transaction, one: NewHold) {
  tx.later(sql`
    insert into hold (id, submitter, receipt, month, message, octets, sealed_about, summary, content, stored, name_hash, wrapped_key, held_ms, expires_ms)
    values (${one.id}, ${one.submitter}, ${one.receipt}, ${one.month}, ${one.message}, ${one.octets}, ${one.sealedAbout}, ${one.summary},
            ${one.content}, ${one.content === null}, ${one.name}, ${one.wrappedKey}, ${one.heldMs}, ${one.expiresMs})`)
}

export function holdById(run: Runner, id: string) {
  return run.rows<HoldRow>(sql`select ${columns} from hold where id = ${id}`)
}

export function holdByReceipt(run: Runner, receipt: string) {
  return run.rows<HoldRow>(sql`select ${columns} from hold where receipt = ${receipt}`)
}

/** Those that wait, the one that has waited longest first; or those that were decided, the newest first. */
export function holdsShown(run: Runner, isOpen: boolean, most: number) {
  return run.rows<HoldRow>(
    isOpen
      ? sql`select ${columns} from hold where state = 'held' order by id limit ${most}`
      : sql`select ${columns} from hold where state <> 'held' order by id desc limit ${most}`,
  )
}

/** Of one submitter, the newest first. */
export function holdsOf(run: Runner, submitter: string, most: number) {
  return run.rows<HoldRow>(sql`select ${columns} from hold where submitter = ${submitter} order by id desc limit ${most}`)
}

/** How many messages of a submitter are held, and their octets. */
export function heldBy(run: Runner, submitter: string) {
  return run.rows<{ messages: number; octets: number }>(sql`
    select count(*) as messages, coalesce(sum(octets), 0)::bigint as octets from hold where submitter = ${submitter} and state = 'held'`)
}

/** All, by id. */
export function holdsAfter(run: Runner, id: string, most: number) {
  return run.rows<HoldRow>(sql`select ${columns} from hold where id > ${id} order by id limit ${most}`)
}

/** Those whose time is over, but for some. */
export function holdsDue(run: Runner, nowMs: number, butFor: readonly string[], most: number) {
  return run.rows<{ id: string }>(sql`
    select id from hold
     where state = 'held' and expires_ms <= ${nowMs} and id <> all(${butFor}::uuid[]) order by expires_ms limit ${most}`)
}

/** Sealed content that stands in the row; null where the content store has it, or it is decided. */
export function heldContent(run: Runner, id: string) {
  return run.rows<{ content: Buffer | null }>(sql`select content from hold where id = ${id}`)
}

/** Locks one to commit, so that it is decided once; nothing where it is decided already. */
export function lockHeld(tx: Transaction, id: string) {
  return tx.rows<{ summary: Buffer; content: Buffer | null; name: Buffer | null }>(
    sql`select summary, content, name_hash as name from hold where id = ${id} and state = 'held' for update`,
  )
}

/** Notes the final outcome of one that is locked, and lets go of its content and key. */
export function noteDecision(
  tx: Transaction,
  one: { id: string; state: HoldState; decidedBy: string | null; decidedMs: number; decision: string },
) {
  tx.later(sql`
    update hold
       set state = ${one.state}, decided_by = ${one.decidedBy}, decided_ms = ${one.decidedMs}, decision = ${one.decision},
           summary = null, content = null, wrapped_key = null
     where id = ${one.id}`)
}

/** Whether one that is held has this object of the content store. */
export function heldObject(run: Runner, month: number, id: string) {
  return run.rows(sql`select from hold where month = ${month} and message = ${id} and state = 'held' and stored`)
}

/** Notes which recipients of an accepted submission are held, once they are noted themselves. */
export function submissionsHeld(tx: Transaction, receipt: string, hashes: readonly Buffer[]) {
  tx.later(sql`update submission set held = true where receipt = ${receipt} and hash = any(${hashes}::bytea[])`)
}
