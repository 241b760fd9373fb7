// STATUS, SELECT and what changed since, against RFC 3501 §6.3.1 and §6.3.10, RFC 7162 and RFC 8438.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { openGround } from '#mailbox/ground.test-support.ts'
import { copiesEachTurn } from '#mailbox/limits.ts'
import { copiesFrom } from '#mailbox/view.ts'
import { sql } from '#store/sql.ts'
import { testDatabase } from '#test/support/database.ts'

// Registered before the database's own, so that it is there until the last listener has gone.
after(() => ground.close())
const { database } = await testDatabase()
const ground = await openGround(database)
const { mailboxes } = ground

const message = 'Subject: a\n\nb\n'
const octets = message.replaceAll('\n', '\r\n').length

test('SELECT gives all copies in UID order with flags and modseq, and counts of the same moment', async () => {
  const who = await ground.newReader()
  await ground.deliver([{ who, flags: ['\\Seen', 'Work'] }], message)
  await ground.deliver([{ who }], message)
  const { status, copies } = (await mailboxes.select(who, 'inbox'))!
  const { id, uidValidity, ...counts } = status
  assert.equal(id, await ground.mailboxId(who, 'INBOX'))
  assert.ok(uidValidity > 0 && uidValidity < 2 ** 32)
  assert.deepEqual(counts, { messages: 2, unseen: 1, recent: 0, uidNext: 3, highestModseq: 3n, octets: 2 * octets })
  assert.deepEqual(copies, [
    { uid: 1, flags: ['\\Seen', 'Work'], modseq: 2n },
    { uid: 2, flags: [], modseq: 3n },
  ])
  assert.deepEqual((await mailboxes.select(who, 'Sent'))!.copies, [])
  assert.equal(await mailboxes.select(who, 'Nowhere'), null)
})

test('while a large mailbox is read, others have a turn after every 10,000 copies', async () => {
  const linesOf = (count: number) => Array.from({ length: count }, (_, at) => `${at + 1} ${at + 2} \\Seen`).join('\n')
  const turnsFor = async (count: number) => {
    let turns = 0
    let isRead = false
    const others = (async () => {
      for (; !isRead; turns++) await setImmediate()
    })()
    const copies = await copiesFrom(linesOf(count))
    isRead = true
    await others
    assert.deepEqual(copies.at(-1), { uid: count, modseq: BigInt(count + 1), flags: ['\\Seen'] })
    assert.equal(copies.length, count)
    return turns
  }
  assert.ok((await turnsFor(copiesEachTurn - 1)) <= 1)
  assert.ok((await turnsFor(10 * copiesEachTurn)) >= 9)
})

test('copies with the same flags share one array', async () => {
  const who = await ground.newReader()
  for (let index = 0; index < 3; index++) await ground.deliver([{ who, flags: ['\\Seen'] }], message)
  const { copies } = (await mailboxes.select(who, 'INBOX'))!
  assert.equal(new Set(copies.map((copy) => copy.flags)).size, 1)
})

test('changesSince tells what is new, what has other flags and what went, and nothing twice (RFC 7162 §3.1.3)', async () => {
  const who = await ground.newReader()
  for (let index = 0; index < 3; index++) await ground.deliver([{ who }], message)
  const { status } = (await mailboxes.select(who, 'INBOX'))!
  const since = (modseq: bigint, uidNext: number) => mailboxes.changesSince(who, status.id, modseq, uidNext)
  await mailboxes.store(who, status.id, [1], { mode: 'add', flags: ['\\Deleted'] })
  await mailboxes.store(who, status.id, [2], { mode: 'add', flags: ['\\Flagged'] })
  await mailboxes.expunge(who, status.id, null)
  await ground.deliver([{ who }], message)
  const changes = await since(status.highestModseq, status.uidNext)
  assert.deepEqual(
    changes.changed.map(({ uid, flags }) => [uid, flags]),
    [
      [2, ['\\Flagged']],
      [4, []],
    ],
  )
  assert.deepEqual([changes.expunged, changes.uidNext, changes.gone], [[1], 5, false])
  assert.deepEqual(await since(changes.highestModseq, changes.uidNext), { ...changes, changed: [], expunged: [] })
})

test('what came and went since is not told, for the session never knew it', async () => {
  const who = await ground.newReader()
  const { status } = (await mailboxes.select(who, 'INBOX'))!
  await ground.deliver([{ who, flags: ['\\Deleted'] }], message)
  await mailboxes.expunge(who, status.id, null)
  const changes = await mailboxes.changesSince(who, status.id, status.highestModseq, status.uidNext)
  assert.deepEqual([changes.changed, changes.expunged, changes.uidNext], [[], [], 2])
})

test('below the floor of the tombstones every UID without a copy counts as expunged (RFC 7162 §3.2.5.2)', async () => {
  const who = await ground.newReader()
  for (let index = 0; index < 4; index++) await ground.deliver([{ who, flags: index % 2 === 0 ? ['\\Deleted'] : [] }], message)
  const { status } = (await mailboxes.select(who, 'INBOX'))!
  await mailboxes.expunge(who, status.id, null)
  await database.run(sql`delete from tombstone where holder = ${who.holder}`)
  await database.run(
    sql`update mailbox set tombstone_floor = highest_modseq where holder = ${who.holder} and special_use = 'inbox'`,
  )
  const { expunged } = await mailboxes.changesSince(who, status.id, status.highestModseq, status.uidNext)
  assert.deepEqual(expunged, [1, 3])
})
