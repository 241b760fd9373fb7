// Mail that machines send: told by its header, never by a guess; notifications that answer something are exempt. T08, RFC 3834
import type { SubmissionFacts } from '#policy/facts.ts'
import { type Field, type Header, fieldText, fieldsNamed } from '#mail/header.ts'
import type { Part } from '#mail/part.ts'
import { maxMarkingFields, maxNotified } from '#policy/limits.ts'
import { isReply } from '#policy/find-markings.ts'
import { allowed, refuse, type Verdict } from '#policy/verdict.ts'

export interface Automation {
  /** `notification` is a DSN, MDN, automatic reply (RFC 3834) or calendar reply: correlated with what it answers. */
  readonly kind: 'none' | 'notification' | 'automated'
  /** The field that says so, as it stands; empty where nothing does. */
  readonly matched: string
}

/** What a permit of the Ministry allows, as it stands for one submission. */
export interface PermitFacts {
  readonly id: string
  readonly purpose: string
  /** Why it does not cover this message; null where it does. */
  readonly short: 'recipients' | 'rate' | 'computer' | null
}

const none: Automation = { kind: 'none', matched: '' }
const listFields = /^list-(?:id|unsubscribe|unsubscribe-post|post|help|owner|archive|subscribe)$/

/**
 * What the header says of who wrote the message: a person, or a machine. X-Auto-Response-Suppress is no evidence. A notification
 * goes to who is answered: one that goes to many `recipients` is correlated with nothing.
 */
export function automationOf(header: Header, root: Part, recipients = 1): Automation {
  const found = header.fields.find(({ key }) => key === 'auto-submitted' || key === 'precedence' || listFields.test(key))
  const answers = isNotification(header, root)
  if (answers !== null && recipients > maxNotified)
    return { kind: 'automated', matched: `${answers}, to ${recipients} recipients` }
  if (answers !== null) return { kind: 'notification', matched: answers }
  return found === undefined ? none : automatedBy(header)
}

function isNotification(header: Header, root: Part): string | null {
  if (root.type === 'multipart' && root.subtype === 'report' && hasPart(root, 'delivery-status', 'disposition-notification'))
    return 'Content-Type: multipart/report'
  if (isCalendarReply(root)) return 'Content-Type: text/calendar; method=REPLY'
  const submitted = words(header, 'Auto-Submitted')
  return submitted.includes('auto-replied') && isReply(header) ? 'Auto-Submitted: auto-replied' : null
}

function automatedBy(header: Header): Automation {
  const submitted = words(header, 'Auto-Submitted').find((word) => word !== 'no' && word !== '')
  if (submitted !== undefined) return { kind: 'automated', matched: `Auto-Submitted: ${submitted}` }
  const precedence = words(header, 'Precedence').find((word) => ['bulk', 'list', 'junk', 'auto_reply'].includes(word))
  if (precedence !== undefined) return { kind: 'automated', matched: `Precedence: ${precedence}` }
  const list = header.fields.find(({ key }) => listFields.test(key))
  return list === undefined ? none : { kind: 'automated', matched: list.fieldName }
}

/** The first word of each field of a name, behind comments (RFC 3834 §5), in lower case. */
function words(header: Header, name: string): string[] {
  return fieldsNamed(header, name)
    .slice(0, maxMarkingFields)
    .map(
      (field: Field) => /^(?:\([^()]*\)\s*)*([a-z_-]{1,40})/.exec(fieldText(field).slice(0, 100).trim().toLowerCase())?.[1] ?? '',
    )
}

function hasPart(root: Part, ...subtypes: readonly string[]): boolean {
  return root.parts.some((part) => part.type === 'message' && subtypes.includes(part.subtype))
}

/** RFC 6047 §2.4: in a message of its own, or as an alternative. */
function isCalendarReply(part: Part): boolean {
  if (part.type === 'multipart') return part.parts.slice(0, maxMarkingFields).some(isCalendarReply)
  const method = part.parameters.find(([name]) => name === 'method')?.[1] ?? ''
  return (
    part.type === 'text' && part.subtype === 'calendar' && ['reply', 'counter', 'declinecounter'].includes(method.toLowerCase())
  )
}

/** T08: what says of itself that a machine sends it has a permit that covers it. */
export function automatedMailHasItsPermit({ automation, permit }: SubmissionFacts): Verdict {
  if (automation.kind !== 'automated') return allowed
  const about = `the header says that a machine sends it (${automation.matched})`
  const ask = 'Ask the Helpdesk for a permit, with the purpose, the sender, the recipients and how often.'
  if (permit === null) return refuse('T08', 'automated-mail-without-permit', about, ask)
  if (permit.short === 'recipients')
    return refuse('T08', 'automated-mail-beyond-its-permit', `${about}; its permit does not cover each recipient`, ask)
  if (permit.short === 'computer')
    return refuse(
      'T08',
      'automated-mail-from-another-computer',
      `${about}; its permit is for another device password`,
      'Let the machine sign in with the device password that its permit names, and nobody else.',
    )
  if (permit.short === 'rate')
    return refuse(
      'T08',
      'automated-mail-over-its-rate',
      `${about}; its permit allows no more this hour`,
      'Send it later, or ask the Helpdesk for a higher rate.',
    )
  return allowed
}
