// Records acts, in the transaction of the act: no record, no act. The tree over the records is built later from what stands here.
import type { Clock } from '#base/clock.ts'
import { Unavailable } from '#base/faults.ts'
import { newIdSeries, randomId } from '#base/ids.ts'
import { theService } from '#keys/epoch.ts'
import type { Keys } from '#keys/keys.ts'
import { type Detail, type EvidenceEvent, type Leaf, type Opening, commit, commitmentsOf, leafOctets } from '#evidence/leaf.ts'
import { dropDetail, insertParty, partyByHash, recordById, recordsWritten } from '#evidence/records.sql.ts'
import type { Database, Transaction } from '#store/database.ts'
import { type Query, pack, sql } from '#store/sql.ts'

/** An act, before it is recorded. `actor` and `about` are ids of holders, organisations or theService; details are one per recipient or message, else one. */
export interface Act {
  readonly event: EvidenceEvent
  readonly actor: string
  readonly about: string
  readonly details: readonly Detail[]
}

/** An act made ready to be written: nothing of it is stored until writeAll. */
export interface PreparedRecord {
  readonly id: string
  readonly leaf: Buffer
  readonly sealedDetail: Buffer
}

export interface Evidence {
  /** Sees to it that holders have their random ids, so that prepare asks no database. */
  introduce(subjects: readonly string[]): Promise<void>
  /** Makes a record ready: leaf, salted commitments, sealed details. Throws Unavailable when the evidence key cannot be had. */
  prepare(act: Act): Promise<PreparedRecord>
  /** Sends prepared records in the transaction of their acts, which fails when they cannot be written. */
  writeAll(tx: Transaction, records: readonly PreparedRecord[]): void
  /** The part of a statement that writes prepared records when `gate` holds: for acts that are one statement. */
  writing(records: readonly PreparedRecord[], gate: Query): Query
  /** prepare and writeAll of one act; returns the record's id, which is its receipt's. */
  write(tx: Transaction, act: Act): Promise<string>
  /** Destroys salt and detail of a record, and records that; its leaf stays in the tree. False when there is nothing left to destroy, or it is itself such a record. */
  disposeDetail(tx: Transaction, actor: string, id: string): Promise<boolean>
  /** A record's leaf and its openings (null when its details were disposed of), or null when there is none. */
  read(id: string): Promise<{ leaf: Leaf; openings: readonly Opening[] | null } | null>
}

const partiesKept = 100_000
const detailPlace = (id: string) => `record/${id}`

/** Opens the record. `forParties` must not be a pool that acts hold connections of: it is asked from within their transactions. */
export function openEvidence(database: Database, forParties: Database, keys: Keys, clock: Clock): Evidence {
  const parties = new Map<string, string>()
  const nextId = newIdSeries() // records of one process are ordered by id, also when the clock is set back

  /** The random id that stands for a holder in leaves; made at the first act that names them. */
  async function partyOf(subject: string): Promise<string> {
    const known = parties.get(subject)
    if (known !== undefined) return known
    const subjectHash = (await keys.hashFor(theService, 'evidence party'))(subject)
    let [found] = await partyByHash(forParties, subjectHash)
    if (found === undefined) {
      const id = randomId()
      const epoch = await keys.lasting(theService, 'evidence')
      await insertParty(forParties, id, subjectHash, keys.seal(epoch, `party/${id}`, Buffer.from(subject)))
      ;[found] = await partyByHash(forParties, subjectHash)
    }
    if (parties.size >= partiesKept) parties.clear()
    parties.set(subject, found!.id)
    return found!.id
  }

  const prepare = async (act: Act): Promise<PreparedRecord> => {
    const atMs = clock.now()
    const id = nextId(atMs)
    const committed = act.details.map(commit)
    const leaf: Leaf = {
      v: 1,
      id,
      event: act.event,
      atMs,
      actor: await partyOf(act.actor),
      about: await partyOf(act.about),
      commitments: commitmentsOf(
        act.event,
        committed.map((one) => one.commitment),
      ),
    }
    const [epoch] = await keys.currentFor([theService], 'evidence')
    if (epoch === undefined) throw new Unavailable('evidence')
    const openings = JSON.stringify(committed.map((one) => one.opening))
    return { id, leaf: leafOctets(leaf), sealedDetail: keys.seal(epoch, detailPlace(id), Buffer.from(openings)) }
  }

  const writing = (records: readonly PreparedRecord[], gate: Query): Query =>
    recordsWritten(
      records.map((record) => record.id),
      pack(records.map((record) => record.leaf)),
      pack(records.map((record) => record.sealedDetail)),
      gate,
    )

  const writeAll = (tx: Transaction, records: readonly PreparedRecord[]): void => {
    if (records.length > 0) tx.later(writing(records, sql`true`))
  }

  const write: Evidence['write'] = async (tx, act) => {
    const record = await prepare(act)
    writeAll(tx, [record])
    return record.id
  }

  return {
    async introduce(subjects) {
      for (const subject of subjects) await partyOf(subject)
    },
    prepare,
    writeAll,
    writing,
    write,
    async disposeDetail(tx, actor, id) {
      const [row] = await recordById(tx, id)
      const leaf = row === undefined ? null : (JSON.parse(row.leaf.toString()) as Leaf)
      // Without its detail it could not be told which record it was: a missing detail would look like a disposed one.
      if (leaf === null || leaf.event === 'DetailDisposed' || (await dropDetail(tx, id)) === 0) return false
      await write(tx, { event: 'DetailDisposed', actor, about: actor, details: [{ record: id }] })
      return true
    },
    async read(id) {
      const [row] = await recordById(database, id)
      if (row === undefined) return null
      const openings =
        row.sealedDetail === null
          ? null
          : (JSON.parse((await keys.unseal(theService, 'evidence', detailPlace(id), row.sealedDetail)).toString()) as Opening[])
      return { leaf: JSON.parse(row.leaf.toString()) as Leaf, openings }
    },
  }
}
