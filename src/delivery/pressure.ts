// Back-pressure at the door: what cannot be done within a few seconds is not begun. A peer is told so before it sends the content, and a 250 never comes late. docs/flow.md, The life of a message.
import type { Clock } from '#base/clock.ts'
import { refused } from '#base/faults.ts'
import type { Acceptance } from '#delivery/accept.ts'

/** How long what is let in may have to wait, by what was finished a second of late: when that falls to a fifth at once, it is 5 s. */
const mostWaitMs = 1_000
/** So many messages of a worker may always be under way, however slow they are. */
const fewestUnderWay = 64
/** What has sent its content already is turned away later than what has not begun. */
const afterContentPercent = 150
/** What a worker is taken to finish a second until it is known. */
const firstPerSecond = 200
/** How fast it is, is measured over windows in which it always had so many under way: with fewer it waited for its peers. */
const windowMs = 250
const busyUnderWay = 16
const newestPercent = 30

export const tooBusy = refused(
  '',
  'too-busy',
  'the service has more to do at present than it can',
  'Try again in a minute: nothing was accepted.',
)

/** Counts what is under way, and knows how much of it can be done in time. */
export class Pressure {
  #underWay = 0
  #perSecond = firstPerSecond
  #finished = 0
  #leastUnderWay = 0
  #sinceMs: number
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
    this.#sinceMs = clock.monotonic()
  }

  /** Whether no more may begin, of so many hundredths of what can be done in time. */
  isFull(percent: number): boolean {
    this.#look()
    const inTime = Math.max(fewestUnderWay, (this.#perSecond * mostWaitMs) / 1000)
    return this.#underWay >= (inTime * percent) / 100
  }

  /** Runs what is to be counted. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#look()
    this.#underWay++
    try {
      return await work()
    } finally {
      this.#finished++
      this.#underWay--
      this.#leastUnderWay = Math.min(this.#leastUnderWay, this.#underWay)
    }
  }

  #look(): void {
    const nowMs = this.#clock.monotonic()
    if (nowMs - this.#sinceMs < windowMs) return
    if (this.#leastUnderWay >= busyUnderWay) {
      const lately = (this.#finished * 1000) / (nowMs - this.#sinceMs)
      this.#perSecond += ((lately - this.#perSecond) * newestPercent) / 100
    }
    this.#finished = 0
    this.#leastUnderWay = this.#underWay
    this.#sinceMs = nowMs
  }
}

/** The door, with back-pressure before it. */
export function withBackPressure(acceptance: Acceptance, clock: Clock): Acceptance {
  const pressure = new Pressure(clock)
  return {
    ...acceptance,
    admitReversePath: (who, reversePath) =>
      acceptance.admitReversePath(who, reversePath) ?? (pressure.isFull(100) ? tooBusy : null),
    async submit(who, envelope, content, session, keep) {
      if (!pressure.isFull(afterContentPercent))
        return pressure.during(() => acceptance.submit(who, envelope, content, session, keep))
      await content.abandon()
      return tooBusy
    },
  }
}
