// Incidents: the list, one of them with what an officer sees of it, and the decision, with its reason. G05, T07, T08, T23
import { type Incident, type IncidentKind, decisionsOf } from '#community/incidents.ts'
import { isOnesOwn } from '#helpdesk/decisions.ts'
import { wasDestroyed } from '#helpdesk/notices.ts'
import type { Answer, FieldError } from '#web/answers.ts'
import type { WebDoors } from '#web/doors.ts'
import { decisionWords, groups, hintOf, kindWords, type Standing } from '#web/helpdesk/incidents/words.ts'
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
  const seals = await helpdesk.seals.waiting()
  const waiting = new Set([...seals.map(({ incident }) => incident), ...(await helpdesk.decisions.releasesWaiting())])
  const incidents = []
  for (const one of await helpdesk.incidents.shown(group.kinds, incidentsPerPage, [...waiting])) {
    const done = one.decision === null ? null : decisionWords[one.decision].done
    const person = people.get(one.account) ?? helpdesk.person(one.account)
    people.set(one.account, person)
    incidents.push({ ...one, done, what: kindWords[kindOf(one)], person: await person })
  }
  const others = incidents.filter(({ id }) => !waiting.has(id))
  const view = {
    sections: sectionsWith('incidents'),
    groups: groups.map(({ id, text }) => ({ text, href: urls.helpdesk({ show: id }), isCurrent: id === group.id })),
    waiting: incidents.filter(({ id }) => waiting.has(id)),
    open: others.filter(({ decision }) => decision === null),
    decided: others.filter(({ decision }) => decision !== null),
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
  const officer = visit.session.who.account
  const isOwn = isOnesOwn(incident, officer)
  const alike = await helpdesk.incidents.alike(id)
  const sealing = await sealingOf(doors, incident, officer)
  const release = await releaseOf(doors, incident, officer)
  const standing = {
    kind: kindOf(incident),
    isSealed: sealing?.isSealed ?? false,
    wasDestroyed: wasDestroyed(alike),
    isProposed: release !== null,
  }
  const isDecidable = incident.decision === null && !isOwn && sealing?.waits !== 'seal'
  const choices = choicesOf(standing, visit.form.get('decision')).filter(({ value }) => value !== 'released' || !release?.isOwn)
  const view = {
    ...found,
    sections: sectionsWith('incidents'),
    person: await helpdesk.person(incident.account),
    sender: incident.sender === null ? null : await helpdesk.person(incident.sender),
    decider: incident.decidedBy === null ? null : await helpdesk.person(incident.decidedBy),
    decision: incident.decision === null ? null : decisionWords[incident.decision],
    alike: await alikeShown(doors, alike),
    isOwn,
    choices: isDecidable ? choices : [],
    release,
    certificate: await helpdesk.decisions.certificate(id),
    typed: { reason: visit.form.get('reason') ?? '', sealReason: visit.form.get('seal-reason') ?? '' },
    ...sealing,
  }
  return { kind: 'page', template: 'helpdesk/incidents/page.njk', title: kindWords[kindOf(incident)], errors: said, view }
}

/** What may be decided of it, for radio buttons. */
const choicesOf = (standing: Standing, chosen: string | null) =>
  decisionsOf[standing.kind].map((value) => {
    const hint = { text: hintOf(value, standing) }
    return { value, text: decisionWords[value].act, hint, checked: value === chosen }
  })

/** The others about the same content or message: what was decided of them, by whom and why. */
async function alikeShown({ helpdesk }: WebDoors, alike: readonly Incident[]) {
  const shown = []
  for (const one of alike.slice(0, incidentsPerPage)) {
    const done = one.decision === null ? null : decisionWords[one.decision].done
    const decider = one.decidedBy === null ? null : await helpdesk.person(one.decidedBy)
    shown.push({ ...one, what: kindWords[kindOf(one)], done, decider, person: await helpdesk.person(one.account) })
  }
  return shown
}

/** Who proposed to release what was destroyed before; null where nobody did. */
async function releaseOf({ helpdesk }: WebDoors, { id }: Incident, officer: string) {
  const proposed = await helpdesk.decisions.proposedRelease(id)
  if (proposed === null) return null
  const by = proposed.proposedBy === null ? null : await helpdesk.person(proposed.proposedBy)
  return { ...proposed, by, isOwn: proposed.proposedBy === officer }
}

/** How it stands with sealing the message of an incident: who has it, what was proposed, and what this officer may propose. */
async function sealingOf({ helpdesk }: WebDoors, { month, message, sender }: Incident, officer: string) {
  if (month === null || message === null) return null
  const isByOfficer = sender === officer
  const proposals = []
  for (const one of await helpdesk.seals.proposals(month, message)) {
    const decider = one.decidedBy === null ? null : await helpdesk.person(one.decidedBy)
    proposals.push({ ...one, by: await helpdesk.person(one.proposedBy), decider, isOwn: one.proposedBy === officer })
  }
  const isSealed = await helpdesk.seals.isSealed(month, message)
  const sealedWith = isSealed ? await helpdesk.seals.sealedWith(month, message) : 0
  const waits = proposals.find(({ decision }) => decision === null)?.act ?? null
  const mayPropose = waits !== null || isByOfficer ? null : isSealed ? 'unseal' : 'seal'
  return {
    proposals,
    isSealed,
    sealedWith,
    waits,
    isByOfficer,
    mayPropose,
    spread: await helpdesk.seals.spread(month, message, sender),
  }
}

async function decide(doors: WebDoors, visit: PersonVisit): Promise<Answer> {
  const id = visit.params.incident ?? ''
  const found = uuid.test(id) ? await doors.helpdesk.incidents.find(id) : null
  if (found === null) return notFound
  const decision = decisionsOf[kindOf(found.incident)].find((one) => one === visit.form.get('decision'))
  const { reason, wrong } = reasonIn(visit.form, 'reason')
  const missing = decision === undefined ? [{ field: 'decision', text: 'Choose what to do' }] : []
  if (decision === undefined || wrong.length > 0) return page(doors, visit, [...missing, ...wrong])
  const done = await doors.helpdesk.decisions.decide(visit.session.who.account, id, decision, reason)
  if (typeof done !== 'string') return done
  const text = done === 'decided' ? `${decisionWords[decision].done}.` : 'Proposed. Another officer must agree.'
  return { kind: 'redirect', to: urls.helpdeskIncident(id), notice: { text } }
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
  const decided = [
    'IncidentDecided',
    'ReleaseProposed',
    'IncidentCopyDestroyed',
    'ContentConsignment',
    'AccountStateChanged',
  ] as const
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
