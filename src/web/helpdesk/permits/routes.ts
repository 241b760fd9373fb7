// The permits for mail that machines send: whose, for what, until when. Granting is the operator's command. T08
import type { Permit } from '#community/permits.ts'
import type { WebDoors } from '#web/doors.ts'
import { ofConsole, sectionsWith } from '#web/helpdesk/sections.ts'
import { type Route, route } from '#web/route.ts'
import { patterns } from '#web/urls.ts'

const standing = (permit: Permit, nowMs: number) =>
  permit.revokedMs !== null ? 'revoked' : permit.expiresMs <= nowMs ? 'ended' : 'in force'

export const permitRoutes = ({ helpdesk, now }: WebDoors): Route[] => [
  route({
    ...ofConsole,
    method: 'GET',
    url: patterns.helpdeskPermits,
    evidence: { none: 'lists what is recorded already' },
    async run() {
      const permits = []
      for (const permit of (await helpdesk.permits.list()).toReversed())
        permits.push({ ...permit, stands: standing(permit, now()), person: await helpdesk.person(permit.account) })
      const view = { sections: sectionsWith('permits'), permits }
      return { kind: 'page', template: 'helpdesk/permits/list.njk', title: 'Permits for automated mail', view }
    },
  }),
]
