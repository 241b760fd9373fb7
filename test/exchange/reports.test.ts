// What people tell the Helpdesk of a message they have, and what two officers seal in every mailbox. G01, G05, T07
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { ImapFlow } from 'imapflow'
import type { DemoPerson } from '#cli/demonstration.ts'
import { maxReportCharacters, maxReportsPerDay } from '#helpdesk/limits.ts'
import { theService } from '#keys/epoch.ts'
import { sql } from '#store/sql.ts'
import { urls } from '#web/urls.ts'
import { messageOf } from '#test/support/acceptance.ts'
import { imapClient } from '#test/support/imap-client.ts'
import { block, openIncidents } from '#test/support/incidents.ts'
import { headingOf } from '#test/support/web.ts'
import type { WebVisitor } from '#test/support/web.ts'

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
} = await openIncidents()
let number = 0
const { database, incidents } = service.domains

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
        `Subject: Fwd: plan ${++number}`,
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
        `Subject: Fwd: plan ${++number}`,
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
  const closed = (await doors.read(priya)).findLast((one) => one.includes('decided about a message that you told it of'))!
  assert.match(closed, /You told the Helpdesk on [^.]*\d{4}[^.]* that a message/, 'which of those that one told it of')
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

  const original = (await doors.read(miriam)).at(-1)!
  const head = messageOf(`From: ${miriam.address}`, 'Subject: Fwd: feathers', 'Content-Type: message/rfc822').trimEnd()
  assert.equal((await doors.submit(miriam, [gareth.address], `${head}\r\n\r\n${original}`)).kind, 'accepted')
  const [held] = await database.rows<{ mailbox: string; uid: number }>(
    sql`select mailbox, uid from copy where holder = ${await idOf(gareth)} order by message desc limit 1`,
  )
  const holder = await visitorOf(gareth)
  const holding = async () => (await holder.get(urls.message(held!.mailbox, held!.uid))).statusCode
  assert.equal(await holding(), 200)

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
  assert.equal(await holding(), 403, 'nor is it shown inside a forward that was delivered before')
  assert.equal((await holder.get(urls.messageOriginal(held!.mailbox, held!.uid))).statusCode, 403)
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

test('G05 with a message the copy is sealed that its sender’s mail program filed, and opened again with it; and a report of that copy seals the message', async () => {
  const id = '<filed@program.example>'
  const header = [`From: ${orla.address}`, `To: ${priya.address}`, 'Date: Mon, 09 Mar 2026 12:00:00 +0000', `Message-ID: ${id}`]
  const message = messageOf(...header, 'Subject: Filed apart', '', 'peacock feathers', block)
  assert.equal((await doors.submit(orla, [priya.address], message)).kind, 'accepted')
  const imap = await imapOf(orla)
  await imap.append('Sent', Buffer.from(message), ['\\Seen'])
  await imap.append('Sent', Buffer.from(messageOf(...header.slice(0, 3), 'Message-ID: <beside@program.example>', '', 'geese')))
  /** The filed copy, which is the larger in Sent, or the newest in INBOX. */
  const copyOf = async (person: DemoPerson, use: 'sent' | 'inbox') =>
    (
      await database.rows<{ mailbox: string; uid: number }>(sql`
        select mailbox, uid from copy join mailbox on mailbox.id = copy.mailbox
         where copy.holder = ${await idOf(person)} and special_use = ${use}
         order by case when special_use = 'sent' then copy.octets end desc, message desc limit 1`)
    )[0]!
  const sealedCount = async () => (await database.rows(sql`select from message_seal`)).length
  for (const [teller, use] of [
    [priya, 'inbox'],
    [orla, 'sent'],
  ] as const) {
    const at = await copyOf(teller, use)
    const visitor = await visitorOf(teller)
    await visitor.get(urls.toldAbove(at.mailbox, at.uid))
    await visitor.post(urls.toldAbove(at.mailbox, at.uid), { words: '' })
    const incident = (await openOnes('told-above')).at(-1)!.id
    const both = async (act: string, first: WebVisitor, other: WebVisitor) => {
      await first.get(urls.helpdeskIncident(incident))
      assert.equal((await first.post(urls.helpdeskPropose(incident), { act, 'seal-reason': 'it is' })).statusCode, 303)
      const [waiting] = await database.rows<{ id: string }>(
        sql`select id from seal_proposal where incident = ${incident} and decision is null`,
      )
      await other.get(urls.helpdeskIncident(incident))
      const answer = await other.post(urls.helpdeskConfirm(incident), { proposal: waiting!.id, decision: 'confirmed' })
      assert.equal(answer.statusCode, 303)
    }
    await both('seal', officer, second)
    assert.equal(await sealedCount(), 2)
    assert.match((await officer.get(urls.helpdeskIncident(incident))).body, /With it one copy is sealed/)
    const sent = (await doors.read(orla, 'Sent')).join('\n')
    assert.doesNotMatch(sent, /peacock/)
    assert.match(sent, /geese/)
    assert.doesNotMatch((await doors.read(priya)).join('\n'), /peacock/)
    const [last] = (await recordsOf('MessageSealed')).slice(-1)
    assert.equal((last!.alike as readonly string[]).length, 1)
    await both('unseal', second, officer)
    assert.equal(await sealedCount(), 0)
    for (const read of [doors.read(orla, 'Sent'), doors.read(priya)]) assert.match((await read).join('\n'), /peacock/)
  }
  await imap.logout()
})

/** Tells the Helpdesk of a message in somebody's INBOX, and gives the incident. */
async function toldOf(person: DemoPerson, how: 'told-above' | 'misdirected' = 'told-above'): Promise<string> {
  const [at] = await database.rows<{ mailbox: string; uid: number }>(
    sql`select mailbox, uid from copy where holder = ${await idOf(person)} order by message desc limit 1`,
  )
  const url = how === 'told-above' ? urls.toldAbove(at!.mailbox, at!.uid) : urls.report(at!.mailbox, at!.uid)
  const teller = await visitorOf(person)
  await teller.get(url)
  assert.equal((await teller.post(url, { words: '', reason: how })).statusCode, 303)
  return (await openOnes(how === 'told-above' ? 'told-above' : 'reported')).at(-1)!.id
}

test('G05 T07 what is proposed about a message stands with whoever told of it: it is not closed for one and sealed for another', async () => {
  await delivered([priya, miriam], 'Told twice', 'albatross feathers')
  const [first, other] = [await toldOf(priya), await toldOf(miriam)]
  await officer.get(urls.helpdeskIncident(first))
  await officer.post(urls.helpdeskPropose(first), { act: 'seal', 'seal-reason': 'it names a source' })
  const page = await second.get(urls.helpdeskIncident(other))
  assert.match(page.body, /it names a source/)
  assert.ok(page.body.includes(urls.helpdeskIncident(first)), 'the other incident is named')
  assert.doesNotMatch(page.body, /Propose to seal it|name="reason"/)
  const closing = await decide(second, other, 'closed')
  assert.equal(closing.statusCode, 403)
  assert.match(closing.body, /Confirm or decline the proposal first/)
  assert.match((await second.get(urls.helpdesk())).body, /Waiting for a second officer/)
  const proposal = /name="proposal" value="([^"]*)"/.exec(page.body)![1]!
  assert.equal((await second.post(urls.helpdeskConfirm(other), { proposal, decision: 'confirmed' })).statusCode, 303)
  for (const id of [first, other]) assert.equal((await incidents.find(id))!.incident.decision, 'sealed')
  assert.ok(!(await doors.read(miriam)).some((one) => one.includes('You may pass it on again')))
})

test('T07 who tells of a message that is sealed already is not told afterwards that it may be passed on', async () => {
  const late = await toldOf(ada)
  await delivered([ada], 'Told late', 'heron feathers')
  const id = await toldOf(ada)
  await decide(officer, late, 'closed')
  const { month, message } = (await incidents.find(id))!.incident
  await database.run(sql`insert into message_seal (month, message, sealed_ms) values (${month}, ${message}, 1)`)
  const before = (await doors.read(ada)).length
  assert.match((await officer.get(urls.helpdeskIncident(id))).body, /Who told of it is told nothing more/)
  assert.equal((await decide(officer, id, 'closed')).statusCode, 303)
  assert.equal((await doors.read(ada)).length, before)
})

test('G01 an officer is shown whose message is told of and who has it, never its words; and a report is not spoken of as above RESTRICTED', async () => {
  await delivered([miriam, ada], 'To the wrong one', 'emu feathers')
  const id = await toldOf(miriam, 'misdirected')
  const page = await officer.get(urls.helpdeskIncident(id))
  assert.match(page.body, new RegExp(`Sent by[^]*${orla.name}[^]*Sender’s address[^]*${orla.address}[^]*Delivered[^]*2 people`))
  assert.doesNotMatch(page.body, /wrong one|emu|RESTRICTED/)
  assert.match(page.body, /There is nothing more to do/)
  await officer.post(urls.helpdeskPropose(id), { act: 'seal', 'seal-reason': 'a victim’s address' })
  const proposal = /name="proposal" value="([^"]*)"/.exec((await second.get(urls.helpdeskIncident(id))).body)![1]!
  assert.equal((await second.post(urls.helpdeskConfirm(id), { proposal, decision: 'confirmed' })).statusCode, 303)
  const notice = (await doors.read(ada)).find((one) => one.includes('Sealed by the Helpdesk'))
  assert.match(notice!, /two of its officers decided that nobody is to read it/)
  assert.doesNotMatch(notice!, /RESTRICTED/)
  const [at] = await database.rows<{ mailbox: string; uid: number }>(
    sql`select mailbox, uid from copy where holder = ${await idOf(ada)} order by uid desc limit 1`,
  )
  const refusal = await (await visitorOf(ada)).get(urls.message(at!.mailbox, at!.uid))
  assert.equal(refusal.statusCode, 403)
  assert.doesNotMatch(refusal.body, /said to be above RESTRICTED/)
})

test('G14 the audit of all that is stored finds nothing wrong after all of that', async () => {
  assert.deepEqual(await wrongThings(), [])
})
