// How much one account may send: absolute limits, and many times what it usually sends. And what arrives as regularly as a machine's. T08, T23
import {
  fewestScored,
  fewestUsualOrganisations,
  fewestUsualRecipients,
  leastSpamPercent,
  leastUsualDays,
  maxRegularSpreadPercent,
  regularArrivals,
  supportedPart,
  usualFactor,
  watchedPart,
} from '#policy/limits.ts'
import { allowed, refuse, type Verdict } from '#policy/verdict.ts'

/** To how many recipients an account has sent, with what it is about to send. */
export interface VolumeFacts {
  readonly thisHour: number
  readonly lastDay: number
  /** The mean of those days of the four weeks before on which it sent, and how many they were. */
  readonly usualDay: number
  readonly usualDays: number
  /** To people of how many organisations it sent within this hour, and within the widest hour of a usual day. */
  readonly organisations: number
  readonly usualOrganisations: number
  /** Messages of the last day that a spam engine read, and how many of them it took for spam; none where there is no engine. */
  readonly scored: number
  readonly readAsSpam: number
  /** How often a person gave sending back within the last day: each time as much again may be sent. */
  readonly lifted: number
}

export interface VolumeLimits {
  readonly perHour: number
  readonly perDay: number
  /** Organisations within an hour. */
  readonly spreadPerHour: number
}

/**
 * T23: what an account sends is within the limits, and not many times what it usually sends. What a spam engine says only
 * supports that: of one who sends much, and nearly all of it reads as spam, a part of a limit is enough.
 */
export function volumeIsNoSpam(facts: VolumeFacts, limits: VolumeLimits): Verdict {
  const over = overLimit(facts, limits, 1)
  if (over !== null) return sendingIsStopped(over)
  const supported = readsAsSpam(facts) ? overLimit(facts, limits, supportedPart) : null
  if (supported === null) return allowed
  return sendingIsStopped(`${supported} (${facts.readAsSpam} of ${facts.scored} messages read as spam)`)
}

/** T23: whether an account sends so much that a spam engine may be asked about it: nobody else’s mail is given to one. */
export function volumeIsWatched(facts: VolumeFacts, limits: VolumeLimits): boolean {
  return overLimit(facts, limits, watchedPart) !== null
}

function readsAsSpam({ scored, readAsSpam }: VolumeFacts): boolean {
  return scored >= fewestScored && readAsSpam * 100 >= scored * leastSpamPercent
}

/** The refusal of an account whose sending was stopped; `about` says why. */
export const sendingIsStopped = (about: string): Verdict =>
  refuse(
    'T23',
    'sending-is-stopped',
    about,
    'You can go on reading. A person at the Helpdesk looks at it, and gives sending back if it was no spam: telephone them.',
  )

/** Which limit was passed, in words, when one such part of each is what counts; null for none. */
function overLimit(facts: VolumeFacts, limits: VolumeLimits, part: number): string | null {
  const { thisHour, lastDay, usualDay, usualDays, lifted } = facts
  const share = (limit: number) => Math.floor((limit * (lifted + 1)) / part)
  const [perHour, perDay] = [share(limits.perHour), share(limits.perDay)]
  if (thisHour > perHour) return `the account sent to ${thisHour} recipients within an hour; the limit is ${perHour}`
  if (lastDay > perDay) return `the account sent to ${lastDay} recipients within a day; the limit is ${perDay}`
  const spread = spreadOver(facts, share(limits.spreadPerHour), share)
  if (spread !== null) return spread
  const most = share(Math.max(fewestUsualRecipients, Math.round(usualDay * usualFactor)))
  if (usualDays < leastUsualDays || lastDay <= most) return null
  return `the account sent to ${lastDay} recipients within a day; usually it is ${Math.round(usualDay)}`
}

/** The same of to how many organisations it went: a machine that writes to all comes to many of them, a court's list to few. */
function spreadOver(facts: VolumeFacts, most: number, share: (limit: number) => number): string | null {
  const { organisations, usualOrganisations, usualDays } = facts
  if (organisations > most)
    return `the account sent to people of ${organisations} organisations within an hour; the limit is ${most}`
  const unusual = share(Math.max(fewestUsualOrganisations, Math.round(usualOrganisations * usualFactor)))
  if (usualDays < leastUsualDays || organisations <= unusual) return null
  return `the account sent to people of ${organisations} organisations within an hour; usually it is ${Math.round(usualOrganisations)}`
}

/** T08: whether arrivals (milliseconds, in order) come as regularly as only a machine sends: many, seconds apart, hardly spread. */
export function isMachineRegular(arrivalsMs: readonly number[]): boolean {
  if (arrivalsMs.length < regularArrivals) return false
  const gaps = arrivalsMs.slice(1).map((atMs, index) => atMs - arrivalsMs[index]!)
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length
  return mean >= 2_000 && Math.sqrt(variance) <= (mean * maxRegularSpreadPercent) / 100
}
