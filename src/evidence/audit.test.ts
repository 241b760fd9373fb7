// The audit beside a service that goes on, and after a keyring was put back. G14
import assert from 'node:assert/strict'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { auditEvidence } from '#evidence/audit.ts'
import { openEvidence } from '#evidence/record.ts'
import { receiptOf } from '#evidence/receipt.ts'
import { keepAnchor, sequence } from '#evidence/sequencer.ts'
import { publicKeysText, restoreKeySizes } from '#evidence/tree.ts'
import { type Receipt, readPublicKeys, verifyReceipt } from '#evidence/verify.ts'
import { theService } from '#keys/epoch.ts'
import { openKeys } from '#keys/keys.ts'
import { readNote, readVerifier, signedAt } from '#keys/note.ts'
import { aesGcmZstd } from '#keys/sealing.ts'
import { sql } from '#store/sql.ts'
import { testLogKeeper, testOrigin } from '#test/support/log-keeper.ts'
import { someLog } from '#test/support/witnesses.ts'

const hourMs = 3_600_000
const act = { event: 'SignIn', actor: theService, about: theService, details: [{ at: 1 }] } as const

test('an audit finds nothing wrong in what is signed, or waits for its place, while it looks (G14)', async () => {
  const { database, logKeeper, keeper, grow, parts } = await someLog(3)
  const keys = openKeys(keeper, aesGcmZstd, systemClock)
  const evidence = openEvidence(database, database, keys, systemClock)
  await database.transaction((tx) => evidence.write(tx, act))
  const before = (await logKeeper.anchor()).size
  let laterMs = 0
  let going: Promise<unknown> = Promise.resolve()
  const goOn = async () => {
    await grow(1)
    await keepAnchor(parts, 0)
  }
  const found: string[] = []
  await database.transaction(async (tx) => {
    await tx.run(sql`set transaction isolation level repeatable read, read only`)
    const hear = () => {
      if (laterMs === 0) going = goOn()
      laterMs = hourMs
    }
    // Each statement of the audit after the first record waits for the service.
    const rows: typeof tx.rows = async (query) => going.then(() => tx.rows(query))
    const clock = { ...systemClock, now: () => systemClock.now() + laterMs }
    const find = (sentence: string) => void found.push(sentence)
    await auditEvidence({ tx: { ...tx, rows }, keys, logKeeper, origin: testOrigin, witnesses: [], clock, find, hear })
  })
  assert.ok((await logKeeper.anchor()).size > before)
  assert.deepEqual(found, [])
})

test('receipts of a lost part stay good, and an audit finds nothing, when the keyring that was put back lacks the key that signed it (G14)', async () => {
  const { database, logKeeper, keeper, folders, parts } = await someLog(3)
  const keys = openKeys(keeper, aesGcmZstd, systemClock)
  const evidence = openEvidence(database, database, keys, systemClock)
  const receiptBy = async (by: typeof logKeeper) => {
    const id = await database.transaction((tx) => evidence.write(tx, act))
    await sequence({ ...parts, logKeeper: by })
    await keepAnchor({ ...parts, logKeeper: by }, 0)
    return (await receiptOf({ database, evidence }, id, null)) as Receipt
  }
  const yesterday = join(folders.keyring, '..', 'yesterday')
  await cp(folders.keyring, yesterday, { recursive: true })
  const lost = await logKeeper.rotate()
  const receipt = await receiptBy(logKeeper)
  await rm(folders.keyring, { recursive: true })
  await cp(yesterday, folders.keyring, { recursive: true })
  await database.run(sql`delete from evidence_log_key where verifier = ${lost}`)

  const { logKeeper: again } = await testLogKeeper({ folders })
  await restoreKeySizes(database, (await again.anchor()).keySizes)
  const found: string[] = []
  const find = (sentence: string) => void found.push(sentence)
  const audited = { keys, logKeeper: again, origin: testOrigin, witnesses: [], clock: systemClock, find, hear: () => {} }
  await database.transaction((tx) => auditEvidence({ ...audited, tx }))
  assert.deepEqual(found, [])
  const later = await receiptBy(again)
  const signer = readVerifier((await again.verifiers()).at(-1)!)!
  assert.notEqual(signedAt(readNote(later.checkpoint)!, signer), null, 'the lost key signs nothing more')
  const text = await publicKeysText(database, await again.verifiers(), [])
  for (const one of [receipt, later]) assert.equal(verifyReceipt(one, readPublicKeys(text)).good, true)
  assert.equal(text.match(/^log .* -$/gm)!.length, 1)
})
