// What a person sent and is held, from webmail or from a mail program, and what became of it; they may withdraw it. T19, G14
import type { WebDoors } from '#web/doors.ts'
import { maxShownPeople } from '#web/limits.ts'
import { type Route, route } from '#web/route.ts'
import { patterns, urls } from '#web/urls.ts'
import { folderList } from '#web/webmail/folders/navigation.ts'

export const heldRoutes = (doors: WebDoors): Route[] => [
  route({
    method: 'GET',
    url: patterns.held,
    journey: 'webmail/held',
    who: 'signed-in',
    evidence: { none: 'lists what is recorded of the person’s own messages' },
    async run({ reader, session }) {
      const holds = (await doors.writing.holds.of(session.who.account)).map((hold) => ({
        ...hold,
        shown: hold.recipients.slice(0, maxShownPeople),
        more: Math.max(0, hold.recipients.length - maxShownPeople),
      }))
      const view = { holds, folders: await folderList(doors, reader, null) }
      return { kind: 'page', template: 'webmail/held/list.njk', title: 'Your held messages', view }
    },
  }),
  route({
    method: 'POST',
    url: patterns.heldWithdraw,
    journey: 'webmail/held',
    who: 'signed-in',
    evidence: ['HoldDecided'],
    async run({ params, session }) {
      const decided = await doors.writing.holds.decide(session.who.account, params.hold ?? '', 'withdrawn', '')
      const isDecided = !('about' in decided)
      if (!isDecided && decided.reason === 'no-such-hold') return { kind: 'not-found' }
      if (!isDecided && decided.reason === 'hold-is-broken') return decided
      const text = isDecided
        ? 'You withdrew the message. Nobody gets it.'
        : 'It had been decided about already. Nothing was changed.'
      return { kind: 'redirect', to: urls.held(), notice: { text } }
    },
  }),
]
