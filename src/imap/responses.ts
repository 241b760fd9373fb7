// Tagged replies, and how a refusal or a part that is away reads in IMAP. RFC 3501 §7.1, RFC 5530.
import { isDiskFull, type Refused, Unavailable } from '#base/faults.ts'
import type { Octets } from '#imap/encode.ts'
import { asciiOf } from '#net/ascii.ts'

/** How a command ended. `code` is a response code without its brackets; `close` ends the session after it. */
export interface Reply {
  readonly kind: 'OK' | 'NO' | 'BAD'
  readonly code: string | null
  readonly text: string
  readonly close?: boolean
}

export const ok = (text: string, code: string | null = null): Reply => ({ kind: 'OK', code, text })
export const no = (code: string, text: string): Reply => ({ kind: 'NO', code, text })
export const bad = (text: string): Reply => ({ kind: 'BAD', code: null, text })

const maxTextLength = 900

/** A status response line, tagged or, with `*`, untagged. Its text becomes printable ASCII on one line. */
export function replyLine(tag: string, reply: Reply): Octets {
  const code = reply.code === null ? '' : `[${reply.code}] `
  return `${tag} ${reply.kind} ${code}${responseText(reply.text)}\r\n`
}

/** An untagged BYE, the last line of a session. */
export function byeLine(text: string, code: string | null = null): Octets {
  return `* BYE ${code === null ? '' : `[${code}] `}${responseText(text)}\r\n`
}

function responseText(text: string): Octets {
  return asciiOf(text).slice(0, maxTextLength) || 'Done'
}

/** Whether a door said no. */
export function isRefused(answer: unknown): answer is Refused {
  return typeof answer === 'object' && answer !== null && 'kind' in answer && answer.kind === 'refused'
}

/** The refusal as every face words it: the clause, the fact that matched, what to do. */
export function refusalText(refusal: Refused): string {
  const about = refusal.about.endsWith('.') ? refusal.about.slice(0, -1) : refusal.about
  return `[${refusal.clause}] ${about}. ${refusal.remedy}`
}

const codes = new Map([
  ['mailbox-does-not-exist', 'NONEXISTENT'],
  ['mailbox-exists', 'ALREADYEXISTS'],
  ['mailbox-name-is-wrong', 'CANNOT'],
  ['mailbox-is-needed', 'CANNOT'],
  ['over-quota', 'OVERQUOTA'],
  ['no-room', 'LIMIT'],
  ['record-does-not-stand', 'UNAVAILABLE'],
  ['too-many-mailboxes', 'LIMIT'],
  ['too-many-keywords', 'LIMIT'],
  ['too-many-attempts', 'LIMIT'],
  ['messages-are-gone', 'EXPUNGEISSUED'],
  ['message-is-too-large', 'TOOBIG'],
  ['message-is-too-deep', 'LIMIT'],
  ['message-has-too-many-parts', 'LIMIT'],
  ['header-has-too-many-fields', 'LIMIT'],
  ['header-is-too-large', 'LIMIT'],
  ['sign-in-failed', 'AUTHENTICATIONFAILED'],
  ['account-is-suspended', 'AUTHORIZATIONFAILED'],
  ['computer-is-in-use', 'INUSE'],
])

/** The NO for a refusal, its code by reason; NOPERM where no other fits. */
export function replyToRefusal(refusal: Refused): Reply {
  return no(codes.get(refusal.reason) ?? 'NOPERM', refusalText(refusal))
}

/** The same where a missing target could be created: `[TRYCREATE]` (RFC 3501 §6.3.11, §6.4.7). */
export function replyToTargetRefusal(refusal: Refused): Reply {
  return refusal.reason === 'mailbox-does-not-exist' ? no('TRYCREATE', refusalText(refusal)) : replyToRefusal(refusal)
}

/** The NO for what was thrown: names the part that is away, or gives a reference; never the fault's own text. */
export function replyToFault(fault: unknown, reference: string): Reply {
  if (isDiskFull(fault)) return no('LIMIT', `There is no room for it; try again later. Reference: ${reference}`)
  if (fault instanceof Unavailable) return no('UNAVAILABLE', `The ${fault.part} of this service is away; try again in a minute`)
  return no('SERVERBUG', `Something went wrong here. Tell the Helpdesk the reference ${reference}`)
}
