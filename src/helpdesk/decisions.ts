// What an officer decides of an incident, with all that follows of it: whom it is about is told, a copy is destroyed, and certified. G05, T07, T23
import { type Refused, refused } from '#base/faults.ts'
import { type Log, describeFault } from '#base/log.ts'
import type { IncidentDecision, Incidents } from '#community/incidents.ts'
import type { DeskNotices } from '#delivery/desk-notices.ts'
import type { Certificate, IncidentCopies } from '#delivery/incident-copies.ts'
import { maxReasonCharacters } from '#helpdesk/limits.ts'
import { proposalsOf } from '#helpdesk/seals.sql.ts'
import { letPass } from '#mailbox/seals.ts'
import type { Database } from '#store/database.ts'

export interface Decisions {
  /** Decides an incident that is open; null when that is done. `officer` is theService for the operator's command. */
  decide(officer: string, incident: string, decision: IncidentDecision, reason: string): Promise<Refused | null>
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

const released = {
  subject: 'The Helpdesk released your message',
  text: `A message of yours was refused, since a marking above RESTRICTED was read in it. An officer of the Helpdesk looked at
what matched, and found that it is not above RESTRICTED.

You may send it now, within 30 days:

- From webmail: open your drafts, choose the message, and send it. Nothing was lost.
- From a mail program: send the same message again. Its subject, text and attached files must be as they were; the people
  it goes to, its date and its number may differ.

All other rules are asked as for every message.
`,
}

const notAbove = {
  subject: 'The Helpdesk decided about a message that you told it of',
  text: `You told the Helpdesk that a message is above RESTRICTED. An officer looked into it, and closed it: the message is not
above RESTRICTED, as far as is known.

You may pass it on again to those who need it for their work.
`,
}

/** What the account of an incident is told of a decision; null for nothing. */
function toTell(kind: string | undefined, decision: IncidentDecision) {
  if (decision === 'released') return released
  return kind === 'told-above' && decision === 'closed' ? notAbove : null
}

export function openDecisions(o: {
  database: Database
  incidents: Incidents
  copies: Pick<IncidentCopies, 'destroy' | 'certificate'>
  notices: DeskNotices
  log: Log
}): Decisions {
  const { database, incidents, copies, notices, log } = o
  return {
    async decide(officer, id, decision, reason) {
      const found = (await incidents.find(id))?.incident
      if (found?.sender === officer) return notOnesOwn
      if (found?.account === officer && !toldByPeople.includes(found.kind)) return notOnesOwn
      // Closing it tells who told of it that they may pass it on: not while somebody holds that it is to be sealed.
      if ((await proposalsOf(database, id)).some((one) => one.decision === null && one.act === 'seal')) return sealIsProposed
      const placed = await database.transaction(async (tx) => {
        const account = await incidents.decide(tx, officer, id, decision, reason.slice(0, maxReasonCharacters))
        if (account === null) return null
        await letPass(tx, id)
        const notice = toTell(found?.kind, decision)
        return notice === null ? [] : notices.deliver(tx, account, notice, { incident: id })
      })
      if (placed === null) return nothingToDecide
      notices.announce(placed)
      if (decision === 'released' || decision === 'destroyed')
        // Decided it is: what fails here is done by the next round of jobs.
        await copies
          .destroy(officer, id)
          .catch((fault: unknown) => log.warn({ fault: describeFault(fault), incident: id }, 'a copy is not destroyed yet'))
      return null
    },
    certificate: (incident) => copies.certificate(incident),
  }
}
