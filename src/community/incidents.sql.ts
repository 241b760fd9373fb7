// What the Helpdesk is to look at; only community/ runs these.
import type { Runner, Transaction } from '#store/database.ts'
import { sql } from '#store/sql.ts'

export interface IncidentRow {
  readonly id: string
  readonly kind: string
  readonly clause: string
  readonly account: string
  readonly about: string
  readonly openedMs: number
  readonly decision: 'lifted' | 'confirmed' | null
  readonly reason: string | null
  readonly decidedMs: number | null
}

/** Inserts an incident unless one of its kind is open for the account: 0 then. */
export function insertIncident(
  tx: Transaction,
  one: Pick<IncidentRow, 'id' | 'kind' | 'clause' | 'account' | 'about' | 'openedMs'>,
) {
  return tx.run(sql`
    insert into incident (id, kind, clause, account, about, opened_ms)
    values (${one.id}, ${one.kind}, ${one.clause}, ${one.account}, ${one.about}, ${one.openedMs})
    on conflict (account, kind) where decision is null do nothing`)
}

export function incidentRows(run: Runner) {
  return run.rows<IncidentRow>(sql`
    select id, kind, clause, account, about, opened_ms, decision, reason, decided_ms from incident order by id`)
}

export function openIncident(run: Runner, account: string, kind: string) {
  return run.rows<{ id: string }>(sql`select id from incident where account = ${account} and kind = ${kind} and decision is null`)
}

export function decideIncident(tx: Transaction, id: string, decision: string, reason: string, atMs: number) {
  return tx.rows<{ account: string; kind: string }>(sql`
    update incident set decision = ${decision}, reason = ${reason}, decided_ms = ${atMs}
     where id = ${id} and decision is null returning account, kind`)
}
