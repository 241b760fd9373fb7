// The Helpdesk put together: what its console and the operator's commands decide with. G05, T07
import { newDeskNotices } from '#delivery/desk-notices.ts'
import type { Holds } from '#delivery/holds.ts'
import { type Decisions, openDecisions } from '#helpdesk/decisions.ts'
import { openReports, type Reports } from '#helpdesk/reports.ts'
import { openSeals } from '#helpdesk/seals.ts'
import type { PlacedCopy } from '#mailbox/deliver.ts'
import { findAlike } from '#mailbox/named.ts'
import { renewCopies } from '#mailbox/seals.ts'
import type { Watcher } from '#mailbox/watch.ts'
import type { Domains } from '#roles/domains.ts'
import { longDate } from '#web/format.ts'
import type { HelpdeskDoors } from '#web/helpdesk/doors.ts'
import { urls } from '#web/urls.ts'

/** What a notice calls the service: its name, and where its pages are. */
export interface ServiceNames {
  readonly hostName: string
  readonly rulesUrl: string
}

/** What decides incidents; `announce` tells who watches a mailbox that the notice of a release is there. */
export function decisionsOver(domains: Domains, at: ServiceNames, announce: (placed: readonly PlacedCopy[]) => void): Decisions {
  const notices = newDeskNotices({ ...domains, hostName: at.hostName, announce })
  const written = { time: longDate, draftUrl: (draft: string) => new URL(urls.writeCheck(draft), at.rulesUrl).href }
  return openDecisions({ ...domains, copies: domains.incidentCopies, notices, written })
}

/** Binds the console, and what people report, to the domains. */
export function helpdeskDoors(
  domains: Domains,
  watcher: Watcher,
  at: ServiceNames,
  holds: Holds,
): { helpdesk: HelpdeskDoors; reports: Reports } {
  const { incidents, permits, accounts, organisations } = domains
  return {
    reports: openReports({ ...domains, watcher }),
    helpdesk: {
      incidents,
      permits,
      holds,
      decisions: decisionsOver(domains, at, (placed) => watcher.announce(placed)),
      seals: openSeals({
        ...domains,
        alike: (message) => findAlike({ ...domains, watcher }, message),
        renewCopies: (message) => renewCopies({ ...domains, watcher }, message),
      }),
      async person(id) {
        const [account] = await accounts.list({ id })
        if (account === undefined) return null
        return { ...account, organisationName: (await organisations.find(account.organisation))?.name ?? '' }
      },
    },
  }
}
