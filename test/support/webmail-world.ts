// What a week of webmail brings to the people of the demonstration: mail, folders, drafts, a sent message. For whoever looks at every page.
import assert from 'node:assert/strict'
import type { FastifyInstance } from 'fastify'
import type { DemoPerson } from '#cli/demonstration.ts'
import { urls } from '#web/urls.ts'
import { multipart, messageOf, partOf } from '#test/support/mail-parts.ts'
import type { TestService } from '#test/support/service.ts'
import { openSmtpClient } from '#test/support/smtp-client.ts'
import { host, type WebVisitor, webVisitor } from '#test/support/web.ts'

const text = (body: string) => partOf({ type: 'text/plain; charset=utf-8', body })
const file = (name: string, type: string, body: string | Buffer) =>
  partOf({ type, fields: [`Content-Disposition: attachment; filename="${name}"`], body })
const pdf = `%PDF-1.7\n${'exhibit '.repeat(15_000)}`
const hidden = (html: string, name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? ''

const html = `<h2>Chambers bulletin</h2><p>Dear colleagues,</p>
<p>The listing for <b>22 November</b> has changed. <a href="https://www.example.org/list">The new list</a> is below.</p>
<table><tr><th>Court</th><th>Case</th><th>Time</th></tr><tr><td>1</td><td>R v Smith</td><td>10:30</td></tr><tr><td>2</td><td>R v Ostler</td><td>14:00</td></tr></table>
<p><img src="https://pictures.example.org/logo.png" alt="Logo"></p><p>Kind regards,<br>Constance</p>`

const subjects = [
  'R v Ostler: bundle for the hearing',
  'Bail conditions: R v Teague',
  'Service of initial details of the prosecution case',
  'Further evidence: CCTV from the station, and a statement of the officer who collected it, with the log of every person who handled it since',
  'R v Marsh: unused material',
  'Witness availability, week of 7 December',
  'Special measures application',
  'R v Adeleke: basis of plea',
] as const

/** What the pages are about. */
export interface World {
  readonly inbox: string
  readonly emptyInbox: string
  readonly folders: ReadonlyMap<string, string>
  readonly uids: { readonly marked: number; readonly html: number; readonly files: number }
  readonly drafts: { readonly whole: string; readonly partly: string; readonly wrong: string; readonly blank: string }
  readonly sent: string
  readonly copy: { readonly mailbox: string; readonly uid: number }
}

interface Writer {
  readonly app: FastifyInstance
  readonly visitor: WebVisitor
}

async function signedIn(service: TestService, person: DemoPerson): Promise<Writer> {
  const { app } = service.faces.web
  const visitor = webVisitor(app)
  await visitor.signIn(person)
  return { app, visitor }
}

async function draftOf({ app, visitor }: Writer, fields: Record<string, string>, files: readonly string[] = []): Promise<string> {
  const form = await visitor.get(urls.write())
  const all = { begun: hidden(form.body, 'begun'), version: '0', cc: '', bcc: '', marking: '', ...fields, do: 'save' }
  const id = String((await visitor.post(urls.write(), all)).headers.location).split('/')[2]!
  if (files.length === 0) return id
  const csrf = hidden((await visitor.get(urls.writeFiles(id))).body, 'csrf')
  const part = (head: string, body: string) => `--x\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`
  const payload = `${part('name="csrf"', csrf)}${files.map((name) => part(`name="file"; filename="${name}"`, pdf)).join('')}--x--\r\n`
  const headers = { host, 'content-type': 'multipart/form-data; boundary=x', 'sec-fetch-site': 'same-origin' }
  const cookie = [...visitor.jar].map(([name, value]) => `${name}=${value}`).join('; ')
  await app.inject({ method: 'POST', url: urls.writeFiles(id), payload, headers: { ...headers, cookie } })
  return id
}

async function sendDraft({ visitor }: Writer, id: string): Promise<void> {
  const check = await visitor.get(urls.writeCheck(id))
  const answer = await visitor.post(urls.writeSend(id), {
    version: hidden(check.body, 'version'),
    shown: hidden(check.body, 'shown'),
  })
  assert.equal(answer.headers.location, urls.writeSent(id))
}

async function fillInbox(service: TestService, to: DemoPerson): Promise<void> {
  const writers = ['miriam.hollis', 'constance.adeyemi', 'daniel.penn', 'ada.marlowe'].map(
    (name) => service.people.find((one) => one.userName === name)!,
  )
  const smtps = await Promise.all(writers.map((one) => openSmtpClient(service.faces.submissions.port, one)))
  const submit = async (at: number, subject: string, content: string) => {
    const from = writers[at % writers.length]!
    const header = {
      From: `${from.name} <${from.address}>`,
      To: `${to.name} <${to.address}>`,
      Subject: subject,
      Date: new Date().toUTCString(),
    }
    const { reply } = await smtps[at % writers.length]!.submit({
      from: from.address,
      to: [to.address],
      octets: messageOf(header, content),
    })
    assert.equal(reply.code, 250, reply.text)
  }
  for (let at = 0; at < 52; at++) await submit(at, `${subjects[at % subjects.length]} (${at + 1})`, text('Please see below.\r\n'))
  const bulletin = partOf({ type: 'text/html; charset=utf-8', body: html })
  await submit(1, 'Bulletin: the list for Monday', multipart('alternative', [text('The list has changed.'), bulletin]))
  const nested = `Content-Type: message/rfc822\r\n\r\nSubject: Disclosure request\r\nFrom: Gareth Pike <gareth.pike@terncourt.cjsm.test>\r\nTo: a@b.example\r\n\r\nCould you send the schedule?\r\n`
  const attached = [
    text('Dear Priya\r\n\r\nThe papers are attached; https://www.example.org/guide says how they are numbered.\r\n'),
    file('Defence statement.pdf', 'application/pdf', pdf),
    file('Schedule of unused material, with every exhibit and every page, final version.csv', 'text/csv', 'a,b\r\n1,2\r\n'),
    file('Photographs.pdf', 'application/pdf', Buffer.from('PK\x03\x04 not a PDF', 'latin1')),
    nested,
  ]
  await submit(0, 'R v Smith: papers for the hearing on Monday', multipart('mixed', attached))
  for (const smtp of smtps) smtp.close()
}

/** Fills a service, and says where what is. */
export async function makeWorld(service: TestService): Promise<World> {
  const owner = service.person('prosecutor')
  const [writer, clerk, officer] = [
    await signedIn(service, owner),
    await signedIn(service, service.person('clerk')),
    await signedIn(service, service.person('detective sergeant')),
  ]
  await fillInbox(service, owner)
  const { visitor } = writer
  const [miriam, daniel] = [service.person('solicitor'), service.people.find((one) => one.userName === 'daniel.penn')!]
  const marked = { subject: 'R v Smith: statement of PC Hale', marking: 'GPMS/RESTRICTED', descriptor: '', caveat: '' }
  const statement =
    'Dear Priya\n\nThe signed statement of PC Hale is attached. The exhibit numbers follow the schedule.\n\nOrla Fenwick'
  const toOwner = { to: `${owner.name} <${owner.address}>`, text: statement, ...marked }
  await sendDraft(officer, await draftOf(officer, toOwner, ['Statement of PC Hale.pdf']))

  const inbox = String((await visitor.get('/')).headers.location).split('/')[2]!
  const rows = (await visitor.get(urls.mailbox(inbox))).body.split('<li ').filter((row) => row.includes('data-uid'))
  const uidOf = (subject: string) => Number(/data-uid="(\d+)"/.exec(rows.find((row) => row.includes(subject))!)![1])
  const uids = { marked: uidOf('statement of PC Hale'), html: uidOf('Bulletin'), files: uidOf('R v Smith: papers') }
  const some = rows.map((row) => /data-uid="(\d+)"/.exec(row)![1]!)
  await visitor.post(urls.mailboxActs(inbox), { act: 'seen', uid: some.slice(4) })
  await visitor.post(urls.mailboxActs(inbox), { act: 'flag', uid: [`${uids.files}`, some[7]!] })
  for (const name of ['Cases', 'Cases/R v Smith', 'Training']) await visitor.post(urls.folders(), { name })
  const managed = (await visitor.get(urls.folders())).body
  const folders = new Map(
    [...managed.matchAll(/\/folders\/([^/"]+)\/rename">Rename<span[^>]*> ([^<]+)/g)].map((found): [string, string] => [
      found[2]!,
      found[1]!,
    ]),
  )
  const body = 'Dear Miriam\n\nPlease find attached the statement that you asked for.\n\nPriya Raman'
  const whole = {
    to: `${miriam.name} <${miriam.address}>`,
    subject: 'R v Smith: disclosure',
    text: body,
    marking: 'GPMS/RESTRICTED',
  }
  const drafts = {
    whole: await draftOf(writer, whole, ['Statement of PC Hale.pdf']),
    partly: await draftOf(writer, { ...whole, to: `${whole.to}, someone@elsewhere.example`, cc: daniel.address }),
    wrong: await draftOf(writer, { to: 'Miriam, not an address', subject: 'x'.repeat(3000), text: '' }),
    blank: await draftOf(writer, { to: '', subject: '', text: 'A thought for later' }),
  }
  const sent = await draftOf(writer, { ...whole, cc: daniel.address, subject: 'R v Smith: first disclosure' }, ['Schedule.pdf'])
  await sendDraft(writer, sent)
  const copy = /\/mail\/([^/"]+)\/(\d+)"/.exec((await visitor.get(urls.writeSent(sent))).body)!
  const emptyInbox = String((await clerk.visitor.get('/')).headers.location).split('/')[2]!
  return { inbox, emptyInbox, folders, uids, drafts, sent, copy: { mailbox: copy[1]!, uid: Number(copy[2]) } }
}
