// What the IMAP face needs from below; main.ts passes the real functions, a test passes memory.test-support.ts. RFC 3501.
import type { Refused } from '#base/faults.ts'
import type { ImapEnvelope } from '#mail/envelope.ts'
import type { Part } from '#mail/structure.ts'

/** Someone whose device credential was accepted. Opaque to the face but for these two. */
export interface SignedIn {
  readonly account: string
  readonly address: string
}

/** Thrown by any door when the person may no longer be signed in (G02): the session ends with a BYE that says so. */
export class SignedOut extends Error {
  override name = 'SignedOut'
  readonly refusal: Refused
  constructor(refusal: Refused) {
    super('signed out')
    this.refusal = refusal
  }
}

/** A mailbox as LIST shows it. `name` is NFC text with `/` between the levels; INBOX is always there, written so. */
export interface MailboxEntry {
  readonly id: string
  readonly name: string
  /** An attribute of RFC 6154 with its backslash (`\Sent`), or null. */
  readonly specialUse: string | null
  readonly subscribed: boolean
  readonly noSelect?: boolean
}

/** The counts of a mailbox. `octets` is the sum of its messages' sizes (RFC 8438). */
export interface MailboxStatus {
  readonly id: string
  readonly messages: number
  readonly unseen: number
  readonly recent: 0
  readonly uidNext: number
  readonly uidValidity: number
  readonly highestModseq: bigint
  readonly octets: number
}

/** A copy's place and flags: what a session's view is made of. */
export interface CopyEntry {
  readonly uid: number
  readonly flags: readonly string[]
  readonly modseq: bigint
}

export interface Selected {
  readonly status: MailboxStatus
  /** Every copy, in UID order. */
  readonly copies: readonly CopyEntry[]
}

/** What happened in a mailbox since a modseq. `changed` holds what is new and what has other flags, in UID order. */
export interface Changes {
  readonly changed: readonly CopyEntry[]
  readonly expunged: readonly number[]
  readonly highestModseq: bigint
  readonly uidNext: number
  /** The mailbox was deleted. */
  readonly gone: boolean
}

/** What can be told of a copy without touching its content. */
export interface CopySummary {
  readonly uid: number
  readonly internalDateMs: number
  readonly octets: number
  readonly flags: readonly string[]
  readonly modseq: bigint
  readonly envelope: ImapEnvelope
  readonly structure: Part
}

/** A message's octets, read by range; `to` is the offset after the last. Yields exactly `to - from` octets or throws. */
export interface Content {
  readonly octets: number
  range(from: number, to: number): AsyncIterable<Buffer>
}

/** Copies whose hand-over was recorded; `content` gives null for a copy that is no longer there. */
export interface OpenedCopies {
  content(uid: number): Promise<Content | null>
}

/** What an APPEND announces. The content may be longer than `octets`: bare CR and bare LF arrive as CRLF. */
export interface AppendOptions {
  readonly flags: readonly string[]
  readonly internalDateMs: number | null
  readonly octets: number
}

export interface FlagChange {
  readonly mode: 'add' | 'remove' | 'replace'
  readonly flags: readonly string[]
}

/** Where copies went: `from[i]` became `to[i]`. */
export interface Copied {
  readonly uidValidity: number
  readonly from: readonly number[]
  readonly to: readonly number[]
}

export interface TextSearch {
  readonly scope: 'body' | 'text'
  readonly text: string
}

/** A hint that never says what changed, and stops at `close`. */
export interface Watch {
  close(): void
}

/**
 * UIDs that are passed down are in ascending order without repeats, and may name copies that were expunged meanwhile: those are
 * passed over.
 * Every function may throw `Unavailable`; any other error is a fault.
 */
export interface ImapDoors {
  signIn(o: { userName: string; password: string; remoteAddress: string; protocol: 'imap' }): Promise<SignedIn | Refused>

  /** Throws SignedOut when the person may no longer be signed in, as every other door does. */
  stillSignedIn(who: SignedIn): Promise<void>

  mailboxes(who: SignedIn): Promise<readonly MailboxEntry[]>
  createMailbox(who: SignedIn, name: string): Promise<MailboxEntry | Refused>
  /** Gives what the mailbox was. */
  deleteMailbox(who: SignedIn, name: string): Promise<MailboxEntry | Refused>
  /** Renames a mailbox and those below it; INBOX moves its messages instead (RFC 3501 §6.3.5). */
  renameMailbox(who: SignedIn, from: string, to: string): Promise<null | Refused>
  /** Refuses to subscribe to what is not there, never to end it. */
  subscribe(who: SignedIn, name: string, on: boolean): Promise<null | Refused>
  status(who: SignedIn, name: string): Promise<MailboxStatus | null>
  select(who: SignedIn, name: string): Promise<Selected | null>

  /** What changed above `modseq`; entries from `uidNext` on are new to the session. */
  changesSince(who: SignedIn, mailboxId: string, modseq: bigint, uidNext: number): Promise<Changes>
  /** Touches no content and records nothing. In any order. */
  fetchSummaries(who: SignedIn, mailboxId: string, uids: readonly number[]): AsyncIterable<CopySummary>
  /** Records the hand-over (one record for all `uids`) before any octet is given. */
  open(who: SignedIn, mailboxId: string, uids: readonly number[]): Promise<OpenedCopies>
  /**
   * Stores a message. May refuse before it reads `content`, which then is never asked of the client; throws what `content`
   * throws, with nothing stored.
   * A mailbox that is not there is refused as `mailbox-does-not-exist`.
   */
  append(
    who: SignedIn,
    name: string,
    o: AppendOptions,
    content: AsyncIterable<Buffer>,
  ): Promise<{ uid: number; uidValidity: number } | Refused>
  /**
   * Changes flags and gives every named copy as it is afterwards; one that needed no change keeps its modseq. Refuses, with nothing
   * changed, where a copy would have too many keywords; \Seen and its like are never refused.
   */
  store(who: SignedIn, mailboxId: string, uids: readonly number[], change: FlagChange): Promise<readonly CopyEntry[] | Refused>
  /** Copies what is there of `uids`; with `whole`, all or nothing: refused as `messages-are-gone`. */
  copy(who: SignedIn, mailboxId: string, uids: readonly number[], toName: string, whole: boolean): Promise<Copied | Refused>
  move(who: SignedIn, mailboxId: string, uids: readonly number[], toName: string): Promise<Copied | Refused>
  /** Expunges what bears \Deleted, of all copies (null) or of those named; gives the UIDs that went. */
  expunge(who: SignedIn, mailboxId: string, uids: readonly number[] | null): Promise<readonly number[]>
  /** Which of `uids` hold the text in their body, or in header and body. */
  searchText(who: SignedIn, mailboxId: string, uids: readonly number[], search: TextSearch): Promise<readonly number[]>
  /** Calls `hint` after a change, maybe of another mailbox, maybe without one; the session re-reads by changesSince. */
  watch(who: SignedIn, mailboxId: string, hint: () => void): Watch
}
