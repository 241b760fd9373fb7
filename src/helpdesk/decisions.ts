// What an officer decides of an incident, with all that follows of it: whom it is about is told, a copy is destroyed, and certified. G05, T07, T23
import type { Clock } from '#base/clock.ts'
import { type Refused, refused } from '#base/faults.ts'
import { type Log, describeFault } from '#base/log.ts'
import type { Incident, IncidentDecision, Incidents } from '#community/incidents.ts'
import type { DeskNotices } from '#delivery/desk-notices.ts'
import type { Certificate, IncidentCopies } from '#delivery/incident-copies.ts'
import type { Evidence } from '#evidence/record.ts'
import { maxReasonCharacters } from '#helpdesk/limits.ts'
import { noticeOf, wasDestroyed } from '#helpdesk/notices.ts'
import { insertRelease, type ReleaseProposal, releaseOf, releasesWaiting } from '#helpdesk/releases.sql.ts'
import { sealWaits } from '#helpdesk/seals.sql.ts'
import { theService } from '#keys/epoch.ts'
import type { PlacedCopy } from '#mailbox/deliver.ts'
import { hasDraft } from '#mailbox/drafts.ts'
import { letPass, messageIsSealed } from '#mailbox/seals.ts'
import type { Database, Transaction } from '#store/database.ts'

export interface Decisions {
  /**
   * Decides an incident that is open: `decided`, or `proposed` where another officer must agree, since the same content was
   * destroyed before. `officer` is theService for the operator's command.
   */
  decide(officer: string, incident: string, decision: IncidentDecision, reason: string): Promise<Refused | 'decided' | 'proposed'>
  /** What one officer proposed, where two must release it; null for nothing. */
  proposedRelease(incident: string): Promise<ReleaseProposal | null>
  /** The incidents whose release waits for a second officer. */
  releasesWaiting(): Promise<readonly string[]>
  /** What certifies that an incident's copy was destroyed; null before, or where there was none. */
  certificate(incident: string): Promise<Certificate | null>
}

const nothingToDecide = refused(
  'G05',
  'nothing-to-decide',
  'there is no such incident, it was decided before, or that cannot be decided of one of its kind',
  'Look at the incident again.',
)

/** Nobody decides about themselves, nor about a message that they sent. */
export const notOnesOwn = refused(
  'G05',
  'incident-is-ones-own',
  'the incident is about your own account or message',
  'Ask another officer to decide it.',
)

const sealIsProposed = refused(
  'G05',
  'seal-is-proposed',
  'an officer proposed to seal the message, and that waits for another',
  'Confirm or decline the proposal first.',
)

/** Opened by people who tell of a message: closing what one told oneself takes nothing from anybody. */
const toldByPeople: readonly string[] = ['reported', 'told-above']

const twoPeople = refused(
  'G05',
  'two-people-release',
  'the same content was decided before to be above RESTRICTED, and who proposes to release it cannot agree to it',
  'Ask another officer: two people release it.',
)

/** True for what an officer leaves to another: it is about their account, or about a message that they sent. */
export function isOnesOwn({ account, sender, kind }: Incident, officer: string): boolean {
  return sender === officer || (account === officer && !toldByPeople.includes(kind))
}

export function openDecisions(o: {
  database: Database
  incidents: Incidents
  evidence: Evidence
  copies: Pick<IncidentCopies, 'destroy' | 'certificate'>
  notices: DeskNotices
  /** How a notice writes a time, and where a draft is checked. */
  written: { readonly time: (atMs: number) => string; readonly draftUrl: (draft: string) => string }
  clock: Clock
  log: Log
}): Decisions {
  const { database, incidents, evidence, copies, notices, written, clock, log } = o

  /** Whether another officer proposed the release before; else it is proposed now, or was by the same. */
  async function agreed(
    tx: Transaction,
    officer: string,
    incident: string,
    reason: string,
  ): Promise<Refused | 'proposed' | null> {
    const proposedBy = officer === theService ? null : officer
    if ((await insertRelease(tx, { incident, proposedBy, reason, proposedMs: clock.now() })) === 0) {
      const [before] = await releaseOf(tx, incident)
      return before!.proposedBy === proposedBy ? twoPeople : null
    }
    await evidence.write(tx, { event: 'ReleaseProposed', actor: officer, about: officer, details: [{ incident, reason }] })
    return 'proposed'
  }

  async function toTell(tx: Transaction, { kind, account, openedMs, draft, month, message }: Incident, detail: string | null) {
    return {
      kind,
      detail: detail ?? '',
      openedAt: written.time(openedMs),
      draftUrl: draft !== null && (await hasDraft(tx, account, draft)) ? written.draftUrl(draft) : null,
      isSealed: month !== null && message !== null && (await messageIsSealed(tx, month, message)),
    }
  }

  return {
    async decide(officer, id, decision, given) {
      const reason = given.slice(0, maxReasonCharacters)
      const found = await incidents.find(id)
      if (found === null || found.incident.decision !== null) return nothingToDecide
      const { incident, detail } = found
      if (isOnesOwn(incident, officer)) return notOnesOwn
      const needsTwo = decision === 'released' && wasDestroyed(await incidents.alike(id))
      const { month, message } = incident
      const done = await database.transaction(async (tx): Promise<Refused | 'proposed' | PlacedCopy[]> => {
        // Closing it tells who told of it that they may pass it on: not while somebody holds that it is to be sealed, whoever told them.
        if (month !== null && message !== null && (await sealWaits(tx, month, message))) return sealIsProposed
        const waits = needsTwo ? await agreed(tx, officer, id, reason) : null
        if (waits !== null) return waits
        const account = await incidents.decide(tx, officer, id, decision, reason)
        if (account === null) return nothingToDecide
        await letPass(tx, id)
        const notice = noticeOf(decision, await toTell(tx, incident, detail))
        return notice === null ? [] : notices.deliver(tx, account, notice, { incident: id })
      })
      if (done === 'proposed' || 'kind' in done) return done
      notices.announce(done)
      if (decision === 'released' || decision === 'destroyed')
        // Decided it is: what fails here is done by the next round of jobs.
        await copies
          .destroy(officer, id)
          .catch((fault: unknown) => log.warn({ fault: describeFault(fault), incident: id }, 'a copy is not destroyed yet'))
      return 'decided'
    },
    proposedRelease: async (incident) => (await releaseOf(database, incident))[0] ?? null,
    releasesWaiting: async () => (await releasesWaiting(database)).map(({ incident }) => incident),
    certificate: (incident) => copies.certificate(incident),
  }
}
