// Proposals to seal a message in every mailbox or to open it again; only helpdesk/ runs these. G05, T07
import type { Runner, Transaction } from '#store/database.ts'
import { sql } from '#store/sql.ts'

export interface ProposalRow {
  readonly id: string
  readonly act: 'seal' | 'unseal'
  readonly incident: string
  readonly month: number
  readonly message: string
  readonly proposedBy: string
  readonly reason: string
  readonly proposedMs: number
  readonly decidedBy: string | null
  readonly decision: 'confirmed' | 'declined' | null
  readonly decidedMs: number | null
}

/** Inserts a proposal: 0 when one about the message waits already. */
export function insertProposal(tx: Transaction, one: Omit<ProposalRow, 'decidedBy' | 'decision' | 'decidedMs'>) {
  return tx.run(sql`
    insert into seal_proposal (id, act, incident, month, message, proposed_by, reason, proposed_ms)
    values (${one.id}, ${one.act}, ${one.incident}, ${one.month}, ${one.message}, ${one.proposedBy}, ${one.reason}, ${one.proposedMs})
    on conflict (month, message) where decision is null do nothing`)
}

/** All about a message, whichever incident they were made from; the oldest first. */
export function proposalsOf(run: Runner, month: number, message: string) {
  return run.rows<ProposalRow>(sql`
    select id, act, incident, month, message, proposed_by, reason, proposed_ms, decided_by, decision, decided_ms
      from seal_proposal where month = ${month} and message = ${message} order by id`)
}

/** True while it is proposed to seal a message. */
export async function sealWaits(run: Runner, month: number, message: string): Promise<boolean> {
  const rows = await run.rows(sql`
    select from seal_proposal where month = ${month} and message = ${message} and act = 'seal' and decision is null`)
  return rows.length > 0
}

/** The proposals that wait for a second officer. */
export function proposalsWaiting(run: Runner) {
  return run.rows<Pick<ProposalRow, 'incident' | 'message'>>(
    sql`select incident, message from seal_proposal where decision is null order by id`,
  )
}

/** What a proposal is about. */
export function proposalOf(run: Runner, id: string) {
  return run.rows<Pick<ProposalRow, 'act' | 'month' | 'message'>>(
    sql`select act, month, message from seal_proposal where id = ${id}`,
  )
}

/** A proposal, locked, with whose message it is about. */
export function lockProposal(tx: Transaction, id: string) {
  return tx.rows<ProposalRow & { sender: string | null }>(sql`
    select id, act, incident, month, message, proposed_by, reason, proposed_ms, decided_by, decision, decided_ms,
           (select sender from incident where incident.id = seal_proposal.incident) as sender
      from seal_proposal where id = ${id} for update`)
}

export function decideProposal(tx: Transaction, id: string, decision: 'confirmed' | 'declined', decidedBy: string, atMs: number) {
  return tx.run(sql`
    update seal_proposal set decision = ${decision}, decided_by = ${decidedBy}, decided_ms = ${atMs} where id = ${id}`)
}
