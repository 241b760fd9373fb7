// What the ceiling refuses is kept sealed until an officer decided; what was delivered and is above it is sealed by two people; and what people tell the Helpdesk. G01, G05, T07
import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { ImapFlow } from 'imapflow'
import { systemClock } from '#base/clock.ts'
import type { DemoPerson } from '#cli/demonstration.ts'
import { releaseMs } from '#community/incidents.ts'
import { maxIncidentCopiesPerDay } from '#delivery/limits.ts'
import { maxReasonCharacters, maxReportCharacters, maxReportsPerDay } from '#helpdesk/limits.ts'
import { sequence } from '#evidence/sequencer.ts'
import { theService } from '#keys/epoch.ts'
import { auditAll } from '#roles/prove.ts'
import { sql } from '#store/sql.ts'
import { urls } from '#web/urls.ts'
import { messageOf, openTestDoors } from '#test/support/acceptance.ts'
import { imapClient } from '#test/support/imap-client.ts'
import { testLogKeeper, testOrigin } from '#test/support/log-keeper.ts'
import { testService } from '#test/support/service.ts'
import { openSmtpClient } from '#test/support/smtp-client.ts'
import { headingOf, type WebVisitor, webVisitor } from '#test/support/web.ts'

let aheadMs = 0
const clock = { ...systemClock, now: () => systemClock.now() + aheadMs }
const service = await testService({ clock })
const doors = await openTestDoors(service)
const { database, incidents, incidentCopies, evidence } = service.domains
const { app } = service.faces.web
const [orla, priya, miriam, gareth, ada] = ['detective sergeant', 'prosecutor', 'solicitor', 'clerk', 'sole practitioner'].map(
  (role) => service.person(role),
) as [DemoPerson, DemoPerson, DemoPerson, DemoPerson, DemoPerson]
const [rowan, sunita] = [service.person('Helpdesk officer'), service.person('Helpdesk team leader')]
const idOf = async ({ address }: DemoPerson) => (await service.domains.accounts.holdersAt([address])).get(address)!.holder
const block = 'Telephone 020 7946 0018'

async function visitorOf(person: DemoPerson): Promise<WebVisitor> {
  const visitor = webVisitor(app)
  await visitor.signIn(person)
  return visitor
}
const officer = await visitorOf(rowan)
const second = await visitorOf(sunita)

let number = 0
/** A message above the ceiling; each call with a Date, a Message-ID and a boundary of its own. */
function raw(from: DemoPerson, subject: string, text: string, to = priya.address): string {
  number++
  return messageOf(
    `From: ${from.address}`,
    `To: ${to}`,
    `Date: Sun, 22 Nov 2026 0${number % 10}:00:00 +0000`,
    `Message-ID: <${number}@program.example>`,
    `Subject: ${subject}`,
    'MIME-Version: 1.0',
    `Content-Type: multipart/mixed; boundary=b${number}`,
    '',
    `--b${number}`,
    'Content-Type: text/plain',
    '',
    text,
    '',
    block,
    `--b${number}`,
    'Content-Type: text/plain; name=list.txt',
    'Content-Disposition: attachment; filename=list.txt',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from(`List of ${text}`).toString('base64'),
    `--b${number}--`,
  )
}

const openOnes = async (kind: string) => (await incidents.list()).filter((one) => one.kind === kind && one.decision === null)
const copiesKept = () =>
  database.rows<{ incident: string; wrappedKey: Buffer }>(sql`select incident, wrapped_key from incident_copy`)
const recordsOf = async (event: string) => {
  const rows = await database.rows<{ id: string }>(sql`select id from evidence_record order by id`)
  const all = await Promise.all(rows.map(({ id }) => evidence.read(id)))
  return all.filter((one) => one?.leaf.event === event).flatMap((one) => one!.openings!.map(({ detail }) => detail))
}
async function refusedOnce(from: DemoPerson, subject: string, text: string): Promise<string> {
  const before = new Set((await openOnes('above-ceiling')).map(({ id }) => id))
  const reply = await doors.submit(from, [priya.address], raw(from, subject, text))
  assert.equal(reply.kind === 'refused' && reply.reason, 'marked-above-the-ceiling')
  const opened = (await openOnes('above-ceiling')).filter(({ id }) => !before.has(id))
  assert.equal(opened.length, 1)
  return opened[0]!.id
}
const decide = (visitor: WebVisitor, id: string, decision: string, reason = 'looked at the line') =>
  visitor.get(urls.helpdeskIncident(id)).then(() => visitor.post(urls.helpdeskDecide(id), { decision, reason }))

test('G05 what the ceiling refuses is kept sealed with an incident and a record, by DATA, by BDAT and from webmail alike', async () => {
  const smtp = await openSmtpClient(service.faces.submissions.port, orla)
  for (const [chunks, subject] of [
    [{}, 'SECRET - by data'],
    [{ chunkOctets: 200 }, 'SECRET - by bdat'],
  ] as const) {
    const octets = Buffer.from(raw(orla, subject, 'the plan'))
    const { reply } = await smtp.submit({ from: orla.address, to: [priya.address], octets, ...chunks })
    assert.equal(reply.code, 550)
    assert.match(reply.text, /G05/)
  }
  smtp.close()
  const writer = await visitorOf(orla)
  const form = await writer.get(urls.write())
  const begun = /name="begun" value="([^"]*)"/.exec(form.body)![1]!
  const fields = { to: priya.address, cc: '', bcc: '', subject: 'SECRET - from webmail', text: 'the plan', marking: '' }
  const draft = String((await writer.post(urls.write(), { begun, version: '0', ...fields, do: 'check' })).headers.location).split(
    '/',
  )[2]!
  const check = await writer.get(urls.writeCheck(draft))
  assert.match(check.body, /Ask the Helpdesk/)
  const version = /name="version" value="([^"]*)"/.exec(check.body)![1]!
  const plainly = await writer.post(urls.writeSend(draft), { version })
  assert.equal((await openOnes('above-ceiling')).length, 2, 'only who asks brings it before the Helpdesk')
  assert.equal(plainly.statusCode, 422)
  const asked = await writer.post(urls.writeSend(draft), { version, helpdesk: 'ask' })
  assert.match(asked.body, /An officer of the Helpdesk will look/)
  assert.equal((await writer.get(urls.writeDraft(draft))).statusCode, 200, 'the draft stays')

  const opened = await openOnes('above-ceiling')
  assert.equal(opened.length, 3)
  assert.deepEqual(new Set((await copiesKept()).map(({ incident }) => incident)), new Set(opened.map(({ id }) => id)))
  const rejections = (await recordsOf('SubmissionRejection')).map((detail) => detail.incident)
  assert.deepEqual(new Set(rejections), new Set(opened.map(({ id }) => id)))
  assert.equal((await recordsOf('IncidentOpened')).length, 3)
  assert.equal((await database.rows(sql`select from message`)).length, 0)
})

test('G05 the same content makes no second copy, however a program writes it down; other content and other people’s do', async () => {
  const id = await refusedOnce(miriam, 'TOP SECRET - same', 'same text')
  for (const to of [priya, gareth]) {
    const reply = await doors.submit(miriam, [to.address], raw(miriam, 'TOP SECRET - same', 'same text', to.address))
    assert.equal(reply.kind, 'refused')
  }
  assert.deepEqual((await openOnes('above-ceiling')).filter(({ about }) => about !== '').length, 4)
  const rejections = (await recordsOf('SubmissionRejection')).filter((detail) => detail.incident === id)
  assert.equal(rejections.length, 3, 'each refusal names the one incident')
  await refusedOnce(miriam, 'TOP SECRET - same', 'same text, changed')
  await refusedOnce(gareth, 'TOP SECRET - same', 'same text')
})

test('G05 an officer sees the line that matched with its place, and nothing else of the message', async () => {
  const id = await refusedOnce(gareth, 'SECRET - zephyrine subject', 'zephyrine body')
  const page = await officer.get(urls.helpdeskIncident(id))
  assert.equal(page.statusCode, 200)
  assert.match(page.body, /subject: SECRET/)
  assert.match(page.body, /Gareth Pike/)
  assert.doesNotMatch(page.body, /zephyrine/)
  const list = await officer.get(urls.helpdesk({ show: 'ceiling' }))
  assert.ok(list.body.includes(id))
  assert.ok(!(await officer.get(urls.helpdesk({ show: 'sending' }))).body.includes(id))
})

test('G05 a release lets that same content of that submitter pass for 30 days, by every door, and the other rules still judge it', async () => {
  const id = await refusedOnce(miriam, 'SECRET - Santa list', 'for the party')
  const keeper = await visitorOf(miriam)
  const form = await keeper.get(urls.write())
  const begun = /name="begun" value="([^"]*)"/.exec(form.body)![1]!
  const fields = { to: priya.address, cc: '', bcc: '', subject: 'SECRET - web list', text: 'for the party', marking: '' }
  const draft = String((await keeper.post(urls.write(), { begun, version: '0', ...fields, do: 'check' })).headers.location).split(
    '/',
  )[2]!
  const version = /name="version" value="([^"]*)"/.exec((await keeper.get(urls.writeCheck(draft))).body)![1]!
  await keeper.post(urls.writeSend(draft), { version, helpdesk: 'ask' })
  const web = (await openOnes('above-ceiling')).at(-1)!.id

  assert.equal((await decide(officer, id, 'released')).statusCode, 303)
  assert.equal((await decide(officer, web, 'released')).statusCode, 303)
  assert.deepEqual((await doors.read(miriam)).filter((one) => one.includes('released your message')).length, 2)
  assert.ok(!(await copiesKept()).some(({ incident }) => incident === id), 'nobody needs the copy any more')

  const passed = await doors.submit(miriam, [priya.address], raw(miriam, 'SECRET - Santa list', 'for the party'))
  assert.equal(passed.kind, 'accepted')
  const [accepted] = (await recordsOf('SubmissionAcceptance')).slice(-1)
  assert.equal(accepted!.isReleased, true)
  for (const [from, subject, text] of [
    [miriam, 'SECRET - Santa list', 'for another party'],
    [miriam, 'SECRET - Santa lists', 'for the party'],
    [gareth, 'SECRET - Santa list', 'for the party'],
  ] as const)
    assert.equal((await doors.submit(from, [priya.address], raw(from, subject, text))).kind, 'refused', `${subject}: ${text}`)
  const unknown = await doors.submit(miriam, ['nobody@terncourt.cjsm.test'], raw(miriam, 'SECRET - Santa list', 'for the party'))
  assert.equal(unknown.kind === 'refused' && unknown.clause, 'G01')

  const check = await keeper.get(urls.writeCheck(draft))
  assert.doesNotMatch(check.body, /Ask the Helpdesk/)
  const sent = await keeper.post(urls.writeSend(draft), { version })
  assert.equal(sent.headers.location, urls.writeSent(draft), 'one click')

  aheadMs = releaseMs + 1000
  const late = await doors.submit(miriam, [priya.address], raw(miriam, 'SECRET - Santa list', 'for the party'))
  assert.equal(late.kind, 'refused')
  aheadMs = 0
})

test('G05 G20 destroying a copy destroys its key for good, with a certificate that the officer reads', async () => {
  const id = await refusedOnce(orla, 'SECRET - truly', 'truly above it')
  const [copy] = (await copiesKept()).filter(({ incident }) => incident === id)
  const unseal = () => service.domains.keys.unseal(id, 'held', `incident copy/${id}`, copy!.wrappedKey)
  assert.equal((await unseal()).length, 32)
  assert.equal((await decide(officer, id, 'destroyed', '')).statusCode, 422, 'a reason is needed')
  assert.equal((await decide(officer, id, 'lifted')).statusCode, 422, 'that is no decision about one of these')
  assert.equal((await decide(officer, id, 'destroyed')).statusCode, 303)
  await assert.rejects(unseal(), /destroyed/)
  assert.ok(!(await copiesKept()).some(({ incident }) => incident === id))
  const certificate = await incidentCopies.certificate(id)
  const record = await evidence.read(certificate!.record)
  assert.equal(record!.leaf.event, 'IncidentCopyDestroyed')
  assert.equal(record!.openings![0]!.detail.incident, id)
  const page = await officer.get(urls.helpdeskIncident(id))
  assert.match(page.body, /Certificate of destruction/)
  assert.ok(page.body.includes(certificate!.record))
  assert.equal((await decide(officer, id, 'released')).statusCode, 403, 'it is decided once')
})

test('G20 a destruction that was cut off between decision, key and record is ended by the next round, once', async () => {
  const [first, then] = [
    await refusedOnce(orla, 'SECRET - cut off 1', 'cut off'),
    await refusedOnce(orla, 'SECRET - cut off 2', 'cut off'),
  ]
  const rowan1 = await idOf(rowan)
  await database.transaction((tx) => incidents.decide(tx, rowan1, first, 'destroyed', 'x'))
  await database.transaction((tx) => incidents.decide(tx, rowan1, then, 'destroyed', 'x'))
  const [copy] = (await copiesKept()).filter(({ incident }) => incident === then)
  await service.domains.keys.destroy(then, 'held', copy!.wrappedKey)
  assert.equal(await incidentCopies.destroyDecided(), 2)
  assert.equal(await incidentCopies.destroyDecided(), 0)
  for (const id of [first, then]) assert.notEqual(await incidentCopies.certificate(id), null)
  const records = await recordsOf('IncidentCopyDestroyed')
  assert.equal(records.filter((detail) => detail.incident === then).length, 1)
})

test('G05 a large message is kept in the content store, and its file goes with the key', async () => {
  const files = () =>
    readdirSync(service.folders.content, { recursive: true }).filter((name) => /[0-9a-f]{12}$/.test(String(name)))
  const before = files().length
  // Hexadecimal of pseudo-random octets compresses to half at best.
  const text = Array.from({ length: 20_000 }, (_, n) => Math.sin(n).toString(16).slice(2)).join('\r\n')
  const large = messageOf(`From: ${orla.address}`, 'Subject: SECRET - large', '', text, block)
  for (const _ of [1, 2]) assert.equal((await doors.submit(orla, [priya.address], large)).kind, 'refused')
  assert.equal(files().length, before + 1)
  const { id } = (await openOnes('above-ceiling')).find(({ octets }) => octets! > 200_000)!
  await decide(officer, id, 'destroyed')
  assert.equal(files().length, before)
})

test('G05 what cannot be kept is refused for now, and nothing of it stays: no incident, no copy, no record', async () => {
  const before = [(await incidents.list()).length, (await copiesKept()).length, (await recordsOf('SubmissionRejection')).length]
  await database.run(sql`alter table incident_copy rename to away_copy`)
  const smtp = await openSmtpClient(service.faces.submissions.port, orla)
  const octets = Buffer.from(raw(orla, 'SECRET - not kept', 'not kept'))
  const { reply } = await smtp.submit({ from: orla.address, to: [priya.address], octets })
  await database.run(sql`alter table away_copy rename to incident_copy`)
  smtp.close()
  assert.equal(reply.code, 451)
  const after = [(await incidents.list()).length, (await copiesKept()).length, (await recordsOf('SubmissionRejection')).length]
  assert.deepEqual(after, before)
})

test('G05 an account’s copies of a day are limited: past it the refusal is the same, and recorded without a copy', async () => {
  const before = (await openOnes('above-ceiling')).filter(({ account }) => account === undefined).length
  assert.equal(before, 0)
  for (let n = 0; n < maxIncidentCopiesPerDay; n++) await refusedOnce(ada, 'SECRET - many', `number ${n}`)
  const one = (await incidents.list()).length
  const reply = await doors.submit(ada, [priya.address], raw(ada, 'SECRET - many', 'one past it'))
  assert.equal(reply.kind === 'refused' && reply.reason, 'marked-above-the-ceiling')
  assert.equal((await incidents.list()).length, one)
  const [last] = (await recordsOf('SubmissionRejection')).slice(-1)
  assert.equal(last!.incident, undefined)
})

test('G05 the Helpdesk’s pages are there for officers only, and the operator makes and unmakes those', async () => {
  const id = (await incidents.list())[0]!.id
  const stranger = await visitorOf(priya)
  for (const url of [urls.helpdesk(), urls.helpdeskIncident(id), urls.helpdeskPermits()]) {
    assert.equal((await stranger.get(url)).statusCode, 404, url)
    assert.equal((await officer.get(url)).statusCode, 200, url)
  }
  await stranger.get('/help')
  assert.equal((await stranger.post(urls.helpdeskDecide(id), { decision: 'released', reason: 'x' })).statusCode, 404)
  assert.equal((await incidents.find(id))!.incident.decision, null)
  const priyasId = await idOf(priya)
  const set = (isOfficer: boolean) =>
    database.transaction((tx) => service.domains.accounts.setOfficer(tx, theService, priyasId, isOfficer, 'for a test'))
  assert.equal(await set(true), true)
  assert.equal((await stranger.get(urls.helpdesk())).statusCode, 200)
  assert.equal(await set(false), true)
  assert.equal((await stranger.get(urls.helpdesk())).statusCode, 404)
  assert.equal((await recordsOf('OfficerDismissed')).length, 1)
  const long = await decide(officer, id, 'released', 'x'.repeat(maxReasonCharacters + 1))
  assert.equal(long.statusCode, 422)
  assert.equal((await decide(officer, id, 'released', 'a\0b')).statusCode, 422, 'the database takes no NUL')
})

test('G05 an officer does not decide about a message of their own', async () => {
  const id = await refusedOnce(rowan, 'SECRET - my own', 'my own')
  assert.equal((await decide(officer, id, 'released')).statusCode, 403)
  assert.equal((await incidents.find(id))!.incident.decision, null)
  assert.equal((await decide(second, id, 'released')).statusCode, 303)
})

/** Delivers a message to a person and gives where it is. */
async function delivered(
  to: readonly DemoPerson[],
  subject: string,
  text: string,
): Promise<{ mailbox: string; uid: number; id: string }> {
  const id = `<${subject.replaceAll(/\W/g, '')}@program.example>`
  const message = messageOf(
    `From: ${orla.address}`,
    `To: ${to[0]!.address}`,
    `Message-ID: ${id}`,
    `Subject: ${subject}`,
    '',
    text,
    block,
  )
  const reply = await doors.submit(
    orla,
    to.map(({ address }) => address),
    message,
  )
  assert.equal(reply.kind, 'accepted')
  const who = await doors.signIn(to[0]!)
  const [row] = await database.rows<{ mailbox: string; uid: number }>(
    sql`select mailbox, uid from copy where holder = ${who.account} order by message desc limit 1`,
  )
  return { ...row!, id }
}

test('G01 a person reports a message: an incident with their words sealed, once for each message', async () => {
  const at = await delivered([priya], 'Offers', 'cheap wigs')
  const reader = await visitorOf(priya)
  const page = await reader.get(urls.message(at.mailbox, at.uid))
  assert.ok(page.body.includes(urls.report(at.mailbox, at.uid)) && page.body.includes(urls.toldAbove(at.mailbox, at.uid)))
  await reader.get(urls.report(at.mailbox, at.uid))
  assert.equal((await reader.post(urls.report(at.mailbox, at.uid), { words: 'x' })).statusCode, 422)
  const long = { reason: 'spam', words: 'x'.repeat(maxReportCharacters + 1) }
  assert.equal((await reader.post(urls.report(at.mailbox, at.uid), long)).statusCode, 422)
  for (const _ of [1, 2]) {
    const told = await reader.post(urls.report(at.mailbox, at.uid), { reason: 'spam', words: 'zephyrine words' })
    assert.equal(told.headers.location, urls.message(at.mailbox, at.uid))
  }
  const [incident, ...more] = await openOnes('reported')
  assert.equal(more.length, 0)
  const shown = await officer.get(urls.helpdeskIncident(incident!.id))
  assert.match(shown.body, /zephyrine words/)
  assert.doesNotMatch(shown.body, /cheap wigs|Offers/)
  const rows = await database.rows<{ row: string }>(sql`select incident::text as row from incident`)
  assert.ok(rows.every(({ row }) => !row.includes('zephyrine') && !row.includes(Buffer.from('zephyrine').toString('hex'))))
  assert.equal((await recordsOf('MessageReported')).length, 1)
  assert.equal((await decide(officer, incident!.id, 'closed')).statusCode, 303)
  assert.equal((await reader.get(urls.report(at.mailbox, at.uid + 999))).statusCode, 404)
})

test('G01 so many messages a day are reported from one account, and no more', async () => {
  const at = await delivered([gareth], 'Reported much', 'text')
  const account = await idOf(gareth)
  const key = await service.domains.keys.lasting(theService, 'registers')
  for (let n = 0; n < maxReportsPerDay - 1; n++)
    await database.transaction((tx) =>
      incidents.openAbout(tx, `0190a000-0000-7000-8000-${n.toString().padStart(12, '0')}`, {
        kind: 'reported',
        clause: 'G01',
        account,
        about: 'a message was reported',
        hash: Buffer.from(`${n} ${key.month}`),
        detail: '',
        octets: null,
        message: null,
      }),
    )
  const reporter = await visitorOf(gareth)
  await reporter.get(urls.report(at.mailbox, at.uid))
  assert.equal((await reporter.post(urls.report(at.mailbox, at.uid), { reason: 'other', words: '' })).statusCode, 303)
  const next = await delivered([gareth], 'Reported more', 'text')
  await reporter.get(urls.report(next.mailbox, next.uid))
  assert.equal((await reporter.post(urls.report(next.mailbox, next.uid), { reason: 'other', words: '' })).statusCode, 403)
})

test('T07 what its holder was told is above RESTRICTED they forward to nobody, from webmail or a mail program, until it is decided', async () => {
  const at = await delivered([priya, miriam], 'Told above', 'a text that is long enough to be compared with what is quoted of it')
  const reader = await visitorOf(priya)
  const forward = () => reader.get(urls.answer(at.mailbox, at.uid, 'forward'))
  const octets = (await doors.read(priya)).find((one) => one.includes('Subject: Told above'))!
  const attaching = (from: DemoPerson) =>
    doors.submit(
      from,
      [gareth.address],
      messageOf(
        `From: ${from.address}`,
        `Subject: Fwd: plan ${number++}`,
        'MIME-Version: 1.0',
        'Content-Type: message/rfc822',
        '',
        octets,
      ),
    )
  const quoting = () =>
    doors.submit(
      priya,
      [gareth.address],
      messageOf(
        `From: ${priya.address}`,
        `Subject: Fwd: plan ${number++}`,
        `References: ${at.id}`,
        '',
        'See below.',
        block,
        '',
        '> a text that is long enough to be compared with what is quoted of it',
      ),
    )
  assert.equal((await forward()).statusCode, 200)
  assert.equal((await attaching(priya)).kind, 'accepted')
  assert.equal((await quoting()).kind, 'accepted')
  await reader.get(urls.toldAbove(at.mailbox, at.uid))
  const told = await reader.post(urls.toldAbove(at.mailbox, at.uid), { words: 'the sergeant rang' })
  assert.match((await reader.follow(told)).body, /Pass this message on to nobody/)
  assert.equal((await forward()).statusCode, 403)
  assert.match((await forward()).body, /T07/)
  for (const reply of [await attaching(priya), await quoting()])
    assert.equal(reply.kind === 'refused' && reply.reason, 'told-above-the-ceiling')
  assert.equal((await attaching(miriam)).kind, 'accepted', 'others are told when it is sealed')
  assert.equal((await reader.get(urls.message(at.mailbox, at.uid))).statusCode, 200, 'its holder still has it')
  const [incident] = await openOnes('told-above')
  await decide(officer, incident!.id, 'closed')
  assert.ok((await doors.read(priya)).some((one) => one.includes('decided about a message that you told it of')))
  assert.equal((await forward()).statusCode, 200)
  assert.equal((await quoting()).kind === 'refused', false)
})

test('G05 T07 an officer decides nothing about a message that they sent themselves, alone or as one of two', async () => {
  const reply = await doors.submit(
    rowan,
    [priya.address],
    messageOf(`From: ${rowan.address}`, `To: ${priya.address}`, 'Subject: By an officer', '', 'a text', block),
  )
  assert.equal(reply.kind, 'accepted')
  const [at] = await database.rows<{ mailbox: string; uid: number }>(
    sql`select mailbox, uid from copy where holder = ${await idOf(priya)} order by message desc limit 1`,
  )
  const reader = await visitorOf(priya)
  await reader.get(urls.toldAbove(at!.mailbox, at!.uid))
  await reader.post(urls.toldAbove(at!.mailbox, at!.uid), { words: '' })
  const id = (await openOnes('told-above')).at(-1)!.id
  const propose = async (who: WebVisitor) => {
    await who.get(urls.helpdeskIncident(id))
    return who.post(urls.helpdeskPropose(id), { act: 'seal', 'seal-reason': 'it is' })
  }
  assert.equal((await decide(officer, id, 'closed')).statusCode, 403)
  assert.equal((await propose(officer)).statusCode, 403)
  assert.equal((await propose(second)).statusCode, 303)
  const [waiting] = await database.rows<{ id: string }>(sql`select id from seal_proposal where incident = ${id}`)
  for (const decision of ['declined', 'confirmed']) {
    await officer.get(urls.helpdeskIncident(id))
    const answer = await officer.post(urls.helpdeskConfirm(id), { proposal: waiting!.id, decision })
    assert.equal(answer.statusCode, 403, decision)
    assert.match(answer.body, /Ask another officer to decide it/)
  }
  await second.get(urls.helpdeskIncident(id))
  assert.equal((await second.post(urls.helpdeskConfirm(id), { proposal: waiting!.id, decision: 'declined' })).statusCode, 303)
  assert.equal((await decide(second, id, 'closed')).statusCode, 303)
})

async function imapOf(person: DemoPerson): Promise<ImapFlow> {
  const imap = imapClient(service.faces.imaps.port, person)
  after(() => imap.close())
  await imap.connect()
  return imap
}

test('G05 two officers seal a delivered message in every mailbox, and open it again: neither can do both', async () => {
  const at = await delivered([priya, miriam, ada], 'Sealed later', 'ostrich feathers')
  const reader = await visitorOf(priya)
  await reader.get(urls.toldAbove(at.mailbox, at.uid))
  await reader.post(urls.toldAbove(at.mailbox, at.uid), { words: '' })
  const incident = (await openOnes('told-above')).at(-1)!.id
  const propose = async (who: WebVisitor, act: string) => {
    await who.get(urls.helpdeskIncident(incident))
    return who.post(urls.helpdeskPropose(incident), { act, 'seal-reason': 'it is' })
  }
  const confirm = async (who: WebVisitor, decision = 'confirmed') => {
    await who.get(urls.helpdeskIncident(incident))
    const [waiting] = await database.rows<{ id: string }>(
      sql`select id from seal_proposal where incident = ${incident} and decision is null`,
    )
    return who.post(urls.helpdeskConfirm(incident), { proposal: waiting?.id ?? '', decision })
  }
  const inbox = async (person: DemoPerson) => (await doors.read(person)).join('\n')

  assert.equal((await propose(officer, 'seal')).statusCode, 303)
  assert.equal((await propose(second, 'seal')).statusCode, 403, 'one proposal at a time')
  assert.equal((await confirm(officer)).statusCode, 403, 'who proposes cannot confirm')
  assert.match((await officer.get(urls.helpdeskIncident(incident))).body, /Another officer must confirm it/)
  assert.match(await inbox(miriam), /ostrich feathers/, 'not sealed by one')
  await assert.rejects(
    database.run(
      sql`update seal_proposal set decision = 'confirmed', decided_by = proposed_by, decided_ms = 1 where incident = ${incident}`,
    ),
    /check/,
  )
  assert.equal((await confirm(second, 'declined')).statusCode, 303)
  assert.match(await inbox(miriam), /ostrich feathers/)
  await propose(officer, 'seal')
  const closing = await decide(second, incident, 'closed')
  assert.equal(closing.statusCode, 403, 'nobody is told that it may be passed on while it is proposed to seal it')
  assert.match(closing.body, /Confirm or decline the proposal first/)
  assert.equal((await confirm(officer, 'declined')).statusCode, 303, 'who proposed it may withdraw it')
  assert.match((await officer.get(urls.helpdeskIncident(incident))).body, /Withdrawn\s+by/)
  await propose(officer, 'seal')
  const imap = await imapOf(miriam)
  await imap.mailboxOpen('INBOX')
  const uidsBefore = ((await imap.search({ subject: 'Sealed later' }, { uid: true })) || []) as number[]
  assert.equal(uidsBefore.length, 1)
  assert.equal((await confirm(second)).statusCode, 303)

  assert.equal((await incidents.find(incident))!.incident.decision, 'sealed')
  for (const person of [priya, miriam]) assert.doesNotMatch(await inbox(person), /ostrich|Sealed later/)
  await imap.noop()
  assert.deepEqual((await imap.search({ body: 'ostrich' }, { uid: true })) || [], [])
  assert.deepEqual(
    (await imap.search({ uid: uidsBefore.join(',') }, { uid: true })) || [],
    [],
    'a program lets go of what it had',
  )
  const [uid] = ((await imap.search({ subject: 'Sealed by the Helpdesk' }, { uid: true })) || []) as number[]
  const found = await imap.fetchOne(String(uid), { source: true, size: true, bodyStructure: true, envelope: true }, { uid: true })
  assert.ok(found)
  assert.equal(found.source!.length, found.size)
  assert.match(found.source!.toString(), /sealed by the Helpdesk \(rule G05\)/)
  assert.equal(found.bodyStructure!.type, 'text/plain')
  assert.equal(found.envelope!.from![0]!.address, orla.address)
  assert.equal(found.envelope!.messageId, at.id)
  await imap.messageCopy(String(uid), 'Archive', { uid: true })
  await imap.logout()
  assert.doesNotMatch((await doors.read(miriam, 'Archive')).join(''), /ostrich/)

  const place = await database.rows<{ mailbox: string; uid: number }>(
    sql`select mailbox, uid from copy where holder = ${await idOf(priya)} order by uid desc limit 1`,
  )
  const { mailbox, uid: newUid } = place[0]!
  assert.match((await reader.get(urls.mailbox(mailbox))).body, /Sealed by the Helpdesk/)
  for (const url of [
    urls.message(mailbox, newUid),
    urls.messageOriginal(mailbox, newUid),
    urls.answer(mailbox, newUid, 'forward'),
    urls.answer(mailbox, newUid, 'reply'),
  ]) {
    const answer = await reader.get(url)
    assert.equal(answer.statusCode, 403, url)
    assert.match(answer.body, /G05/)
    assert.match(headingOf(answer.body), /\S/)
  }
  const kept = messageOf(
    `From: ${priya.address}`,
    'Subject: Fwd: feathers',
    `References: ${at.id}`,
    '',
    'See below.',
    block,
    '',
    '> ostrich feathers',
  )
  const passedOn = await doors.submit(priya, [gareth.address], kept)
  assert.equal(passedOn.kind === 'refused' && passedOn.reason, 'message-is-sealed')
  const [{ message: sealedMessage } = { message: '' }] = await database.rows<{ message: string }>(
    sql`select message from message_seal`,
  )
  const handedToAda = async () =>
    (await recordsOf('ContentHandover')).filter((one) => one.message === sealedMessage && one.address === ada.address).length
  await delivered([ada], 'Beside it', 'geese')
  assert.match(await inbox(ada), /geese/)
  assert.equal(await handedToAda(), 0, 'a notice is no content')

  assert.equal((await propose(second, 'unseal')).statusCode, 303)
  assert.equal((await confirm(second)).statusCode, 403)
  assert.equal((await confirm(officer)).statusCode, 303)
  for (const person of [priya, miriam, ada]) assert.match(await inbox(person), /ostrich feathers/)
  assert.equal(await handedToAda(), 1)
  const events = ['SealProposed', 'SealDeclined', 'MessageSealed', 'MessageUnsealed'] as const
  const counts = await Promise.all(events.map(async (event) => (await recordsOf(event)).length))
  assert.deepEqual(counts, [5, 3, 1, 1])
})

test('the keyring holds nothing that opens a copy whose incident was decided', async () => {
  for (const { id, decision } of await incidents.list()) {
    if (decision !== 'destroyed' && decision !== 'released') continue
    const folder = join(service.folders.keyring, id.slice(-2), id)
    for (const name of readdirSync(folder)) {
      const { size } = statSync(join(folder, name))
      assert.equal(size, 0, name)
    }
  }
})

test('G14 the audit of all that is stored finds nothing wrong after all of that', async () => {
  const logKeeper = await testLogKeeper()
  await sequence({ ...service.domains, ...logKeeper, origin: testOrigin })
  const wrong: string[] = []
  await auditAll(service.domains, { ...logKeeper, origin: testOrigin, witnesses: [], find: (sentence) => wrong.push(sentence) })
  assert.deepEqual(wrong, [])
})
