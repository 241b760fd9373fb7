// Whether a message is answered automatically for somebody who is away: never mail of machines, of lists, or from outside, and nobody twice a week. T08, RFC 3834 §2
import { fieldsNamed, fieldText, type Header } from '#mail/header.ts'
import type { Automation } from '#policy/automation.ts'

/** What is known of a message that reached somebody who is away. Addresses are address keys. */
export interface ReplyFacts {
  readonly automation: Automation
  /** Whether its sender asks for none. */
  readonly isUnwanted: boolean
  /** Its reverse-path; null for `<>`, or where it has none. */
  readonly reversePath: string | null
  /** Whether the reverse-path is a member's. */
  readonly isFromMember: boolean
  /** The addresses of who is away. */
  readonly own: readonly string[]
  /** Who stands in To and Cc. */
  readonly addressed: readonly string[]
  readonly arrivedMs: number
  /** From when on what arrives is answered, and until when. */
  readonly fromMs: number
  readonly untilMs: number
  /** When its sender was answered last; null for never. */
  readonly repliedMs: number | null
  readonly nowMs: number
}

/** Nobody is answered again within a week. RFC 3834 §2 */
export const replyAgainMs = 7 * 24 * 3_600_000
const ofMachines =
  /^(?:owner-.*|.*-(?:owner|request|bounces?)|mailer-daemon|postmaster|listserv|majordomo|no-?reply|do-?not-?reply)$/

const suppressing: ReadonlySet<string> = new Set(['all', 'oof', 'autoreply'])

/** True where X-Auto-Response-Suppress, which Outlook and Exchange write, names replies of those who are away (MS-OXCMAIL). */
export function asksForNoReply(header: Header): boolean {
  return fieldsNamed(header, 'X-Auto-Response-Suppress').some((field) =>
    fieldText(field)
      .toLowerCase()
      .split(/[\s,;]+/)
      .some((word) => suppressing.has(word)),
  )
}

/** True for a message that a person wrote to the one who is away, and that is to be answered now. */
export function replyIsDue(facts: ReplyFacts): boolean {
  const { reversePath, own, addressed, arrivedMs, fromMs, untilMs, repliedMs, nowMs } = facts
  if (reversePath === null || !facts.isFromMember || own.includes(reversePath)) return false
  if (facts.isUnwanted || facts.automation.kind !== 'none' || ofMachines.test(reversePath.slice(0, reversePath.lastIndexOf('@'))))
    return false
  if (!addressed.some((address) => own.includes(address))) return false
  if (arrivedMs < fromMs || nowMs < fromMs || nowMs >= untilMs) return false
  // It may have been answered, and that be forgotten: a message gets a new UID when it is moved back, or when access to it ends.
  if (nowMs - arrivedMs >= replyAgainMs) return false
  return repliedMs === null || nowMs - repliedMs >= replyAgainMs
}
