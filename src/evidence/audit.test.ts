// The audit beside a service that goes on: it judges what it saw at its beginning. G14
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { auditEvidence } from '#evidence/audit.ts'
import { openEvidence } from '#evidence/record.ts'
import { keepAnchor } from '#evidence/sequencer.ts'
import { theService } from '#keys/epoch.ts'
import { openKeys } from '#keys/keys.ts'
import { aesGcmZstd } from '#keys/sealing.ts'
import { sql } from '#store/sql.ts'
import { testOrigin } from '#test/support/log-keeper.ts'
import { someLog } from '#test/support/witnesses.ts'

const hourMs = 3_600_000

test('an audit finds nothing wrong in what is signed, or waits for its place, while it looks (G14)', async () => {
  const { database, logKeeper, keeper, grow, parts } = await someLog(3)
  const keys = openKeys(keeper, aesGcmZstd, systemClock)
  const evidence = openEvidence(database, database, keys, systemClock)
  const act = { event: 'SignIn', actor: theService, about: theService, details: [{ at: 1 }] } as const
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
