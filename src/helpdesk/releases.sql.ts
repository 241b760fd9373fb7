// Proposals to release what was destroyed before as above the ceiling; only helpdesk/ runs these. G05
import type { Runner, Transaction } from '#store/database.ts'
import { sql } from '#store/sql.ts'

export interface ReleaseProposal {
  readonly incident: string
  /** The officer; null for the operator's command. */
  readonly proposedBy: string | null
  readonly reason: string
  readonly proposedMs: number
}

/** Inserts a proposal: 0 when one of that incident stands already. */
export function insertRelease(tx: Transaction, one: ReleaseProposal) {
  return tx.run(sql`
    insert into release_proposal (incident, proposed_by, reason, proposed_ms)
    values (${one.incident}, ${one.proposedBy}, ${one.reason}, ${one.proposedMs}) on conflict do nothing`)
}

export function releaseOf(run: Runner, incident: string) {
  return run.rows<ReleaseProposal>(sql`
    select incident, proposed_by, reason, proposed_ms from release_proposal where incident = ${incident}`)
}

/** The incidents whose release waits for a second officer. */
export function releasesWaiting(run: Runner) {
  return run.rows<{ incident: string }>(sql`
    select incident from release_proposal join incident on incident.id = incident where decision is null`)
}
