// Held messages: who sent what to whom and why it is held, never what is in it; and the decision, with its reason. T19, G05
import type { HoldOutcome } from '#delivery/holds.ts'
import { maxHoldsShown } from '#delivery/limits.ts'
import type { Hold } from '#delivery/shown-hold.ts'
import type { Answer, FieldError } from '#web/answers.ts'
import type { WebDoors } from '#web/doors.ts'
import { reasonIn } from '#web/helpdesk/reason.ts'
import { ofConsole, sectionsWith } from '#web/helpdesk/sections.ts'
import { type PersonVisit, type Route, route } from '#web/route.ts'
import { patterns, urls } from '#web/urls.ts'

const notFound: Answer = { kind: 'not-found' }

const stateWords = {
  held: 'Waiting',
  released: 'Released',
  refused: 'Not released',
  withdrawn: 'Withdrawn by its sender',
  expired: 'Not decided in time',
} as const

const choices = [
  {
    value: 'released',
    text: 'Release it',
    hint: { text: 'It is scanned for viruses again, and delivered. Its readers see that it could not be looked into.' },
  },
  {
    value: 'refused',
    text: 'Do not release it',
    hint: { text: 'Nobody gets it, and nobody can open it again. Its sender is told, with your reason.' },
  },
] as const

const outcomeWords = { delivered: 'Delivered', refused: 'Not delivered', withdrawn: 'Withdrawn' } as const

async function list({ helpdesk }: WebDoors): Promise<Answer> {
  const shown = async (holds: readonly Hold[]) => {
    const people = []
    for (const hold of holds)
      people.push({ ...hold, stands: stateWords[hold.state], person: await helpdesk.person(hold.submitter) })
    return people
  }
  const { open, decided } = await helpdesk.holds.list()
  const isCut = open.length === maxHoldsShown || decided.length === maxHoldsShown
  const lists = { open: await shown(open), decided: await shown(decided) }
  const view = { sections: sectionsWith('holds'), ...lists, isCut, most: maxHoldsShown }
  return { kind: 'page', template: 'helpdesk/holds/list.njk', title: 'Held messages', view }
}

/** The page of one held message; `said` is what was wrong with the form that was sent, whose fields are kept. */
async function page(doors: WebDoors, visit: PersonVisit, said: readonly FieldError[] = [], reason = ''): Promise<Answer> {
  const { helpdesk } = doors
  const found = await helpdesk.holds.outcomeOf(visit.params.hold ?? '')
  if (found === null) return notFound
  const { hold } = found
  const isOwn = hold.submitter === visit.session.who.account
  const isToOneself = hold.holders.includes(visit.session.who.account)
  const isDecidable = hold.state === 'held' && !isOwn && !isToOneself && !hold.isBroken
  return {
    kind: 'page',
    template: 'helpdesk/holds/page.njk',
    title: 'Held message',
    errors: said,
    view: {
      sections: sectionsWith('holds'),
      hold,
      person: await helpdesk.person(hold.submitter),
      decided: hold.state === 'held' ? null : await decidedView(doors, found),
      choices: isDecidable ? choices : [],
      isOwn,
      isToOneself,
      chosen: visit.form.get('decision') ?? '',
      reason,
    },
  }
}

async function decidedView({ helpdesk }: WebDoors, { hold, outcomes, reason }: HoldOutcome) {
  return {
    stands: stateWords[hold.state],
    by: hold.decidedBy === null ? null : await helpdesk.person(hold.decidedBy),
    reason,
    outcomes: outcomes.map(({ recipient, outcome }) => ({ recipient, outcome: outcomeWords[outcome] })),
  }
}

async function decide(doors: WebDoors, visit: PersonVisit): Promise<Answer> {
  const id = visit.params.hold ?? ''
  const chosen = choices.find(({ value }) => value === visit.form.get('decision'))
  const { reason, wrong } = reasonIn(visit.form, 'reason')
  const missing = chosen === undefined ? [{ field: 'decision', text: 'Choose what to do' }] : []
  if (chosen === undefined || wrong.length > 0) return page(doors, visit, [...missing, ...wrong], reason)
  const decided = await doors.helpdesk.holds.decide(visit.session.who.account, id, chosen.value, reason)
  if ('about' in decided) return decided.reason === 'no-such-hold' ? notFound : decided
  const text =
    decided.state === chosen.value
      ? `${stateWords[decided.state]}.`
      : 'The virus scanner found malicious content in it now. It was not released.'
  return { kind: 'redirect', to: urls.helpdeskHold(id), notice: { text } }
}

export const holdRoutes = (doors: WebDoors): Route[] => {
  const shows = { ...ofConsole, method: 'GET', evidence: { none: 'shows what is recorded already' } } as const
  return [
    route({ ...shows, url: patterns.helpdeskHolds, run: () => list(doors) }),
    route({ ...shows, url: patterns.helpdeskHold, run: (visit) => page(doors, visit) }),
    route({
      ...ofConsole,
      method: 'POST',
      whenExpired: 'keep',
      url: patterns.helpdeskHoldDecide,
      evidence: ['HoldDecided', 'ContentConsignment'],
      run: (visit) => decide(doors, visit),
    }),
  ]
}
