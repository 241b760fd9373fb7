// Acceptance, through its door: delivered, altered only as named, refused, scanned, recorded. G01, G02, G03, G05, G07, T19
import assert from 'node:assert/strict'
import { createHash, hash, randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { after, afterEach, test } from 'node:test'
import { type Refused, Unavailable } from '#base/faults.ts'
import type { DemoPerson } from '#cli/demonstration.ts'
import type { Accepted } from '#delivery/envelope.ts'
import type { Evidence } from '#evidence/record.ts'
import { theService } from '#keys/epoch.ts'
import { sql } from '#store/sql.ts'
import { allRecords, messageOf, openTestDoors } from '#test/support/acceptance.ts'
import { eicar } from '#test/support/clamd.ts'
import { testHelpdesk, testHostName, testService } from '#test/support/service.ts'

const service = await testService()
const { domains, clamd, folders } = service
const doors = await openTestDoors(service)
after(async () => {
  await doors.close()
  await service.close()
})
const [orla, priya, miriam, daniel, gareth, ada] = [
  'detective sergeant',
  'prosecutor',
  'solicitor',
  'barrister',
  'clerk',
  'sole practitioner',
].map(service.person) as [DemoPerson, DemoPerson, DemoPerson, DemoPerson, DemoPerson, DemoPerson]
afterEach(() => {
  clamd.mode = 'finds-eicar'
})

const from = (person: DemoPerson, ...more: string[]) =>
  messageOf(
    `From: ${person.address}`,
    'Date: Mon, 1 Jul 2024 10:00:00 +0100',
    `Message-ID: <${randomBytes(8).toString('hex')}@client.example>`,
    ...more,
  )
const simple = (person: DemoPerson, word: string = randomBytes(8).toString('hex')) =>
  from(person, `To: ${miriam.address}`, 'Subject: hello', '', `Body ${word}.`, 'Tel. 020 7946 0000')

function accepted(reply: Accepted | Refused): Accepted {
  assert.equal(reply.kind, 'accepted', JSON.stringify(reply))
  return reply as Accepted
}
function refusal(reply: Accepted | Refused): Refused {
  assert.equal(reply.kind, 'refused', JSON.stringify(reply))
  return reply as Refused
}
const inboxOf = (person: DemoPerson) => doors.read(person)
const lastOf = async (person: DemoPerson) => (await inboxOf(person)).at(-1)!
async function rowCounts() {
  const [row] = await domains.database.rows<{ messages: number; copies: number; submissions: number }>(sql`
    select (select count(*) from message) as messages, (select count(*) from copy) as copies, (select count(*) from submission) as submissions`)
  return row!
}
const eventsSince = async (count: number) => (await allRecords(service)).slice(count).map(({ leaf }) => leaf.event)
const recordCount = async () => (await allRecords(service)).length

test('a message reaches its recipient with trace fields in front and every other octet as it was sent (RFC 5321 §4.4)', async () => {
  const raw = simple(priya)
  const reply = accepted(await doors.submit(priya, [miriam.address], raw))
  assert.deepEqual(
    { ...reply, receipt: '' },
    { kind: 'accepted', receipt: '', delivered: 1, queued: 0, held: 0, refused: 0, again: false },
  )
  const got = await lastOf(miriam)
  assert.ok(got.endsWith(raw), got)
  const trace = got.slice(0, got.length - raw.length)
  assert.match(trace, new RegExp(`^Return-Path: <${priya.address}>\r\nReceived: from client\\.example`))
  assert.match(trace, /by mail\.cjsm\.test/)
  assert.match(trace, /with ESMTPSA/)
  assert.doesNotMatch(trace, /192\.0\.2\.1/)
  assert.equal(doors.announced.at(-1)!.holder, (await doors.signIn(miriam)).account)
})

test('one submission to everybody is one message with a copy for each, in one transaction', async () => {
  const before = await rowCounts()
  const reply = accepted(
    await doors.submit(
      priya,
      service.people.map((person) => person.address),
      simple(priya, 'to all of them'),
    ),
  )
  assert.equal(reply.delivered, service.people.length)
  const now = await rowCounts()
  assert.deepEqual([now.messages - before.messages, now.copies - before.copies], [1, service.people.length])
  for (const person of service.people) assert.match(await lastOf(person), /to all of them/)
})

/** Opens the account of a pupil in the clerk's chambers. */
async function newPupil(name: string): Promise<{ id: string; address: string }> {
  const organisation = (await domains.organisations.list()).find((one) => one.name === 'Tern Court Chambers')!.id
  const address = `${name}@terncourt.cjsm.test`
  const account = { organisation, address, userName: name, name, role: 'pupil', password: 'Abcdefg1', quotaOctets: 1e6 }
  const opened = await domains.members.openAccount(theService, account, 'First computer')
  assert.equal(opened.kind, 'opened')
  return { id: (opened as { id: string }).id, address }
}

test('twenty holders of an organisation get one submission', async () => {
  const pupils = await Promise.all(Array.from({ length: 20 }, (_, index) => newPupil(`pupil${index}`)))
  const to = pupils.map(({ address }) => address)
  assert.equal(accepted(await doors.submit(gareth, to, simple(gareth))).delivered, 20)
  const [row] = await domains.database.rows<{ count: number }>(
    sql`select count(distinct holder) as count from copy where message = (select message from copy order by message desc limit 1)`,
  )
  assert.equal(row!.count, 20)
})

test('two addresses of one holder, and one written in two ways, are one copy, and count once, also against the quota (G20)', async () => {
  const { account } = await doors.signIn(daniel)
  await domains.database.run(
    sql`insert into address (address, holder, written, is_primary) values ('second@terncourt.cjsm.test', ${account}, 'second@terncourt.cjsm.test', false)`,
  )
  const raw = from(priya, 'Subject: twice', '', 'x'.repeat(900))
  const [{ used }] = (await domains.database.rows<{ used: number }>(
    sql`select sum(octets)::bigint as used from mailbox where holder = ${account}`,
  )) as [{ used: number }]
  await domains.database.run(sql`update holder set quota_octets = ${used + 2000} where id = ${account}`)
  const before = (await inboxOf(daniel)).length
  const reply = accepted(
    await doors.submit(
      priya,
      [daniel.address, 'second@terncourt.cjsm.test', daniel.address.toUpperCase().replace('CJSM.TEST', 'cjsm.test')],
      raw,
    ),
  )
  assert.deepEqual([reply.delivered, reply.refused], [1, 0])
  assert.equal((await inboxOf(daniel)).length, before + 1)
  await domains.database.run(sql`update holder set quota_octets = 100000000 where id = ${account}`)
})

test('Bcc and Resent-Bcc are taken out, also folded, and nothing else is (RFC 5321 §7.2)', async () => {
  const raw = from(
    priya,
    `To: ${miriam.address}`,
    `Bcc: ${ada.address},`,
    ' Someone Hidden <hidden@example.org>',
    'X-Kept: yes',
    'Resent-bcc: also@hidden.example',
    'Subject: bcc',
    '',
    'Bcc: this is body and stays',
    'Tel. 020 7946 0000',
  )
  accepted(await doors.submit(priya, [miriam.address, ada.address], raw))
  for (const person of [miriam, ada]) {
    const got = await lastOf(person)
    assert.doesNotMatch(got, /hidden/i)
    assert.match(got, /X-Kept: yes\r\nSubject: bcc\r\n\r\nBcc: this is body and stays\r\nTel. 020 7946 0000\r\n$/)
  }
})

test('missing Date, Message-ID and recipients’ fields are supplied, and present ones are left alone (RFC 6409 §8)', async () => {
  accepted(
    await doors.submit(
      priya,
      [miriam.address],
      messageOf(`From: ${priya.address}`, 'Subject: bare', '', 'bare', '020 7946 0000'),
    ),
  )
  const got = await lastOf(miriam)
  assert.match(got, /\r\nDate: \w{3}, \d{1,2} \w{3} \d{4} /)
  assert.match(got, /\r\nMessage-ID: <[^<>@\s]+@mail\.cjsm\.test>\r\n/)
  assert.match(got, /\r\nTo: undisclosed-recipients:;\r\n/)
  assert.doesNotMatch(got, new RegExp(miriam.address))
  assert.equal(got.split('\r\n\r\n').at(-1), 'bare\r\n020 7946 0000\r\n')
})

test('From and the reverse-path of somebody else are refused (G03), and the refusal is recorded', async () => {
  const before = await recordCount()
  assert.equal(refusal(await doors.submit(priya, [miriam.address], simple(orla))).clause, 'G03')
  const other = refusal(await doors.submit(priya, [miriam.address], simple(priya), { reversePath: orla.address }))
  assert.equal(other.clause, 'G03')
  assert.deepEqual(await eventsSince(before), ['SubmissionRejection', 'SubmissionRejection'])
  const who = await doors.signIn(priya)
  assert.equal(doors.acceptance.admitReversePath(who, priya.address), null)
  assert.equal(doors.acceptance.admitReversePath(who, orla.address)!.clause, 'G03')
  assert.equal(doors.acceptance.admitReversePath(who, null), null)
  assert.equal(doors.acceptance.admitReversePath({ ...who, maySend: false }, priya.address)!.clause, 'G02')
})

test('a read receipt goes out with an empty reverse-path, is recorded so, and no report of it comes back (RFC 6409 §3.2)', async () => {
  const report = from(
    priya,
    `To: ${miriam.address}`,
    'Subject: Read: a hearing',
    'Content-Type: multipart/report; report-type=disposition-notification; boundary=b',
    '',
    '--b',
    '',
    'I have read it.',
    '020 7946 0000',
    '--b',
    'Content-Type: message/disposition-notification',
    '',
    `Final-Recipient: rfc822;${priya.address}`,
    'Disposition: manual-action/MDN-sent-manually; displayed',
    '',
    '--b--',
  )
  const told = (await doors.read(priya)).length
  const to = [miriam.address, 'nobody@hollis-penn.cjsm.test']
  const taken = accepted(await doors.submit(priya, to, report, { reversePath: null }))
  assert.deepEqual([taken.delivered, taken.refused], [1, 1])
  assert.match(await lastOf(miriam), /^Return-Path: <>\r\n/)
  assert.equal((await doors.read(priya)).length, told)
  const { openings } = (await service.domains.evidence.read(taken.receipt))!
  assert.deepEqual(
    openings!.map(({ detail }) => detail.reversePath),
    [null, null],
  )
})

test('RCPT and DATA say the same of unknown, removed and server addresses, and never deliver them (G01, G02)', async () => {
  const expected = [
    ['nobody@hollis-penn.cjsm.test', 'recipient-is-unknown'],
    ['sergeant@eastmere.example.cjsm.test', 'recipient-is-at-a-server-organisation'],
  ] as const
  for (const [address, reason] of expected) {
    assert.equal((await doors.acceptance.admitRecipient(address))!.reason, reason)
    assert.equal(refusal(await doors.submit(priya, [address], simple(priya))).reason, reason)
  }
  assert.equal(await doors.acceptance.admitRecipient(miriam.address), null)
  assert.notEqual(await doors.acceptance.admitRecipient('not an address'), null)
})

test('what is for the postmaster, or for the address that refusals name, is in the Helpdesk’s mailbox, as an answer to a notice is (RFC 5321 §4.5.1, T00)', async () => {
  const helpdesk = service.person('shared mailbox')
  for (const address of [testHelpdesk, `Postmaster@${testHostName}`, 'POSTMASTER@hollis-penn.cjsm.test']) {
    assert.equal(await doors.acceptance.admitRecipient(address), null, address)
    const word = randomBytes(8).toString('hex')
    assert.equal(accepted(await doors.submit(priya, [address], simple(priya, word))).delivered, 1)
    assert.match(await lastOf(helpdesk), new RegExp(word))
  }
})

test('a message above the ceiling and a RESTRICTED by a non-adopter are refused before they are scanned (G05, G07)', async () => {
  const { streams } = clamd.seen
  const secret = from(priya, 'Subject: SECRET', '', 'x')
  assert.equal(refusal(await doors.submit(priya, [miriam.address], secret)).clause, 'G05')
  const restricted = from(miriam, 'Subject: RESTRICTED - LEGAL: disclosure', '', 'x')
  assert.equal(refusal(await doors.submit(miriam, [priya.address], restricted)).clause, 'G07')
  assert.equal(clamd.seen.streams, streams)
})

test('a marking that stands in the subject is written as a field, and the subject stays as it was (G06)', async () => {
  accepted(await doors.submit(priya, [miriam.address], from(priya, 'Subject: RESTRICTED - LEGAL: disclosure', '', 'x')))
  const got = await lastOf(miriam)
  assert.match(got, /\r\nSubject: RESTRICTED - LEGAL: disclosure\r\n/)
  assert.match(got, /\r\nX-Protective-Marking: [^\r\n]*RESTRICTED/i)
})

test('clamd sees the message as it will be delivered, and what it finds is refused and not stored (T19)', async () => {
  accepted(await doors.submit(priya, [miriam.address], simple(priya)))
  assert.equal(clamd.last().toString('latin1'), await lastOf(miriam))
  const before = await rowCounts()
  const records = await recordCount()
  const found = refusal(await doors.submit(priya, [miriam.address], from(priya, 'Subject: x', '', eicar)))
  assert.deepEqual([found.clause, found.reason], ['T19', 'content-is-malicious'])
  for (const mode of ['encrypted', 'exceeds', 'limit'] as const) {
    clamd.mode = mode
    const cannot = refusal(await doors.submit(priya, [miriam.address], simple(priya)))
    assert.deepEqual([cannot.clause, cannot.reason], ['T19', 'content-cannot-be-scanned'])
  }
  assert.deepEqual(await rowCounts(), before)
  assert.deepEqual(await eventsSince(records), Array(4).fill('SubmissionRejection'))
})

test('malicious content is found also when clamd closed the kept session first (T19)', async () => {
  accepted(await doors.submit(priya, [miriam.address], simple(priya)))
  clamd.mode = 'closes-used'
  assert.equal(refusal(await doors.submit(priya, [miriam.address], from(priya, 'Subject: x', '', eicar))).clause, 'T19')
})

test('a silent clamd makes acceptance unavailable within the limit, and nothing is stored, in no folder either (T19)', async () => {
  const hurried = await openTestDoors(service, { scanTimeoutMs: 200 })
  const before = await rowCounts()
  const records = await recordCount()
  const raw = from(priya, 'Subject: silent', '', randomBytes(300_000).toString('base64'))
  accepted(await hurried.submit(priya, [miriam.address], simple(priya)))
  const [one] = await hurried.read(miriam)
  assert.ok(one !== undefined)
  clamd.mode = 'silent'
  const startMs = performance.now()
  await assert.rejects(
    hurried.submit(priya, [miriam.address], raw),
    (fault) => fault instanceof Unavailable && fault.part === 'scanner',
  )
  assert.ok(performance.now() - startMs < 5_000)
  const now = await rowCounts()
  assert.deepEqual([now.messages, now.submissions], [before.messages + 1, before.submissions + 1])
  assert.deepEqual(await readdir(folders.spool), [])
  assert.equal((await eventsSince(records)).filter((event) => event === 'SubmissionAcceptance').length, 1)
  clamd.mode = 'finds-eicar'
  accepted(await hurried.submit(priya, [miriam.address], raw))
  await hurried.close()
})

test('content whose sealed octets pass 64 KiB goes to the content store and comes back octet for octet', async () => {
  for (const octets of [40_000, 70_000, 262_144 * 3 + 17]) {
    const body = randomBytes(octets).toString('base64').replaceAll(/.{76}/g, '$&\r\n')
    const raw = from(priya, `To: ${miriam.address}`, 'Subject: large', '', body, 'Tel. 020 7946 0000')
    accepted(await doors.submit(priya, [miriam.address], raw))
    const got = await lastOf(miriam)
    assert.equal(hash('sha256', got.slice(-raw.length)), hash('sha256', raw))
    const [row] = await domains.database.rows<{ stored: boolean }>(
      sql`select stored from message where id = (select message from copy order by message desc limit 1)`,
    )
    assert.equal(row!.stored, octets > 48_000)
  }
})

test('what cannot be recorded is not delivered: no record, no act', async () => {
  const failing: Evidence = {
    ...domains.evidence,
    writing() {
      throw new Unavailable('evidence')
    },
    writeAll() {
      throw new Unavailable('evidence')
    },
  }
  const broken = await openTestDoors(service, { evidence: failing })
  const before = await rowCounts()
  const records = await recordCount()
  await assert.rejects(broken.submit(priya, [miriam.address], simple(priya)), Unavailable)
  assert.deepEqual(await rowCounts(), before)
  assert.equal((await eventsSince(records)).includes('SubmissionAcceptance'), false)
  await broken.close()
})

test('when the content store cannot write, acceptance is unavailable and nothing is delivered', async () => {
  const contentStore = { ...domains.contentStore, put: () => Promise.reject(new Error('ENOSPC')) }
  const broken = await openTestDoors(service, { contentStore })
  const before = await rowCounts()
  const large = from(priya, 'Subject: large', '', randomBytes(90_000).toString('hex'))
  await assert.rejects(
    broken.submit(priya, [miriam.address], large),
    (fault) => fault instanceof Unavailable && fault.part === 'content-store',
  )
  assert.deepEqual(await rowCounts(), before)
  accepted(await broken.submit(priya, [miriam.address], simple(priya)))
  await broken.close()
})

test('suspended people receive like any other; one who is suspended after MAIL is refused at DATA, in words of what they still may (G02)', async () => {
  const why = { clause: 'G02', reason: 'a test' }
  const { account } = await doors.signIn(ada)
  const setState = (state: 'suspended' | 'sending-suspended' | 'active') =>
    domains.database.transaction((tx) => domains.accounts.setState(tx, theService, account, state, why))
  await setState('suspended')
  assert.equal(await doors.acceptance.admitRecipient(ada.address), null)
  assert.equal(accepted(await doors.submit(priya, [ada.address], simple(priya, 'while suspended'))).delivered, 1)
  const stopped = refusal(await doors.submit(ada, [priya.address], simple(ada)))
  assert.deepEqual([stopped.reason, stopped.about], ['account-is-suspended', 'the account may not be used at present'])
  assert.doesNotMatch(stopped.remedy, /reading/)
  await setState('sending-suspended')
  const reads = refusal(await doors.submit(ada, [priya.address], simple(ada)))
  assert.equal(reads.reason, 'sending-is-suspended')
  assert.match(reads.remedy, /You can go on reading/)
  await setState('active')
  assert.match(await lastOf(ada), /while suspended/)
})

test('one removed between RCPT and DATA is refused, and the others still get it (G02)', async () => {
  const { id, address } = await newPupil('leaver')
  assert.equal(await doors.acceptance.admitRecipient(address), null)
  await domains.database.transaction((tx) =>
    domains.accounts.setState(tx, theService, id, 'removed', { clause: 'G02', reason: 'a test' }),
  )
  const reply = accepted(await doors.submit(priya, [address, miriam.address], simple(priya)))
  assert.deepEqual([reply.delivered, reply.refused], [1, 1])
  assert.equal(refusal(await doors.submit(priya, [address], simple(priya))).reason, 'recipient-is-removed')
})

test('each acceptance is recorded twice over: responsibility taken, and consigned, a commitment a recipient (G14)', async () => {
  const before = await recordCount()
  const reply = accepted(await doors.submit(priya, [miriam.address, ada.address], simple(priya, 'recorded')))
  const records = (await allRecords(service)).slice(before).sort((a, b) => (a.leaf.event > b.leaf.event ? -1 : 1))
  assert.deepEqual(
    records.map(({ leaf }) => [leaf.event, leaf.commitments.length]),
    [
      ['SubmissionAcceptance', 4],
      ['ContentConsignment', 4],
    ],
  )
  assert.equal(records[0]!.leaf.id, reply.receipt)
  assert.deepEqual(
    records[0]!.openings.map(({ detail }) => detail.recipient),
    [miriam.address, ada.address],
  )
  const { submitted } = records[0]!.openings[0]!.detail as { submitted: { salt: string; sha256: string } }
  const delivered = createHash('sha256')
    .update(await lastOf(miriam), 'latin1')
    .digest()
  const { delivered: consigned } = records[1]!.openings[0]!.detail as { delivered: { salt: string; sha256: string } }
  assert.equal(hash('sha256', Buffer.concat([Buffer.from(consigned.salt, 'base64'), delivered]), 'base64'), consigned.sha256)
  assert.notEqual(submitted.sha256, consigned.sha256)
})
