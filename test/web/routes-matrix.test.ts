// Every route of webmail × (stranger, another person, another organisation): what each is answered, stated here. A route without a row fails. G03, T03, T06
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sequence } from '#evidence/sequencer.ts'
import { theService } from '#keys/epoch.ts'
import { openAssets } from '#web/assets.ts'
import { assetRoutes } from '#web/assets-routes.ts'
import { routesOf } from '#web/app.ts'
import type { WebDoors } from '#web/doors.ts'
import { urls } from '#web/urls.ts'
import { sql } from '#store/sql.ts'
import { messageOf, multipart, partOf } from '#test/support/mail-parts.ts'
import { testLogKeeper, testOrigin } from '#test/support/log-keeper.ts'
import { testService } from '#test/support/service.ts'
import { openSmtpClient } from '#test/support/smtp-client.ts'
import { host, type WebVisitor, webVisitor } from '#test/support/web.ts'

/** Stands in everything that is the owner's, and must never be in an answer to anybody else. */
const canary = 'zephyrine'
const unknown = '0190a000-0000-7000-8000-000000000000'

const service = await testService()
const { app } = service.faces.web
const owner = service.person('prosecutor')
const friend = service.person('barrister')
{
  const { database, organisations, wordings } = service.domains
  const { id } = (await organisations.list()).find(({ name }) => name === owner.organisation)!
  await database.transaction((tx) => wordings.setWording(tx, theService, id, { unscannable: 'hold' }))
}
const visitors = {
  stranger: webVisitor(app),
  // Of the same organisation, and of another.
  colleague: await signedIn(service.person('paralegal')),
  outsider: await signedIn(service.person('solicitor')),
  owner: await signedIn(owner),
  officer: await signedIn(service.person('Helpdesk officer')),
}

async function signedIn(person: typeof owner): Promise<WebVisitor> {
  const visitor = webVisitor(app)
  await visitor.signIn(person)
  return visitor
}

const hidden = (html: string, name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? ''

interface World {
  readonly inbox: string
  readonly sentBox: string
  readonly folder: string
  readonly spare: string
  readonly received: number
  readonly other: number
  readonly sentUid: number
  /** Drafts: one to read and change, one with refused recipients, one to send, one to delete. */
  readonly draft: string
  readonly partly: string
  readonly ready: string
  readonly doomed: string
  readonly file: string
  readonly sent: string
  readonly incident: string
  /** What was sent and is held, and its hold. */
  readonly heldSent: string
  readonly hold: string
}

async function begin(fields: Record<string, string>): Promise<string> {
  const { owner: visitor } = visitors
  const form = await visitor.get('/write')
  const all = { cc: '', bcc: '', subject: canary, text: canary, marking: '', ...fields }
  const answer = await visitor.post('/write', { begun: hidden(form.body, 'begun'), version: '0', ...all, do: 'check' })
  return String(answer.headers.location).split('/')[2]!
}

async function send(draft: string): Promise<void> {
  const { owner: visitor } = visitors
  const check = await visitor.get(urls.writeCheck(draft))
  const answer = await visitor.post(urls.writeSend(draft), {
    version: hidden(check.body, 'version'),
    shown: hidden(check.body, 'shown'),
  })
  assert.equal(answer.headers.location, urls.writeSent(draft))
}

/** An upload as browsers send it. */
function uploadOf(csrf: string): { payload: string; type: string } {
  const part = (head: string, body: string) => `--x\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`
  const payload = `${part('name="csrf"', csrf)}${part(`name="file"; filename="${canary}.txt"`, canary)}--x--\r\n`
  return { payload, type: 'multipart/form-data; boundary=x' }
}

async function makeWorld(): Promise<World> {
  const { owner: visitor } = visitors
  const smtp = await openSmtpClient(service.faces.submissions.port, friend)
  for (const n of [1, 2]) {
    const file = partOf({
      type: 'text/plain',
      fields: [`Content-Disposition: attachment; filename="${canary}.txt"`],
      body: canary,
    })
    const nested = `Content-Type: message/rfc822\r\n\r\nSubject: ${canary}\r\nFrom: a@b.example\r\n\r\n${canary}\r\n`
    const content = multipart('mixed', [partOf({ type: 'text/html', body: `<p>${canary}</p>` }), file, nested])
    const octets = messageOf({ From: friend.address, To: owner.address, Subject: `${canary} ${n}` }, content)
    assert.equal((await smtp.submit({ from: friend.address, to: [owner.address], octets })).reply.code, 250)
  }
  smtp.close()
  for (const name of [canary, `${canary} spare`]) await visitor.post(urls.folders(), { name })
  const managed = (await visitor.get(urls.folders())).body
  const folders = [...managed.matchAll(/\/folders\/([^/"]+)\/rename/g)].map(([, id]) => id!)
  const [draft, partly, ready, doomed, sent, heldSent] = [
    await begin({ to: friend.address }),
    await begin({ to: `${friend.address}, nobody@elsewhere.example` }),
    await begin({ to: friend.address, subject: `${canary} ready` }),
    await begin({ to: friend.address }),
    await begin({ to: friend.address }),
    await begin({ to: friend.address }),
  ]
  await send(sent)
  service.clamd.mode = 'encrypted'
  await send(heldSent)
  service.clamd.mode = 'finds-eicar'
  const [held] = await service.domains.database.rows<{ id: string }>(sql`select id from hold`)
  await sequence({ ...service.domains, ...(await testLogKeeper()), origin: testOrigin }) // receipts are of the signed tree
  const page = await visitor.get(urls.writeFiles(draft))
  await ask(visitor, 'POST', urls.writeFiles(draft), {}, hidden(page.body, 'csrf'))
  const file = /\/files\/([^/"]+)\/remove/.exec((await visitor.get(urls.writeFiles(draft))).body)![1]!
  const copy = /\/mail\/([^/"]+)\/(\d+)"/.exec((await visitor.get(urls.writeSent(sent))).body)!
  const inbox = String((await visitor.get('/')).headers.location).split('/')[2]!
  await visitor.post(urls.report(inbox, 2), { reason: 'other', words: canary })
  const [incident] = await service.domains.incidents.list()
  return {
    incident: incident!.id,
    heldSent,
    hold: held!.id,
    ...{ inbox, draft, partly, ready, doomed, sent, file, received: 1, other: 2 },
    sentBox: copy[1]!,
    sentUid: Number(copy[2]),
    folder: folders[0]!,
    spare: folders[1]!,
  }
}

interface Row {
  readonly url: (world: World) => string
  readonly fields?: (world: World) => Record<string, string>
  readonly isUpload?: true
  /** The Helpdesk's: an officer shows that the request is a true one. */
  readonly isForOfficers?: true
  /** The status for a stranger, for others who are signed in, and for the owner, who shows that the request is a true one. */
  readonly stranger: number
  readonly others: number
  readonly owner: number
}

const form = (world: World) => ({
  to: friend.address,
  subject: 'taken over',
  text: 'taken over',
  version: '1',
  draft: world.draft,
})
/** A page of one's own things: a stranger is led to sign in, others have none of theirs there. */
const own = { stranger: 303, others: 404, owner: 200 } as const
/** A form about one's own things: a stranger is told to sign in. */
const change = { stranger: 401, others: 404, owner: 303 } as const
/** For everybody who is signed in, about their own. */
const each = { stranger: 303, others: 200, owner: 200 } as const
const eachDoes = { stranger: 401, others: 303, owner: 303 } as const
const anybody = { stranger: 200, others: 200, owner: 200 } as const
/** The Helpdesk's pages and forms: for others there is nothing there. */
const desk = { isForOfficers: true, stranger: 303, others: 404, owner: 200 } as const
const deskDoes = { isForOfficers: true, stranger: 401, others: 404, owner: 303 } as const
/** Forms that make no sense for who is signed in already. */
const entrance = { stranger: 200, others: 303, owner: 303 } as const

const rows: Readonly<Record<string, Row>> = {
  'GET /': { url: urls.home, stranger: 303, others: 303, owner: 303 },
  'GET /sign-in': { url: () => '/sign-in', ...entrance },
  'POST /sign-in': { url: () => '/sign-in', fields: () => ({}), stranger: 422, others: 422, owner: 422 },
  'GET /new-browser': { url: () => '/new-browser', ...entrance },
  'POST /new-browser': { url: () => '/new-browser', fields: () => ({}), stranger: 422, others: 422, owner: 422 },
  'GET /signed-out': { url: urls.signedOut, ...anybody },
  'GET /rules': { url: urls.rules, ...anybody },
  'GET /help': { url: urls.help, ...anybody },
  'GET /help/markings': { url: urls.markings, ...anybody },
  'GET /help/accessibility': { url: urls.accessibility, ...anybody },
  'GET /help/cookies': { url: urls.cookies, ...anybody },
  'GET /assets/:build/*': { url: () => `${openAssets().base}/app.css`, ...anybody },

  'GET /mail/:mailbox': { url: (w) => urls.mailbox(w.inbox), ...own },
  'GET /mail/:mailbox/acts': { url: (w) => urls.mailboxActs(w.inbox), stranger: 303, others: 303, owner: 303 },
  'POST /mail/:mailbox/acts': {
    url: (w) => urls.mailboxActs(w.inbox),
    fields: (w) => ({ act: 'move', uid: `${w.other}`, to: w.folder }),
    ...change,
  },
  'GET /mail/:mailbox/events': { url: (w) => urls.mailboxEvents(w.inbox), stranger: 303, others: 404, owner: 200 },
  'GET /folders': { url: urls.folders, ...each },
  'POST /folders': { url: urls.folders, fields: () => ({ name: 'a new one' }), ...eachDoes },
  'GET /folders/:mailbox/rename': { url: (w) => urls.folderRename(w.folder), ...own },
  'POST /folders/:mailbox/rename': {
    url: (w) => urls.folderRename(w.folder),
    fields: () => ({ name: `${canary} 3` }),
    ...change,
  },
  'GET /folders/:mailbox/delete': { url: (w) => urls.folderDelete(w.spare), ...own },
  'POST /folders/:mailbox/delete': { url: (w) => urls.folderDelete(w.spare), fields: () => ({}), ...change },

  'GET /mail/:mailbox/:uid': { url: (w) => urls.message(w.inbox, w.received), ...own },
  'GET /mail/:mailbox/:uid/frame/:part': { url: (w) => urls.messageFrame(w.inbox, w.received, '1'), ...own },
  'GET /mail/:mailbox/:uid/file/:part': { url: (w) => urls.messageFile(w.inbox, w.received, '2'), ...own },
  'GET /mail/:mailbox/:uid/within/:part': { url: (w) => urls.messageWithin(w.inbox, w.received, '3'), ...own },
  'GET /mail/:mailbox/:uid/original': { url: (w) => urls.messageOriginal(w.inbox, w.received), ...own },
  'GET /mail/:mailbox/:uid/answer/:kind': { url: (w) => urls.answer(w.inbox, w.received, 'forward'), ...own },
  'POST /mail/:mailbox/:uid/answer/:kind': { url: (w) => urls.answer(w.inbox, w.received, 'forward'), fields: form, ...change },
  'GET /mail/:mailbox/:uid/sent': { url: (w) => urls.sentOf(w.sentBox, w.sentUid), stranger: 303, others: 404, owner: 303 },

  'GET /mail/:mailbox/:uid/report': { url: (w) => urls.report(w.inbox, w.received), ...own },
  'POST /mail/:mailbox/:uid/report': {
    url: (w) => urls.report(w.inbox, w.received),
    fields: () => ({ reason: 'spam' }),
    ...change,
  },
  'GET /mail/:mailbox/:uid/told-above': { url: (w) => urls.toldAbove(w.inbox, w.received), ...own },
  'POST /mail/:mailbox/:uid/told-above': { url: (w) => urls.toldAbove(w.inbox, w.received), fields: () => ({}), ...change },

  'GET /helpdesk': { url: () => urls.helpdesk(), ...desk },
  'GET /helpdesk/holds': { url: urls.helpdeskHolds, ...desk },
  'GET /helpdesk/holds/:hold': { url: (w) => urls.helpdeskHold(w.hold), ...desk },
  'POST /helpdesk/holds/:hold/decide': {
    url: (w) => urls.helpdeskHoldDecide(w.hold),
    fields: () => ({ decision: 'refused', reason: 'looked at' }),
    ...deskDoes,
  },
  'GET /helpdesk/permits': { url: urls.helpdeskPermits, ...desk },
  'GET /helpdesk/incidents/:incident': { url: (w) => urls.helpdeskIncident(w.incident), ...desk },
  'POST /helpdesk/incidents/:incident/decide': {
    url: (w) => urls.helpdeskDecide(w.incident),
    fields: () => ({ decision: 'closed', reason: 'looked at' }),
    ...deskDoes,
  },
  'POST /helpdesk/incidents/:incident/propose': {
    url: (w) => urls.helpdeskPropose(w.incident),
    fields: () => ({ act: 'seal', 'seal-reason': 'it is' }),
    ...deskDoes,
  },
  'POST /helpdesk/incidents/:incident/confirm': {
    url: (w) => urls.helpdeskConfirm(w.incident),
    fields: () => ({ proposal: unknown, decision: 'confirmed' }),
    ...deskDoes,
    owner: 403,
  },

  'GET /away': { url: urls.away, ...each },
  'POST /away': { url: urls.away, fields: () => ({ do: 'off' }), ...eachDoes },

  'GET /write': { url: urls.write, ...each },
  'POST /write': { url: urls.write, fields: (w) => ({ ...form(w), begun: '' }), ...eachDoes },
  'GET /write/:draft': { url: (w) => urls.writeDraft(w.draft), ...own },
  // What others send to a draft that is none of theirs becomes a draft of their own, so that nothing that is typed is lost.
  'POST /write/:draft': { url: (w) => urls.writeDraft(w.draft), fields: form, stranger: 401, others: 303, owner: 409 },
  'GET /write/:draft/files': { url: (w) => urls.writeFiles(w.draft), ...own },
  'POST /write/:draft/files': { url: (w) => urls.writeFiles(w.draft), isUpload: true, ...change },
  'POST /write/:draft/files/:file/remove': { url: (w) => urls.writeFileRemove(w.draft, w.file), fields: () => ({}), ...change },
  'GET /write/:draft/people': { url: (w) => urls.writePeople(w.draft, 'to'), ...own },
  'POST /write/:draft/people': {
    url: (w) => urls.writePeople(w.draft, 'to').split('?')[0]!,
    fields: () => ({ field: 'to', person: friend.address }),
    ...change,
  },
  // Everybody in the community finds everybody in its directory (G11).
  'GET /people': { url: () => '/people?q=hollis', ...each },
  'GET /write/:draft/check': { url: (w) => urls.writeCheck(w.draft), ...own },
  'POST /write/:draft/without-refused': { url: (w) => urls.writeWithout(w.partly), fields: () => ({}), ...change },
  'POST /write/:draft/release': {
    url: (w) => urls.writeRelease(w.partly),
    fields: () => ({ version: '1', ground: 'certain-not-sensitive', words: 'It was published' }),
    ...change,
  },
  'POST /write/:draft/send': { url: (w) => urls.writeSend(w.ready), fields: () => ({ version: '1' }), ...change },
  'GET /held': { url: urls.held, ...each },
  'POST /held/:hold/withdraw': { url: (w) => urls.heldWithdraw(w.hold), fields: () => ({}), ...change },
  'GET /drafts': { url: urls.drafts, ...each },
  'GET /write/:draft/delete': { url: (w) => urls.writeDelete(w.doomed), ...own },
  'POST /write/:draft/delete': { url: (w) => urls.writeDelete(w.doomed), fields: () => ({}), ...change },
  'GET /write/:draft/sent': { url: (w) => urls.writeSent(w.sent), ...own },
  'POST /write/:draft/sent/withdraw': { url: (w) => urls.writeWithdraw(w.heldSent), fields: () => ({}), ...change },
  'GET /write/:draft/sent/receipt': { url: (w) => urls.writeReceipt(w.sent, friend.address), ...own },
  // Last: it ends the session of whoever sends it.
  'POST /sign-out': { url: urls.signOut, fields: () => ({}), stranger: 303, others: 303, owner: 303 },
}

/** Sends one request as it is stated; with an upload where `csrf` is given. A stream of events is left once it began. */
async function ask(who: WebVisitor, method: string, url: string, fields: Record<string, string>, csrf?: string) {
  const cookie = [...who.jar].map(([name, value]) => `${name}=${value}`).join('; ')
  if (csrf !== undefined) {
    const { payload, type } = uploadOf(csrf)
    const headers = { host, cookie, 'content-type': type, 'sec-fetch-site': 'same-origin' }
    return app.inject({ method: 'POST', url, payload, headers })
  }
  if (url.endsWith('/events')) {
    const answer = await app.inject({ method: 'GET', url, payloadAsStream: true, headers: { host, cookie } })
    answer.stream().destroy()
    return { statusCode: answer.statusCode, headers: answer.headers, body: '' }
  }
  return method === 'GET' ? who.get(url) : who.post(url, fields)
}

/** All that the owner has, as it is stored. */
async function stateOf(): Promise<unknown> {
  const { holder } = (await service.domains.accounts.holdersAt([owner.address])).get(owner.address)!
  const { database } = service.domains
  return {
    copies: await database.rows(sql`select mailbox, uid, flags, modseq from copy where holder = ${holder} order by mailbox, uid`),
    mailboxes: await database.rows(
      sql`select id, name_hash, uid_next, highest_modseq from mailbox where holder = ${holder} order by id`,
    ),
    drafts: await database.rows(sql`select id, version from draft where holder = ${holder} order by id`),
    uploads: await database.rows(sql`select id from draft_upload where holder = ${holder} order by id`),
  }
}

const world = await makeWorld()
/** The routes of the application; nothing of them is run here, so they need no doors. */
const registered = [...routesOf({} as WebDoors), ...assetRoutes(openAssets())]
const nameOf = ({ method, url }: { method: string; url: string }) => `${method} ${url}`

test('every route has a row here, and every row a route', () => {
  assert.deepEqual(Object.keys(rows).sort(), registered.map(nameOf).sort())
})

test('a route that anybody may use says so, and only those answer strangers', () => {
  for (const one of registered) {
    const { stranger } = rows[nameOf(one)]!
    if (one.who === 'signed-in') assert.equal(stranger, one.method === 'GET' ? 303 : 401, nameOf(one))
    else assert.ok(stranger === 200 || one.method === 'POST', nameOf(one))
  }
})

for (const who of ['stranger', 'colleague', 'outsider'] as const) {
  test(`every route answers ${who === 'stranger' ? 'a' : 'the'} ${who} as it is stated, shows nothing, and changes nothing of the owner’s`, async () => {
    const visitor = visitors[who]
    const before = await stateOf()
    for (const [name, row] of Object.entries(rows)) {
      await visitor.get(who === 'stranger' ? '/sign-in' : '/help') // whose page has a token
      const page = await visitor.get('/help')
      const csrf =
        row.isUpload === true ? hidden(page.body, 'csrf') || hidden((await visitor.get('/sign-in')).body, 'csrf') : undefined
      const answer = await ask(visitor, name.split(' ')[0]!, row.url(world), row.fields?.(world) ?? {}, csrf)
      assert.equal(answer.statusCode, who === 'stranger' ? row.stranger : row.others, `${name} for a ${who}`)
      assert.ok(!answer.body.includes(canary), `${name} shows a ${who} what is the owner’s`)
      if (answer.statusCode === 303 && row.stranger === 303 && who === 'stranger' && name !== 'POST /sign-out')
        assert.match(String(answer.headers.location), /^\/sign-in\?next=/, name)
    }
    assert.deepEqual(await stateOf(), before)
  })
}

test('what is nobody’s is answered as what is somebody else’s: nobody learns whether it is there', async () => {
  const visitor = await signedIn(service.person('solicitor'))
  const own = Object.entries(rows).filter(
    ([name, row]) => row.others === 404 && name.startsWith('GET ') && row.isForOfficers !== true,
  )
  const known = Object.values(world).filter((one) => typeof one === 'string')
  for (const [name, row] of own) {
    const url = row.url(world)
    const nobodys = known.reduce((text, id) => text.replace(id, unknown), url)
    assert.notEqual(nobodys, url)
    const [theirs, none] = [await visitor.get(url), await visitor.get(nobodys)]
    const plain = (body: string) => body.replace(/value="[^"]*"/g, '')
    assert.deepEqual([none.statusCode, plain(none.body)], [theirs.statusCode, plain(theirs.body)], name)
  }
})

test('the owner is answered as it is stated, so that each request is a true one', async () => {
  for (const [name, row] of Object.entries(rows)) {
    const visitor = row.isForOfficers === true ? visitors.officer : visitors.owner
    const page = await visitor.get('/help')
    const csrf = row.isUpload === true ? hidden(page.body, 'csrf') : undefined
    const answer = await ask(visitor, name.split(' ')[0]!, row.url(world), row.fields?.(world) ?? {}, csrf)
    assert.equal(answer.statusCode, row.owner, `${name}: ${answer.body.slice(0, 3000)}`)
  }
})
