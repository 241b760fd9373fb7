// Handling that a sender asks for beyond the minimum, in X-CJSM-Handling: read, written, and kept. G09.
// `no-forwarding, no-download, reader=jane@firm.example, until=2026-12-31`: some of them, in whatever order, readers as often as wanted.
import type { Refused } from '#base/faults.ts'
import { endOfLondonDay, londonDay } from '#base/london.ts'
import { maxHandlingOctets, maxNamedReaders } from '#policy/limits.ts'
import type { RecipientFacts, SubmissionFacts } from '#policy/facts.ts'
import { allowed, refuse, type Verdict } from '#policy/verdict.ts'

/** The field's name; it is delivered as it was sent, so that a recipient's program and a later forward find it. */
export const handlingField = 'X-CJSM-Handling'

export interface HandlingAsked {
  readonly noForwarding: boolean
  readonly noDownload: boolean
  /** Address keys of those who may read it; null for everybody it was sent to. */
  readonly readers: readonly string[] | null
  /** When access ends, in milliseconds since 1970; null for never. */
  readonly untilMs: number | null
}

export const nothingAsked: HandlingAsked = { noForwarding: false, noDownload: false, readers: null, untilMs: null }

/** G09: whether anything is asked of the programs that fetch it: to leave it here, or to forget it. */
export const isAskedOfPrograms = ({ noDownload, untilMs }: HandlingAsked): boolean => noDownload || untilMs !== null

/** What a message asked that is passed on inside this one. */
export interface PassedOn {
  /** File names from the attachment's own inwards, or none. */
  readonly path: readonly string[]
  /** The address keys of those who asked. */
  readonly from: readonly string[]
  readonly asked: HandlingAsked
  /** Address keys of those who had it: of a message that the submitter was sent. Left out for what only says so itself. */
  readonly had?: readonly string[]
  /** Of an attached message: of one that says so itself, or is octet for octet what the submitter was sent. */
  readonly messageId?: string
}

/** Reads the field's value; null for one that is not understood as a whole. `keyOf` gives an address key, or null. */
export function readHandlingAsked(value: string, keyOf: (address: string) => string | null): HandlingAsked | null {
  return value.length > maxHandlingOctets ? null : readParts(value, keyOf)
}

function readParts(value: string, keyOf: (address: string) => string | null): HandlingAsked | null {
  let asked = nothingAsked
  for (const part of value.split(',')) {
    const next = withPart(asked, part.trim(), keyOf)
    if (next === null) return null
    asked = next
  }
  return asked
}

function withPart(asked: HandlingAsked, part: string, keyOf: (address: string) => string | null): HandlingAsked | null {
  const equals = part.indexOf('=')
  const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase()
  const value = equals < 0 ? '' : part.slice(equals + 1).trim()
  if (name === 'no-forwarding' && equals < 0) return { ...asked, noForwarding: true }
  if (name === 'no-download' && equals < 0) return { ...asked, noDownload: true }
  if (name === 'reader') {
    const key = keyOf(value)
    const readers = asked.readers ?? []
    return key === null || readers.length >= maxNamedReaders ? null : { ...asked, readers: [...readers, key] }
  }
  const untilMs = name === 'until' && asked.untilMs === null ? endOf(value) : null
  return untilMs === null ? null : { ...asked, untilMs }
}

/** The end of a day in London, or a time in UTC; null for anything else. */
function endOf(value: string): number | null {
  const [, day = '', time] = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}:\d{2}Z)?$/.exec(value) ?? []
  const end = endOfLondonDay(day)
  if (end === null || time === undefined) return end
  const atMs = Date.parse(`${day}${time}`)
  return Number.isNaN(atMs) || new Date(atMs).toISOString().slice(0, 10) !== day ? null : atMs
}

/** The field's value for what is asked; empty for nothing. */
export function writeHandlingAsked({ noForwarding, noDownload, readers, untilMs }: HandlingAsked): string {
  return [
    ...(noForwarding ? ['no-forwarding'] : []),
    ...(noDownload ? ['no-download'] : []),
    ...(readers ?? []).map((reader) => `reader=${reader}`),
    ...(untilMs === null ? [] : [`until=${new Date(untilMs).toISOString().slice(0, 19)}Z`]),
  ].join(', ')
}

/** What is asked as sentences for who receives it. G08 */
export function sentencesOfAsked({ noForwarding, noDownload, readers, untilMs }: HandlingAsked): string[] {
  return [
    ...(noForwarding ? ['The sender asks you not to forward it.'] : []),
    ...(noDownload ? ['The sender asks you to read it here, and not to download it.'] : []),
    ...(readers === null ? [] : [`Only those named by the sender may read it: ${readers.join(', ')}.`]),
    ...(untilMs === null ? [] : [`The sender asks that it is read until ${londonDay(untilMs)} only.`]),
  ]
}

/** G09: what the sender asks for is understood, so that none of it is lost. */
export function handlingIsUnderstood(facts: SubmissionFacts): Verdict {
  if (facts.handling !== null) return allowed
  const remedy = 'Write no-forwarding, no-download, reader=ADDRESS, until=2026-12-31, with commas between them, in one field.'
  return refuse('G09', 'handling-is-not-understood', `${handlingField} cannot be read`, remedy)
}

/** G09: who gets it is among those whom the sender named as its readers. */
export function recipientIsANamedReader(recipient: RecipientFacts): Verdict {
  if (recipient.isNamedReader !== false) return allowed
  const remedy = `Name them as a reader in ${handlingField} too, or do not send it to them.`
  return refuse('G09', 'recipient-is-not-a-named-reader', recipient.address, remedy)
}

/**
 * G09: what stands in the way of a reader who wants to read or download now, given what was asked and by whom; null for nothing.
 * The sender's own copy is theirs.
 */
export function accessRefusal(
  asked: HandlingAsked,
  o: { isSender: boolean; nowMs: number; wants: 'reading' | 'download' },
): Refused | null {
  if (o.isSender) return null
  const remedy = 'Ask the sender if you still need it.'
  if (asked.untilMs !== null && asked.untilMs < o.nowMs)
    return refuse('G09', 'access-has-ended', `access ended on ${londonDay(asked.untilMs)}`, remedy)
  if (o.wants === 'download' && asked.noDownload)
    return refuse('G09', 'download-was-not-allowed', 'the sender asked that it is not downloaded', remedy)
  return null
}

/** G09: what stands in the way of who wants to pass a message on, given what its sender asked; null for nothing. What is one's own may be. */
export function passingOnRefusal(asked: HandlingAsked, isSender: boolean): Refused | null {
  if (isSender || !asked.noForwarding) return null
  const about = 'the sender asked that it is not forwarded'
  return refuse('G09', 'forwarding-was-not-allowed', about, 'Ask them to send it themselves.')
}

/** What a summary keeps of what was asked; nothing for one that keeps none. It may be written longer than a field that is read. */
export function keptHandling(written: string | undefined): HandlingAsked {
  return written === undefined ? nothingAsked : (readParts(written, (address) => address) ?? nothingAsked)
}
