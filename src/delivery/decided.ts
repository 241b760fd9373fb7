// A submission on its way into the mailboxes: what was decided of it, its records, its copies, and the answer. docs/flow.md, The life of a message.
import type { Refused } from '#base/faults.ts'
import type { Accepted, Envelope } from '#delivery/envelope.ts'
import type { Original } from '#delivery/notices.ts'
import type { MemberRecipient, Outcome } from '#delivery/outcome.ts'
import type { RecipientHashes } from '#delivery/retries.ts'
import type { Sealed } from '#delivery/seal-message.ts'
import { submissionsNoted } from '#delivery/submissions.sql.ts'
import type { Detail } from '#evidence/leaf.ts'
import type { Evidence, PreparedRecord } from '#evidence/record.ts'
import { type EpochKey, theService } from '#keys/epoch.ts'
import type { Keys } from '#keys/keys.ts'
import type { DirectCopy, PlacedCopy } from '#mailbox/deliver.ts'
import type { Transaction } from '#store/database.ts'
import { type Query, pack } from '#store/sql.ts'

/** A copy for the submitter's own, made in the transaction that delivers: all of it happens, or nothing. */
export interface Keep {
  /** The id of one of their mailboxes; null, or one that is gone, makes no copy. */
  readonly mailbox: string | null
  /** What else is to be true when the message is accepted; its fault undoes the delivery. */
  settle(tx: Transaction, kept: { month: number; id: string; receipt: string }): Promise<void>
}

/** A submission that was judged, scanned and sealed, and waits for its transaction. */
export interface Pending {
  readonly hashes: RecipientHashes
  /** Others of the envelope were accepted before: that none of these is delivered refuses nothing, and is notified. */
  readonly isRest?: boolean
  readonly submitter: string
  readonly envelope: Envelope
  readonly recipients: readonly MemberRecipient[]
  readonly refused: readonly Extract<Outcome, { kind: 'refused' }>[]
  readonly sealed: Sealed
  readonly original: Original
  /** What every recipient's commitment says of the message and its submitter, as submitted and as delivered. */
  readonly submitted: Detail
  readonly delivered: Detail
  readonly keep?: Keep
}

export interface Result {
  readonly reply: Accepted | Refused
  /** Where copies went, for the hints after the commit. */
  readonly placed: readonly PlacedCopy[]
}

export interface Decided {
  readonly pending: Pending
  readonly outcomes: readonly Outcome[]
  readonly refusal: Refused | null
  readonly records: readonly PreparedRecord[]
}

/** Makes what was decided of one message ready to be written: its records, by its outcomes. */
export async function decidedOf(
  evidence: Evidence,
  pending: Pending,
  outcomes: readonly Outcome[],
  refusal: Refused | null,
): Promise<Decided> {
  const detailOf = (outcome: Outcome): Detail => ({
    ...pending.submitted,
    recipient: outcome.recipient.address,
    outcome: refusal === null ? outcome.kind : 'refused',
    ...(outcome.kind === 'refused' ? { clause: outcome.refusal.clause, reason: outcome.refusal.reason } : {}),
  })
  const event = refusal === null ? 'SubmissionAcceptance' : 'SubmissionRejection'
  const by = { actor: pending.submitter, about: pending.submitter }
  const records = [await evidence.prepare({ event, ...by, details: outcomes.map(detailOf) })]
  const delivered = outcomes.filter((one) => one.kind === 'delivered')
  if (refusal === null && delivered.length > 0) {
    const details = delivered.map(({ recipient }) => ({
      ...pending.delivered,
      receipt: records[0]!.id,
      recipient: recipient.address,
      holder: recipient.holder,
    }))
    records.push(await evidence.prepare({ event: 'ContentConsignment', actor: theService, about: pending.submitter, details }))
  }
  return { pending, outcomes, refusal, records }
}

/** What the peer is told of one that was taken; it counts mailboxes. */
export function acceptedOf({ pending, outcomes, records }: Decided): Accepted {
  const count = (kind: Outcome['kind']) =>
    new Set(outcomes.flatMap((one) => (one.kind === kind ? [pending.hashes.get(one.recipient.address)!.mailbox] : []))).size
  const counts = { delivered: count('delivered'), queued: 0, held: count('held'), refused: count('refused') }
  return { kind: 'accepted', receipt: records[0]!.id, ...counts, again: false }
}

/** The statement that notes the recipients of the accepted ones: it fails when one of them is a retry. */
export function submissionsOf(taken: readonly Decided[], acceptedMs: number, gate: Query): Query {
  const noted = taken.flatMap(({ pending, outcomes, records }) =>
    outcomes.map(({ recipient, kind }) => ({
      hash: pending.hashes.get(recipient.address)!.hash,
      receipt: records[0]!.id,
      delivered: kind === 'delivered',
    })),
  )
  const rows = { receipts: noted.map((one) => one.receipt), delivered: noted.map((one) => one.delivered), acceptedMs }
  return submissionsNoted(pack(noted.map((one) => one.hash)), rows, gate)
}

export type HolderKeys = ReadonlyMap<string, EpochKey>

/** The mailbox keys of all that are delivered to, and of some more holders. */
export async function mailboxKeys(keys: Keys, taken: readonly Decided[], more: readonly string[]): Promise<HolderKeys> {
  const holders = new Set(more)
  for (const { outcomes } of taken)
    for (const outcome of outcomes) if (outcome.kind === 'delivered') holders.add(outcome.recipient.holder)
  const found = await keys.currentFor([...holders], 'mailbox')
  return new Map(found.map((key) => [key.holder, key]))
}

/** One copy a holder, however many of its addresses the envelope names. */
export function copiesOf(
  { pending, outcomes }: Decided,
  holderKeys: HolderKeys,
  keys: Keys,
  internalDateMs: number,
): DirectCopy[] {
  const { message, dataKey } = pending.sealed
  const holders = new Set(outcomes.flatMap((outcome) => (outcome.kind === 'delivered' ? [outcome.recipient.holder] : [])))
  return [...holders].map((holder) => ({
    holder,
    use: 'inbox',
    message,
    wrappedKey: keys.seal(holderKeys.get(holder)!, `copy/${message.id}`, dataKey.export()),
    flags: [],
    internalDateMs,
  }))
}
