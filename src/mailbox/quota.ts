// How much of their quota holders have used, for the answer at RCPT; what counts is looked up again under the lock. G20
import type { Clock } from '#base/clock.ts'
import type { Accounts } from '#identity/accounts.ts'
import { usedOctets } from '#mailbox/deliver.sql.ts'
import type { Database } from '#store/database.ts'

/** Octets that a holder may still store: at most two seconds old. */
export type RoomOf = (holder: string) => Promise<number>

const keepMs = 2_000
const keepAtMost = 50_000

export function newRoomOf(o: { database: Database; accounts: Accounts; clock: Clock }): RoomOf {
  const kept = new Map<string, { room: number; untilMs: number }>()
  return async (holder) => {
    const nowMs = o.clock.monotonic()
    const known = kept.get(holder)
    if (known !== undefined && known.untilMs > nowMs) return known.room
    const quota = (await o.accounts.holdersById(o.database, [holder])).get(holder)?.quotaOctets ?? 0
    const [row] = await usedOctets(o.database, holder)
    const room = quota - (row?.used ?? 0)
    if (kept.size >= keepAtMost) kept.clear()
    kept.set(holder, { room, untilMs: nowMs + keepMs })
    return room
  }
}
