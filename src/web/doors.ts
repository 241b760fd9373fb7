// What the web face needs from below; roles/web-doors.ts passes the real functions, a test passes its own. Each journey adds the members it needs.
import type { WebSessions } from '#identity/web-sessions.ts'
import type { Mailboxes } from '#mailbox/open-mailboxes.ts'
import type { ClauseShown } from '#policy/rulebook.ts'
import type { WritingDoors } from '#web/webmail/compose/writing-doors.ts'

export interface WebDoors {
  /** Wall time, milliseconds since 1970. */
  readonly now: () => number
  readonly sessions: WebSessions
  /** Reading and changing mailboxes: refusals say how to reach the Helpdesk. */
  readonly mailboxes: Mailboxes
  /** Drafts, their files, the directory, sending, and what became of what was sent. */
  readonly writing: WritingDoors
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
