// The Helpdesk's console: what people must look at and decide. For everybody but officers there is nothing here. G05, T07, T08, T23
import type { WebDoors } from '#web/doors.ts'
import type { Route } from '#web/route.ts'
import { incidentRoutes } from '#web/helpdesk/incidents/routes.ts'
import { holdRoutes } from '#web/helpdesk/holds/routes.ts'
import { permitRoutes } from '#web/helpdesk/permits/routes.ts'

export const helpdeskRoutes = (doors: WebDoors): Route[] => [
  ...incidentRoutes(doors),
  ...holdRoutes(doors),
  ...permitRoutes(doors),
]
