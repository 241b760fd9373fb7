// Automatic replies from end to end: once a week, in answer to people of the community, through the one door, and once across crashes. T08, RFC 3834
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import type { Acceptance } from '#delivery/accept.ts'
import { type AutomaticReplyParts, maxRepliesPerDay, replyWhileAway } from '#delivery/automatic-replies.ts'
import { forgetReplies } from '#delivery/housekeeping.ts'
import { readerOf } from '#mailbox/means.ts'
import { replyAgainMs } from '#policy/automatic-reply.ts'
import { noteReply } from '#delivery/automatic-replies.sql.ts'
import { Unavailable } from '#base/faults.ts'
import { sql } from '#store/sql.ts'
import { allRecords, messageOf, openTestDoors } from '#test/support/acceptance.ts'
import { testHostName, testService } from '#test/support/service.ts'

let aheadMs = 0
const clock = { now: () => Date.now() + aheadMs, monotonic: () => performance.now() + aheadMs }
const service = await testService({ clock })
const doors = await openTestDoors(service)
const { domains } = service
const [priya, miriam, ada] = [service.person('prosecutor'), service.person('solicitor'), service.person('sole practitioner')]
const miriamId = (await doors.signIn(miriam)).account

const parts: AutomaticReplyParts = { ...domains, ...doors, hostName: testHostName }
const away = (text: string | null, days = 30) => {
  const notice = text === null ? null : { fromMs: clock.now() - 1_000, untilMs: clock.now() + days * 86_400_000, text }
  return domains.database.transaction((tx) => domains.away.setNotice(tx, miriamId, miriamId, notice))
}
const fromPriya = (subject: string, ...fields: string[]) =>
  messageOf(`From: ${priya.address}`, `To: ${miriam.address}`, `Subject: ${subject}`, ...fields, '', 'When is the hearing?')
const repliesTo = async (person = priya) =>
  (await doors.read(person)).filter((raw) => /^Auto-Submitted: auto-replied\r$/m.test(raw))
const send = async (raw: string, from = priya) => assert.equal((await doors.submit(from, [miriam.address], raw)).kind, 'accepted')

test('nobody is answered for who is not away, nor for what came before they were (RFC 3834)', async () => {
  await send(fromPriya('before'))
  assert.equal(await replyWhileAway(parts), 0)
  await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(await away('I am back on 4 January.\nUrgent: the clerks.'), null)
  assert.equal(await replyWhileAway(parts), 0)
})

test('a member is answered once: by <>, Auto-Submitted, with In-Reply-To and References, from the person, recorded (T08, RFC 3834)', async () => {
  await send(fromPriya('hearing [RESTRICTED]', 'Message-ID: <hearing-1@client.example>', 'References: <earlier@client.example>'))
  await send(fromPriya('hearing again'))
  assert.equal(await replyWhileAway(parts), 1)
  assert.equal(await replyWhileAway(parts), 0)
  const [reply = '', ...more] = await repliesTo()
  assert.equal(more.length, 0)
  assert.match(reply, /^Return-Path: <>\r\n/)
  assert.match(reply, new RegExp(`\r\nFrom: ${miriam.address}\r\n`))
  assert.match(reply, /\r\nIn-Reply-To: <hearing-1@client\.example>\r\n/)
  assert.match(reply, /\r\nReferences: <earlier@client\.example> <hearing-1@client\.example>\r\n/)
  assert.match(reply, /\r\nSubject: Auto: hearing \[RESTRICTED\]\r\n/)
  assert.match(reply, /\r\nX-Protective-Marking: [^\r\n]*SEC=RESTRICTED/)
  assert.match(reply, /I am back on 4 January\.\r\nUrgent: the clerks\./)
  const sent = (await allRecords(service)).filter(({ leaf }) => leaf.event === 'AutomaticReplySent')
  assert.deepEqual(
    sent.map(({ openings }) => openings[0]!.detail.recipient),
    [priya.address],
  )
  assert.equal((await doors.read(miriam, 'Sent')).length, 0)
})

test('another sender is answered too; a machine, a list, a blind copy and who asks for none are not, nor is the reply itself (T08)', async () => {
  await send(messageOf(`From: ${ada.address}`, `To: ${miriam.address}`, 'Subject: a', '', 'x'), ada)
  await send(messageOf(`From: ${ada.address}`, 'To: undisclosed-recipients:;', 'Subject: a', '', 'x'), ada)
  const orla = service.person('detective sergeant')
  const automatic = messageOf(
    `From: ${orla.address}`,
    `To: ${miriam.address}`,
    'Subject: out of office',
    'Auto-Submitted: auto-replied',
    'In-Reply-To: <x@client.example>',
    '',
    'x',
  )
  await send(automatic, orla)
  await send(messageOf(`From: ${orla.address}`, 'To: undisclosed-recipients:;', 'Subject: blind', '', 'x'), orla)
  const asking = [`From: ${orla.address}`, `To: ${miriam.address}`, 'X-Auto-Response-Suppress: DR, OOF, AutoReply']
  await send(messageOf(...asking, 'Subject: no reply', '', 'x'), orla)
  assert.equal(await replyWhileAway(parts), 1)
  assert.equal((await repliesTo(ada)).length, 1)
  assert.equal((await repliesTo(orla)).length, 0)
  // Two who are away do not answer each other's answers.
  const adaId = (await doors.signIn(ada)).account
  const notice = { fromMs: clock.now() - 1_000, untilMs: clock.now() + 86_400_000, text: 'Away too.' }
  await domains.database.transaction((tx) => domains.away.setNotice(tx, adaId, adaId, notice))
  assert.equal(await replyWhileAway(parts), 0)
  await domains.database.transaction((tx) => domains.away.setNotice(tx, adaId, adaId, null))
})

test('after a week the same sender is answered again, and the week is forgotten (RFC 3834)', async () => {
  aheadMs += replyAgainMs - 60_000
  await send(fromPriya('nearly a week'))
  assert.equal(await replyWhileAway(parts), 0)
  aheadMs += 120_000
  await send(fromPriya('a week'))
  assert.equal(await replyWhileAway(parts), 1)
  assert.equal((await repliesTo()).length, 2)
  assert.equal(await forgetReplies(domains), 1) // ada's; priya's is new
})

test('a message that does not open is passed over, and the next is answered (T08)', async (t) => {
  aheadMs += replyAgainMs
  await send(fromPriya('damaged'))
  const newest = sql`select id from message order by id desc limit 1`
  const [whole] = await domains.database.rows<{ id: string; summary: Buffer }>(
    sql`select id, summary from message where id = (${newest})`,
  )
  const put = (summary: Buffer) => domains.database.run(sql`update message set summary = ${summary} where id = ${whole!.id}`)
  t.after(() => put(whole!.summary))
  await put(Buffer.alloc(whole!.summary.length))
  await send(fromPriya('behind it'))
  assert.equal(await replyWhileAway(parts), 1)
  assert.match((await repliesTo()).at(-1)!, /\r\nSubject: Auto: behind it\r\n/)
})

/** A door that fails before, or after, what it is given was delivered. */
const failing = (when: 'before' | 'after'): Pick<Acceptance, 'submit'> => ({
  async submit(...given) {
    if (when === 'after') await doors.acceptance.submit(...given)
    throw new Unavailable('database')
  },
})

test('a crash before the commit sends it with the next run, one after it sends no second (T08)', async () => {
  aheadMs += 2 * replyAgainMs
  await send(fromPriya('crash'))
  const before = (await repliesTo()).length
  await assert.rejects(replyWhileAway({ ...parts, acceptance: failing('before') }), Unavailable)
  assert.equal((await repliesTo()).length, before)
  await assert.rejects(replyWhileAway({ ...parts, acceptance: failing('after') }), Unavailable)
  assert.equal(await replyWhileAway(parts), 0)
  assert.equal((await repliesTo()).length, before + 1)
})

test('two runs at once send one (T08)', async () => {
  aheadMs += 2 * replyAgainMs
  await away('Still away.')
  await send(fromPriya('two runs'))
  const before = (await repliesTo()).length
  const sent = await Promise.all([replyWhileAway(parts), replyWhileAway(parts)])
  assert.deepEqual([sent[0]! + sent[1]!, (await repliesTo()).length], [1, before + 1])
})

test('who may not send is not answered for, and who is back neither (G02)', async () => {
  aheadMs += 2 * replyAgainMs
  await away('Away.')
  await send(fromPriya('suspended'))
  const state = (wanted: 'active' | 'sending-suspended') =>
    domains.database.transaction((tx) =>
      domains.accounts.setState(tx, miriamId, miriamId, wanted, { clause: 'G02', reason: 'x' }),
    )
  await state('sending-suspended')
  assert.equal(await replyWhileAway(parts), 0)
  await state('active')
  await away(null)
  assert.equal(await replyWhileAway(parts), 0)
})

test('a notice that is set anew begins with what comes then, whatever came since the last one (RFC 3834)', async () => {
  aheadMs += 2 * replyAgainMs
  await send(fromPriya('between absences'))
  await new Promise((resolve) => setTimeout(resolve, 5))
  await away('Away again.')
  assert.equal(await replyWhileAway(parts), 0)
  await send(fromPriya('away again'))
  assert.equal(await replyWhileAway(parts), 1)
  assert.match((await repliesTo()).at(-1)!, /\r\nSubject: Auto: away again\r\n/)
  await away(null)
})

test('a message that gets a new UID more than a week after it came is not answered again (T08, RFC 3834)', async () => {
  aheadMs += 2 * replyAgainMs
  await away('Away for long.', 60)
  await send(fromPriya('moved back later'))
  assert.equal(await replyWhileAway(parts), 1)
  const reader = readerOf(await doors.signIn(miriam))
  const { status, copies } = (await doors.mailboxes.select(reader, 'INBOX'))!
  aheadMs += replyAgainMs + 60_000
  await forgetReplies(domains)
  await doors.mailboxes.move(reader, status.id, [copies.at(-1)!.uid], 'Trash')
  const trash = (await doors.mailboxes.select(reader, 'Trash'))!
  await doors.mailboxes.move(reader, trash.status.id, [trash.copies.at(-1)!.uid], 'INBOX')
  assert.equal(await replyWhileAway(parts), 0)
  await send(fromPriya('a new one'))
  assert.equal(await replyWhileAway(parts), 1)
})

for (const subject of ['RESTRICTED: rota', '[RESTRICTED] rota', 'Re: RESTRICTED - rota']) {
  test(`an answer to “${subject}” bears its marking (G06)`, async () => {
    aheadMs += 2 * replyAgainMs
    await away('Away.')
    await send(fromPriya(subject))
    assert.equal(await replyWhileAway(parts), 1)
    assert.match((await repliesTo()).at(-1)!, /\r\nX-Protective-Marking: [^\r\n]*SEC=RESTRICTED/)
  })
}

test('a header too long to be read whole, and a machine that says so behind a comment, are not answered (T08, RFC 3834 §5)', async () => {
  aheadMs += 2 * replyAgainMs
  await away('Away.')
  const long = Array.from({ length: 90 }, (_, at) => `X-Long-${at}: ${'a'.repeat(800)}`)
  await send(fromPriya('long', ...long, 'Auto-Submitted: auto-replied', 'In-Reply-To: <x@client.example>'))
  await send(fromPriya('comment', 'Auto-Submitted: (away) auto-replied', 'In-Reply-To: <x@client.example>'))
  assert.equal(await replyWhileAway(parts), 0)
})

test('what an answer cannot bear is not sent, and makes no incident of who is away (G05)', async () => {
  aheadMs += 2 * replyAgainMs
  await away('Away.')
  await new Promise((resolve) => setTimeout(resolve, 5))
  const raw = Buffer.from(`Return-Path: <${priya.address}>\r\n${fromPriya('SECRET - rota', 'Message-ID: <s@client.example>')}`)
  const options = { flags: [], internalDateMs: null, octets: raw.length }
  assert.ok('uid' in (await doors.append(await doors.signIn(miriam), 'INBOX', options, Readable.from([raw]))))
  assert.equal(await replyWhileAway(parts), 0)
  const rejections = (await allRecords(service)).filter(({ leaf }) => leaf.event === 'SubmissionRejection')
  assert.equal(rejections.at(-1)!.openings[0]!.detail.reason, 'marked-above-the-ceiling')
  assert.deepEqual(await domains.database.rows(sql`select from incident`), [])
})

test('as many as may go in a day are sent for one person, whatever is in their INBOX (T08)', async () => {
  aheadMs += 2 * replyAgainMs
  await away('Away.')
  const note = (at: number) =>
    domains.database.transaction((tx) => noteReply(tx, miriamId, Buffer.from(`sender ${at}`), clock.now(), 0))
  for (let at = 1; at < maxRepliesPerDay; at++) await note(at)
  await send(fromPriya('the last of the day'))
  await send(messageOf(`From: ${ada.address}`, `To: ${miriam.address}`, 'Subject: one too many', '', 'x'), ada)
  assert.equal(await replyWhileAway(parts), 1)
  assert.equal(await replyWhileAway(parts), 0)
  aheadMs += 25 * 3_600_000
  await send(messageOf(`From: ${ada.address}`, `To: ${miriam.address}`, 'Subject: the next day', '', 'x'), ada)
  assert.equal(await replyWhileAway(parts), 1)
  await away(null)
})

test('a notice has text and days that make sense (G11)', async () => {
  const set = (text: string, fromMs: number, untilMs: number) =>
    domains.database.transaction((tx) => domains.away.setNotice(tx, miriamId, miriamId, { fromMs, untilMs, text }))
  const nowMs = clock.now()
  const day = 86_400_000
  assert.equal((await set('', nowMs, nowMs + day))?.reason, 'away-notice-is-malformed')
  assert.equal((await set('x'.repeat(2_001), nowMs, nowMs + day))?.reason, 'away-notice-is-malformed')
  assert.equal((await set('a\u0007', nowMs, nowMs + day))?.reason, 'away-notice-is-malformed')
  assert.equal((await set('x', nowMs - 2 * day, nowMs - day))?.reason, 'away-notice-is-malformed')
  assert.equal((await set('x', nowMs, nowMs + 401 * day))?.reason, 'away-notice-is-malformed')
  assert.equal(await set('x'.repeat(2_000), nowMs, nowMs + 400 * day), null)
  assert.equal((await domains.away.noticeOf(miriamId))?.text, 'x'.repeat(2_000))
  aheadMs += 400 * day
  assert.equal(await domains.away.noticeOf(miriamId), null)
})
