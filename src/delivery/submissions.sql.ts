// Submissions of the last 24 hours; only delivery/ runs these.
import type { Runner, Transaction } from '#store/database.ts'
import { type Packed, sql } from '#store/sql.ts'

export interface SubmissionRow {
  readonly receipt: string
  readonly delivered: number
  readonly refused: number
}

/** Notes submissions; the transaction fails when one of the hashes is there already: that one is a retry. */
export function insertSubmissions(
  tx: Transaction,
  hashes: Packed,
  rows: { receipts: string[]; delivered: number[]; refused: number[]; acceptedMs: number },
) {
  tx.later(sql`
    insert into submission (hash, receipt, delivered, refused, accepted_ms)
    select substring(${hashes.octets}::bytea from hash_start for hash_length), receipt, delivered, refused, ${rows.acceptedMs}
      from unnest(${hashes.starts}::int[], ${hashes.lengths}::int[], ${rows.receipts}::uuid[], ${rows.delivered}::int[], ${rows.refused}::int[])
        as one (hash_start, hash_length, receipt, delivered, refused)
     order by 1`)
}

export function submissionByHash(run: Runner, hash: Buffer) {
  return run.rows<SubmissionRow>(sql`select receipt, delivered, refused from submission where hash = ${hash}`)
}

/** Deletes what was accepted before a time, and what a clock that was ahead accepted after another. */
export function expireSubmissions(run: Runner, beforeMs: number, afterMs: number) {
  return run.run(sql`delete from submission where accepted_ms < ${beforeMs} or accepted_ms > ${afterMs}`)
}
