// What senders asked of mail programs; only mailbox/ runs these. G09
import type { MessagePlace } from '#mailbox/seals.sql.ts'
import type { Runner } from '#store/database.ts'
import { sql } from '#store/sql.ts'

export interface HandlingRow extends MessagePlace {
  /** Who asked, whom it does not bind; null where it binds everybody. */
  readonly sender: string | null
  /** Whose copies it has. */
  readonly holders: readonly string[]
  readonly noDownload: boolean
  readonly untilMs: number | null
  readonly notedMs: number
}

export function insertHandling(run: Runner, row: HandlingRow) {
  return run.run(sql`
    insert into message_handling (month, message, sender, holders, no_download, until_ms, noted_ms)
    values (${row.month}, ${row.message}, ${row.sender}, ${[...row.holders]}::uuid[], ${row.noDownload}, ${row.untilMs}, ${row.notedMs})`)
}

/** Messages to which access ended, and whose copies mail programs may still have; those that no program was given need no end. */
export function handlingsEnded(run: Runner, nowMs: number, atMost: number) {
  return run.rows<MessagePlace & { holders: string[]; noDownload: boolean }>(sql`
    select month, message, holders, no_download from message_handling
     where until_ms < ${nowMs} and not ended order by until_ms limit ${atMost}`)
}

export function markEnded(run: Runner, { month, message }: MessagePlace) {
  return run.run(sql`update message_handling set ended = true where month = ${month} and message = ${message}`)
}

/** Forgets what is about messages that are no longer there, or never were. */
export function forgetHandlingsOfNone(run: Runner, beforeMs: number) {
  return run.run(sql`
    delete from message_handling as one
     where noted_ms < ${beforeMs}
       and not exists (select from message where message.month = one.month and message.id = one.message)`)
}
