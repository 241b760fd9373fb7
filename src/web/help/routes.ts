// The pages that need no sign-in: help, accessibility, cookies.
import { type Route, route } from '#web/route.ts'
import { patterns } from '#web/urls.ts'

const page = (url: string, template: string, title: string): Route =>
  route({
    method: 'GET',
    url,
    journey: 'help',
    evidence: { none: 'the same for everybody' },
    who: 'anyone',
    run: async () => ({ kind: 'page', template: `help/${template}.njk`, title, view: {} }),
  })

export const helpRoutes = (): Route[] => [
  page(patterns.help, 'page', 'Help'),
  page(patterns.accessibility, 'accessibility', 'Accessibility'),
  page(patterns.cookies, 'cookies', 'Cookies'),
]
