// Notices of who is away; only community/ runs these.
import type { Runner, Transaction } from '#store/database.ts'
import { sql } from '#store/sql.ts'

export interface AwayRow {
  readonly account: string
  readonly fromMs: number
  readonly untilMs: number
  readonly setMs: number
  readonly sealed: Buffer
}

export function awayRow(run: Runner, account: string) {
  return run.rows<AwayRow>(sql`select account, from_ms, until_ms, set_ms, sealed from away_notice where account = ${account}`)
}

export function awayAt(run: Runner, nowMs: number) {
  return run.rows<Omit<AwayRow, 'sealed'>>(sql`
    select account, from_ms, until_ms, set_ms from away_notice where from_ms <= ${nowMs} and until_ms > ${nowMs} order by account`)
}

/** Which of some accounts are away, and until when. */
export function awayAmong(run: Runner, accounts: readonly string[], nowMs: number) {
  return run.rows<Pick<AwayRow, 'account' | 'untilMs'>>(sql`
    select account, until_ms from away_notice where account = any(${accounts}::uuid[]) and from_ms <= ${nowMs} and until_ms > ${nowMs}`)
}

export function putAway(tx: Transaction, { account, fromMs, untilMs, setMs, sealed }: AwayRow) {
  return tx.run(sql`
    insert into away_notice (account, from_ms, until_ms, set_ms, sealed) values (${account}, ${fromMs}, ${untilMs}, ${setMs}, ${sealed})
    on conflict (account) do update
       set from_ms = excluded.from_ms, until_ms = excluded.until_ms, set_ms = excluded.set_ms, sealed = excluded.sealed`)
}

export function dropAway(tx: Transaction, account: string) {
  return tx.run(sql`delete from away_notice where account = ${account}`)
}
