// What the Helpdesk is to look at; only community/ runs these.
import type { Runner, Transaction } from '#store/database.ts'
import { sql } from '#store/sql.ts'

/** What a person decided of one. A release counts until its end; `sealed` is the end of one whose message was sealed everywhere. */
export type IncidentDecision = 'lifted' | 'confirmed' | 'released' | 'destroyed' | 'closed' | 'sealed'

export interface IncidentRow {
  readonly id: string
  readonly kind: string
  readonly clause: string
  readonly account: string
  readonly about: string
  readonly openedMs: number
  /** How large what was refused is; null for other incidents. */
  readonly octets: number | null
  /** The message that was reported. */
  readonly month: number | null
  readonly message: string | null
  /** Whose message that is; null where it is not known. */
  readonly sender: string | null
  /** The draft that was refused, where webmail wrote it. */
  readonly draft: string | null
  readonly decision: IncidentDecision | null
  readonly reason: string | null
  /** The officer; null for the operator's command. */
  readonly decidedBy: string | null
  readonly decidedMs: number | null
  readonly expiresMs: number | null
}

const columns = sql`id, kind, clause, account, about, opened_ms, octets, month, message, sender, draft, decision, reason, decided_by,
           decided_ms, expires_ms`

/** Inserts an incident unless one of its kind is open for the account: 0 then. */
export function insertIncident(
  tx: Transaction,
  one: Pick<IncidentRow, 'id' | 'kind' | 'clause' | 'account' | 'about' | 'openedMs'>,
) {
  return tx.run(sql`
    insert into incident (id, kind, clause, account, about, opened_ms)
    values (${one.id}, ${one.kind}, ${one.clause}, ${one.account}, ${one.about}, ${one.openedMs})
    on conflict (account, kind) where decision is null and hash is null do nothing`)
}

export type IncidentAbout = Pick<
  IncidentRow,
  'id' | 'kind' | 'clause' | 'account' | 'about' | 'openedMs' | 'octets' | 'month' | 'message' | 'sender' | 'draft'
> & { readonly hash: Buffer; readonly sealedDetail: Buffer }

/** Inserts an incident about one thing unless one about the same is open: 0 then. */
export function insertIncidentAbout(tx: Transaction, one: IncidentAbout) {
  return tx.run(sql`
    insert into incident (id, kind, clause, account, about, opened_ms, hash, sealed_detail, octets, month, message, sender, draft)
    values (${one.id}, ${one.kind}, ${one.clause}, ${one.account}, ${one.about}, ${one.openedMs}, ${one.hash}, ${one.sealedDetail},
            ${one.octets}, ${one.month}, ${one.message}, ${one.sender}, ${one.draft})
    on conflict (hash) where decision is null do nothing`)
}

export function incidentRows(run: Runner) {
  return run.rows<IncidentRow>(sql`
    select ${columns}
      from incident order by id`)
}

/** Incidents of some kinds: those that are named, then the open ones, then the newest. */
export function incidentsShown(run: Runner, kinds: readonly string[], most: number, first: readonly string[]) {
  return run.rows<IncidentRow>(sql`
    select ${columns}
      from incident where kind = any(${kinds})
     order by id <> all(${[...first]}::uuid[]), decision is not null, id desc limit ${most}`)
}

export function incidentById(run: Runner, id: string) {
  return run.rows<IncidentRow & { sealedDetail: Buffer | null }>(sql`
    select ${columns}, sealed_detail from incident where id = ${id}`)
}

export function openIncident(run: Runner, account: string, kind: string) {
  return run.rows<{ id: string }>(sql`select id from incident where account = ${account} and kind = ${kind} and decision is null`)
}

export function openIncidentWith(run: Runner, hash: Buffer) {
  return run.rows<{ id: string }>(sql`select id from incident where hash = ${hash} and decision is null`)
}

/** Incidents about the same content as one, or about the same message; the newest first. */
export function incidentsAlike(run: Runner, id: string) {
  return run.rows<IncidentRow>(sql`
    select ${columns} from incident
     where id <> ${id} and id in (
             select id from incident where decision is null and hash = (select hash from incident where id = ${id})
              union all
             select id from incident where decision is not null and hash = (select hash from incident where id = ${id})
              union all
             select id from incident where message = (select message from incident where id = ${id}))
     order by id desc`)
}

/** Those about a message that are open. */
export function openAboutMessage(run: Runner, kind: string, month: number, message: string) {
  return run.rows<{ id: string }>(sql`
    select id from incident where kind = ${kind} and month = ${month} and message = ${message} and decision is null order by id`)
}

/** What was decided last of the same. */
export function decidedWith(run: Runner, hash: Buffer) {
  return run.rows<Pick<IncidentRow, 'decision' | 'expiresMs'>>(sql`
    select decision, expires_ms from incident where hash = ${hash} and decision is not null order by decided_ms desc, id desc limit 1`)
}

/** From here on, in this transaction, nobody else opens incidents within a limit of this account's. */
export function lockForLimit(tx: Transaction, account: string) {
  return tx.rows(sql`select from account where id = ${account} for no key update`)
}

/** How many incidents of a kind an account had since a time, and their octets. */
export function incidentsSince(run: Runner, account: string, kind: string, sinceMs: number) {
  return run.rows<{ count: number; octets: number }>(sql`
    select count(*) as count, coalesce(sum(octets), 0)::bigint as octets
      from incident where account = ${account} and kind = ${kind} and opened_ms > ${sinceMs}`)
}

export interface Deciding {
  readonly id: string
  readonly decision: IncidentDecision
  readonly reason: string
  readonly decidedBy: string | null
  readonly decidedMs: number
  readonly expiresMs: number | null
  /** Of which kinds it may be. */
  readonly kinds: readonly string[]
}

/** How many incidents of a kind were lifted for an account since then. */
export function incidentsLifted(run: Runner, account: string, kind: string, sinceMs: number) {
  return run.rows<{ lifted: number }>(sql`
    select count(*)::int as lifted from incident
     where account = ${account} and kind = ${kind} and decision = 'lifted' and decided_ms > ${sinceMs}`)
}

/** Decides one that is open and of one of those kinds. */
export function decideIncident(tx: Transaction, one: Deciding) {
  return tx.rows<{ account: string; kind: string }>(sql`
    update incident set decision = ${one.decision}, reason = ${one.reason}, decided_by = ${one.decidedBy}, decided_ms = ${one.decidedMs},
           expires_ms = ${one.expiresMs}
     where id = ${one.id} and decision is null and kind = any(${one.kinds}) returning account, kind`)
}
