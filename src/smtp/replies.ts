// Replies as values: code, enhanced status (RFC 2034, 3463), text; and the one place where refusals and faults become replies.
import { isDiskFull, Unavailable, type Refused } from '#base/faults.ts'
import { asciiOf } from '#net/ascii.ts'
import { maxReplyLineOctets } from '#smtp/limits.ts'
import type { Accepted } from '#smtp/doors.ts'

export interface Reply {
  readonly code: number
  /** Null where RFC 2034 §4 has none: greeting, EHLO, 3yz. */
  readonly status: string | null
  readonly lines: readonly string[]
  /** What the loop does once the reply is sent. */
  readonly afterwards?: 'close' | 'start-tls'
}

/** A reply with an enhanced status. */
export function reply(code: number, status: string, ...lines: string[]): Reply {
  return { code, status, lines }
}

/** A reply without an enhanced status: the greeting, EHLO's, and those that ask for more. */
export function plainReply(code: number, ...lines: string[]): Reply {
  return { code, status: null, lines }
}

/** The same reply, after which the connection closes. */
export function closing(answer: Reply): Reply {
  return { ...answer, afterwards: 'close' }
}

/** The reply's octets: ASCII only, lines of at most 512 octets, broken at a space where there is one. */
export function formatReply({ code, status, lines }: Reply): string {
  const prefix = status === null ? '' : `${status} `
  const room = maxReplyLineOctets - prefix.length - '250-\r\n'.length
  const written = lines.flatMap((line) => wrap(asciiOf(line), room))
  return written.map((line, index) => `${code}${index === written.length - 1 ? ' ' : '-'}${prefix}${line}\r\n`).join('')
}

function wrap(text: string, room: number): string[] {
  const lines: string[] = []
  let rest = text
  while (rest.length > room) {
    const space = rest.lastIndexOf(' ', room)
    const end = space > 0 ? space : room
    lines.push(rest.slice(0, end))
    rest = rest.slice(space > 0 ? end + 1 : end)
  }
  return [...lines, rest]
}

type CodeAndStatus = readonly [code: number, status: string]

/** Reasons whose reply is not the usual 550 5.7.1. */
const codes: ReadonlyMap<string, CodeAndStatus> = new Map([
  ['recipient-is-unknown', [550, '5.1.1']],
  ['recipient-is-removed', [550, '5.1.6']],
  ['over-quota', [452, '4.2.2']],
  ['no-room', [452, '4.3.1']],
  ['too-many-held', [452, '4.3.1']],
  ['record-does-not-stand', [451, '4.3.0']],
  ['too-busy', [451, '4.4.5']],
  ['message-is-too-deep', [554, '5.6.0']],
  ['message-has-too-many-parts', [554, '5.6.0']],
  ['header-has-too-many-fields', [554, '5.6.0']],
  ['header-is-too-large', [552, '5.3.4']],
  ['sign-in-failed', [535, '5.7.8']],
  ['computer-is-in-use', [454, '4.7.0']],
])

const usual: CodeAndStatus = [550, '5.7.1']

/** Where one finds help, as every refusal says it: how to reach the Helpdesk, and the page of the rules. */
export interface Help {
  readonly helpdesk: string
  readonly rulesUrl: string
}

/** Says a refusal: the clause, the fact that matched, what to do, how to reach the Helpdesk, and where the rule stands at length. `otherwise` is for reasons without a code of their own. */
export function replyToRefusal(refusal: Refused, { helpdesk, rulesUrl }: Help, otherwise: CodeAndStatus = usual): Reply {
  const [code, status] = codes.get(refusal.reason) ?? otherwise
  const clause = refusal.clause === '' ? '' : `[${refusal.clause}] `
  return reply(
    code,
    status,
    `${clause}${[refusal.about, refusal.remedy, `Helpdesk: ${helpdesk}`]
      .filter((part) => part !== '')
      .map(sentence)
      .join(' ')}${refusal.clause === '' ? '' : ` See ${rulesUrl}#${refusal.clause}`}`,
  )
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

/** Says that something of ours failed: what to quote to the Helpdesk, and never the fault's text. */
export function replyToFault(fault: unknown, reference: string): Reply {
  if (isDiskFull(fault))
    return reply(452, '4.3.1', `There is no room; nothing was accepted. Try again later. Reference: ${reference}`)
  const status = fault instanceof Unavailable && fault.part === 'scanner' ? '4.7.1' : '4.3.0'
  const about =
    fault instanceof Unavailable ? `The ${fault.part.replace('-', ' ')} is not available` : 'Something went wrong here'
  return reply(451, status, `${about}; nothing was accepted. Try again later. Reference: ${reference}`)
}

/** The same for AUTH: a code that keeps a mail program from asking for another password. RFC 4954 §6 */
export function replyToSignInFault(reference: string): Reply {
  return reply(454, '4.7.0', `Nobody can sign in just now, whatever the password. Try again later. Reference: ${reference}`)
}

/** What a sender is to know beside a reply that takes something. */
export function noteOf({ clause, about, remedy }: { clause: string; about: string; remedy: string }): string {
  return `Note [${clause}] ${[about, remedy].map(sentence).join(' ')}`
}

/** Says what became of an accepted message: the counts that are not zero, the receipt, and what its sender is to know. */
export function replyToAccepted(accepted: Accepted): Reply {
  const { delivered, queued, held, refused, receipt, again, warnings = [] } = accepted
  const counts = [
    delivered > 0 || queued + held + refused === 0 ? `delivered to ${delivered}` : '',
    queued > 0 ? `queued for ${queued}` : '',
    held > 0 ? `held for ${held}` : '',
    refused > 0 ? `refused for ${refused}` : '',
  ].filter((count) => count !== '')
  const first = counts.join(', ')
  const notes = warnings.map(noteOf)
  const retry = again ? '; the same message came before, nothing was sent twice' : ''
  return reply(250, '2.0.0', `${first[0]!.toUpperCase()}${first.slice(1)}${retry}; receipt ${receipt}`, ...notes)
}
