// The leaf of the record: what is public of an act, in a form that never changes. docs/flow.md, Evidence. docs/decisions/0003-the-leaf.md.
import { hash } from 'node:crypto'
import { randomOctets } from '#base/ids.ts'
import { type Canonical, canonical } from '#evidence/canonical.ts'

/** Every act that is recorded. EN 319 522-1 names where there are any. */
export type EvidenceEvent =
  | 'SubmissionAcceptance' // the service took responsibility; one commitment per recipient
  | 'SubmissionRejection' // a message was refused after its content was seen
  | 'ContentConsignment' // the message is in the recipients' mailboxes; one commitment per recipient
  | 'ContentHandover' // a computer was given the content; one commitment per message
  | 'MessageOpened' // the message was shown to its reader; one commitment per message
  | 'SubmissionRepeated' // a retry after a lost 250 was recognised and not delivered again
  | 'MailboxAppend'
  | 'MailboxCopy'
  | 'MailboxMove'
  | 'MailboxExpunge'
  | 'MailboxCreated'
  | 'MailboxRenamed'
  | 'MailboxDeleted'
  | 'SignIn'
  | 'SignInFailure'
  | 'SignOut'
  | 'OrganisationCreated'
  | 'OrganisationChanged' // its adoption of the scheme or its state
  | 'DomainAdded'
  | 'AddressMappingChanged'
  | 'AccountCreated'
  | 'AccountStateChanged'
  | 'DeviceCredentialIssued'
  | 'DeviceCredentialRevoked'
  | 'LogKeyRotated'
  | 'RootKeyRotated'
  | 'RollbackAccepted'
  | 'DetailDisposed' // what a record said was destroyed; its leaf stays in the tree
  | 'ClockConfirmed'
  | 'SignatureBlockChanged'
  | 'WordingChanged'
  | 'PermitGranted'
  | 'PermitRevoked'
  | 'IncidentOpened'
  | 'IncidentDecided'
  | 'ReleaseProposed' // one officer would release what was destroyed before as above the ceiling
  | 'OfficerAppointed'
  | 'OfficerDismissed'
  | 'IncidentCopyDestroyed' // the key of what was refused for its marking is gone
  | 'MessageReported' // a holder of a message told the Helpdesk of it
  | 'SealProposed' // one officer would seal a message in every mailbox, or open it again
  | 'SealDeclined'
  | 'MessageSealed' // another officer confirmed it: nobody can read it
  | 'MessageUnsealed'
  | 'AwayNoticeChanged'
  | 'AutomaticReplySent' // for somebody who is away
  | 'DirectoryListingChanged' // an account is shown in the directory, or no more
  | 'ReleaseDeclared' // a sender declared why a message may go outside the community
  | 'HoldDecided' // what became of a message that was held; one commitment per recipient
  | 'WarningsAnswered' // a sender was shown them, and sent the message

/**
 * The public part of a record. `actor` and `about` are random ids of parties; commitments are base64 of SHA-256(salt ‖ canonical detail), in the order
 * of their text. Where there is one a recipient, random ones stand among them that nothing opens, so that who sees the leaf cannot count the others.
 */
export interface Leaf {
  readonly v: 1
  readonly id: string
  readonly event: EvidenceEvent
  readonly atMs: number
  readonly actor: string
  readonly about: string
  readonly commitments: readonly string[]
}

export type Detail = { readonly [key: string]: Canonical }
/** A detail with its salt: what opens one commitment. Sealed at rest; a receipt shows one of them. */
export interface Opening {
  readonly salt: string
  readonly detail: Detail
}

const saltOctets = 32

/** Commits to a detail with a fresh 32-octet salt: the commitment for the leaf, and what opens it. */
export function commit(detail: Detail): { commitment: string; opening: Opening } {
  const salt = randomOctets(saltOctets)
  return { commitment: commitmentOf(salt, detail), opening: { salt: salt.toString('base64'), detail } }
}

const oneEachRecipient: ReadonlySet<EvidenceEvent> = new Set([
  'SubmissionAcceptance',
  'SubmissionRejection',
  'ContentConsignment',
  'HoldDecided',
])
const fewest = 4

/** How many commitments a leaf has for so many details: as many; but the next power of two, 4 at least, where there is one a recipient. */
export function commitmentCount(event: EvidenceEvent, details: number): number {
  return oneEachRecipient.has(event) ? Math.max(fewest, 2 ** Math.ceil(Math.log2(details))) : details
}

/** A leaf's commitments: those to its details and what hides their number, in an order that says nothing. */
export function commitmentsOf(event: EvidenceEvent, commitments: readonly string[]): string[] {
  const more = commitmentCount(event, commitments.length) - commitments.length
  return [...commitments, ...Array.from({ length: more }, () => randomOctets(32).toString('base64'))].sort()
}

/** SHA-256(salt ‖ canonical detail), in base64. */
export function commitmentOf(salt: Buffer, detail: Detail): string {
  return hash('sha256', Buffer.concat([salt, Buffer.from(canonical(detail))]), 'base64')
}

/** True when an opening opens one of the leaf's commitments. */
export function opens(leaf: Leaf, opening: Opening): boolean {
  return leaf.commitments.includes(commitmentOf(Buffer.from(opening.salt, 'base64'), opening.detail))
}

/** The octets that are hashed into the tree. */
export function leafOctets(leaf: Leaf): Buffer {
  return Buffer.from(canonical(leaf as unknown as Canonical))
}

/** Commits to content, by its SHA-256, without showing it: SHA-256(salt ‖ digest), both in base64. No unsalted hash of content is kept anywhere. */
export function contentCommitment(digest: Buffer): { salt: string; sha256: string } {
  const salt = randomOctets(saltOctets)
  return { salt: salt.toString('base64'), sha256: hash('sha256', Buffer.concat([salt, digest]), 'base64') }
}
