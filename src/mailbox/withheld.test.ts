// What mail programs are not given: a notice that is the same whenever it is asked for, by sizes, structure and octets; a new UID once access ended. G09
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { StructureScan } from '#mail/structure.ts'
import { openGround } from '#mailbox/ground.test-support.ts'
import { endedAtOnce } from '#mailbox/limits.ts'
import type { Reader } from '#mailbox/means.ts'
import { endAccess, forgetHandlings, noteHandling } from '#mailbox/withheld.ts'
import { sql } from '#store/sql.ts'
import { nothingAsked } from '#policy/handling-asked.ts'
import { testDatabase } from '#test/support/database.ts'

after(() => ground.close())
const { database } = await testDatabase()
let aheadMs = 0
const clock = { now: () => Date.now() + aheadMs, monotonic: () => performance.now() + aheadMs }
const ground = await openGround(database, clock)
const { mailboxes, means } = ground

const day = 86_400_000
const raw =
  'From: a@firm.cjsm.test\r\nSubject: =?utf-8?Q?f=C3=BCr?= you\r\nMessage-ID: <x@firm.cjsm.test>\r\n\r\nthe secret rota\r\n'
const inboxOf = (who: Reader) => ground.mailboxId(who, 'INBOX')

/** Delivers a message of `sender` to both, with what is asked. */
async function deliver(sender: Reader, who: Reader, asked: { noDownload?: boolean; untilMs?: number | null }) {
  const [, placed] = await ground.deliver([{ who: sender }, { who }], Buffer.from(raw))
  const [row] = await database.rows<{ month: number; message: string }>(
    sql`select month, message from copy where holder = ${who.holder} and mailbox = ${placed!.mailbox} and uid = ${placed!.uid}`,
  )
  const note = { ...row!, sender: sender.holder, holders: [who.holder, sender.holder], notedMs: clock.now() }
  await noteHandling(database, note, { ...nothingAsked, ...asked })
  return placed!.uid
}
async function givenTo(who: Reader, uid: number) {
  const mailbox = await inboxOf(who)
  const [summary] = await Array.fromAsync(mailboxes.fetchForPrograms(who, mailbox, [uid]))
  const content = await (await mailboxes.open(who, mailbox, [uid])).content(uid)
  const pieces: Buffer[] = []
  for await (const piece of content!.range(0, content!.octets)) pieces.push(piece)
  return { summary: summary!, text: Buffer.concat(pieces).toString() }
}
const handOvers = async (who: Reader) => (await ground.records(who)).filter(({ event }) => event === 'ContentHandover').length

test('what is not to be downloaded is a notice whose sizes and structure agree; nothing is handed over, and the sender has it (G09)', async () => {
  const [sender, who] = [await ground.newReader(), await ground.newReader()]
  const uid = await deliver(sender, who, { noDownload: true })
  const { summary, text } = await givenTo(who, uid)
  assert.match(text, /read in webmail and not downloaded \(rule G09\)/)
  assert.doesNotMatch(text, /secret rota/)
  assert.equal(summary.octets, text.length)
  const scan = new StructureScan()
  scan.push(Buffer.from(text))
  const read = scan.end()
  assert.deepEqual([summary.structure, summary.headerOctets], [read.root, read.headerOctets])
  const { subject, messageId, from } = summary.envelope
  assert.deepEqual([subject, messageId, from[0]?.mailbox], ['=?UTF-8?Q?f=C3=BCr_you?=', '<x@firm.cjsm.test>', 'a'])
  assert.equal(await handOvers(who), 0)
  assert.equal((await givenTo(who, uid)).text, text)
  aheadMs += day
  assert.equal((await givenTo(who, uid)).text, text)

  assert.match((await givenTo(sender, uid)).text, /secret rota/)
  assert.equal(await handOvers(sender), 1)
  // Beside one that it may have, only that one is handed over.
  await ground.deliver([{ who }], 'Subject: open\n\nplain\n')
  await mailboxes.open(who, await inboxOf(who), [uid, uid + 1])
  const given = (await ground.records(who)).filter(({ event }) => event === 'ContentHandover').flatMap(({ details }) => details)
  assert.deepEqual(
    given.map((detail) => detail.uid),
    [uid + 1],
  )
  // Webmail shows it.
  const opened = await (await mailboxes.openToRead(who, await inboxOf(who), [uid])).content(uid)
  assert.equal(opened!.octets, raw.length)
  assert.equal(await handOvers(who), 2)
  const [shown] = await Array.fromAsync(mailboxes.fetchSummaries(who, await inboxOf(who), [uid]))
  assert.equal(shown!.octets, raw.length)
})

test('after the end of access programs get a notice, under a new UID, and searches find nothing (G09)', async () => {
  const [sender, who] = [await ground.newReader(), await ground.newReader()]
  const uid = await deliver(sender, who, { untilMs: clock.now() + day })
  const found = async (one: Reader) => mailboxes.searchText(one, await inboxOf(one), [1, 2], { scope: 'body', text: 'secret' })
  assert.match((await givenTo(who, uid)).text, /secret rota/)
  assert.equal(await endAccess(means), 0)
  assert.deepEqual(await found(who), [uid])
  aheadMs += day + 1_000
  const { text, summary } = await givenTo(who, uid)
  assert.match(text, /Access to this message has ended/)
  assert.equal(summary.octets, text.length)
  assert.equal(await endAccess(means), 1)
  assert.equal(await endAccess(means), 0)
  const mailbox = await inboxOf(who)
  assert.deepEqual(await mailboxes.page(who, mailbox, {}, 10), [uid + 1])
  assert.equal((await givenTo(who, uid + 1)).text, text)
  assert.deepEqual(await found(who), [])
  assert.match((await givenTo(sender, 2)).text, /secret rota/)
})

test('what was never to be downloaded keeps its UID when access ends, and searches find nothing then (G09)', async () => {
  const [sender, who] = [await ground.newReader(), await ground.newReader()]
  const uid = await deliver(sender, who, { noDownload: true, untilMs: clock.now() + day })
  const { text } = await givenTo(who, uid)
  const found = async (one: Reader) => mailboxes.searchText(one, await inboxOf(one), [1], { scope: 'text', text: 'secret' })
  assert.deepEqual(await found(who), [uid])
  aheadMs += 2 * day
  assert.deepEqual([await found(who), await found(sender)], [[], [1]])
  assert.equal(await endAccess(means), 1)
  assert.deepEqual(await mailboxes.page(who, await inboxOf(who), {}, 10), [uid])
  assert.equal((await givenTo(who, uid)).text, text)
})

test('a run renews the copies of so many messages, and the next those that are left (G09)', async () => {
  const holder = await ground.newReader()
  const note = { month: 1, sender: holder.holder, holders: [], notedMs: clock.now() }
  const asked = { ...nothingAsked, untilMs: clock.now() - day }
  for (let at = 0; at <= endedAtOnce; at++)
    await noteHandling(database, { ...note, message: `00000000-0000-7000-8000-${String(at).padStart(12, '0')}` }, asked)
  assert.deepEqual([await endAccess(means), await endAccess(means)], [endedAtOnce, 1])
  // None of these is in a mailbox.
  assert.equal(await forgetHandlings({ database, clock }), 0)
  aheadMs += 91 * day // one that is held may be delivered after 90 days (T19)
  assert.equal(await forgetHandlings({ database, clock }), 0)
  aheadMs += 30 * day
  assert.equal(await forgetHandlings({ database, clock }), endedAtOnce + 1)
})
