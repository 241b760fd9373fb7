// What the submission face needs from below. main.ts passes the real functions; tests pass doors.test-support.ts.
import type { Refused } from '#base/faults.ts'
import type { Address } from '#mail/address.ts'

export interface SmtpDoors {
  /** Who this is, or why not. Reason `sign-in-failed` answers 535 and counts as a guess; `computer-is-in-use` answers 454 and does not (G17). */
  signIn(attempt: SignInAttempt): Promise<SignedIn | Refused>
  /** Whether this person may use this reverse-path (null is `<>`). */
  admitReversePath(who: SignedIn, reversePath: Address | null): Promise<Refused | null>
  /** Whether this recipient may be written to, and what the sender is to know of it; asked again of all of them in `accept`. */
  admitRecipient(who: SignedIn, envelope: Envelope, recipient: Recipient): Promise<Refused | RecipientNote | null>
  newSpool(): Spool
  /** Takes the message or refuses it. From this call on the spool is its own, whatever the outcome. Throws Unavailable for 451. */
  accept(who: SignedIn, envelope: Envelope, content: Spool, session: SubmissionSession): Promise<Accepted | Refused>
}

/** What 250 says of a recipient that is taken. */
export interface RecipientNote {
  readonly kind: 'warning'
  readonly clause: string
  readonly about: string
  readonly remedy: string
}

export interface SignInAttempt {
  readonly userName: string
  readonly password: string
  readonly remoteAddress: string
  readonly protocol: 'submission'
}

/** The signed-in person; what else there is of it is opaque to the face. */
export interface SignedIn {
  readonly account: string
  readonly address: string
  readonly computer: string
}

/** Where content goes, octet for octet as submitted and without SMTP's framing. */
export interface Spool {
  /** Octets written. */
  readonly size: number
  /** Takes a piece; its memory is the spool's from then on. */
  write(piece: Buffer): Promise<void>
  /** Forgets everything. */
  abandon(): Promise<void>
}

/** RFC 5321 §2.3.1 with the parameters of the extensions that we offer. */
export interface Envelope {
  readonly reversePath: string | null
  readonly recipients: readonly Recipient[]
  readonly body: '7BIT' | '8BITMIME' | 'BINARYMIME'
  readonly smtputf8: boolean
  readonly declaredOctets: number | null
  readonly envid: string | null
  readonly ret: 'FULL' | 'HDRS' | null
}

export type Notify = 'NEVER' | 'SUCCESS' | 'FAILURE' | 'DELAY'

export interface Recipient {
  readonly address: string
  /** As ORCPT gave it, decoded: `rfc822;name@example.test`. */
  readonly originalRecipient: string | null
  readonly notify: readonly Notify[] | null
}

/** What trace fields and records say of the session (RFC 5321 §4.4, RFC 3848). */
export interface SubmissionSession {
  readonly protocol: 'ESMTPSA' | 'UTF8SMTPSA'
  readonly helo: string
  readonly remoteAddress: string
  readonly tls: string
}

export interface Accepted {
  readonly kind: 'accepted'
  readonly receipt: string
  /** Recipients by outcome. */
  readonly delivered: number
  readonly queued: number
  readonly held: number
  readonly refused: number
  /** A retry of a message that was accepted before: nothing was sent twice. */
  readonly again: boolean
  /** What the sender is told beside; left out for nothing. */
  readonly warnings?: readonly { readonly clause: string; readonly about: string; readonly remedy: string }[]
}

/** Tells a refusal from what a door gives otherwise. */
export function isRefused(answer: object | null): answer is Refused {
  return answer !== null && 'kind' in answer && answer.kind === 'refused'
}
