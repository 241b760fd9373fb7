// What a person must look at: raised by the service, confirmed or lifted by the Helpdesk. A row and a record each time. T08, T23
import type { Clock } from '#base/clock.ts'
import { newId } from '#base/ids.ts'
import { type IncidentRow, decideIncident, incidentRows, insertIncident, openIncident } from '#community/incidents.sql.ts'
import type { Evidence } from '#evidence/record.ts'
import type { Accounts } from '#identity/accounts.ts'
import { theService } from '#keys/epoch.ts'
import type { Database, Transaction } from '#store/database.ts'

export type { IncidentRow as Incident } from '#community/incidents.sql.ts'

export interface NewIncident {
  /** `sending-stopped` takes sending from the account; `automated-pattern` takes nothing. */
  readonly kind: 'sending-stopped' | 'automated-pattern'
  readonly clause: string
  readonly account: string
  /** The numbers that raised it; nothing of what was sent. */
  readonly about: string
}

export interface Incidents {
  /** Opens one, unless one of its kind is open for that account: false then. */
  open(incident: NewIncident): Promise<boolean>
  list(): Promise<readonly IncidentRow[]>
  isOpen(account: string, kind: NewIncident['kind']): Promise<boolean>
  /** Decides one; lifting gives sending back that it had taken. Null when there is none that is open. */
  decide(
    tx: Transaction,
    actor: string,
    id: string,
    decision: 'lifted' | 'confirmed',
    reason: string,
  ): Promise<IncidentRow['account'] | null>
}

/** Opens the register of incidents. */
export function openIncidents(o: { database: Database; evidence: Evidence; accounts: Accounts; clock: Clock }): Incidents {
  const { database, evidence, accounts, clock } = o
  return {
    async open({ kind, clause, account, about }) {
      await evidence.introduce([account, theService])
      return database.transaction(async (tx) => {
        const openedMs = clock.now()
        const id = newId(openedMs)
        if ((await insertIncident(tx, { id, kind, clause, account, about, openedMs })) === 0) return false
        if (kind === 'sending-stopped') await stopSending(tx, account, { clause, reason: about })
        await evidence.write(tx, {
          event: 'IncidentOpened',
          actor: theService,
          about: account,
          details: [{ incident: id, kind, clause, about }],
        })
        return true
      })
    },
    list: () => incidentRows(database),
    isOpen: async (account, kind) => (await openIncident(database, account, kind)).length > 0,
    async decide(tx, actor, id, decision, reason) {
      const [decided] = await decideIncident(tx, id, decision, reason, clock.now())
      if (decided === undefined) return null
      const { account, kind } = decided
      const isStopped = (await accounts.holdersById(tx, [account])).get(account)?.state === 'sending-suspended'
      if (kind === 'sending-stopped' && decision === 'lifted' && isStopped)
        await accounts.setState(tx, actor, account, 'active', { clause: 'T23', reason })
      await evidence.write(tx, { event: 'IncidentDecided', actor, about: account, details: [{ incident: id, decision, reason }] })
      return account
    },
  }

  /** Only who may send loses it: a suspension by people stays what it is. */
  async function stopSending(tx: Transaction, account: string, why: { clause: string; reason: string }): Promise<void> {
    const state = (await accounts.keepHolders(tx, [account])).get(account)?.state
    if (state === 'active') await accounts.setState(tx, theService, account, 'sending-suspended', why)
  }
}
