// Evidence rows; only evidence/ runs these.
import type { Runner, Transaction } from '#store/database.ts'
import { type Packed, type Query, sql } from '#store/sql.ts'

/** Writes records when `gate`, a condition of the statement around it, holds. */
export function recordsWritten(ids: readonly string[], leaves: Packed, details: Packed, gate: Query) {
  return sql`
    insert into evidence_record (id, leaf, sealed_detail)
    select id, substring(${leaves.octets}::bytea from leaf_start for leaf_length), substring(${details.octets}::bytea from detail_start for detail_length)
      from unnest(${ids}::uuid[], ${leaves.starts}::int[], ${leaves.lengths}::int[], ${details.starts}::int[], ${details.lengths}::int[])
        as piece (id, leaf_start, leaf_length, detail_start, detail_length)
     where ${gate}`
}

export function recordById(run: Runner, id: string) {
  return run.rows<{ id: string; leaf: Buffer; sealedDetail: Buffer | null; leafIndex: number | null }>(
    sql`select id, leaf, sealed_detail, leaf_index from evidence_record where id = ${id}`,
  )
}

export function dropDetail(tx: Transaction, id: string) {
  return tx.run(sql`update evidence_record set sealed_detail = null where id = ${id} and sealed_detail is not null`)
}

export interface RecordRow {
  readonly id: string
  readonly leaf: Buffer
  readonly sealedDetail: Buffer | null
  readonly leafIndex: number | null
}

/** Records by their place in the tree, from one on. */
export function recordsFrom(run: Runner, leafIndex: number, atMost: number) {
  return run.rows<RecordRow>(
    sql`select id, leaf, sealed_detail, leaf_index from evidence_record where leaf_index >= ${leafIndex} order by leaf_index limit ${atMost}`,
  )
}

/** Records without a place, after an id. */
export function recordsWithoutPlace(run: Runner, afterId: string, atMost: number) {
  return run.rows<RecordRow>(
    sql`select id, leaf, sealed_detail, leaf_index from evidence_record where leaf_index is null and id > ${afterId} order by id limit ${atMost}`,
  )
}

/** The deliveries of what a party sent, after an id. */
export function consignmentsAfter(run: Runner, afterId: string, about: string, atMost: number) {
  const words = [`"about":"${about}"`, '"event":"ContentConsignment"'].map((word) => Buffer.from(word))
  return run.rows<{ id: string }>(sql`
    select id from evidence_record
     where id > ${afterId} and position(${words[0]!}::bytea in leaf) > 0 and position(${words[1]!}::bytea in leaf) > 0
     order by id limit ${atMost}`)
}

export function partiesAfter(run: Runner, afterId: string, atMost: number) {
  return run.rows<{ id: string; subjectHash: Buffer; sealedMeaning: Buffer }>(
    sql`select id, subject_hash, sealed_meaning from evidence_party where id > ${afterId} order by id limit ${atMost}`,
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
