// When a clock is doubted, and when no longer: jumps, restarts, a database whose clock is another's, and the operator's word.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newLog } from '#base/log.ts'
import { clockDoubt, newClockGuard, type Reading, readClocks, unlessDoubted } from '#host/clock-guard.ts'
import { databaseNow } from '#host/clock.sql.ts'
import { testDatabase } from '#test/support/database.ts'

const { database } = await testDatabase()
const hourMs = 3_600_000
const start: Reading = { boot: 'one', wallMs: 1_800_000_000_000, sinceBootMs: 5_000 }
const kept = { ...start, latestWallMs: start.wallMs + 10 * hourMs, databaseAheadMs: 0, doubted: false }
const later = (change: Partial<Reading>, passedMs = 10 * hourMs): Reading => ({
  boot: 'one',
  wallMs: start.wallMs + passedMs,
  sinceBootMs: start.sinceBootMs + passedMs,
  ...change,
})

test('time that passes is no doubt, nor is a step of an hour; one of more is, in both directions', () => {
  const at = start.wallMs + 10 * hourMs
  assert.equal(clockDoubt(kept, later({}), 0), null)
  for (const sign of [1, -1]) {
    assert.equal(clockDoubt(kept, later({ wallMs: at + sign * hourMs }), 0), null)
    assert.match(clockDoubt(kept, later({ wallMs: at + sign * (hourMs + 1) }), 0)!, /jumped by over an hour/)
    assert.match(clockDoubt(kept, later({}), sign * (hourMs + 1))!, /of the database/)
  }
})

test('over a restart of the machine, going back by over an hour is a doubt, and so is a jump that nobody confirmed', () => {
  const at = kept.latestWallMs
  assert.equal(clockDoubt(kept, { boot: 'two', wallMs: at + 1000 * hourMs, sinceBootMs: 1 }, 0), null)
  assert.equal(clockDoubt(kept, { boot: 'two', wallMs: at - hourMs, sinceBootMs: 1 }, 0), null)
  assert.match(clockDoubt(kept, { boot: 'two', wallMs: at - hourMs - 1, sinceBootMs: 1 }, 0)!, /behind what it was/)
  assert.match(clockDoubt({ ...kept, doubted: true }, { boot: 'two', wallMs: at, sinceBootMs: 1 }, 0)!, /before the machine was/)
})

test('a guard keeps what it saw: work waits while in doubt, also after a restart, and goes on when the clock is right or confirmed', async () => {
  let aheadMs = 0
  let boot = 'one'
  const [there] = await databaseNow(database)
  const zero = performance.now()
  const read = (): Reading => {
    const passedMs = Math.round(performance.now() - zero)
    return { boot, wallMs: there!.nowMs + passedMs + aheadMs, sinceBootMs: 1000 + passedMs }
  }
  const machine = () => newClockGuard(database, read, 'machine')
  let worked = 0
  const work = () => unlessDoubted(machine(), newLog('silent', {}), async () => ++worked)()
  assert.equal(await work(), 1)
  aheadMs = 24 * hourMs
  assert.equal(await work(), 0)
  aheadMs = 0
  assert.equal(await work(), 2)
  aheadMs = -24 * hourMs
  assert.equal(await work(), 0)
  boot = 'two'
  assert.match((await machine().doubt())!, /before the machine was started anew|of the database/)
  assert.equal(await work(), 0)
  await database.transaction((tx) => machine().confirm(tx))
  assert.equal(await work(), 3)
  aheadMs = 0
  assert.equal(await work(), 0)
})

test('the machine’s own clocks agree with themselves', async () => {
  const guard = newClockGuard(database, readClocks, 'real')
  assert.equal(await guard.doubt(), null)
  assert.equal(await guard.doubt(), null)
  assert.match(readClocks().boot, /^[0-9a-f-]{36}$/)
})
