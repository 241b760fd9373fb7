// Sealed copies of what was refused for being above the ceiling, and the certificates of those that were destroyed; only delivery/ runs these. G05
import type { SealedMessage } from '#mailbox/deliver.ts'
import type { Runner, Transaction } from '#store/database.ts'
import { sql } from '#store/sql.ts'

export function insertCopy(
  tx: Transaction,
  incident: string,
  { month, id, octets, summary, content }: SealedMessage,
  key: Buffer,
) {
  return tx.run(sql`
    insert into incident_copy (incident, month, id, octets, summary, content, stored, wrapped_key)
    values (${incident}, ${month}, ${id}, ${octets}, ${summary}, ${content}, ${content === null}, ${key})`)
}

export interface CopyRow {
  readonly month: number
  readonly id: string
  readonly octets: number
  readonly stored: boolean
  readonly wrappedKey: Buffer
  readonly account: string
}

export function copyOf(run: Runner, incident: string) {
  return run.rows<CopyRow>(sql`
    select incident_copy.month, incident_copy.id, incident_copy.octets, stored, wrapped_key, account
      from incident_copy join incident on incident.id = incident where incident = ${incident}`)
}

export function deleteCopy(tx: Transaction, incident: string) {
  return tx.run(sql`delete from incident_copy where incident = ${incident}`)
}

export function insertDestruction(tx: Transaction, incident: string, octets: number, record: string, atMs: number) {
  return tx.run(sql`
    insert into destruction (incident, octets, record, destroyed_ms) values (${incident}, ${octets}, ${record}, ${atMs})`)
}

export function destructionOf(run: Runner, incident: string) {
  return run.rows<{ octets: number; record: string; destroyedMs: number }>(sql`
    select octets, record, destroyed_ms from destruction where incident = ${incident}`)
}

/** Incidents that were decided and whose copies are still here. */
export function copiesDecided(run: Runner) {
  return run.rows<{ incident: string }>(sql`
    select incident from incident_copy join incident on incident.id = incident where decision is not null limit 1000`)
}

/** Whether an object of the content store is a copy's. */
export function copyStored(run: Runner, month: number, id: string) {
  return run.rows(sql`select from incident_copy where month = ${month} and id = ${id} and stored`)
}
