// What is held in a week of the demonstration, and every state of the pages that show it: the sender's, the reader's, the Helpdesk's. T19
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { theService } from '#keys/epoch.ts'
import type { UnscannableChoice } from '#policy/looked-into.ts'
import { urls } from '#web/urls.ts'
import { zipOf } from '#test/support/archives.ts'
import { messageOf, multipart, partOf } from '#test/support/mail-parts.ts'
import type { HelpdeskState } from '#test/support/helpdesk-world.ts'
import type { TestService } from '#test/support/service.ts'
import { openSmtpClient } from '#test/support/smtp-client.ts'
import { host, webVisitor } from '#test/support/web.ts'

export interface HoldState {
  readonly name: string
  readonly who: HelpdeskState['who'] | 'clerk'
  open(page: Page): Promise<unknown>
}

const hidden = (html: string, name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? ''
const locked = zipOf('exhibits.docx', Buffer.from('x'), 1)

async function choose(service: TestService, role: string, unscannable: UnscannableChoice): Promise<void> {
  const { database, organisations, wordings } = service.domains
  const { organisation } = service.person(role)
  const { id } = (await organisations.list()).find(({ name }) => name === organisation)!
  await database.transaction((tx) => wordings.setWording(tx, theService, id, { unscannable }))
}

/** Lets organisations choose; to be done before anything is sent, since a choice is looked up again only after some seconds. */
export async function letChoose(service: TestService): Promise<void> {
  await choose(service, 'prosecutor', 'hold')
  await choose(service, 'solicitor', 'deliver-flagged')
}

/** Holds, releases, refuses and flags, and lists the states of the pages; `at` leads a page to a path. */
export async function holdStates(
  service: TestService,
  inbox: string,
  at: (path: string) => (page: Page) => Promise<unknown>,
): Promise<HoldState[]> {
  const { app } = service.faces.web
  const [sender, reader, solicitor] = ['prosecutor', 'detective sergeant', 'solicitor'].map((role) => service.person(role))
  const visitor = webVisitor(app)
  await visitor.signIn(sender!)
  const officer = webVisitor(app)
  await officer.signIn(service.person('Helpdesk officer'))

  async function draft(subject: string): Promise<string> {
    const form = await visitor.get(urls.write())
    const typed = { to: reader!.address, cc: '', bcc: '', subject, text: 'The exhibits, as agreed.', marking: '' }
    const begun = await visitor.post(urls.write(), { begun: hidden(form.body, 'begun'), version: '0', ...typed, do: 'save' })
    const id = String(begun.headers.location).split('/')[2]!
    const csrf = hidden((await visitor.get(urls.writeFiles(id))).body, 'csrf')
    const part = (head: string) => Buffer.from(`--x\r\nContent-Disposition: form-data; ${head}\r\n\r\n`)
    const name = 'name="file"; filename="exhibits.zip"'
    const rest = Buffer.from('\r\n--x--\r\n')
    const payload = Buffer.concat([part('name="csrf"'), Buffer.from(`${csrf}\r\n`), part(name), locked, rest])
    const headers = { host, 'content-type': 'multipart/form-data; boundary=x', 'sec-fetch-site': 'same-origin' }
    const cookie = [...visitor.jar].map(([key, value]) => `${key}=${value}`).join('; ')
    await app.inject({ method: 'POST', url: urls.writeFiles(id), payload, headers: { ...headers, cookie } })
    return id
  }
  async function held(subject: string): Promise<string> {
    const id = await draft(subject)
    const check = await visitor.get(urls.writeCheck(id))
    const sent = await visitor.post(urls.writeSend(id), {
      version: hidden(check.body, 'version'),
      shown: hidden(check.body, 'shown'),
    })
    assert.equal(sent.headers.location, urls.writeSent(id))
    return id
  }
  const newestHold = async () => /\/helpdesk\/holds\/([0-9a-f-]{36})"/g.exec((await officer.get(urls.helpdeskHolds())).body)![1]!
  async function decided(subject: string, decision: string, reason: string): Promise<{ sent: string; hold: string }> {
    const sent = await held(subject)
    const hold = await newestHold()
    await officer.get(urls.helpdeskHold(hold))
    assert.equal((await officer.post(urls.helpdeskHoldDecide(hold), { decision, reason })).statusCode, 303)
    return { sent, hold }
  }
  const released = await decided('R v Ostler: exhibits', 'released', 'DS Fenwick expects it, and has its password.')
  const refused = await decided('R v Marsh: exhibits', 'refused', 'Nobody at that force knows of it.')
  const withdrawn = await held('R v Teague: exhibits')
  await visitor.get(urls.writeSent(withdrawn))
  await visitor.post(urls.writeWithdraw(withdrawn))
  const waiting = await held('R v Adeleke: exhibits')
  const hold = await newestHold()
  const unsent = await draft('R v Smith: exhibits')

  const smtp = await openSmtpClient(service.faces.submissions.port, solicitor!)
  const file = partOf({
    type: 'application/zip',
    fields: ['Content-Disposition: attachment; filename="accounts.zip"'],
    body: locked,
  })
  const text = partOf({ type: 'text/plain; charset=utf-8', body: 'The accounts, as agreed on the telephone.\r\n' })
  const header = { From: solicitor!.address, To: sender!.address, Subject: 'R v Smith: accounts' }
  const octets = messageOf(header, multipart('mixed', [text, file]))
  const { reply } = await smtp.submit({ from: solicitor!.address, to: [sender!.address], octets })
  smtp.close()
  assert.equal(reply.code, 250, reply.text)
  const flagged = Number(/data-uid="(\d+)"/.exec((await visitor.get(urls.mailbox(inbox))).body)![1])

  const of = (who: HoldState['who'], name: string, open: HoldState['open']): HoldState => ({ who, name, open })
  const own = (name: string, open: HoldState['open']) => of('prosecutor', name, open)
  const desk = (name: string, open: HoldState['open']) => of('Helpdesk officer', `helpdesk-${name}`, open)
  return [
    own('check-held', at(urls.writeCheck(unsent))),
    own('sent-held', at(urls.writeSent(waiting))),
    own('sent-released', at(urls.writeSent(released.sent))),
    own('sent-not-released', at(urls.writeSent(refused.sent))),
    own('sent-withdrawn', at(urls.writeSent(withdrawn))),
    own('held', at(urls.held())),
    of('clerk', 'held-none', at(urls.held())),
    own('message-not-looked-into', at(urls.message(inbox, flagged))),
    desk('holds', at(urls.helpdeskHolds())),
    desk('hold', at(urls.helpdeskHold(hold))),
    desk('hold-error', async (page) => {
      await at(urls.helpdeskHold(hold))(page)
      const loaded = page.waitForEvent('load')
      await page.getByRole('main').getByRole('button', { name: 'Decide', exact: true }).click({ noWaitAfter: true })
      await loaded
    }),
    desk('hold-released', at(urls.helpdeskHold(released.hold))),
    desk('hold-not-released', at(urls.helpdeskHold(refused.hold))),
  ]
}
