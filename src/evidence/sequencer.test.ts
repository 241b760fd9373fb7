// The sequencer against a real database: every record gets one place, whatever order commits come in, and nothing is signed over a damaged tree. design.md, Evidence; RFC 6962 §2.1
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '#base/clock.ts'
import { newLog } from '#base/log.ts'
import { auditEvidence } from '#evidence/audit.ts'
import { compareWithAnchor } from '#evidence/extends-anchor.ts'
import { leafHash } from '#evidence/merkle.ts'
import { receiptOf } from '#evidence/receipt.ts'
import { openEvidence } from '#evidence/record.ts'
import { keepAnchor, sequence, startSequencer } from '#evidence/sequencer.ts'
import { openStanding } from '#evidence/standing.ts'
import { TreeIsDamaged } from '#evidence/tiles.ts'
import { beganAs, publicKeysText, treeOf } from '#evidence/tree.ts'
import { type Receipt, readPublicKeys, verifyReceipt } from '#evidence/verify.ts'
import { emptyRoot, nodeHash } from '#keys/consistency.ts'
import { theService } from '#keys/epoch.ts'
import { openKeys } from '#keys/keys.ts'
import { aesGcmZstd } from '#keys/sealing.ts'
import { sql } from '#store/sql.ts'
import { testDatabase } from '#test/support/database.ts'
import { testLogKeeper, testOrigin } from '#test/support/log-keeper.ts'

const log = newLog('silent', {})
const clock = systemClock
const { database } = await testDatabase()
const { logKeeper, keeper } = await testLogKeeper()
const keys = openKeys(keeper, aesGcmZstd, clock)
const evidence = openEvidence(database, database, keys, clock)
const parts = { database, logKeeper, origin: testOrigin, clock }
const standing = openStanding(database, clock)
await evidence.introduce([theService])

const write = (count: number) =>
  database.transaction(async (tx) => {
    const ids: string[] = []
    for (let at = 0; at < count; at++)
      ids.push(await evidence.write(tx, { event: 'SignIn', actor: theService, about: theService, details: [{ at }] }))
    return ids
  })
const numbered = () =>
  database.rows<{ leaf: Buffer; leafIndex: number | null }>(sql`select leaf, leaf_index from evidence_record order by leaf_index`)

async function audit(): Promise<string[]> {
  const found: string[] = []
  await database.transaction((tx) =>
    auditEvidence({
      tx,
      keys,
      logKeeper,
      origin: testOrigin,
      witnesses: [],
      clock,
      find: (one) => found.push(one),
      hear: () => {},
    }),
  )
  return found
}

function rootOf(hashes: readonly Buffer[]): Buffer {
  if (hashes.length < 2) return hashes[0] ?? emptyRoot
  let half = 1
  while (half * 2 < hashes.length) half *= 2
  return nodeHash(rootOf(hashes.slice(0, half)), rootOf(hashes.slice(half)))
}

async function treeIsWhole(): Promise<void> {
  const rows = await numbered()
  assert.deepEqual(
    rows.map((row) => row.leafIndex),
    rows.map((_, index) => index),
  )
  const latest = (await treeOf(database).latest())!
  assert.equal(latest.size, rows.length)
  assert.ok(latest.root.equals(rootOf(rows.map((row) => leafHash(row.leaf)))))
}

test('a log has a name of its own from the first signature on (G14)', async () => {
  assert.equal(await beganAs(database), null)
  await write(1)
  await sequence(parts)
  assert.equal(await beganAs(database), testOrigin)
})

test('a record that is committed late, with an id below those in the tree, gets its place all the same', async () => {
  const { promise: go, resolve } = Promise.withResolvers<void>()
  const early = database.transaction(async (tx) => {
    await evidence.write(tx, { event: 'SignIn', actor: theService, about: theService, details: [{ early: true }] })
    await tx.rows(sql`select 1`)
    await go
  })
  await write(3)
  assert.equal(await sequence(parts), 3)
  resolve()
  await early
  assert.equal(await sequence(parts), 1)
  assert.equal(await sequence(parts), 0)
  await treeIsWhole()
})

test('sequencers that run at once, while records are written, give each record one place', async () => {
  const writing = Promise.all(
    Array.from({ length: 6 }, async () => {
      for (let times = 0; times < 5; times++) await write(12)
    }),
  )
  let done = false
  const sequencers = [1, 2, 3].map(async () => {
    while (!done) await sequence(parts)
  })
  await writing.finally(() => {
    done = true
  })
  await Promise.all(sequencers)
  await sequence(parts)
  await treeIsWhole()
  assert.deepEqual(await audit(), [])
})

test('a record is in the signed tree, and the anchor kept, within a second or two of being written', async () => {
  const sequencer = startSequencer({ ...parts, standing, log })
  await wait(300)
  const [id] = await write(1)
  const writtenMs = clock.monotonic()
  while ((await database.rows(sql`select from evidence_record where id = ${id} and leaf_index is not null`)).length === 0) {
    assert.ok(clock.monotonic() - writtenMs < 10_000)
    await wait(20)
  }
  await sequencer.stop()
  assert.equal((await logKeeper.anchor()).size, (await treeOf(database).latest())!.size)
})

test('receipts of before and after a rotation of the log’s key are good by one file of public keys; the old key counts for its sizes only', async () => {
  const [before] = await write(300)
  await sequence(parts)
  const old = (await receiptOf({ database, evidence }, before!, null)) as Receipt
  await logKeeper.rotate()
  const [later] = await write(1)
  assert.equal(
    await receiptOf({ database, evidence }, later!, null),
    'The record is not in the signed tree yet: ask again in a second.',
  )
  await sequence(parts)
  const recent = (await receiptOf({ database, evidence }, later!, null)) as Receipt
  const text = await publicKeysText(database, await logKeeper.verifiers(), [])
  const publicKeys = readPublicKeys(text)
  for (const receipt of [old, recent]) assert.ok(verifyReceipt(receipt, publicKeys).good)
  const narrowed = readPublicKeys(text.replace(/^(log .*) \d+ \d+$/m, '$1 1 2'))
  assert.deepEqual(verifyReceipt(old, narrowed), {
    good: false,
    why: 'the key that signed the checkpoint did not count at its size',
  })
  assert.deepEqual(await audit(), [])
})

test('after a record’s details were disposed of the tree still verifies; details that are merely gone are named', async () => {
  const [id, other] = await write(2)
  await sequence(parts)
  assert.equal(await database.transaction((tx) => evidence.disposeDetail(tx, theService, id!)), true)
  assert.equal(await database.transaction((tx) => evidence.disposeDetail(tx, theService, id!)), false)
  await sequence(parts)
  assert.deepEqual(await audit(), [])
  await treeIsWhole()
  assert.match(String(await receiptOf({ database, evidence }, id!, null)), /disposed of/)
  const [row] = await database.rows<{ sealed: Buffer }>(
    sql`select sealed_detail as sealed from evidence_record where id = ${other}`,
  )
  await database.run(sql`update evidence_record set sealed_detail = null where id = ${other}`)
  assert.deepEqual(await audit(), [`record ${other}: its details are missing, and no record says that they were disposed of`])
  await database.run(sql`update evidence_record set sealed_detail = ${row!.sealed} where id = ${other}`)
})

test('yesterday’s tree, and a tree rewritten with the log’s own key, do not extend the anchor; a damaged one is not signed on', async () => {
  await keepAnchor(parts, 0)
  const compare = () => compareWithAnchor({ database, logKeeper, witnesses: [], log })
  assert.equal((await compare()).why, null)
  const { size } = await logKeeper.anchor()

  // Yesterday's: the anchor has seen more.
  await write(5)
  await sequence(parts)
  const ahead = (await treeOf(database).latest())!
  const { logKeeper: seenMore, anchor } = await testLogKeeper()
  await anchor.keep({ origin: testOrigin, size: ahead.size + 7, root: ahead.root }, 'a note', [])
  const rolledBack = await compareWithAnchor({ database, logKeeper: seenMore, witnesses: [], log })
  assert.equal(
    rolledBack.why,
    `The record was rolled back: it has ${ahead.size} entries in its tree, and ${ahead.size + 7} were signed before.`,
  )
  assert.equal(rolledBack.acceptable, true)

  // Rewritten: another first record, all hashes, roots and signatures made anew.
  await database.run(
    sql`update evidence_record set leaf = overlay(leaf placing '\\x20'::bytea from 1 for 0) where leaf_index = ${0}`,
  )
  await database.run(sql`update evidence_record set leaf_index = null`)
  await database.run(sql`truncate evidence_tile, evidence_checkpoint`)
  const { logKeeper: stolen } = await testLogKeeper()
  await sequence({ ...parts, logKeeper: stolen })
  assert.match((await compare()).why!, new RegExp(`rewritten: its first ${size} entries`))
  await write(1)
  const rewritten = startSequencer({ ...parts, standing, log })
  await rewritten.stop()
  assert.match((await standing.why())!, new RegExp(`rewritten: its first ${size} entries`), 'found while it runs, too')
  await standing.release()

  // Damaged: a tile of the edge is not what was signed.
  await write(1)
  await database.run(
    sql`update evidence_tile set hashes = set_byte(hashes, 5, get_byte(hashes, 5) # 1) where level = 0 and width < 256`,
  )
  await assert.rejects(sequence(parts), TreeIsDamaged)
  assert.equal((await compare()).acceptable, false)
  const sequencer = startSequencer({ ...parts, standing, log })
  await sequencer.stop()
  assert.match((await standing.why())!, /damaged/)
  await standing.release()
})
