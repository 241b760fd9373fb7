// What the rules may know: facts gathered by delivery/accept.ts, so that a rule reads no message and no database. G01, G03,
// G05–G07.
import type { Unread, Where } from '#mail/documents/place.ts'
import type { HandlingAsked, PassedOn } from '#policy/handling-asked.ts'
import type { Automation, PermitFacts } from '#policy/automation.ts'
import type { BlockStanding, Wording } from '#policy/signature-block.ts'
import type { IntegrityFacts } from '#policy/integrity.ts'
import type { Marking } from '#policy/marking.ts'
import type { RecipientRelease, ReleaseFacts } from '#policy/release.ts'

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
  /** Every marking in what is attached: names, documents, archives, nested messages. */
  readonly attached: readonly AttachedMarking[]
  /** What is attached and could not be looked through. */
  readonly unread: readonly UnreadAttachment[]
  /** What the counting of archives and the scanner could not look into, beside what `unread` names. */
  readonly unscannable: readonly Unscannable[]
  /** How many X-Protective-Marking fields stand in the header, readable or not: we never write a second one. */
  readonly protectiveMarkingFields: number
  /** How many SIO-Label fields stand in the header. */
  readonly labelFields: number
  /** The markings that head what the text quotes or passes on: they came with earlier messages. */
  readonly quoted: readonly FoundMarking[]
  /** The reasons given for marking it lower than what it answers or passes on, one for each field that gives one. */
  readonly lowering: readonly string[]
  /** What the sender asks for beyond the minimum; null where that cannot be understood. */
  readonly handling: HandlingAsked | null
  /** Address keys of recipients whom To and Cc do not name; left out for none. */
  readonly blind?: readonly string[]
  /** What the senders asked for of messages that are attached or quoted. */
  readonly passedOn: readonly PassedOn[]
  /** True where nobody could read it any more: its last day is past. */
  readonly accessHasEnded?: true
  /** What the submitter's organisation words and chooses for itself. */
  readonly wording: Wording
  /** Whether a signature block ends the message; `missing` where one alternative lacks it and can be given it. */
  readonly block: BlockStanding
  /** How what is quoted or attached compares with what the submitter received; null where it is nothing of theirs. */
  readonly integrity: IntegrityFacts | null
  /** Why something that it quotes or attaches is not to be passed on: the Helpdesk sealed it, or its holder said that it is above the ceiling. */
  readonly stopped?: 'sealed' | 'told-above'
  /** Whether a machine says that it sends this, and the permit that there is for it: null where none is. */
  readonly automation: Automation
  readonly permit: PermitFacts | null
  /** Null where nobody outside the community is named. */
  readonly release: ReleaseFacts | null
  /** True where an officer of the Helpdesk found that this content of this submitter is not above the ceiling (G05). */
  readonly isReleased?: boolean
  /** An officer found the same content to be above the ceiling, and destroyed its copy. */
  readonly isFoundAbove?: boolean
  /** The header names an earlier message (`namesAnEarlier`): its subject and marking fields may come from that one. */
  readonly isReply: boolean
  /** The subject begins with Fw: or Fwd:, so that what is attached may have come with another message. */
  readonly isForward: boolean
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
  /** False where the sender named readers, and this is none of them; not known at RCPT. */
  readonly isNamedReader?: boolean
  /** False where something is quoted or attached that its sender asked nobody else to have; not known at RCPT. */
  readonly mayHaveOriginal?: boolean
  /** What somebody outside may be sent; not known at RCPT. */
  readonly release?: RecipientRelease
}

/** `original` is the head of one that the text shows to begin there; `quoted` may be any line of one that somebody cites. */
export type Carrier = 'x-protective-marking' | 'sio-label' | 'subject' | 'banner' | 'quoted' | 'original' | 'attachment'

export interface FoundMarking {
  readonly marking: Marking
  readonly carrier: Carrier
  /**
   * `inherited` where its place shows that it came with an earlier message: behind Re: or Fw:, or in the text below an original.
   */
  readonly origin: 'originated' | 'inherited'
  /** The matched marking only, never the rest of the subject or body; at most 200 characters. */
  readonly line: string
  /** It came with a message of which an officer of the Helpdesk found that it is not above the ceiling (G05). */
  readonly isReleased?: true
}

/** A marking in an attachment, and the place in it. */
export interface AttachedMarking extends FoundMarking {
  readonly where: Where
  /** File names from the attachment's own inwards. */
  readonly path: readonly string[]
}

/** Something that is over a limit, encrypted, or made so that nobody can say what it holds. */
export interface Unscannable {
  /** The attachment's name; empty where that is not known. */
  readonly path: readonly string[]
  readonly why: 'encrypted' | 'too large' | 'malformed' | 'closed'
}

export interface UnreadAttachment {
  readonly path: readonly string[]
  readonly why: Unread
}
