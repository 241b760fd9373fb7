// What the Helpdesk's console needs from below. G05, T07, T08, T23
import type { Account } from '#identity/accounts.ts'
import type { Incidents } from '#community/incidents.ts'
import type { Permits } from '#community/permits.ts'
import type { Holds } from '#delivery/holds.ts'
import type { Decisions } from '#helpdesk/decisions.ts'
import type { Seals } from '#helpdesk/seals.ts'

export interface HelpdeskDoors {
  readonly incidents: Pick<Incidents, 'shown' | 'find' | 'alike'>
  readonly decisions: Decisions
  readonly seals: Seals
  readonly holds: Pick<Holds, 'list' | 'outcomeOf' | 'decide'>
  readonly permits: Pick<Permits, 'list'>
  /** The account of an id, with the name of its organisation; null when there is none. */
  readonly person: (account: string) => Promise<(Account & { readonly organisationName: string }) | null>
}
