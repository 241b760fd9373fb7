// Whether the record stands: while it does not (a roll-back, a fork, damage), no mail is accepted and no checkpoint is signed. docs/flow.md, Evidence.
import type { Clock } from '#base/clock.ts'
import { type Refused, refused } from '#base/faults.ts'
import { type Log, describeFault } from '#base/log.ts'
import { standingEveryMs } from '#evidence/limits.ts'
import { clearHold, holdRow, putHold } from '#evidence/tree.sql.ts'
import type { Database } from '#store/database.ts'

export interface Standing {
  /** Why no mail is accepted, a sentence; null when the record stands. */
  why(): Promise<string | null>
  hold(why: string): Promise<void>
  release(): Promise<void>
}

export function openStanding(database: Database, clock: Clock): Standing {
  return {
    why: async () => (await holdRow(database))[0]?.why ?? null,
    hold: async (why) => void (await putHold(database, why, clock.now())),
    release: async () => void (await clearHold(database)),
  }
}

/** What is answered instead of accepting a message: for now, 451 4.3.0. G14 */
export const recordIsHeld = (why: string): Refused =>
  refused('G14', 'record-does-not-stand', why, 'Nothing was accepted. The operator has been told: send again later.')

/** The refusal in force, looked up again every second; to be asked for each message without a query. Starts out with what is so now. */
export async function watchStanding(standing: Standing, log: Log): Promise<{ refusal(): Refused | null; close(): void }> {
  let why = await standing.why()
  const timer = setInterval(async () => {
    try {
      why = await standing.why()
    } catch (fault) {
      log.warn({ fault: describeFault(fault) }, 'whether the record stands is not known; what was known holds')
    }
  }, standingEveryMs)
  timer.unref()
  return { refusal: () => (why === null ? null : recordIsHeld(why)), close: () => clearInterval(timer) }
}
