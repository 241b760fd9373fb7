// Permits for automated mail and how often each was used; only community/ runs these. T08
import type { Runner, Transaction } from '#store/database.ts'
import { sql } from '#store/sql.ts'

export interface PermitRow {
  readonly id: string
  readonly account: string
  readonly purpose: string
  readonly recipients: readonly string[]
  readonly organisations: readonly string[]
  readonly perHour: number
  /** The device credential that the machine signs in with; null for any of the account's. */
  readonly computer: string | null
  readonly grantedBy: string
  readonly grantedMs: number
  readonly expiresMs: number
  readonly revokedMs: number | null
}

export function insertPermit(tx: Transaction, permit: Omit<PermitRow, 'revokedMs'>) {
  return tx.run(sql`
    insert into permit (id, account, purpose, recipients, organisations, per_hour, computer, granted_by, granted_ms, expires_ms)
    values (${permit.id}, ${permit.account}, ${permit.purpose}, ${permit.recipients}, ${permit.organisations}::uuid[], ${permit.perHour},
            ${permit.computer}::uuid, ${permit.grantedBy}, ${permit.grantedMs}, ${permit.expiresMs})`)
}

export function permitsOf(run: Runner, account: string | null) {
  return run.rows<PermitRow>(sql`
    select id, account, purpose, recipients, organisations, per_hour, computer, granted_by, granted_ms, expires_ms, revoked_ms
      from permit where ${account}::uuid is null or account = ${account}::uuid order by id`)
}

export function markRevoked(tx: Transaction, id: string, atMs: number) {
  return tx.rows<{ account: string }>(
    sql`update permit set revoked_ms = ${atMs} where id = ${id} and revoked_ms is null returning account`,
  )
}

/** Counts one more use in that hour where the permit allows it; 0 rows where it does not. */
export function countUse(run: Runner, permit: string, hour: number, most: number) {
  return run.rows<{ used: number }>(sql`
    insert into permit_use (permit, hour, used) values (${permit}, ${hour}, 1)
    on conflict (permit, hour) do update set used = permit_use.used + 1 where permit_use.used < ${most}
    returning used`)
}

export function forgetUses(run: Runner, permit: string, beforeHour: number) {
  return run.run(sql`delete from permit_use where permit = ${permit} and hour < ${beforeHour}`)
}
