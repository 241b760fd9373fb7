// What was accepted in the last 24 hours; only delivery/ runs these.
import type { Runner } from '#store/database.ts'
import { type Packed, type Query, sql } from '#store/sql.ts'

/** A recipient of an accepted submission: delivered to, held, or refused with a notice. */
export interface NotedRow {
  readonly hash: Buffer
  readonly receipt: string
  readonly delivered: boolean
  readonly held: boolean
}

/** Notes recipients of accepted submissions when `gate` holds; fails when one of the hashes is there already: that one is a retry. */
export function submissionsNoted(
  hashes: Packed,
  rows: { receipts: string[]; delivered: boolean[]; acceptedMs: number },
  gate: Query,
) {
  return sql`
    insert into submission (hash, receipt, delivered, accepted_ms)
    select substring(${hashes.octets}::bytea from hash_start for hash_length), receipt, delivered, ${rows.acceptedMs}
      from unnest(${hashes.starts}::int[], ${hashes.lengths}::int[], ${rows.receipts}::uuid[], ${rows.delivered}::bool[])
        as one (hash_start, hash_length, receipt, delivered)
     where ${gate}
     order by 1`
}

export function notedAmong(run: Runner, hashes: readonly Buffer[]) {
  return run.rows<NotedRow>(sql`select hash, receipt, delivered, held from submission where hash = any(${hashes}::bytea[])`)
}

/** Deletes what was accepted before a time, and what a clock that was ahead accepted after another. */
export function expireSubmissions(run: Runner, beforeMs: number, afterMs: number) {
  return run.run(sql`delete from submission where accepted_ms < ${beforeMs} or accepted_ms > ${afterMs}`)
}
