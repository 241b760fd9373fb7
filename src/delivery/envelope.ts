// What a face hands to acceptance beside the octets: the envelope (RFC 5321, 3461) and the session it came in.
import type { Warning } from '#policy/verdict.ts'

export type Notify = 'NEVER' | 'SUCCESS' | 'FAILURE' | 'DELAY'

export interface EnvelopeRecipient {
  readonly address: string
  readonly originalRecipient: string | null
  /** Null when the client said nothing: failures are notified then. */
  readonly notify: readonly Notify[] | null
}

export interface Envelope {
  readonly reversePath: string | null
  readonly recipients: readonly EnvelopeRecipient[]
  readonly envid: string | null
  readonly ret: 'FULL' | 'HDRS' | null
  /** An automatic reply of the service's own for the submitter. No face sets it. */
  readonly isAutomaticReply?: true
  /** The draft that webmail sends; no mail program has one. */
  readonly draft?: string
}

export interface SubmissionSession {
  /** As in a Received field: ESMTPSA, UTF8SMTPSA (RFC 3848, 6531). */
  readonly protocol: string
  readonly helo: string
  readonly remoteAddress: string
  readonly tls: string
}

/** What 250 says: responsibility taken, and what became of each recipient. */
export interface Accepted {
  readonly kind: 'accepted'
  /** The id of the SubmissionAcceptance record. */
  readonly receipt: string
  readonly delivered: number
  readonly queued: number
  readonly held: number
  readonly refused: number
  /** A retry of a submission that was accepted before: nothing was delivered again. */
  readonly again: boolean
  /** What the sender is told beside; left out for nothing. */
  readonly warnings?: readonly Warning[]
}
