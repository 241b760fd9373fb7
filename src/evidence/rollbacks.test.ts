// Accepted roll-backs against a real database: what stands with the anchor is recorded, once, and an audit misses what is not. G14
import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { randomOctets } from '#base/ids.ts'
import { newLog } from '#base/log.ts'
import { auditEvidence } from '#evidence/audit.ts'
import { compareWithAnchor } from '#evidence/extends-anchor.ts'
import { receiptOf } from '#evidence/receipt.ts'
import { openEvidence } from '#evidence/record.ts'
import { recordRollbacks } from '#evidence/rollbacks.ts'
import { sequence } from '#evidence/sequencer.ts'
import { publicKeysText, restoreKeySizes, treeOf } from '#evidence/tree.ts'
import { type Receipt, readPublicKeys, verifyReceipt } from '#evidence/verify.ts'
import { rollbackText } from '#keys/anchor.ts'
import { theService } from '#keys/epoch.ts'
import { openKeys } from '#keys/keys.ts'
import { newSigner, noteOf } from '#keys/note.ts'
import { aesGcmZstd } from '#keys/sealing.ts'
import { sql } from '#store/sql.ts'
import { testDatabase } from '#test/support/database.ts'
import { testLogKeeper, testOrigin } from '#test/support/log-keeper.ts'

const clock = systemClock
const operators = ['ann', 'bob'].map((name) => newSigner(name, 'author', randomOctets(32)))
const { database } = await testDatabase()
const { logKeeper, keeper, folders, root } = await testLogKeeper({ operatorKeys: operators.map((one) => one.verifier) })
const keys = openKeys(keeper, aesGcmZstd, clock)
const evidence = openEvidence(database, database, keys, clock)
const parts = { database, logKeeper, origin: testOrigin, clock }

const act = { event: 'SignIn', actor: theService, about: theService, details: [{ at: 1 }] } as const

async function audit(by = logKeeper): Promise<string[]> {
  const found: string[] = []
  const hear = () => {}
  const find = (sentence: string) => void found.push(sentence)
  const audited = { keys, logKeeper: by, origin: testOrigin, witnesses: [], clock, find, hear }
  await database.transaction((tx) => auditEvidence({ ...audited, tx }))
  return found
}

/** Accepts the tree as it is, as a command does that is cut off before it records that. */
async function accept(): Promise<void> {
  const anchor = await logKeeper.anchor()
  const latest = (await treeOf(database).latest())!
  const tree = { size: latest.size, root: latest.root.toString('base64') }
  const text = rollbackText({ origin: testOrigin, anchor, tree, disregarded: [] })
  const signatures = operators.map((one) => one.sign(text))
  assert.equal(await logKeeper.acceptRollback(noteOf(text, signatures)), null)
}

test('a roll-back that was accepted and not recorded is missed by an audit, and recorded later, once (G14)', async () => {
  await database.transaction((tx) => evidence.write(tx, act))
  await sequence(parts)
  await accept()
  assert.deepEqual(await audit(), ['anchor: that a roll-back from 0 to 1 entries was accepted is not recorded'])
  const { statements } = await logKeeper.anchor()
  for (let times = 0; times < 2; times++) await recordRollbacks({ database, evidence }, statements)
  assert.equal(await sequence(parts), 1)
  assert.deepEqual(await audit(), [])
  const [row] = await database.rows<{ id: string }>(sql`select id from evidence_record order by leaf_index desc limit 1`)
  const { leaf, openings } = (await evidence.read(row!.id))!
  assert.equal(leaf.event, 'RollbackAccepted')
  assert.deepEqual([openings![0]!.detail.anchorSize, openings![0]!.detail.statement], [0, statements[0]])
  await database.transaction((tx) => evidence.disposeDetail(tx, theService, row!.id))
  await sequence(parts)
  assert.deepEqual(await audit(), [], 'one whose details were disposed of')
})

test('receipts of a part that was rolled back, whose key was retired since, stay good by the public keys (G14)', async () => {
  const yesterday = await database.rows<{ lastSize: number }>(sql`select last_size from evidence_log_key`)
  const id = await database.transaction((tx) => evidence.write(tx, act))
  await sequence(parts)
  const receipt = (await receiptOf({ database, evidence }, id, null)) as Receipt
  await logKeeper.rotate()
  await database.run(sql`update evidence_log_key set last_size = ${yesterday[0]!.lastSize}`)
  const { logKeeper: again } = await testLogKeeper({ folders })
  const isGood = async () =>
    verifyReceipt(receipt, readPublicKeys(await publicKeysText(database, await again.verifiers(), []))).good
  assert.equal(await isGood(), false)
  const { size } = (await treeOf(database).latest())!
  const text = await publicKeysText(database, await again.verifiers(), [])
  assert.match(text, new RegExp(` ${size + 1} -$`, 'm'), 'a new key counts from what it will sign first')
  await restoreKeySizes(database, (await again.anchor()).keySizes)
  assert.equal(await isGood(), true)
  assert.deepEqual(await audit(again), [])
})

test('an audit names an anchor that cannot be read or is missing, and the mail is held with a sentence that says so (G14)', async () => {
  await writeFile(join(root.ownFolder, 'anchor.json'), '')
  const { logKeeper: broken } = await testLogKeeper({ folders })
  assert.deepEqual(await audit(broken), ['anchor: it cannot be read, so that nothing shows whether the tree was rolled back'])
  const compared = await compareWithAnchor({ database, logKeeper: broken, witnesses: [], log: newLog('silent', {}) })
  assert.equal(compared.acceptable, true)
  assert.match(compared.why!, /^The anchor of the record, service\/anchor\.json in keyFolder, cannot be read: /)
  await rm(join(root.ownFolder, 'anchor.json'))
  const { logKeeper: without } = await testLogKeeper({ folders })
  assert.deepEqual(await audit(without), [
    'anchor: it is missing from keyFolder, so that nothing shows whether the tree was rolled back',
  ])
})
