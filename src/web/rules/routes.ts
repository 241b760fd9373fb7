// The rulebook's page, for everybody: each clause, how it is kept, and what a sender sees. T24
import type { WebDoors } from '#web/doors.ts'
import { type Route, route } from '#web/route.ts'
import { patterns } from '#web/urls.ts'

export const rulesRoutes = (doors: WebDoors): Route[] => [
  route({
    method: 'GET',
    url: patterns.rules,
    journey: 'rules',
    evidence: { none: 'the same for everybody' },
    who: 'anyone',
    run: async () => {
      const clauses = doors.rulebook()
      const documents = [
        { title: 'Usage guidelines', clauses: clauses.filter(({ id }) => id.startsWith('G')) },
        { title: 'Terms and conditions', clauses: clauses.filter(({ id }) => id.startsWith('T')) },
      ]
      return { kind: 'page', template: 'rules/page.njk', title: 'The rules', view: { documents } }
    },
  }),
]
