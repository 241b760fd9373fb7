// What the web face needs from below; roles/web-doors.ts passes the real functions, a test passes its own. Each journey adds the members it needs.
import type { Refused } from '#base/faults.ts'
import type { AwayNotice } from '#community/away.ts'
import type { WebSessions } from '#identity/web-sessions.ts'
import type { Mailboxes } from '#mailbox/open-mailboxes.ts'
import type { Scheme } from '#policy/schemes.ts'
import type { ClauseShown } from '#policy/rulebook.ts'
import type { HelpdeskDoors } from '#web/helpdesk/doors.ts'
import type { Reports } from '#helpdesk/reports.ts'
import type { WritingDoors } from '#web/webmail/compose/writing-doors.ts'

export interface WebDoors {
  /** Wall time, milliseconds since 1970. */
  readonly now: () => number
  readonly sessions: WebSessions
  /** Reading and changing mailboxes: refusals say how to reach the Helpdesk. */
  readonly mailboxes: Mailboxes
  /** Drafts, their files, the directory, sending, and what became of what was sent. */
  readonly writing: WritingDoors
  /** The Helpdesk's console. */
  readonly helpdesk: HelpdeskDoors
  /** What people tell the Helpdesk of a message. */
  readonly reports: Reports
  /** What is answered for a person who is away. */
  readonly away: {
    noticeOf(account: string): Promise<AwayNotice | null>
    /** Recorded as an act of their own; null takes the notice away. */
    set(account: string, notice: AwayNotice | null): Promise<null | Refused>
  }
  /** The marking schemes of who writes from an address: their organisation's own among them (G07, G08). */
  readonly schemesOf: (address: string) => Promise<readonly Scheme[]>
  /** Each clause, how it is kept, and what a sender sees. */
  readonly rulebook: () => readonly ClauseShown[]
  /** A keyed hash of the service's own, for tokens. */
  readonly mac: (text: string) => Promise<Buffer>
  /** Seals what a browser keeps for a person (a notice, a form that was cut off); `about` binds it to its use. Opening throws SealBroken. */
  readonly sealed: {
    seal(account: string, about: string, plain: Buffer): Promise<Buffer>
    unseal(account: string, about: string, sealed: Buffer): Promise<Buffer>
  }
}
