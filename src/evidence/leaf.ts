// The leaf of the record: what is public of an act, in a form that never changes. design.md, Evidence. docs/decisions/0003-the-leaf.md.
import { hash } from 'node:crypto'
import { randomOctets } from '#base/ids.ts'
import { type Canonical, canonical } from '#evidence/canonical.ts'

/** Every act that is recorded. EN 319 522-1 names where there are any. */
export type EvidenceEvent =
  | 'SubmissionAcceptance' // the service took responsibility; one commitment per recipient
  | 'SubmissionRejection' // a message was refused after its content was seen
  | 'ContentConsignment' // the message is in the recipients' mailboxes; one commitment per recipient
  | 'ContentHandover' // a computer was given the content; one commitment per message
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
  | 'OrganisationCreated'
  | 'DomainAdded'
  | 'AddressMappingChanged'
  | 'AccountCreated'
  | 'AccountStateChanged'
  | 'DeviceCredentialIssued'
  | 'DeviceCredentialRevoked'

/** The public part of a record. `actor` and `about` are random ids of parties; commitments are base64 of SHA-256(salt ‖ canonical detail). */
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
