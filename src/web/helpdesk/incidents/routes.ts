// Incidents: the list, one of them with what an officer sees of it, and the decision, with its reason. G05, T07, T08, T23
import { type Incident, type IncidentKind, decisionsOf } from '#community/incidents.ts'
import type { Answer, FieldError } from '#web/answers.ts'
import type { WebDoors } from '#web/doors.ts'
import { decisionWords, groups, kindWords } from '#web/helpdesk/incidents/words.ts'
import { reasonIn } from '#web/helpdesk/reason.ts'
import { ofConsole, sectionsWith } from '#web/helpdesk/sections.ts'
import { incidentsPerPage } from '#web/limits.ts'
import { type PersonVisit, type Route, route } from '#web/route.ts'
import { patterns, urls } from '#web/urls.ts'

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const notFound: Answer = { kind: 'not-found' }
const kindOf = ({ kind }: Incident) => kind as IncidentKind

async function list({ helpdesk }: WebDoors, visit: PersonVisit): Promise<Answer> {
  const group = groups.find(({ id }) => id === visit.query.get('show')) ?? groups[0]!
  const people = new Map<string, ReturnType<typeof helpdesk.person>>()
  const incidents = []
  for (const one of await helpdesk.incidents.shown(group.kinds, incidentsPerPage)) {
    const done = one.decision === null ? null : decisionWords[one.decision].done
    const person = people.get(one.account) ?? helpdesk.person(one.account)
    people.set(one.account, person)
    incidents.push({ ...one, done, what: kindWords[kindOf(one)], person: await person })
  }
  const view = {
    sections: sectionsWith('incidents'),
    groups: groups.map(({ id, text }) => ({ text, href: urls.helpdesk({ show: id }), isCurrent: id === group.id })),
    open: incidents.filter(({ decision }) => decision === null),
    decided: incidents.filter(({ decision }) => decision !== null),
    isCut: incidents.length === incidentsPerPage,
  }
  return { kind: 'page', template: 'helpdesk/incidents/list.njk', title: 'Incidents', view }
}

/** The page of one incident; `said` is what was wrong with the form that was sent, whose fields are kept. */
async function page(doors: WebDoors, visit: PersonVisit, said: readonly FieldError[] = []): Promise<Answer> {
  const { helpdesk } = doors
  const id = visit.params.incident ?? ''
  const found = uuid.test(id) ? await helpdesk.incidents.find(id) : null
  if (found === null) return notFound
  const { incident } = found
  const view = {
    ...found,
    sections: sectionsWith('incidents'),
    person: await helpdesk.person(incident.account),
    decider: incident.decidedBy === null ? null : await helpdesk.person(incident.decidedBy),
    decision: incident.decision === null ? null : decisionWords[incident.decision],
    choices: choicesOf(incident, visit.form.get('decision')),
    certificate: await helpdesk.decisions.certificate(id),
    typed: { reason: visit.form.get('reason') ?? '', sealReason: visit.form.get('seal-reason') ?? '' },
    ...(await sealingOf(doors, incident, visit.session.who.account)),
  }
  return { kind: 'page', template: 'helpdesk/incidents/page.njk', title: kindWords[kindOf(incident)], errors: said, view }
}

/** What may be decided of it now, for radio buttons. */
const choicesOf = (incident: Incident, chosen: string | null) =>
  (incident.decision === null ? decisionsOf[kindOf(incident)] : []).map((value) => {
    const { act, hint } = decisionWords[value]
    return { value, text: act, hint: { text: hint }, checked: value === chosen }
  })

/** How it stands with sealing the message of an incident: what was proposed, and what this officer may propose. */
async function sealingOf({ helpdesk }: WebDoors, { id, month, message }: Incident, officer: string) {
  if (month === null || message === null) return {}
  const proposals = []
  for (const one of await helpdesk.seals.proposals(id)) {
    const decider = one.decidedBy === null ? null : await helpdesk.person(one.decidedBy)
    proposals.push({ ...one, by: await helpdesk.person(one.proposedBy), decider, isOwn: one.proposedBy === officer })
  }
  const isSealed = await helpdesk.seals.isSealed(month, message)
  const sealedWith = isSealed ? await helpdesk.seals.sealedWith(month, message) : 0
  const waits = proposals.some(({ decision }) => decision === null)
  return { proposals, isSealed, sealedWith, mayPropose: waits ? null : isSealed ? 'unseal' : 'seal' }
}

async function decide(doors: WebDoors, visit: PersonVisit): Promise<Answer> {
  const id = visit.params.incident ?? ''
  const found = uuid.test(id) ? await doors.helpdesk.incidents.find(id) : null
  if (found === null) return notFound
  const decision = decisionsOf[kindOf(found.incident)].find((one) => one === visit.form.get('decision'))
  const { reason, wrong } = reasonIn(visit.form, 'reason')
  const missing = decision === undefined ? [{ field: 'decision', text: 'Choose what to do' }] : []
  if (decision === undefined || wrong.length > 0) return page(doors, visit, [...missing, ...wrong])
  const refusal = await doors.helpdesk.decisions.decide(visit.session.who.account, id, decision, reason)
  if (refusal !== null) return refusal
  return { kind: 'redirect', to: urls.helpdeskIncident(id), notice: { text: `${decisionWords[decision].done}.` } }
}

async function propose(doors: WebDoors, visit: PersonVisit): Promise<Answer> {
  const id = visit.params.incident ?? ''
  const act = visit.form.get('act') === 'unseal' ? 'unseal' : 'seal'
  const { reason, wrong } = reasonIn(visit.form, 'seal-reason')
  if (wrong.length > 0) return page(doors, visit, wrong)
  if (!uuid.test(id)) return notFound
  const refusal = await doors.helpdesk.seals.propose(visit.session.who.account, id, act, reason)
  if (refusal !== null) return refusal
  return { kind: 'redirect', to: urls.helpdeskIncident(id), notice: { text: 'Proposed. Another officer must confirm it.' } }
}

async function confirm(doors: WebDoors, visit: PersonVisit): Promise<Answer> {
  const id = visit.params.incident ?? ''
  const proposal = visit.form.get('proposal') ?? ''
  if (!uuid.test(id) || !uuid.test(proposal)) return notFound
  const decision = visit.form.get('decision') === 'confirmed' ? 'confirmed' : 'declined'
  const refusal = await doors.helpdesk.seals.decide(visit.session.who.account, proposal, decision)
  if (refusal !== null) return refusal
  return { kind: 'redirect', to: urls.helpdeskIncident(id), notice: { text: decision === 'confirmed' ? 'Done.' : 'Declined.' } }
}

export const incidentRoutes = (doors: WebDoors): Route[] => {
  const shows = { ...ofConsole, method: 'GET', evidence: { none: 'shows what is recorded already' } } as const
  const acts = { ...ofConsole, method: 'POST', whenExpired: 'keep' } as const
  const decided = ['IncidentDecided', 'IncidentCopyDestroyed', 'ContentConsignment', 'AccountStateChanged'] as const
  return [
    route({ ...shows, url: patterns.helpdesk, run: (visit) => list(doors, visit) }),
    route({ ...shows, url: patterns.helpdeskIncident, run: (visit) => page(doors, visit) }),
    route({ ...acts, url: patterns.helpdeskDecide, evidence: decided, run: (visit) => decide(doors, visit) }),
    route({ ...acts, url: patterns.helpdeskPropose, evidence: ['SealProposed'], run: (visit) => propose(doors, visit) }),
    route({
      ...acts,
      url: patterns.helpdeskConfirm,
      evidence: ['MessageSealed', 'MessageUnsealed', 'SealDeclined', 'IncidentDecided'],
      run: (visit) => confirm(doors, visit),
    }),
  ]
}
