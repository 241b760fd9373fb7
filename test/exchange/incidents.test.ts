// What the ceiling refuses is kept sealed until an officer decided: released, or destroyed with a certificate. G05, G20
import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { DemoPerson } from '#cli/demonstration.ts'
import { releaseMs } from '#community/incidents.ts'
import { maxIncidentCopiesPerDay } from '#delivery/limits.ts'
import { maxReasonCharacters } from '#helpdesk/limits.ts'
import { theService } from '#keys/epoch.ts'
import { sql } from '#store/sql.ts'
import { urls } from '#web/urls.ts'
import { messageOf } from '#test/support/acceptance.ts'
import { hidden } from '#test/support/composing.ts'
import { block, openIncidents } from '#test/support/incidents.ts'
import { openSmtpClient } from '#test/support/smtp-client.ts'

let aheadMs = 0
const {
  service,
  doors,
  orla,
  priya,
  miriam,
  gareth,
  ada,
  rowan,
  officer,
  second,
  visitorOf,
  idOf,
  openOnes,
  recordsOf,
  decide,
  wrongThings,
} = await openIncidents(() => aheadMs)
const { database, incidents, incidentCopies, evidence } = service.domains

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
const copiesKept = () =>
  database.rows<{ incident: string; wrappedKey: Buffer }>(sql`select incident, wrapped_key from incident_copy`)
async function refusedOnce(from: DemoPerson, subject: string, text: string): Promise<string> {
  const before = new Set((await openOnes('above-ceiling')).map(({ id }) => id))
  const reply = await doors.submit(from, [priya.address], raw(from, subject, text))
  assert.equal(reply.kind === 'refused' && reply.reason, 'marked-above-the-ceiling')
  const opened = (await openOnes('above-ceiling')).filter(({ id }) => !before.has(id))
  assert.equal(opened.length, 1)
  return opened[0]!.id
}

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
  const version = hidden(check.body, 'version')
  const plainly = await writer.post(urls.writeSend(draft), { version })
  assert.equal((await openOnes('above-ceiling')).length, 2, 'only who asks brings it before the Helpdesk')
  assert.equal(plainly.statusCode, 422)
  const asked = await writer.post(urls.writeSend(draft), { version, shown: hidden(check.body, 'shown'), helpdesk: 'ask' })
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
  const checked = (await keeper.get(urls.writeCheck(draft))).body
  const version = hidden(checked, 'version')
  await keeper.post(urls.writeSend(draft), { version, shown: hidden(checked, 'shown'), helpdesk: 'ask' })
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
  const sent = await keeper.post(urls.writeSend(draft), { version, shown: hidden(check.body, 'shown') })
  assert.equal(sent.headers.location, urls.writeSent(draft), 'one click')

  aheadMs = releaseMs + 1000
  const late = await doors.submit(miriam, [priya.address], raw(miriam, 'SECRET - Santa list', 'for the party'))
  assert.equal(late.kind, 'refused')
  aheadMs = 0
})

test('G05 G08 what an officer released tells its readers so, and what is inherited from it passes in answers and forwards; what is added does not', async () => {
  const id = await refusedOnce(miriam, 'SECRET - Staff list', 'for the outing')
  assert.equal((await decide(officer, id, 'released')).statusCode, 303)
  const [sent] = [raw(miriam, 'SECRET - Staff list', 'for the outing')]
  assert.equal((await doors.submit(miriam, [priya.address], sent)).kind, 'accepted')
  const pageOf = async (person: DemoPerson) => {
    const [{ mailbox, uid }] = (await database.rows<{ mailbox: string; uid: number }>(
      sql`select mailbox, uid from copy where holder = ${await idOf(person)} order by internal_date_ms desc, uid desc limit 1`,
    )) as [{ mailbox: string; uid: number }]
    return { url: urls.message(mailbox, uid), body: (await (await visitorOf(person)).get(urls.message(mailbox, uid))).body }
  }
  const page = await pageOf(priya)
  assert.match(page.body, /released it as not above RESTRICTED/)
  assert.doesNotMatch(page.body, /Stop reading/)

  const original = (await doors.read(priya)).at(-1)!
  const messageId = /^Message-ID: (\S+)/im.exec(original)![1]!
  const from = (person: DemoPerson, subject: string, ...more: string[]) =>
    messageOf(`From: ${person.address}`, `Subject: ${subject}`, `Message-ID: <own-${++number}@x.example>`, ...more)
  const reply = (subject: string, ...lines: string[]) => from(priya, subject, `In-Reply-To: ${messageId}`, '', ...lines, block)
  const submit = (octets: string, to: DemoPerson) => doors.submit(priya, [to.address], octets)
  assert.equal((await submit(reply('Re: SECRET - Staff list', 'Thanks.'), miriam)).kind, 'accepted')
  assert.match((await pageOf(miriam)).body, /released it as not above RESTRICTED/)
  const again = /^Message-ID: (\S+)/im.exec((await doors.read(miriam)).at(-1)!)![1]!
  const onward = from(miriam, 'Re: SECRET - Staff list', `In-Reply-To: ${again}`, '', 'You are welcome.', block)
  assert.equal((await doors.submit(miriam, [priya.address], onward)).kind, 'accepted', 'and in the answer to the answer')
  assert.equal((await submit(reply('Re: SECRET - Staff list', 'TOP SECRET', '', 'Thanks.'), miriam)).kind, 'refused')
  assert.equal((await submit(reply('SECRET: another list', 'Thanks.'), miriam)).kind, 'refused')
  const quoting = (...lines: string[]) => reply('Re: SECRET - Staff list', 'Noted.', '', 'On 1 May she wrote:', ...lines, '')
  assert.equal((await submit(quoting('> for the outing'), miriam)).kind, 'accepted')
  for (const marks of ['> ', ''])
    assert.equal(
      (await submit(quoting(`${marks}SECRET`, marks, `${marks}The raid on the warehouse is at dawn.`), miriam)).kind,
      'refused',
      'what it quotes is nothing of the message that was released',
    )
  const banner = await refusedOnce(miriam, 'SECRET - Staff party', 'SECRET\r\n\r\nBring a plate.\r\n\r\nIt begins at six.')
  assert.equal((await decide(officer, banner, 'released')).statusCode, 303)
  const party = raw(miriam, 'SECRET - Staff party', 'SECRET\r\n\r\nBring a plate.\r\n\r\nIt begins at six.')
  assert.equal((await doors.submit(miriam, [priya.address], party)).kind, 'accepted')
  const partyId = /^Message-ID: (\S+)/im.exec((await doors.read(priya)).at(-1)!)![1]!
  for (const lines of [
    ['On 1 May she wrote:', '> SECRET', '>', '> Bring a plate.', '>', '> It begins at six.'],
    ['On 1 May she wrote:', '> SECRET', '>', '> Bring a plate.', 'I shall.', '> It begins at six.', 'I am late.'],
    [
      '-----Original Message-----',
      `From: ${miriam.address}`,
      'Sent: 1 May',
      'Subject: SECRET - Staff party',
      '',
      'SECRET',
      '',
      'Bring a plate.',
    ],
  ]) {
    const answer = from(priya, 'Re: SECRET - Staff party', `In-Reply-To: ${partyId}`, '', 'Noted.', '', block, '', ...lines)
    assert.equal((await submit(answer, miriam)).kind, 'accepted', lines.join('|'))
  }
  const other = from(priya, 'Re: SECRET - Staff list', 'In-Reply-To: <none@x.example>', '', 'Thanks.', block)
  assert.equal((await submit(other, miriam)).kind, 'refused')

  const holding = (held: string, subject = 'Fwd: SECRET - Staff list') =>
    from(
      priya,
      subject,
      'Content-Type: multipart/mixed; boundary=h',
      '',
      `--h\r\n\r\nSee below.\r\n\r\n${block}\r\n--h`,
      'Content-Type: message/rfc822; name="SECRET - Staff list.eml"\r\n',
      `${held}\r\n--h--`,
    )
  assert.equal((await submit(holding(original), gareth)).kind, 'accepted')
  assert.equal((await submit(holding(original.replace('outing', 'raid')), gareth)).kind, 'refused')

  const keeper = await visitorOf(priya)
  for (const kind of ['reply', 'forward'] as const) {
    const path = page.url.replace(/$/, `/answer/${kind}`)
    const form = await keeper.get(path)
    const begun = /name="begun" value="([^"]*)"/.exec(form.body)![1]!
    const subject = /name="subject"[^>]*value="([^"]*)"/.exec(form.body)![1]!
    const fields = { to: miriam.address, cc: '', bcc: '', subject, text: 'Thanks.', marking: '' }
    const check = String((await keeper.post(path, { begun, version: '0', ...fields, do: 'check' })).headers.location)
    const body = (await keeper.get(check)).body
    assert.doesNotMatch(body, /Ask the Helpdesk/, kind)
    const version = /name="version" value="([^"]*)"/.exec(body)![1]!
    assert.equal((await keeper.post(check.replace('/check', '/send'), { version })).statusCode, 303, kind)
  }
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

test('G05 an officer is offered no form about a message of their own, and nothing that they type is lost', async () => {
  const id = await refusedOnce(rowan, 'SECRET - my own page', 'my own')
  const own = await officer.get(urls.helpdeskIncident(id))
  assert.doesNotMatch(own.body, /name="reason"/)
  assert.match(own.body, /another officer decides about it/)
  assert.match((await second.get(urls.helpdeskIncident(id))).body, /name="reason"/)
  await decide(second, id, 'destroyed')
})

/** A draft of hers that is before the Helpdesk now, with its version. */
async function askedFor(from: DemoPerson, subject: string) {
  const writer = await visitorOf(from)
  const form = await writer.get(urls.write())
  const begun = /name="begun" value="([^"]*)"/.exec(form.body)![1]!
  const fields = { to: priya.address, cc: '', bcc: '', subject, text: 'for the party', marking: '' }
  const checked = await writer.post(urls.write(), { begun, version: '0', ...fields, do: 'check' })
  const draft = String(checked.headers.location).split('/')[2]!
  const ask = async () => {
    const version = /name="version" value="([^"]*)"/.exec((await writer.get(urls.writeCheck(draft))).body)![1]!
    const before = new Set((await openOnes('above-ceiling')).map(({ id }) => id))
    const answer = await writer.post(urls.writeSend(draft), { version, helpdesk: 'ask' })
    return { answer, id: (await openOnes('above-ceiling')).find(({ id }) => !before.has(id))!.id }
  }
  return { writer, draft, ask }
}
const noticesFor = async (person: DemoPerson, subject: string) =>
  (await doors.read(person)).filter((one) => one.includes(`Subject: ${subject}`))

test('G05 the notice of a release says which message it is about, and leads to its draft where that is there still', async () => {
  const { writer, draft, ask } = await askedFor(gareth, 'SECRET - Easter eggs')
  assert.equal((await decide(officer, (await ask()).id, 'released')).statusCode, 303)
  const [notice] = (await noticesFor(gareth, 'The Helpdesk released your message')).slice(-1)
  assert.match(notice!, /was refused on \d+ \w+ \d{4} at .*\r\n/)
  assert.match(notice!, /^ {2}subject: SECRET\r$/m)
  assert.doesNotMatch(notice!, /Easter/)
  const link = /https:\S+/.exec(notice!)![0]
  assert.equal(new URL(link).pathname, urls.writeCheck(draft))
  assert.doesNotMatch((await writer.get(new URL(link).pathname)).body, /Ask the Helpdesk/)

  const gone = await askedFor(gareth, 'SECRET - Easter bunnies')
  const { id } = await gone.ask()
  await gone.writer.post(urls.writeDelete(gone.draft), {})
  assert.equal((await gone.writer.get(urls.writeDraft(gone.draft))).statusCode, 404)
  await decide(officer, id, 'released')
  const [later] = (await noticesFor(gareth, 'The Helpdesk released your message')).slice(-1)
  assert.doesNotMatch(later!, /https:/)
  assert.match(later!, /Send the same message again/)
})

test('G05 what an officer destroyed as above the ceiling is released by two only, who see that, and its sender is told at once', async () => {
  const { writer, draft, ask } = await askedFor(gareth, 'SECRET - LEGAL: shop')
  const first = (await ask()).id
  assert.equal((await decide(officer, first, 'destroyed', 'it names the plan')).statusCode, 303)
  const [notice] = (await noticesFor(gareth, 'The Helpdesk found that your message is above RESTRICTED')).slice(-1)
  assert.match(notice!, /Delete your draft of it/)
  assert.ok(notice!.includes(urls.writeCheck(draft)))

  const again = await ask()
  assert.notEqual(again.id, first)
  assert.match(again.answer.body, /An officer of the Helpdesk found that it is above RESTRICTED\. Delete it\./)
  const page = await second.get(urls.helpdeskIncident(again.id))
  assert.match(page.body, /About the same content/)
  assert.match(page.body, /it names the plan/)
  assert.ok(page.body.includes(urls.helpdeskIncident(first)))

  const isOpen = async () => (await incidents.find(again.id))!.incident.decision === null
  const released = await decide(second, again.id, 'released', 'it is a shop')
  assert.match((await second.follow(released)).body, /Another officer must agree/)
  assert.ok(await isOpen())
  assert.doesNotMatch((await second.get(urls.helpdeskIncident(again.id))).body, /value="released"/)
  assert.equal((await decide(second, again.id, 'released', 'it is a shop')).statusCode, 403, 'nobody agrees with themselves')
  assert.ok(await isOpen())
  assert.match((await officer.get(urls.helpdesk())).body, /Waiting for a second officer/)
  assert.match((await officer.get(urls.helpdeskIncident(again.id))).body, /it is a shop/)
  assert.equal((await decide(officer, again.id, 'released', 'so it is')).statusCode, 303)
  assert.equal((await incidents.find(again.id))!.incident.decision, 'released')
  assert.equal((await recordsOf('ReleaseProposed')).length, 1)
  assert.doesNotMatch((await writer.get(urls.writeCheck(draft))).body, /found that it is above/)
})

test('G05 the same words about what was destroyed are said to a mail program, and what two released passes', async () => {
  const id = await refusedOnce(miriam, 'SECRET - twice', 'twice')
  await decide(officer, id, 'destroyed')
  const send = () => doors.submit(miriam, [priya.address], raw(miriam, 'SECRET - twice', 'twice'))
  const reply = await send()
  assert.match(reply.kind === 'refused' ? reply.remedy : '', /found that it is above RESTRICTED/)
  const again = (await incidents.alike(id))[0]!.id
  await decide(officer, again, 'released')
  assert.equal((await send()).kind, 'refused', 'one officer is not enough')
  await decide(second, again, 'released')
  assert.equal((await send()).kind, 'accepted')
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
  assert.deepEqual(await wrongThings(), [])
})
