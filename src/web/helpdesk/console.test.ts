// The Helpdesk's list shows so many incidents, the open ones first, and says where the rest are. G05, T07, T08, T23
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Incident } from '#community/incidents.ts'
import { newRender } from '#web/render.ts'
import type { Page } from '#web/answers.ts'
import type { WebDoors } from '#web/doors.ts'
import { helpdeskRoutes } from '#web/helpdesk/routes.ts'
import { incidentsPerPage } from '#web/limits.ts'
import type { PersonVisit } from '#web/route.ts'
import { patterns } from '#web/urls.ts'

const incident = (n: number, decision: Incident['decision']): Incident => ({
  id: `0190a000-0000-7000-8000-${String(n).padStart(12, '0')}`,
  ...{ kind: 'reported', clause: 'G01', account: 'a', about: 'a message was reported', openedMs: 1, octets: null },
  ...{
    month: null,
    message: null,
    sender: null,
    draft: null,
    decision,
    reason: null,
    decidedBy: null,
    decidedMs: null,
    expiresMs: null,
  },
})

async function listOf(
  stored: readonly Incident[],
  show = 'all',
  waiting: readonly { incident: string; message: string | null }[] = [],
) {
  const asked: { kinds: readonly string[]; most: number; first: readonly string[] }[] = []
  const helpdesk = {
    incidents: {
      shown: async (kinds: readonly string[], most: number, first: readonly string[]) => {
        asked.push({ kinds, most, first })
        return stored.slice(0, most)
      },
    },
    seals: { waiting: async () => waiting },
    decisions: { releasesWaiting: async () => [] },
    permits: { list: async () => [] },
    person: async () => null,
  }
  const found = helpdeskRoutes({ helpdesk, now: () => 1 } as unknown as WebDoors).find(({ url }) => url === patterns.helpdesk)!
  const answer = (await found.run({ query: new URLSearchParams({ show }) } as unknown as PersonVisit & never)) as Page
  const page = { title: answer.title, errors: [], notice: null, csrf: '', person: null, helpdesk: '', assets: '', nowMs: 1 }
  return { html: newRender()(answer.template, page, answer.view), asked }
}

test('the list shows so many incidents and not one more, and says where the others are', async () => {
  const many = Array.from({ length: incidentsPerPage + 1 }, (_, n) => incident(n, null))
  const { html, asked } = await listOf(many)
  assert.equal(html.match(/cjsm-desk__one/g)!.length, incidentsPerPage)
  assert.match(html, /Older ones are not shown/)
  assert.equal(asked[0]!.most, incidentsPerPage)
  assert.doesNotMatch((await listOf(many.slice(0, incidentsPerPage - 1))).html, /Older ones are not shown/)
})

test('what is to be decided stands before what is decided, and one kind can be shown alone', async () => {
  const { html, asked } = await listOf([incident(1, null), incident(2, 'closed')], 'reports')
  assert.ok(html.indexOf('To be decided') < html.indexOf(incident(1, null).id))
  assert.ok(html.indexOf(incident(1, null).id) < html.indexOf('>Decided<'))
  assert.ok(html.indexOf('>Decided<') < html.indexOf(incident(2, null).id))
  assert.deepEqual(asked[0]!.kinds, ['reported'])
  assert.match((await listOf([])).html, /Nothing is waiting/)
})

test('what waits for a second officer stands first, decided or not, and says so', async () => {
  const [told, sealed] = [incident(1, null), incident(2, 'sealed')]
  const { html, asked } = await listOf([sealed, incident(3, null), told], 'all', [
    { incident: told.id, message: null },
    { incident: sealed.id, message: null },
  ])
  assert.deepEqual(asked[0]!.first, [told.id, sealed.id])
  const places = ['Waiting for a second officer', sealed.id, told.id, 'To be decided', incident(3, null).id].map((one) =>
    html.indexOf(one),
  )
  assert.ok(
    places.every((place, at) => place > (places[at - 1] ?? -1)),
    `${places}`,
  )
  assert.doesNotMatch(html, />Decided</)
})
