// What a week brings to the Helpdesk of the demonstration: refused, reported, proposed, sealed and destroyed; every state of its pages, and of those that people tell it with. G05, T07
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import type { DemoPerson } from '#cli/demonstration.ts'
import { theService } from '#keys/epoch.ts'
import { urls } from '#web/urls.ts'
import { messageOf, partOf } from '#test/support/mail-parts.ts'
import type { TestService } from '#test/support/service.ts'
import { openSmtpClient } from '#test/support/smtp-client.ts'
import { type WebVisitor, webVisitor } from '#test/support/web.ts'

export type OfficerRole = 'Helpdesk officer' | 'Helpdesk team leader'

export interface HelpdeskState {
  readonly name: string
  readonly who: 'prosecutor' | OfficerRole
  open(page: Page): Promise<unknown>
}

const hidden = (html: string, name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? ''

async function submit(service: TestService, from: DemoPerson, to: DemoPerson, subject: string): Promise<number> {
  const smtp = await openSmtpClient(service.faces.submissions.port, from)
  const header = { From: `${from.name} <${from.address}>`, To: `${to.name} <${to.address}>`, Subject: subject }
  const octets = messageOf(header, partOf({ type: 'text/plain; charset=utf-8', body: 'Please see below.\r\n' }))
  const { reply } = await smtp.submit({ from: from.address, to: [to.address], octets })
  smtp.close()
  return reply.code
}

async function signedIn(service: TestService, person: DemoPerson): Promise<WebVisitor> {
  const visitor = webVisitor(service.faces.web.app)
  await visitor.signIn(person)
  return visitor
}

/** Fills the Helpdesk of a service, and lists the states of its pages; `at` leads a page to a path. */
export async function helpdeskStates(
  service: TestService,
  inbox: string,
  at: (path: string) => (page: Page) => Promise<unknown>,
): Promise<HelpdeskState[]> {
  const { incidents, permits, database, clock } = service.domains
  const reader = await signedIn(service, service.person('prosecutor'))
  const officer = await signedIn(service, service.person('Helpdesk officer'))
  const second = await signedIn(service, service.person('Helpdesk team leader'))
  const [sergeant, prosecutor, clerk] = [
    service.person('detective sergeant'),
    service.person('prosecutor'),
    service.person('clerk'),
  ]

  /** Does what opens an incident, and gives its id. */
  async function opened(act: () => Promise<unknown>): Promise<string> {
    const before = new Set((await incidents.list()).map(({ id }) => id))
    await act()
    return (await incidents.list()).find(({ id }) => !before.has(id))?.id ?? assert.fail('no incident was opened')
  }
  const refused = (from: DemoPerson, subject: string) =>
    opened(async () => assert.equal(await submit(service, from, prosecutor, subject), 550))
  const decide = async (id: string, decision: string, reason: string) => {
    await officer.get(urls.helpdeskIncident(id))
    assert.equal((await officer.post(urls.helpdeskDecide(id), { decision, reason })).statusCode, 303)
  }
  const newest = async () => Number(/data-uid="(\d+)"/.exec((await reader.get(urls.mailbox(inbox))).body)![1])
  const told = async (subject: string, path: (mailbox: string, uid: number) => string, fields: Record<string, string>) => {
    assert.equal(await submit(service, sergeant, prosecutor, subject), 250)
    const uid = await newest()
    await reader.get(path(inbox, uid))
    return { uid, id: await opened(() => reader.post(path(inbox, uid), fields)) }
  }
  const propose = async (id: string, reason: string) => {
    await officer.get(urls.helpdeskIncident(id))
    await officer.post(urls.helpdeskPropose(id), { act: 'seal', 'seal-reason': reason })
  }

  const waiting = await refused(sergeant, 'SECRET - operation Larch')
  const destroyed = await refused(sergeant, 'TOP SECRET - annex')
  await decide(destroyed, 'destroyed', 'The sergeant says that it is; it goes by another way.')
  const again = await refused(sergeant, 'TOP SECRET - annex')
  await decide(again, 'released', 'The annex is an empty form.')
  const own = await refused(service.person('Helpdesk officer'), 'SECRET - rota')
  const released = await refused(clerk, 'SECRET - Santa, who brings what')
  await decide(released, 'released', 'A party, and no marking.')
  const reported = await told('Offers of the week', urls.report, {
    reason: 'spam',
    words: 'The third one this week, to all of us.',
  })
  const proposed = await told('Sources', urls.toldAbove, { words: 'DS Fenwick rang this morning.' })
  await propose(proposed.id, 'The sergeant says that it names a source.')
  const sealed = await told('Sources, again', urls.toldAbove, { words: 'DS Fenwick rang again.' })
  await propose(sealed.id, 'It names a source.')
  const waits = hidden((await second.get(urls.helpdeskIncident(sealed.id))).body, 'proposal')
  assert.equal((await second.post(urls.helpdeskConfirm(sealed.id), { proposal: waits, decision: 'confirmed' })).statusCode, 303)
  const notice = await newest()
  await database.transaction(async (tx) =>
    permits.grant(tx, theService, {
      account: (await service.domains.accounts.holdersAt([clerk.address])).get(clerk.address)!.holder,
      purpose: 'listings from the case system',
      recipients: [prosecutor.address],
      organisations: [],
      perHour: 20,
      computer: null,
      grantedBy: 'A. Official, Ministry',
      expiresMs: clock.now() + 90 * 24 * 3_600_000,
    }),
  )
  const form = await reader.get(urls.write())
  const typed = { to: sergeant.address, cc: '', bcc: '', subject: 'SECRET - Santa', text: 'Who brings what?', marking: '' }
  const begun = await reader.post(urls.write(), { begun: hidden(form.body, 'begun'), version: '0', ...typed, do: 'save' })
  const draft = String(begun.headers.location).split('/')[2]!

  const of = (who: HelpdeskState['who'], name: string, open: HelpdeskState['open']): HelpdeskState => ({ who, name, open })
  const desk = (name: string, open: HelpdeskState['open']) => of('Helpdesk officer', `helpdesk-${name}`, open)
  const press = async (page: Page, name: string) => {
    const loaded = page.waitForEvent('load')
    await page.getByRole('main').getByRole('button', { name, exact: true }).first().click({ noWaitAfter: true })
    await loaded
  }
  return [
    desk('incidents', at(urls.helpdesk())),
    desk('incidents-none', at(urls.helpdesk({ show: 'sending' }))),
    desk('incident', at(urls.helpdeskIncident(waiting))),
    desk('incident-error', async (page) => {
      await at(urls.helpdeskIncident(waiting))(page)
      await press(page, 'Decide')
    }),
    desk('incident-destroyed', at(urls.helpdeskIncident(destroyed))),
    desk('incident-release-proposed', at(urls.helpdeskIncident(again))),
    of('Helpdesk team leader', 'helpdesk-incident-to-release', at(urls.helpdeskIncident(again))),
    desk('incident-own', at(urls.helpdeskIncident(own))),
    desk('incident-released', at(urls.helpdeskIncident(released))),
    desk('incident-reported', at(urls.helpdeskIncident(reported.id))),
    desk('incident-proposed', at(urls.helpdeskIncident(proposed.id))),
    of('Helpdesk team leader', 'helpdesk-incident-to-confirm', at(urls.helpdeskIncident(proposed.id))),
    desk('incident-sealed', at(urls.helpdeskIncident(sealed.id))),
    desk('permits', at(urls.helpdeskPermits())),
    of('prosecutor', 'report', at(urls.report(inbox, reported.uid))),
    of('prosecutor', 'report-error', async (page) => {
      await at(urls.report(inbox, reported.uid))(page)
      await press(page, 'Report it')
    }),
    of('prosecutor', 'told-above', at(urls.toldAbove(inbox, reported.uid))),
    of('prosecutor', 'message-sealed', at(urls.message(inbox, notice))),
    of('prosecutor', 'forwarding-stopped', at(urls.answer(inbox, proposed.uid, 'forward'))),
    of('prosecutor', 'check-above-ceiling', at(urls.writeCheck(draft))),
  ]
}
