// How much one account may send: absolute limits, and many times what it usually sends. And what arrives as regularly as a machine's. T08, T23
import { fewestUsualRecipients, leastUsualDays, maxRegularSpreadPercent, regularArrivals, usualFactor } from '#policy/limits.ts'
import { allowed, refuse, type Verdict } from '#policy/verdict.ts'

/** To how many recipients an account has sent, with what it is about to send. */
export interface VolumeFacts {
  readonly thisHour: number
  readonly lastDay: number
  /** The mean of those days of the four weeks before on which it sent, and how many they were. */
  readonly usualDay: number
  readonly usualDays: number
}

export interface VolumeLimits {
  readonly perHour: number
  readonly perDay: number
}

/** T23: what an account sends is within the limits, and not many times what it usually sends. */
export function volumeIsNoSpam(facts: VolumeFacts, limits: VolumeLimits): Verdict {
  const over = overLimit(facts, limits)
  return over === null ? allowed : sendingIsStopped(over)
}

/** The refusal of an account whose sending was stopped; `about` says why. */
export const sendingIsStopped = (about: string): Verdict =>
  refuse(
    'T23',
    'sending-is-stopped',
    about,
    'You can go on reading. A person at the Helpdesk looks at it, and gives sending back if it was no spam: telephone them.',
  )

function overLimit({ thisHour, lastDay, usualDay, usualDays }: VolumeFacts, { perHour, perDay }: VolumeLimits): string | null {
  if (thisHour > perHour) return `the account sent to ${thisHour} recipients within an hour; the limit is ${perHour}`
  if (lastDay > perDay) return `the account sent to ${lastDay} recipients within a day; the limit is ${perDay}`
  const most = Math.max(fewestUsualRecipients, Math.round(usualDay * usualFactor))
  if (usualDays < leastUsualDays || lastDay <= most) return null
  return `the account sent to ${lastDay} recipients within a day; usually it is ${Math.round(usualDay)}`
}

/** T08: whether arrivals (milliseconds, in order) come as regularly as only a machine sends: many, seconds apart, hardly spread. */
export function isMachineRegular(arrivalsMs: readonly number[]): boolean {
  if (arrivalsMs.length < regularArrivals) return false
  const gaps = arrivalsMs.slice(1).map((atMs, index) => atMs - arrivalsMs[index]!)
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length
  return mean >= 2_000 && Math.sqrt(variance) <= (mean * maxRegularSpreadPercent) / 100
}
