// Evidence rows; only evidence/ runs these.
import type { Runner, Transaction } from '#store/database.ts'
import { type Packed, sql } from '#store/sql.ts'

export function insertRecords(tx: Transaction, ids: readonly string[], leaves: Packed, details: Packed) {
  tx.later(sql`
    insert into evidence_record (id, leaf, sealed_detail)
    select id, substring(${leaves.octets}::bytea from leaf_start for leaf_length), substring(${details.octets}::bytea from detail_start for detail_length)
      from unnest(${ids}::uuid[], ${leaves.starts}::int[], ${leaves.lengths}::int[], ${details.starts}::int[], ${details.lengths}::int[])
        as piece (id, leaf_start, leaf_length, detail_start, detail_length)`)
}

export function recordById(run: Runner, id: string) {
  return run.rows<{ id: string; leaf: Buffer; sealedDetail: Buffer | null; leafIndex: number | null }>(
    sql`select id, leaf, sealed_detail, leaf_index from evidence_record where id = ${id}`,
  )
}

export function partyByHash(run: Runner, subjectHash: Buffer) {
  return run.rows<{ id: string }>(sql`select id from evidence_party where subject_hash = ${subjectHash}`)
}

export function insertParty(run: Runner, id: string, subjectHash: Buffer, sealedMeaning: Buffer) {
  return run.run(
    sql`insert into evidence_party (id, subject_hash, sealed_meaning) values (${id}, ${subjectHash}, ${sealedMeaning}) on conflict (subject_hash) do nothing`,
  )
}
