// Who sends too much is cut off from sending, at once, and a person looks at it; receiving goes on. T23. What is as regular as a machine's alone raises an incident. T08
import { type Clock, steadyNow } from '#base/clock.ts'
import type { Refused } from '#base/faults.ts'
import type { Log } from '#base/log.ts'
import type { Incidents } from '#community/incidents.ts'
import { addSent, forgetSent, sentBy } from '#delivery/volume.sql.ts'
import { regularArrivals } from '#policy/limits.ts'
import { isMachineRegular, sendingIsStopped, type VolumeLimits, volumeIsNoSpam } from '#policy/volume.ts'
import type { Database } from '#store/database.ts'

export interface Volume {
  /**
   * Counts a submission that is about to be delivered, and says the refusal where it is too much: sending is stopped then.
   * `shape` is the same for messages that are made alike.
   */
  note(account: string, recipients: number, shape: string): Promise<Refused | null>
  /** Why an account may not send, where that is an incident of volume; else null. */
  whyStopped(account: string): Promise<Refused | null>
}

const hourMs = 3_600_000
/** An account is looked up once it sent to so many since the last time: what a worker may let through too much. */
const unknownRecipients = 50
const flushMs = 60_000
const keepAtMost = 20_000
const stopped = 'sending from the account was stopped, since it sent to unusually many'

interface Sender {
  /** Recipients that are not in the database yet. */
  unknown: number
  shape: string
  arrivalsMs: number[]
}

/** Makes the counter of a worker. What is not yet in the database when the worker ends, a minute’s at most, is not counted. */
export function newVolume(o: { database: Database; incidents: Incidents; clock: Clock; log: Log; limits: VolumeLimits }): Volume {
  const { database, incidents, clock, log, limits } = o
  const nowMs = steadyNow(clock)
  const senders = new Map<string, Sender>()
  let flushedMs = nowMs()

  const hourNow = () => Math.floor(nowMs() / hourMs)

  async function flush(): Promise<void> {
    flushedMs = nowMs()
    const sent = [...senders].filter(([, { unknown }]) => unknown > 0)
    const counts = sent.map(([, { unknown }]) => unknown)
    const isFull = senders.size >= keepAtMost
    for (const [account, sender] of senders) {
      sender.unknown = 0
      if (isFull || flushedMs - (sender.arrivalsMs.at(-1) ?? 0) > hourMs) senders.delete(account)
    }
    if (sent.length === 0) return
    await addSent(
      database,
      hourNow(),
      sent.map(([account]) => account),
      counts,
    )
  }

  /** Brings what is known of an account up to date, and judges it. */
  async function look(account: string, sender: Sender): Promise<Refused | null> {
    const { unknown } = sender
    const hour = hourNow()
    sender.unknown = 0
    await addSent(database, hour, [account], [unknown])
    const [facts] = await sentBy(database, account, hour)
    const verdict = volumeIsNoSpam(facts!, limits)
    if (verdict.kind === 'allowed') return null
    await incidents.open({ kind: 'sending-stopped', clause: 'T23', account, about: verdict.about })
    return verdict
  }

  function isRegular(sender: Sender, shape: string, atMs: number): boolean {
    if (sender.shape !== shape) sender.arrivalsMs = []
    sender.shape = shape
    sender.arrivalsMs = [...sender.arrivalsMs, atMs].slice(-regularArrivals)
    return isMachineRegular(sender.arrivalsMs)
  }

  return {
    async note(account, recipients, shape) {
      const atMs = nowMs()
      if (atMs - flushedMs > flushMs || senders.size >= keepAtMost) flushSoon()
      const sender = senders.get(account) ?? { unknown: 0, shape: '', arrivalsMs: [] }
      senders.set(account, sender)
      sender.unknown += recipients
      if (isRegular(sender, shape, atMs)) {
        sender.arrivalsMs = []
        const about = `${regularArrivals} messages of one form came at regular times`
        await incidents.open({ kind: 'automated-pattern', clause: 'T08', account, about })
      }
      return sender.unknown >= unknownRecipients ? look(account, sender) : null
    },
    async whyStopped(account) {
      if (!(await incidents.isOpen(account, 'sending-stopped'))) return null
      return sendingIsStopped(stopped) as Refused
    },
  }

  /** Nobody waits for it: a count that fails to be kept is one that the worker’s end would have lost too. */
  function flushSoon(): void {
    flush().catch(() => log.warn({}, 'what accounts sent could not be counted'))
  }
}

/** Forgets what was sent more than four weeks and a day ago; returns how many hours of accounts. */
export function forgetVolume(o: { database: Database; clock: Clock }): Promise<number> {
  return forgetSent(o.database, Math.floor(o.clock.now() / hourMs) - 30 * 24)
}
