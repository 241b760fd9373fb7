// COPY, MOVE and EXPUNGE against RFC 3501, 4315, 6851 and 7162: counters, tombstones, quota, evidence, and what happens at once.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Copied } from '#mailbox/copies.ts'
import { insertCopies } from '#mailbox/copies.sql.ts'
import { openGround, someoneWaits } from '#mailbox/ground.test-support.ts'
import { maxMessagesPerRecord } from '#mailbox/limits.ts'
import { lockMailboxes } from '#mailbox/mailboxes.sql.ts'
import type { Reader } from '#mailbox/means.ts'
import { sql } from '#store/sql.ts'
import { testDatabase } from '#test/support/database.ts'

// Registered before the database's own, so that it is there until the last listener has gone.
after(() => ground.close())
const { database } = await testDatabase()
const ground = await openGround(database)
const { mailboxes } = ground

const message = 'Subject: a\n\nbody\n'
const octets = message.replaceAll('\n', '\r\n').length
const everything = 1e9

async function deliverMany(who: Reader, count: number, flags: readonly string[] = []): Promise<void> {
  for (let index = 0; index < count; index++) await ground.deliver([{ who, flags }], message)
}
const uidsIn = async (who: Reader, name: string) => (await mailboxes.select(who, name))!.copies.map((copy) => copy.uid)
const countsOf = async (who: Reader, name: string) => {
  const { messages, octets: sum, unseen, uidNext } = (await mailboxes.status(who, name))!
  return { messages, octets: sum, unseen, uidNext }
}
const messagesLeft = async (who: Reader) =>
  database.rows<{ id: string; copies: number }>(sql`
    select id, copies from message where (month, id) in (select month, message from copy where holder = ${who.holder}) order by id`)

test('COPY keeps flags and internal date, gives ascending UIDs and UIDVALIDITY (RFC 3501 §6.4.7, RFC 4315 §3), and is recorded', async () => {
  const who = await ground.newReader()
  await deliverMany(who, 1)
  await deliverMany(who, 2, ['\\Seen', 'work'])
  const inbox = await ground.mailboxId(who, 'INBOX')
  const copied = (await mailboxes.copy(who, inbox, [1, 3, 9], 'Archive')) as Copied
  const status = (await mailboxes.status(who, 'Archive'))!
  assert.deepEqual(copied, { uidValidity: status.uidValidity, from: [1, 3], to: [1, 2] })
  assert.deepEqual(await countsOf(who, 'Archive'), { messages: 2, octets: 2 * octets, unseen: 1, uidNext: 3 })
  assert.deepEqual(await countsOf(who, 'INBOX'), { messages: 3, octets: 3 * octets, unseen: 1, uidNext: 4 })
  assert.deepEqual((await mailboxes.select(who, 'Archive'))!.copies[1]!.flags, ['\\Seen', 'work'])
  assert.deepEqual(
    (await messagesLeft(who)).map((row) => row.copies),
    [2, 1, 2],
  )
  const [record, ...others] = await ground.records(who)
  assert.deepEqual(
    [record!.event, record!.details[0]!.uids, record!.details[0]!.newUids, others.length],
    ['MailboxCopy', [1, 3], [1, 2], 0],
  )
  const dates = await database.rows<{ internalDateMs: number }>(
    sql`select distinct internal_date_ms from copy where holder = ${who.holder}`,
  )
  assert.equal(dates.length, 1)
  for await (const summary of mailboxes.fetchSummaries(who, status.id, [1, 2])) assert.equal(summary.envelope.subject, 'a')
})

test('COPY of all or nothing copies nothing once a message is gone (RFC 3501 §6.4.7)', async () => {
  const who = await ground.newReader()
  await deliverMany(who, 2)
  const inbox = await ground.mailboxId(who, 'INBOX')
  const refusal = await mailboxes.copy(who, inbox, [1, 2, 9], 'Archive', true)
  assert.equal('kind' in refusal && refusal.reason, 'messages-are-gone')
  assert.deepEqual(await uidsIn(who, 'Archive'), [])
  assert.deepEqual(((await mailboxes.copy(who, inbox, [1, 2], 'Archive', true)) as Copied).from, [1, 2])
})

test('COPY into the same mailbox makes new copies there, and of nothing makes no record', async () => {
  const who = await ground.newReader()
  await deliverMany(who, 2)
  const inbox = await ground.mailboxId(who, 'INBOX')
  assert.deepEqual(((await mailboxes.copy(who, inbox, [1, 2], 'INBOX')) as Copied).to, [3, 4])
  assert.deepEqual(((await mailboxes.copy(who, inbox, [77], 'INBOX')) as Copied).to, [])
  assert.equal((await ground.records(who)).length, 1)
})

test('COPY is refused where the mailbox is not there, and one octet past the quota (G20), but not at it', async () => {
  const who = await ground.newReader(4 * octets)
  await deliverMany(who, 2)
  const inbox = await ground.mailboxId(who, 'INBOX')
  const reason = async (uids: number[], name: string) => {
    const result = await mailboxes.copy(who, inbox, uids, name)
    return 'reason' in result ? result.reason : null
  }
  assert.equal(await reason([1], 'Nowhere'), 'mailbox-does-not-exist')
  assert.equal(await reason([1, 2], 'Archive'), null)
  assert.equal(await reason([1], 'Archive'), 'over-quota')
  assert.equal((await uidsIn(who, 'Archive')).length, 2)
})

test('MOVE takes copies away with tombstones and needs no room in the quota (RFC 6851 §3.3)', async () => {
  const who = await ground.newReader(2 * octets)
  await deliverMany(who, 2)
  const inbox = await ground.mailboxId(who, 'INBOX')
  const before = (await mailboxes.status(who, 'INBOX'))!
  const moved = (await mailboxes.move(who, inbox, [1, 2], 'Trash')) as Copied
  assert.deepEqual(
    [moved.from, moved.to],
    [
      [1, 2],
      [1, 2],
    ],
  )
  assert.deepEqual(await countsOf(who, 'INBOX'), { messages: 0, octets: 0, unseen: 0, uidNext: 3 })
  assert.deepEqual(await countsOf(who, 'Trash'), { messages: 2, octets: 2 * octets, unseen: 2, uidNext: 3 })
  const changes = await mailboxes.changesSince(who, inbox, before.highestModseq, before.uidNext)
  assert.deepEqual([changes.expunged, changes.changed], [[1, 2], []])
  assert.deepEqual(
    (await messagesLeft(who)).map((row) => row.copies),
    [1, 1],
  )
  assert.equal((await ground.records(who)).at(-1)!.event, 'MailboxMove')
})

test('MOVE within one mailbox gives new UIDs and expunges the old', async () => {
  const who = await ground.newReader()
  await deliverMany(who, 2)
  const inbox = await ground.mailboxId(who, 'INBOX')
  assert.deepEqual(((await mailboxes.move(who, inbox, [1], 'INBOX')) as Copied).to, [3])
  assert.deepEqual(await uidsIn(who, 'INBOX'), [2, 3])
  assert.equal((await countsOf(who, 'INBOX')).messages, 2)
})

test('EXPUNGE removes what is marked, UID EXPUNGE only what is named and marked (RFC 3501 §6.4.3, RFC 4315 §2.1)', async () => {
  const who = await ground.newReader()
  await deliverMany(who, 2, ['\\Deleted'])
  await deliverMany(who, 1)
  await deliverMany(who, 2, ['\\Deleted', '\\Seen'])
  const inbox = await ground.mailboxId(who, 'INBOX')
  const before = (await mailboxes.status(who, 'INBOX'))!.highestModseq
  assert.deepEqual(await mailboxes.expunge(who, inbox, [2, 3, 5]), [2, 5])
  assert.deepEqual(await uidsIn(who, 'INBOX'), [1, 3, 4])
  assert.equal((await mailboxes.status(who, 'INBOX'))!.highestModseq, before + 1n)
  assert.deepEqual(await mailboxes.expunge(who, inbox, null), [1, 4])
  assert.deepEqual(await mailboxes.expunge(who, inbox, null), [])
  assert.deepEqual(await countsOf(who, 'INBOX'), { messages: 1, octets, unseen: 1, uidNext: 6 })
  assert.deepEqual((await mailboxes.changesSince(who, inbox, before + 1n, 6)).expunged, [1, 4])
  assert.deepEqual((await mailboxes.changesSince(who, inbox, before, 3)).expunged, [1, 2])
  assert.deepEqual(
    (await ground.records(who)).map((record) => [record.event, record.details[0]!.uids]),
    [
      ['MailboxExpunge', [2, 5]],
      ['MailboxExpunge', [1, 4]],
    ],
  )
  assert.equal((await messagesLeft(who)).length, 1)
})

test('the last expunge of a message deletes it and unlinks its content, an earlier one does not', async () => {
  const [who, other] = [await ground.newReader(), await ground.newReader()]
  const large = `Subject: a\n\n${'0123456789abcdef'.repeat(6000)}\n`
  await ground.deliver(
    [
      { who, flags: ['\\Deleted'] },
      { who: other, flags: ['\\Deleted'] },
    ],
    large,
  )
  const [row] = await messagesLeft(who)
  const isStored = async () => {
    for await (const object of ground.means.contentStore.list()) if (object.id === row!.id) return true
    return false
  }
  await mailboxes.expunge(who, await ground.mailboxId(who, 'INBOX'), null)
  assert.equal(await isStored(), true)
  await mailboxes.expunge(other, await ground.mailboxId(other, 'INBOX'), null)
  assert.equal(await isStored(), false)
  assert.deepEqual(await database.rows(sql`select from message where id = ${row!.id}`), [])
})

test('one command on more messages than a record holds makes several records, and each names its own', async () => {
  const who = await ground.newReader(everything)
  await ground.deliver(Array(maxMessagesPerRecord + 1).fill({ who }), message)
  const inbox = await ground.mailboxId(who, 'INBOX')
  const uids = await uidsIn(who, 'INBOX')
  await mailboxes.copy(who, inbox, uids, 'Archive')
  assert.deepEqual(
    (await ground.records(who)).map((record) => (record.details[0]!.uids as number[]).length).sort((a, b) => a - b),
    [1, maxMessagesPerRecord],
  )
})

test('without a record there is no act: a fault in evidence leaves copies as they were', async () => {
  const who = await ground.newReader()
  await deliverMany(who, 2, ['\\Deleted'])
  const inbox = await ground.mailboxId(who, 'INBOX')
  const before = await mailboxes.select(who, 'INBOX')
  ground.evidenceFails.now = true
  try {
    await assert.rejects(mailboxes.copy(who, inbox, [1], 'Sent'), /evidence is away/)
    await assert.rejects(mailboxes.move(who, inbox, [1], 'Sent'), /evidence is away/)
    await assert.rejects(mailboxes.expunge(who, inbox, null), /evidence is away/)
  } finally {
    ground.evidenceFails.now = false
  }
  assert.deepEqual(await mailboxes.select(who, 'INBOX'), before)
  assert.deepEqual(await uidsIn(who, 'Sent'), [])
})

test('copies of another holder are neither copied, moved nor expunged (T06)', async () => {
  const [who, other] = [await ground.newReader(), await ground.newReader()]
  await deliverMany(who, 1, ['\\Deleted'])
  const inbox = await ground.mailboxId(who, 'INBOX')
  assert.deepEqual(((await mailboxes.copy(other, inbox, [1], 'Sent')) as Copied).to, [])
  assert.deepEqual(((await mailboxes.move(other, inbox, [1], 'Sent')) as Copied).to, [])
  assert.deepEqual(await mailboxes.expunge(other, inbox, null), [])
  assert.deepEqual(await uidsIn(who, 'INBOX'), [1])
})

test('of two transactions on one mailbox the second waits, so UIDs and modseqs become visible in order (RFC 3501 §2.3.1.1)', async () => {
  const who = await ground.newReader()
  await deliverMany(who, 2)
  const [inbox, archive] = [await ground.mailboxId(who, 'INBOX'), await ground.mailboxId(who, 'Archive')]
  let second: Promise<unknown> = Promise.resolve()
  await database.transaction(async (tx) => {
    const places = await lockMailboxes(tx, who.holder, [archive, inbox])
    const place = (id: string) => places.find((one) => one.id === id)!
    const [first] = await insertCopies(tx, place(inbox), place(archive), [1])
    assert.equal(first!.newUid, 1)
    second = mailboxes.copy(who, inbox, [2], 'Archive')
    await someoneWaits(database)
    assert.deepEqual((await mailboxes.select(who, 'Archive'))!.copies, [])
  })
  assert.deepEqual(((await second) as Copied).to, [2])
  const [one, two] = (await mailboxes.select(who, 'Archive'))!.copies
  assert.ok(one!.modseq < two!.modseq)
})

test('mailboxes are locked in id order whatever the order asked for, and moves against each other end', async () => {
  const who = await ground.newReader()
  const ids = (await mailboxes.mailboxes(who)).map((one) => one.id)
  const locked = await database.transaction((tx) => lockMailboxes(tx, who.holder, ids.toReversed()))
  assert.deepEqual(
    locked.map((one) => one.id),
    ids.toSorted(),
  )
  await deliverMany(who, 8)
  const [inbox, archive] = [await ground.mailboxId(who, 'INBOX'), await ground.mailboxId(who, 'Archive')]
  await Promise.all(
    [1, 2, 3, 4, 5, 6, 7, 8].map((uid) =>
      uid % 2 === 0 ? mailboxes.move(who, inbox, [uid], 'Archive') : mailboxes.move(who, archive, [uid], 'INBOX'),
    ),
  )
  assert.equal((await uidsIn(who, 'INBOX')).length + (await uidsIn(who, 'Archive')).length, 8)
})

test('holders who expunge the same messages at once, in opposite order, do not wait in a circle, and no message is left', async () => {
  const holders = await Promise.all([1, 2, 3, 4].map(() => ground.newReader()))
  const inboxes = await Promise.all(holders.map((who) => ground.mailboxId(who, 'INBOX')))
  for (let index = 0; index < 12; index++)
    await ground.deliver(
      holders.map((who) => ({ who, flags: ['\\Deleted'] })),
      message,
    )
  await database.run(
    sql`update copy set uid = 100 - uid where holder = any(${holders.slice(2).map((who) => who.holder)}::uuid[])`,
  )
  const ids = (await messagesLeft(holders[0]!)).map((row) => row.id)
  const expunged = await Promise.all(holders.map((who, index) => mailboxes.expunge(who, inboxes[index]!, null)))
  assert.deepEqual(
    expunged.map((uids) => uids.length),
    [12, 12, 12, 12],
  )
  assert.deepEqual(await database.rows(sql`select from message where id = any(${ids}::uuid[])`), [])
})

test('an expunge locks messages in id order, so whoever waits for the first holds none of the others', async () => {
  const [who, other] = [await ground.newReader(), await ground.newReader()]
  const both = [who, other].map((one) => ({ who: one, flags: ['\\Deleted'] }))
  for (let index = 0; index < 12; index++) await ground.deliver(both, message)
  await database.run(sql`update copy set uid = 100 - uid where holder = ${who.holder}`)
  const ids = (await messagesLeft(who)).map((row) => row.id)
  const inbox = await ground.mailboxId(who, 'INBOX')
  let expunged: Promise<readonly number[]> = Promise.resolve([])
  await database.transaction(async (tx) => {
    await tx.rows(sql`select from message where id = ${ids[0]} for update`)
    expunged = mailboxes.expunge(who, inbox, null)
    await someoneWaits(database)
    assert.equal((await tx.rows(sql`select from message where id = any(${ids}::uuid[]) for update nowait`)).length, 12)
  })
  assert.equal((await expunged).length, 12)
})
