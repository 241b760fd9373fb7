// Whether this machine's clock can be believed: when it jumped by over an hour, nothing expires until an operator confirms it. docs/decisions/0030-the-clock.md
import { readFileSync } from 'node:fs'
import { hostname, uptime } from 'node:os'
import { mostApartMs } from '#base/clock.ts'
import { databaseNow, type KeptReading, keepReading, readingOf } from '#host/clock.sql.ts'
import type { Log } from '#base/log.ts'
import type { Database, Transaction } from '#store/database.ts'

/** What the machine's clocks say at one moment. */
export interface Reading {
  /** Names one run of the machine, from start to end. */
  readonly boot: string
  readonly wallMs: number
  /** Time since the boot; never jumps. */
  readonly sinceBootMs: number
}

/** Reads this machine's clocks. */
export function readClocks(): Reading {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  return { boot, wallMs: Date.now(), sinceBootMs: Math.round(uptime() * 1000) }
}

export interface ClockGuard {
  /** Looks at the clocks: null when they can be believed, else a sentence that says what is wrong. */
  doubt(): Promise<string | null>
  /** Takes the clocks as they are now for right; returns what they say. */
  confirm(tx: Transaction): Promise<Reading & { databaseAheadMs: number }>
}

const remedy = 'Nothing expires and nothing is disposed of until it is set right, or confirmed by ./cjsm confirm-clock.'

/** Says what is wrong with a reading against what was kept; null when it agrees. */
export function clockDoubt(kept: KeptReading, now: Reading, databaseAheadMs: number): string | null {
  if (Math.abs(databaseAheadMs - kept.databaseAheadMs) > mostApartMs)
    return `The clocks of this machine and of the database are over an hour further apart than before. ${remedy}`
  if (kept.boot !== now.boot) {
    if (kept.doubted) return `The clock jumped by over an hour before the machine was started anew. ${remedy}`
    return now.wallMs < kept.latestWallMs - mostApartMs
      ? `The clock is over an hour behind what it was before the machine was started anew. ${remedy}`
      : null
  }
  const steadyMs = kept.wallMs + (now.sinceBootMs - kept.sinceBootMs)
  return Math.abs(now.wallMs - steadyMs) > mostApartMs
    ? `The clock of this machine jumped by over an hour, to ${new Date(now.wallMs).toISOString()}. ${remedy}`
    : null
}

/** Work that goes by the clock, put off while that is in doubt; it returns what it did, 0 when it was put off. */
export function unlessDoubted(guard: ClockGuard, log: Log, work: () => Promise<number>): () => Promise<number> {
  return async () => {
    const doubt = await guard.doubt()
    if (doubt === null) return work()
    log.warn({}, doubt)
    return 0
  }
}

/** A guard over this machine's clock, which keeps its readings in the database. */
export function newClockGuard(database: Database, read: () => Reading = readClocks, machine: string = hostname()): ClockGuard {
  const aheadOf = (nowMs: number, reading: Reading) => nowMs - reading.wallMs
  return {
    async doubt() {
      const [there] = await databaseNow(database)
      const now = read()
      const databaseAheadMs = aheadOf(there!.nowMs, now)
      const [kept] = await readingOf(database, machine)
      // A database far apart from the start on is a doubt as well.
      const since = kept ?? { ...now, latestWallMs: now.wallMs, databaseAheadMs: 0, doubted: false }
      const doubt = clockDoubt(since, now, databaseAheadMs)
      if (doubt !== null) await keepReading(database, machine, { ...since, doubted: true })
      else {
        const base = since.boot === now.boot ? since : now
        const kept = { ...base, latestWallMs: now.wallMs, databaseAheadMs: since.databaseAheadMs, doubted: false }
        await keepReading(database, machine, kept)
      }
      return doubt
    },
    async confirm(tx) {
      const [there] = await databaseNow(tx)
      const now = read()
      const databaseAheadMs = aheadOf(there!.nowMs, now)
      await keepReading(tx, machine, { ...now, latestWallMs: now.wallMs, databaseAheadMs, doubted: false })
      return { ...now, databaseAheadMs }
    },
  }
}
