// The domains put together: what a worker, the jobs, the set-up and the operator's commands all stand on. Only roles/ constructs.
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { type Organisations, openOrganisations } from '#community/organisations.ts'
import { type Away, openAway } from '#community/away.ts'
import { helpdeskAddress } from '#community/helpdesk-address.ts'
import { type Incidents, openIncidents } from '#community/incidents.ts'
import { type Permits, openPermits } from '#community/permits.ts'
import { type Wordings, openWordings } from '#community/wordings.ts'
import { type IncidentCopies, openIncidentCopies } from '#delivery/incident-copies.ts'
import { type StandingOf, newStandingOf } from '#community/standing.ts'
import { type Evidence, openEvidence } from '#evidence/record.ts'
import { type Accounts, openAccounts } from '#identity/accounts.ts'
import type { Keeper } from '#keys/keeper.ts'
import { type Keys, openKeys } from '#keys/keys.ts'
import type { Sealing } from '#keys/sealing.ts'
import { type Members, openMembers } from '#mailbox/members.ts'
import { type ContentStore, openContentStore } from '#store/content-store.ts'
import { type Database, openDatabase, statementMs } from '#store/database.ts'

export interface Domains {
  readonly clock: Clock
  readonly log: Log
  readonly database: Database
  readonly keys: Keys
  readonly evidence: Evidence
  readonly contentStore: ContentStore
  readonly accounts: Accounts
  readonly organisations: Organisations
  readonly members: Members
  readonly standingOf: StandingOf
  readonly wordings: Wordings
  readonly permits: Permits
  readonly away: Away
  readonly incidents: Incidents
  readonly incidentCopies: IncidentCopies
  /** Ends the connections to the database. */
  close(): Promise<void>
}

export interface DomainParts {
  readonly connectionString: string
  readonly connections: number
  readonly keeper: Keeper
  readonly sealing: Sealing
  readonly contentFolder: string
  readonly communitySuffix: string
  readonly hostName: string
  /** How to reach the Helpdesk. */
  readonly helpdesk: string
  readonly clock: Clock
  readonly log: Log
  /** How long a connection is waited for, and one statement's answer; by default 5 s and 20 s. */
  readonly waits?: { readonly waitMs: number; readonly statementMs: number }
}

export const databaseWaits = { waitMs: 5_000, statementMs } as const

export function openDomains(parts: DomainParts): Domains {
  const { clock, log, communitySuffix, hostName, waits = databaseWaits } = parts
  const database = openDatabase({
    connectionString: parts.connectionString,
    connections: parts.connections,
    ...waits,
    log,
  })
  const keys = openKeys(parts.keeper, parts.sealing, clock)
  // Of its own: an act's transaction may hold the last connection of the pool while its record asks who somebody is.
  const forParties = openDatabase({ connectionString: parts.connectionString, connections: 2, ...waits, log })
  const evidence = openEvidence(database, forParties, keys, clock)
  const accounts = openAccounts({ database, keys, evidence, clock })
  const organisations = openOrganisations({ database, evidence, accounts, clock, communitySuffix })
  const contentStore = openContentStore(parts.contentFolder)
  const incidents = openIncidents({ database, evidence, accounts, keys, clock })
  return {
    clock,
    log,
    database,
    keys,
    evidence,
    contentStore,
    accounts,
    organisations,
    members: openMembers({ database, keys, evidence, clock, accounts, organisations }),
    incidents,
    incidentCopies: openIncidentCopies({ database, incidents, evidence, keys, contentStore, clock }),
    away: openAway({ database, keys, evidence, clock }),
    permits: openPermits({ database, evidence, clock }),
    wordings: openWordings({ database, keys, evidence, accounts, organisations, clock }),
    standingOf: newStandingOf({
      database,
      accounts,
      clock,
      communitySuffix,
      hostName,
      helpdesk: helpdeskAddress(parts.helpdesk),
    }),
    close: async () => {
      await database.close()
      await forParties.close()
    },
  }
}
