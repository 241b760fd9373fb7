// The pages that need no sign-in: help, which marking to choose, accessibility, cookies. G05
import type { WebDoors } from '#web/doors.ts'
import { schemeShown } from '#web/help/markings.ts'
import { type Route, route } from '#web/route.ts'
import { patterns } from '#web/urls.ts'

const page = (url: string, template: string, title: string, view: () => Promise<object> = async () => ({})): Route =>
  route({
    method: 'GET',
    url,
    journey: 'help',
    evidence: { none: 'the same for everybody' },
    who: 'anyone',
    run: async () => ({ kind: 'page', template: `help/${template}.njk`, title, view: await view() }),
  })

export const helpRoutes = ({ schemesOf }: WebDoors): Route[] => [
  page(patterns.help, 'page', 'Help'),
  // Schemes of single organisations are their own matter.
  page(patterns.markings, 'markings', 'Which marking to choose', async () => ({
    schemes: (await schemesOf('')).map(schemeShown),
  })),
  page(patterns.accessibility, 'accessibility', 'Accessibility'),
  page(patterns.cookies, 'cookies', 'Cookies'),
]
