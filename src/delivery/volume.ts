// Who sends too much is cut off from sending, at once, and a person looks at it; receiving goes on. T23. What is as regular as a machine's alone raises an incident. T08
import { type Clock, steadyNow } from '#base/clock.ts'
import type { Refused } from '#base/faults.ts'
import type { Log } from '#base/log.ts'
import type { Incidents } from '#community/incidents.ts'
import type { Metrics } from '#base/metrics.ts'
import type { Inspected } from '#delivery/inspect.ts'
import type { SpamEngine } from '#delivery/spam-engine.ts'
import { newSpamScores } from '#delivery/spam-scores.ts'
import { addScored, addSent, forgetSent, sentBy } from '#delivery/volume.sql.ts'
import { regularArrivals } from '#policy/limits.ts'
import { isMachineRegular, sendingIsStopped, type VolumeLimits, volumeIsNoSpam, volumeIsWatched } from '#policy/volume.ts'
import type { Database } from '#store/database.ts'

export interface Volume {
  /**
   * Counts a submission that is about to be delivered, and says the refusal where it is too much: sending is stopped then.
   * `shape` is the same for messages that are made alike; `organisations` are those of the recipients.
   */
  note(account: string, recipients: number, shape: string, organisations?: Iterable<string>): Promise<Refused | null>
  /** Takes note of what was delivered: of an account near its limits it is read by the spam engine, where there is one, later. */
  delivered(account: string, inspected: Inspected): void
  /** Why an account may not send, where that is an incident of volume; else null. */
  whyStopped(account: string): Promise<Refused | null>
}

const hourMs = 3_600_000
/** An account is looked up once it sent to so many since the last time: what a worker may let through too much. */
const unknownRecipients = 50
const flushMs = 60_000
const keepAtMost = 20_000
/** More organisations of a sender are not told apart. */
const keepOrganisations = 20_000
const stopped = 'sending from the account was stopped, since it sent to unusually many'

interface Sender {
  /** Recipients that are not in the database yet. */
  unknown: number
  shape: string
  arrivalsMs: number[]
  /** Organisations that it sent to within that hour. */
  readonly organisations: Set<string>
  spreadHour: number
  /** Near enough to its limits that a spam engine may be asked about it. */
  isWatched: boolean
}

export interface VolumeParts {
  readonly database: Database
  readonly incidents: Incidents
  readonly clock: Clock
  readonly log: Log
  readonly limits: VolumeLimits
  /** What reads messages of accounts near their limits; nothing does when left out. */
  readonly spam?: { readonly engine: SpamEngine; readonly metrics: Metrics }
}

const newSender = (): Sender => ({
  unknown: 0,
  shape: '',
  arrivalsMs: [],
  organisations: new Set(),
  spreadHour: 0,
  isWatched: false,
})

/** To how many organisations a sender wrote within that hour, as far as this worker saw it. */
const spreadOf = ({ organisations, spreadHour }: Sender, hour: number) => (spreadHour === hour ? organisations.size : 0)

/** Makes the counter of a worker. What is not yet in the database when the worker ends, a minute’s at most, is not counted. */
export function newVolume(o: VolumeParts): Volume {
  const { database, incidents, clock, log, limits } = o
  const nowMs = steadyNow(clock)
  const senders = new Map<string, Sender>()
  let flushedMs = nowMs()
  const scores = o.spam === undefined ? null : newSpamScores({ ...o.spam, scored })

  const hourNow = () => Math.floor(nowMs() / hourMs)

  async function flush(): Promise<void> {
    flushedMs = nowMs()
    const sent = [...senders].filter(([, { unknown }]) => unknown > 0)
    const counts = sent.map(([, { unknown }]) => unknown)
    const spreads = sent.map(([, sender]) => spreadOf(sender, hourNow()))
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
      spreads,
    )
  }

  /** Brings what is known of an account up to date, and judges it. */
  async function look(account: string, sender: Sender): Promise<Refused | null> {
    const { unknown } = sender
    const hour = hourNow()
    sender.unknown = 0
    await addSent(database, hour, [account], [unknown], [spreadOf(sender, hour)])
    return judge(account, hour, sender)
  }

  async function judge(account: string, hour: number, sender?: Sender): Promise<Refused | null> {
    const [sent] = await sentBy(database, account, hour)
    const facts = { ...sent!, lifted: await incidents.liftedSince(account, 'sending-stopped', clock.now() - 24 * hourMs) }
    if (sender !== undefined) sender.isWatched = volumeIsWatched(facts, limits)
    const verdict = volumeIsNoSpam(facts, limits)
    if (verdict.kind === 'allowed') return null
    await incidents.open({ kind: 'sending-stopped', clause: 'T23', account, about: verdict.about })
    return verdict
  }

  async function scored(account: string, isSpam: boolean): Promise<void> {
    const hour = hourNow()
    await addScored(database, hour, account, isSpam)
    await judge(account, hour, senders.get(account))
  }

  function noteSpread(sender: Sender, organisations: Iterable<string>): void {
    const hour = hourNow()
    if (sender.spreadHour !== hour) sender.organisations.clear()
    sender.spreadHour = hour
    for (const one of organisations) if (sender.organisations.size < keepOrganisations) sender.organisations.add(one)
  }

  function isRegular(sender: Sender, shape: string, atMs: number): boolean {
    if (sender.shape !== shape) sender.arrivalsMs = []
    sender.shape = shape
    sender.arrivalsMs = [...sender.arrivalsMs, atMs].slice(-regularArrivals)
    return isMachineRegular(sender.arrivalsMs)
  }

  return {
    async note(account, recipients, shape, organisations = []) {
      const atMs = nowMs()
      if (atMs - flushedMs > flushMs || senders.size >= keepAtMost) flushSoon()
      const sender = senders.get(account) ?? newSender()
      senders.set(account, sender)
      sender.unknown += recipients
      noteSpread(sender, organisations)
      if (isRegular(sender, shape, atMs)) {
        sender.arrivalsMs = []
        const about = `${regularArrivals} messages of one form came at regular times`
        await incidents.open({ kind: 'automated-pattern', clause: 'T08', account, about })
      }
      return sender.unknown >= unknownRecipients ? look(account, sender) : null
    },
    delivered(account, inspected) {
      if (scores !== null && senders.get(account)?.isWatched === true) scores.ask(account, inspected)
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
