// Rows of the tree: tiles, checkpoints, keys, witnesses, the hold; only evidence/ runs these.
import type { Tile } from '#evidence/tiles.ts'
import type { Runner, Transaction } from '#store/database.ts'
import { pack, sql } from '#store/sql.ts'

/** One sequencer at a time, on however many machines: true when this transaction is it, to its end. */
export async function isSequencer(tx: Transaction): Promise<boolean> {
  const [row] = await tx.rows<{ mine: boolean }>(sql`select pg_try_advisory_xact_lock(7002001) as mine`)
  return row!.mine
}

export function unsequenced(tx: Transaction, atMost: number) {
  return tx.rows<{ id: string; leaf: Buffer }>(
    sql`select id, leaf from evidence_record where leaf_index is null order by id limit ${atMost}`,
  )
}

/** Gives records their places in the tree, from `first` on; returns how many got one. */
export function numberRecords(tx: Transaction, ids: readonly string[], first: number) {
  return tx.run(sql`
    update evidence_record set leaf_index = ${first}::bigint + place - 1
      from unnest(${ids}::uuid[]) with ordinality as one (id, place)
     where evidence_record.id = one.id and leaf_index is null`)
}

export function edgeTiles(run: Runner) {
  return run.rows<Tile>(sql`select level, index, width, hashes from evidence_tile where width < 256`)
}

export function tileRow(run: Runner, level: number, index: number) {
  return run.rows<{ hashes: Buffer }>(sql`select hashes from evidence_tile where level = ${level} and index = ${index}`)
}

/** Leaves in the order of the tree, from a place on. */
export function leavesFrom(run: Runner, first: number, count: number) {
  return run.rows<{ leaf: Buffer }>(sql`
    select leaf from evidence_record where leaf_index >= ${first}::bigint and leaf_index < ${first + count}::bigint order by leaf_index`)
}

/** Every tile of a level in order, some at a time. */
export function tilesFrom(run: Runner, level: number, index: number, atMost: number) {
  return run.rows<Tile>(
    sql`select level, index, width, hashes from evidence_tile where level = ${level} and index >= ${index} order by index limit ${atMost}`,
  )
}

/** Writes tiles; one that is full never changes. */
export function putTiles(tx: Transaction, tiles: readonly Tile[]) {
  const hashes = pack(tiles.map((tile) => tile.hashes))
  return tx.run(sql`
    insert into evidence_tile (level, index, width, hashes)
    select level, index, width, substring(${hashes.octets}::bytea from hash_start for hash_length)
      from unnest(${tiles.map((tile) => tile.level)}::smallint[], ${tiles.map((tile) => tile.index)}::bigint[],
                  ${tiles.map((tile) => tile.width)}::smallint[], ${hashes.starts}::int[], ${hashes.lengths}::int[])
        as one (level, index, width, hash_start, hash_length)
        on conflict (level, index) do update set width = excluded.width, hashes = excluded.hashes
     where evidence_tile.width < excluded.width`)
}

export interface CheckpointRow {
  readonly size: number
  readonly root: Buffer
  readonly note: string
  /** Signature lines of witnesses, each with its end. */
  readonly cosignatures: string
  readonly madeMs: number
}

export function latestCheckpoint(run: Runner) {
  return run.rows<CheckpointRow>(
    sql`select size, root, note, cosignatures, made_ms from evidence_checkpoint order by size desc limit 1`,
  )
}

/** The latest of the checkpoints that cover a record and have the most lines that begin as one of `heads`; one with any cosignature before others. */
export function coveringCheckpoint(run: Runner, leafIndex: number, heads: readonly string[]) {
  return run.rows<CheckpointRow>(sql`
    select size, root, note, cosignatures, made_ms from evidence_checkpoint
     where size > ${leafIndex}
     order by (select count(*) from unnest(${heads}::text[]) as head where strpos(cosignatures, head) > 0) desc,
              cosignatures <> '' desc, size desc
     limit 1`)
}

export function allCheckpoints(run: Runner) {
  return run.rows<CheckpointRow>(sql`select size, root, note, cosignatures, made_ms from evidence_checkpoint order by size`)
}

export function insertCheckpoint(tx: Transaction, row: Omit<CheckpointRow, 'cosignatures'>) {
  return tx.run(
    sql`insert into evidence_checkpoint (size, root, note, made_ms) values (${row.size}, ${row.root}, ${row.note}, ${row.madeMs})`,
  )
}

/** Forgets older checkpoints; of those with as many cosignatures, the latest stays. */
export function forgetCheckpoints(tx: Transaction, beforeMs: number, latestSize: number) {
  return tx.run(sql`
    delete from evidence_checkpoint where made_ms < ${beforeMs} and size < ${latestSize}
       and size not in (select max(size) from evidence_checkpoint group by regexp_count(cosignatures, E'\\n'))`)
}

/** Puts a cosignature beside a checkpoint, in the place of those that begin as it does: with the same name and id of a key. */
export function addCosignature(run: Runner, size: number, line: string, beginning: string) {
  return run.run(sql`
    update evidence_checkpoint set cosignatures = coalesce((
      select string_agg(other || E'\n', '' order by place)
        from unnest(string_to_array(cosignatures, E'\n')) with ordinality as one (other, place)
       where other <> '' and not starts_with(other, ${beginning})), '') || ${line}
     where size = ${size}`)
}

/** Notes that a key signed a checkpoint of this size. */
export function noteLogKey(tx: Transaction, verifier: string, size: number) {
  return tx.run(sql`
    insert into evidence_log_key (verifier, first_size, last_size) values (${verifier}, ${size}, ${size})
        on conflict (verifier) do update set first_size = least(evidence_log_key.first_size, excluded.first_size),
                                             last_size = greatest(evidence_log_key.last_size, excluded.last_size)`)
}

/** False until the schema has been brought up to date for the first time. */
export async function hasLogKeys(run: Runner): Promise<boolean> {
  const [row] = await run.rows<{ there: boolean }>(sql`select to_regclass('evidence_log_key') is not null as there`)
  return row!.there
}

export function logKeys(run: Runner) {
  return run.rows<{ verifier: string; firstSize: number; lastSize: number }>(
    sql`select verifier, first_size, last_size from evidence_log_key order by first_size, last_size`,
  )
}

export function witnessSize(run: Runner, verifier: string) {
  return run.rows<{ size: number }>(sql`select size from evidence_witness where verifier = ${verifier}`)
}

/** Notes up to which size a witness has cosigned, and from which. */
export function noteWitnessSize(run: Runner, verifier: string, size: number) {
  return run.run(sql`
    insert into evidence_witness (verifier, size, first_size) values (${verifier}, ${size}, ${size})
        on conflict (verifier) do update
       set size = excluded.size, first_size = least(evidence_witness.first_size, excluded.first_size)`)
}

/** Every witness that ever cosigned, with the sizes from which and up to which it did. */
export function witnessSizes(run: Runner) {
  return run.rows<{ verifier: string; firstSize: number; lastSize: number }>(
    sql`select verifier, first_size, size as last_size from evidence_witness order by first_size, verifier`,
  )
}

/** Notes that a statement is recorded; 0 when it was noted already. */
export function noteRollback(tx: Transaction, statementHash: Buffer) {
  return tx.run(sql`insert into evidence_rollback (statement_hash) values (${statementHash}) on conflict do nothing`)
}

export function holdRow(run: Runner) {
  return run.rows<{ why: string }>(sql`select why from evidence_hold`)
}

export function putHold(run: Runner, why: string, sinceMs: number) {
  return run.run(
    sql`insert into evidence_hold (why, since_ms) values (${why}, ${sinceMs}) on conflict (only_one) do update set why = excluded.why`,
  )
}

export function clearHold(run: Runner) {
  return run.run(sql`delete from evidence_hold`)
}
