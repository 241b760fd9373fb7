// Never twice, and never in part: retries after a lost 250, full mailboxes, batches with a poisoned neighbour, delivery notices. RFC 5321 §4.5.3.1, RFC 3461, G14, G20
import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import type { Refused } from '#base/faults.ts'
import type { DemoPerson } from '#cli/demonstration.ts'
import type { Accepted, EnvelopeRecipient } from '#delivery/envelope.ts'
import { forgetSubmissions, submissionKeptMs } from '#delivery/housekeeping.ts'
import type { Evidence } from '#evidence/record.ts'
import { sql } from '#store/sql.ts'
import { allRecords, messageOf, openTestDoors } from '#test/support/acceptance.ts'
import { testService } from '#test/support/service.ts'

const service = await testService()
const { database } = service.domains
const doors = await openTestDoors(service)
after(async () => {
  await doors.close()
  await service.close()
})
const [priya, miriam, ada, gareth] = ['prosecutor', 'solicitor', 'sole practitioner', 'clerk'].map(service.person) as [
  DemoPerson,
  DemoPerson,
  DemoPerson,
  DemoPerson,
]
const plenty = 100_000_000
beforeEach(() => database.run(sql`update holder set quota_octets = ${plenty}`))

const note = (id: string, text: string, from: DemoPerson = priya) =>
  messageOf(
    `From: ${from.address}`,
    `To: ${miriam.address}`,
    `Message-ID: <${id}@client.example>`,
    'Date: Mon, 1 Jul 2024 10:00:00 +0100',
    'Subject: n',
    '',
    text,
  )
const accepted = (reply: Accepted | Refused): Accepted => {
  assert.equal(reply.kind, 'accepted', JSON.stringify(reply))
  return reply as Accepted
}
const count = async (person: DemoPerson, word: string) => (await doors.read(person)).filter((text) => text.includes(word)).length
async function setQuota(person: DemoPerson, quotaOctets: number) {
  const { account } = await doors.signIn(person)
  await database.run(sql`update holder set quota_octets = ${quotaOctets} where id = ${account}`)
}
const stored = async () =>
  (
    await database.rows<{ messages: number; submissions: number }>(
      sql`select (select count(*) from message) as messages, (select count(*) from submission) as submissions`,
    )
  )[0]!
const to = (person: DemoPerson, notify: EnvelopeRecipient['notify']): EnvelopeRecipient => ({
  address: person.address,
  originalRecipient: `rfc822;${person.address}`,
  notify,
})

test('the same octets to the same recipients are answered with the first receipt and not delivered again', async () => {
  const raw = note('retry', 'word-retry')
  const first = accepted(await doors.submit(priya, [miriam.address, ada.address], raw))
  const again = accepted(await doors.submit(priya, [ada.address.replace('ada', 'Ada'), miriam.address, ada.address], raw))
  assert.deepEqual(again, { ...first, again: true })
  assert.deepEqual([await count(miriam, 'word-retry'), await count(ada, 'word-retry')], [1, 1])
  const repeats = (await allRecords(service)).filter(({ leaf }) => leaf.event === 'SubmissionRepeated')
  assert.deepEqual(
    repeats.map(({ openings }) => openings[0]!.detail),
    [{ receipt: first.receipt }],
  )
})

test('a recipient named three times is one: a copy, a count, a part of the record and a line of the notice', async () => {
  const raw = note('thrice', 'word-thrice')
  const recipients = [to(miriam, ['SUCCESS']), to(miriam, null), { ...to(miriam, null), address: miriam.address.toUpperCase() }]
  const first = accepted(await doors.submit(priya, recipients, raw))
  assert.deepEqual([first.delivered, await count(miriam, 'word-thrice')], [1, 1])
  const { openings } = (await service.domains.evidence.read(first.receipt))!
  assert.deepEqual(
    openings!.map(({ detail }) => detail.recipient),
    [miriam.address],
  )
  assert.equal((await doors.read(priya)).at(-1)!.match(/^Final-Recipient:/gm)?.length, 1)
  assert.deepEqual(accepted(await doors.submit(priya, recipients, raw)), { ...first, again: true })
})

test('two addresses of one mailbox are one delivery with a part of the record each, and a retry counts as its first (G14)', async () => {
  const { account } = await doors.signIn(ada)
  const second = 'ada@marlowe.cjsm.test'
  await database.run(
    sql`insert into address (address, holder, written, is_primary) values (${second}, ${account}, ${second}, false)`,
  )
  const raw = note('aliases', 'word-aliases')
  const first = accepted(await doors.submit(priya, [ada.address, second], raw))
  assert.deepEqual([first.delivered, await count(ada, 'word-aliases')], [1, 1])
  const { openings } = (await service.domains.evidence.read(first.receipt))!
  assert.deepEqual(
    openings!.map(({ detail }) => detail.recipient),
    [ada.address, second],
  )
  assert.deepEqual(accepted(await doors.submit(priya, [second, ada.address], raw)), { ...first, again: true })
})

test('a new recipient, another submitter or one other octet are not a retry: two messages with one Message-ID both arrive', async () => {
  const raw = note('same-id', 'word-same-id one')
  const receipts = [
    accepted(await doors.submit(priya, [miriam.address], raw)),
    accepted(await doors.submit(priya, [miriam.address, ada.address], raw)),
    accepted(await doors.submit(priya, [miriam.address], note('same-id', 'word-same-id two'))),
  ]
  assert.deepEqual(
    receipts.map((one) => one.again),
    [false, false, false],
  )
  assert.equal(new Set(receipts.map((one) => one.receipt)).size, 3)
  assert.equal(await count(miriam, 'word-same-id'), 2)
})

test('eight retries at the same time are one delivery and one receipt', async () => {
  const raw = note('at-once', 'word-at-once')
  const replies = (
    await Promise.all(Array.from({ length: 8 }, () => doors.submit(priya, [miriam.address, ada.address], raw)))
  ).map(accepted)
  assert.equal(new Set(replies.map((one) => one.receipt)).size, 1)
  assert.equal(replies.filter((one) => !one.again).length, 1)
  assert.deepEqual([await count(miriam, 'word-at-once'), await count(ada, 'word-at-once')], [1, 1])
})

test('retries in two processes at the same time are one delivery', async () => {
  const other = await openTestDoors(service)
  const raw = note('two-processes', 'word-two-processes')
  const replies = (
    await Promise.all(
      [1, 2, 3, 4].flatMap(() => [doors.submit(priya, [miriam.address], raw), other.submit(priya, [miriam.address], raw)]),
    )
  ).map(accepted)
  assert.equal(new Set(replies.map((one) => one.receipt)).size, 1)
  assert.equal(await count(miriam, 'word-two-processes'), 1)
  await other.close()
})

test('a retry is recognised also when the mailbox is full by then, or the sender suspended', async () => {
  const raw = note('full-by-then', 'word-full-by-then')
  const first = accepted(await doors.submit(priya, [miriam.address], raw))
  await setQuota(miriam, 1)
  assert.deepEqual(accepted(await doors.submit(priya, [miriam.address], raw)), { ...first, again: true })
  const both = note('full-in-part', 'word-full-in-part')
  await setQuota(miriam, plenty)
  const whole = accepted(await doors.submit(priya, [miriam.address, ada.address], both))
  await setQuota(ada, 1)
  assert.deepEqual(accepted(await doors.submit(priya, [miriam.address, ada.address], both)), { ...whole, again: true })
  assert.equal(await count(priya, 'word-full-in-part'), 0)
  assert.equal(await count(miriam, 'word-full-in-part'), 1)
})

test('a retry after 24 hours is a message of its own', async () => {
  const raw = note('next-day', 'word-next-day')
  accepted(await doors.submit(priya, [miriam.address], raw))
  const at = (ms: number) => forgetSubmissions({ database, clock: { now: () => Date.now() + ms, monotonic: () => 0 } })
  assert.equal(await at(submissionKeptMs - 60_000), 0)
  assert.ok((await at(submissionKeptMs + 60_000)) > 0)
  assert.equal(accepted(await doors.submit(priya, [miriam.address], raw)).again, false)
  assert.equal(await count(miriam, 'word-next-day'), 2)
})

test('one full mailbox among good ones: taken, with a failed DSN in the submitter’s INBOX at the same moment (RFC 3464, G20)', async () => {
  await setQuota(ada, 10)
  const reply = accepted(await doors.submit(priya, [miriam.address, ada.address], note('partly', 'word-partly')))
  assert.deepEqual([reply.delivered, reply.refused], [1, 1])
  assert.deepEqual([await count(miriam, 'word-partly'), await count(ada, 'word-partly')], [1, 0])
  const dsn = (await doors.read(priya)).at(-1)!
  assert.match(dsn, /^From: [^\r\n]*postmaster@mail\.cjsm\.test/m)
  assert.match(dsn, /Content-Type: multipart\/report;[\s\S]*report-type="?delivery-status/i)
  assert.match(dsn, new RegExp(`Final-Recipient: rfc822; ?${ada.address}\r\n[\\s\\S]*Action: failed\r\nStatus: 5\\.2\\.2`))
  assert.doesNotMatch(dsn, new RegExp(`Final-Recipient: rfc822; ?${miriam.address}`))
  assert.match(dsn, /G20/)
  assert.doesNotMatch(dsn, /word-partly/)
  const { account } = await doors.signIn(priya)
  const [same] = await database.rows<{ same: boolean }>(sql`
    select (select xmin from copy where holder = ${account} order by message desc limit 1)::text =
           (select xmin from submission where receipt = ${reply.receipt} limit 1)::text as same`)
  assert.equal(same!.same, true)
})

test('a failed DSN reaches a submitter whose own mailbox is full', async () => {
  await setQuota(ada, 10)
  await setQuota(priya, 10)
  accepted(await doors.submit(priya, [miriam.address, ada.address], note('own-full', 'word-own-full')))
  assert.match((await doors.read(priya)).at(-1)!, /Message-ID: <own-full@client\.example>/)
})

test('when every mailbox is full the message is refused as over quota and nothing is stored (452 4.2.2, G20)', async () => {
  await setQuota(ada, 10)
  await setQuota(miriam, 10)
  const before = await stored()
  const reply = await doors.submit(priya, [miriam.address, ada.address], note('all-full', 'word-all-full'))
  assert.deepEqual([reply.kind, (reply as Refused).reason, (reply as Refused).clause], ['refused', 'over-quota', 'G20'])
  assert.deepEqual(await stored(), before)
  assert.equal(await count(priya, 'all-full'), 0)
})

test('a mailbox takes a message that fills it exactly, and not one octet more (G20)', async () => {
  accepted(await doors.submit(priya, [gareth.address], note('gauge', 'word-gauge')))
  const octets = (await doors.read(gareth)).at(-1)!.length
  await setQuota(gareth, 2 * octets - 1)
  assert.equal((await doors.submit(priya, [gareth.address], note('gaug2', 'word-gauge'))).kind, 'refused')
  await setQuota(gareth, 2 * octets)
  accepted(await doors.submit(priya, [gareth.address], note('gaug3', 'word-gauge')))
})

test('NOTIFY=SUCCESS gives a delivered DSN, NEVER none, and nothing said means failures only (RFC 3461 §4.1)', async () => {
  await setQuota(gareth, 10)
  const { length } = await doors.read(priya)
  const envelope = { envid: 'env-42', ret: 'HDRS' as const }
  const recipients = [to(miriam, ['SUCCESS', 'FAILURE']), to(ada, null), to(gareth, ['NEVER'])]
  const reply = accepted(await doors.submit(priya, recipients, note('notify', 'word-notify'), envelope))
  assert.deepEqual([reply.delivered, reply.refused], [2, 1])
  const dsns = (await doors.read(priya)).slice(length)
  assert.equal(dsns.length, 1)
  assert.match(dsns[0]!, /Original-Envelope-Id: env-42/)
  assert.match(
    dsns[0]!,
    new RegExp(`Final-Recipient: rfc822; ?${miriam.address}\r\n[\\s\\S]*Action: delivered\r\nStatus: 2\\.1\\.5`),
  )
  assert.doesNotMatch(dsns[0]!, new RegExp(`Final-Recipient: rfc822; ?(${ada.address}|${gareth.address})`))
  assert.match(dsns[0]!, /Message-ID: <notify@client\.example>/)
})

test('a retry that names some of the recipients, or more of them, delivers to each exactly once', async () => {
  const raw = note('partly-again', 'word-partly-again')
  const first = accepted(await doors.submit(priya, [miriam.address, ada.address], raw))
  const some = accepted(await doors.submit(priya, [ada.address], raw))
  assert.deepEqual([some.again, some.receipt, some.delivered], [true, first.receipt, 1])
  const more = accepted(await doors.submit(priya, [ada.address, gareth.address, miriam.address], raw))
  assert.deepEqual([more.again, more.delivered, more.refused], [false, 3, 0])
  assert.notEqual(more.receipt, first.receipt)
  for (const person of [miriam, ada, gareth]) assert.equal(await count(person, 'word-partly-again'), 1)
})

test('a retry with a recipient more, whose mailbox is full, delivers nothing twice and notifies that one', async () => {
  await setQuota(gareth, 1)
  const raw = note('one-more', 'word-one-more')
  accepted(await doors.submit(priya, [miriam.address], raw))
  const { length } = await doors.read(priya)
  const more = accepted(await doors.submit(priya, [miriam.address, gareth.address], raw))
  assert.deepEqual([more.delivered, more.refused], [1, 1])
  const again = accepted(await doors.submit(priya, [miriam.address, gareth.address], raw))
  assert.deepEqual([again.again, again.delivered, again.refused], [true, 1, 1])
  const notices = (await doors.read(priya)).slice(length)
  assert.equal(notices.length, 1)
  assert.match(notices[0]!, new RegExp(`Final-Recipient: rfc822; ?${gareth.address}`))
  assert.equal(await count(miriam, 'word-one-more'), 1)
  await setQuota(gareth, 100_000_000)
})

test('RET=FULL returns the whole message with a failure, and only its header with a success (RFC 3461 §4.3)', async () => {
  await setQuota(gareth, 10)
  const { length } = await doors.read(priya)
  const full = { envid: null, ret: 'FULL' as const }
  accepted(await doors.submit(priya, [to(miriam, null), to(gareth, null)], note('full', 'word-ret-full'), full))
  accepted(await doors.submit(priya, [to(miriam, ['SUCCESS'])], note('fine', 'word-ret-fine'), full))
  const [failure, success] = (await doors.read(priya)).slice(length)
  assert.match(failure!, /Content-Type: message\/(rfc822|global)\r\n[\s\S]*word-ret-full/)
  assert.doesNotMatch(success!, /word-ret-fine/)
})

test('a poisoned message fails by itself: those that share its transaction are delivered, and it stores nothing', async () => {
  let arrived = 0
  let tried = 0
  let open = () => {}
  const gate = new Promise<void>((resolve) => (open = resolve))
  const poisoned: Evidence = {
    ...service.domains.evidence,
    async introduce(subjects) {
      await service.domains.evidence.introduce(subjects)
      if (++arrived === 21) setTimeout(open, 50) // then all wait for a lane, but for those that hold one
    },
    async prepare(act) {
      await gate
      const record = await service.domains.evidence.prepare(act)
      if (!act.details.some((detail) => detail.reversePath === gareth.address)) return record
      tried++
      return { ...record, id: 'no id that PostgreSQL takes' }
    },
  }
  const broken = await openTestDoors(service, { evidence: poisoned })
  await Promise.all([broken.signIn(priya), broken.signIn(gareth)])
  const good = Array.from({ length: 10 }, (_, index) =>
    broken.submit(priya, [miriam.address], note(`good-${index}`, `word-good ${index}`)),
  )
  const bad = broken.submit(gareth, [miriam.address], note('bad', 'word-bad', gareth))
  const more = Array.from({ length: 10 }, (_, index) =>
    broken.submit(priya, [ada.address], note(`more-${index}`, `word-good ${index}`)),
  )
  const settled = await Promise.allSettled([...good, bad, ...more])
  assert.deepEqual(
    settled.map((one) => one.status),
    [...Array(10).fill('fulfilled'), 'rejected', ...Array(10).fill('fulfilled')],
  )
  assert.equal(tried, 2, 'once with the others, once alone')
  assert.deepEqual(
    [await count(miriam, 'word-good'), await count(ada, 'word-good'), await count(miriam, 'word-bad')],
    [10, 10, 0],
  )
  await broken.close()
})

test('mail that crosses between the same mailboxes in both directions never deadlocks, and UIDs are given once', async () => {
  const people = [priya, miriam, ada, gareth]
  const other = await openTestDoors(service)
  const replies = await Promise.all(
    Array.from({ length: 40 }, (_, index) => {
      const from = people[index % 4]!
      const recipients = (index % 3 === 0 ? people : [...people].reverse()).map((person) => person.address)
      return (index % 2 === 0 ? doors : other).submit(from, recipients, note(`cross-${index}`, `word-cross ${index}`, from))
    }),
  )
  assert.ok(replies.every((reply) => reply.kind === 'accepted' && reply.delivered === 4))
  for (const person of people) assert.equal(await count(person, 'word-cross'), 40)
  await other.close()
})
