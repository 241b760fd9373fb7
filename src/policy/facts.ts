// What the rules may know: facts gathered by delivery/accept.ts, so that a rule reads no message and no database. G01, G03,
// G05–G07.
import type { Marking } from '#policy/marking.ts'

export interface SubmissionFacts {
  readonly submitter: SubmitterFacts
  /** Address key of MAIL FROM; null for `<>`. */
  readonly reversePath: string | null
  /** Address keys of the one From field; null where it could not be read in one way. */
  readonly from: readonly string[] | null
  readonly fromFields: number
  /** Address keys of the one Sender field; null where there is none or it could not be read in one way. */
  readonly sender: readonly string[] | null
  readonly senderFields: number
  readonly recipients: readonly RecipientFacts[]
  /** Every marking that `findMarkings` read, in its order. */
  readonly markings: readonly FoundMarking[]
  /** How many X-Protective-Marking fields stand in the header, readable or not: we never write a second one. */
  readonly protectiveMarkingFields: number
  /** In-Reply-To or References stand in the header: its subject and marking fields may come from the message that it answers. */
  readonly isReply: boolean
}

export interface SubmitterFacts {
  readonly address: string
  /** Address keys that are theirs to use in From, Sender and the reverse-path. */
  readonly mayUse: readonly string[]
  /** The organisation's name. */
  readonly organisation: string
  /** Whether the organisation adopted the Government Protective Marking Scheme. */
  readonly adopter: boolean
}

export interface RecipientFacts {
  readonly address: string
  /** A suspended member is a `member`: it receives, and no sender can tell (G02). */
  readonly standing: 'member' | 'unknown' | 'removed' | 'outside' | 'server-organisation'
}

export type Carrier = 'x-protective-marking' | 'sio-label' | 'subject' | 'banner'

export interface FoundMarking {
  readonly marking: Marking
  readonly carrier: Carrier
  /**
   * `inherited` where its place shows that it came with an earlier message: behind Re: or Fw:, or in the text below an original.
   */
  readonly origin: 'originated' | 'inherited'
  /** The matched marking only, never the rest of the subject or body; at most 200 characters. */
  readonly line: string
}
