// Takes a message that a person is to decide about: one transaction with its evidence, like a delivery, but nobody gets it yet. T19, G05
import { newId } from '#base/ids.ts'
import { faultPoint } from '#base/fault-point.ts'
import type { Refused } from '#base/faults.ts'
import {
  acceptedOf,
  type Decided,
  decidedOf,
  type HolderKeys,
  mailboxKeys,
  type Pending,
  type Result,
  submissionsOf,
} from '#delivery/decided.ts'
import { type BatchParts, deliverBatch } from '#delivery/batches.ts'
import type { Envelope } from '#delivery/envelope.ts'
import { heldBy, insertHold, submissionsHeld } from '#delivery/holds.sql.ts'
import { maxHeldMessages, maxHeldOctets } from '#delivery/limits.ts'
import { type NoticeCopy, noticeCopies } from '#delivery/notice-copy.ts'
import { type HolderFacts, type MemberRecipient, type Outcome, overQuota, tooManyHeld, whyNotSending } from '#delivery/outcome.ts'
import { acceptedBefore, repeated, together } from '#delivery/retries.ts'
import type { Sealed } from '#delivery/seal-message.ts'
import { contentCommitment, type Detail } from '#evidence/leaf.ts'
import { type LockedTargets, lockForDelivery, type PlacedCopy, placeCopies } from '#mailbox/deliver.ts'
import type { Held } from '#policy/verdict.ts'
import { isConflict, isDuplicate, type Transaction } from '#store/database.ts'
import { sql } from '#store/sql.ts'

export interface ToHold {
  /** Its recipients are those who would get it now. */
  readonly pending: Pending
  readonly why: Held
  /** The submitter's own copy, sealed apart: what they delete of theirs must not end what is held. Null for none. */
  readonly own: Sealed | null
}

export type HoldParts = BatchParts & {
  /** After so long, a message that nobody decided about is not delivered. */
  readonly heldMs: number
}

/** What is known of a held message without opening it: sealed beside it. */
export interface HeldAbout {
  readonly v: 1
  readonly envelope: Envelope
  readonly recipients: readonly MemberRecipient[]
  readonly headerOctets: number
  readonly why: Held
  /** What the consignment says of the message. */
  readonly delivered: Detail
}

const mostAttempts = 4
export const placeOfAbout = (id: string) => `hold/${id}`
export const placeOfHeldKey = (message: string) => `held/${message}`

/** Of a retry nothing is left to hold: the others of the envelope were accepted before, and these are refused, with a notice. */
class NothingToHold extends Error {
  readonly refused: Pending['refused']
  constructor(refused: Pending['refused']) {
    super('nothing to hold')
    this.refused = refused
  }
}

/** Holds a message; a retry of what was accepted or held before is recognised, and makes no second one. */
export async function holdMessage(parts: HoldParts, toHold: ToHold): Promise<Result> {
  for (let attempts = 1; ; attempts++) {
    try {
      const result = await parts.database.transaction((tx) => holdOrRepeat(parts, tx, toHold))
      faultPoint('after-commit')
      return result
    } catch (fault) {
      if (fault instanceof NothingToHold) return refuseRest(parts, { ...toHold.pending, recipients: [], refused: fault.refused })
      // A duplicate is its own retry, which was there first.
      if (attempts >= mostAttempts || !(isConflict(fault) || isDuplicate(fault))) throw fault
    }
  }
}

async function holdOrRepeat(parts: HoldParts, tx: Transaction, toHold: ToHold): Promise<Result> {
  const { pending } = toHold
  const known = await acceptedBefore(tx, pending.hashes)
  if (known.size === 0) return take(parts, tx, toHold)
  const before = await repeated(parts.evidence, tx, pending.submitter, known)
  const recipients = pending.recipients.filter(({ address }) => !known.has(address))
  const refused = pending.refused.filter(({ recipient }) => !known.has(recipient.address))
  if (recipients.length + refused.length === 0) return before
  if (recipients.length === 0) throw new NothingToHold(refused)
  const { keep: _, ...rest } = pending // what was accepted before was kept then
  const now = await take(parts, tx, { ...toHold, own: null, pending: { ...rest, recipients, refused } })
  const { reply } = now
  if (reply.kind === 'refused')
    throw new NothingToHold([
      ...recipients.map((recipient) => ({ kind: 'refused' as const, recipient, refusal: reply })),
      ...refused,
    ])
  return together(before, now, recipients.length + refused.length)
}

async function refuseRest(parts: HoldParts, pending: Pending): Promise<Result> {
  const [result] = await deliverBatch(parts, [pending])
  if (result!.status === 'rejected') throw result!.reason
  return result!.value
}

/** When it is held, until when, and under which id. */
interface When {
  readonly id: string
  readonly heldMs: number
  readonly expiresMs: number
}

async function take(parts: HoldParts, tx: Transaction, toHold: ToHold): Promise<Result> {
  const { pending, own } = toHold
  const { submitter, keep } = pending
  const named = keep?.mailbox == null ? [] : [{ holder: submitter, mailbox: keep.mailbox }]
  const [targets, holders] = await Promise.all([
    lockForDelivery(tx, [submitter], named),
    parts.accounts.keepHolders(tx, [submitter]),
  ])
  const isKept = own !== null && keep?.mailbox != null && targets.rows.has(keep.mailbox)
  const used = isKept ? (targets.used(submitter) ?? 0) + own.message.octets : 0
  const refusal = await refusalNow(tx, pending, holders.get(submitter), used)
  const heldMs = parts.clock.now()
  const when = { id: newId(heldMs), heldMs, expiresMs: heldMs + parts.heldMs }
  const one = await decided(parts, toHold, when, refusal)
  if (refusal !== null) {
    parts.evidence.writeAll(tx, one.records)
    return { reply: refusal, placed: [] }
  }
  const receipt = one.records[0]!.id
  const kept = isKept ? [await ownCopy(parts, pending, own, keep.mailbox!, receipt)] : []
  const placed = await write(parts, tx, toHold, one, kept, targets)
  await insert(parts, tx, toHold, { ...when, receipt })
  const { month, id: message } = (own ?? pending.sealed).message
  await keep?.settle(tx, { month, id: message, receipt })
  faultPoint('before-commit')
  return { reply: acceptedOf(one), placed }
}

/** What stands against holding it, under the lock; `used` is what the submitter's mailboxes would hold with their own copy. */
async function refusalNow(
  tx: Transaction,
  { submitter, sealed, envelope }: Pending,
  facts: HolderFacts | undefined,
  used: number,
): Promise<Refused | null> {
  const stopped = whyNotSending(facts?.state)
  if (stopped !== null) return stopped
  const [waiting] = await heldBy(tx, submitter)
  const isTooMuch = waiting!.messages >= maxHeldMessages || waiting!.octets + sealed.message.octets > maxHeldOctets
  if (isTooMuch) return tooManyHeld
  return used > (facts?.quotaOctets ?? 0) ? overQuota(envelope.reversePath ?? 'your own address') : null
}

function decided(parts: HoldParts, { pending, why }: ToHold, when: When, refusal: Refused | null): Promise<Decided> {
  const { id, expiresMs } = when
  const held = pending.recipients.map((recipient): Outcome => ({ kind: 'held', recipient, why, untilMs: expiresMs }))
  const submitted = { ...pending.submitted, ...(refusal === null ? { hold: id, why: why.about } : {}) }
  return decidedOf(parts.evidence, { ...pending, submitted }, [...held, ...pending.refused], refusal)
}

/** Notes the submission, and writes the records, the notice and the submitter's own copy. */
async function write(
  parts: HoldParts,
  tx: Transaction,
  { pending }: ToHold,
  one: Decided,
  kept: readonly NoticeCopy[],
  targets: LockedTargets,
): Promise<readonly PlacedCopy[]> {
  const { submitter, envelope, original, recipients, hashes } = pending
  const { outcomes, records } = one
  const receipt = records[0]!.id
  tx.later(submissionsOf([one], parts.steadyMs(), sql`true`))
  submissionsHeld(
    tx,
    receipt,
    recipients.map(({ address }) => hashes.get(address)!.hash),
  )
  const nowMs = parts.clock.now()
  const notices = await noticeCopies(parts, { submitter, envelope, original, outcomes, receipt, nowMs })
  const keys = await mailboxKeys(parts.keys, [], [submitter])
  const more = [...notices, ...kept]
  parts.evidence.writeAll(tx, [...records, ...more.map(({ record }) => record)])
  return placeCopies(
    tx,
    targets,
    more.map(({ copy }) => copy(keys)),
  )
}

async function insert(
  parts: HoldParts,
  tx: Transaction,
  { pending, why }: ToHold,
  one: When & { readonly receipt: string },
): Promise<void> {
  const { submitter, sealed, original } = pending
  const { month, id: message, octets, summary, content, name } = sealed.message
  const about: HeldAbout = {
    v: 1,
    envelope: pending.envelope,
    recipients: pending.recipients,
    headerOctets: original.head.length,
    why,
    delivered: pending.delivered,
  }
  const [epoch] = await parts.keys.currentFor([submitter], 'held')
  insertHold(tx, {
    ...one,
    submitter,
    month,
    message,
    octets,
    sealedAbout: parts.keys.seal(epoch!, placeOfAbout(one.id), Buffer.from(JSON.stringify(about))),
    summary,
    content,
    name,
    wrappedKey: parts.keys.seal(epoch!, placeOfHeldKey(message), sealed.dataKey.export()),
  })
}

/** The submitter's own copy, and its record, which says what it holds: no consignment will. */
async function ownCopy(
  parts: HoldParts,
  { submitter }: Pending,
  { message, dataKey, digest }: Sealed,
  mailbox: string,
  receipt: string,
): Promise<NoticeCopy> {
  const details = [{ message: message.id, mailbox, octets: message.octets, receipt, content: contentCommitment(digest) }]
  const record = await parts.evidence.prepare({ event: 'MailboxAppend', actor: submitter, about: submitter, details })
  const copy = (keys: HolderKeys) => ({
    holder: submitter,
    mailbox,
    message,
    wrappedKey: parts.keys.seal(keys.get(submitter)!, `copy/${message.id}`, dataKey.export()),
    flags: ['\\Seen'],
    internalDateMs: parts.clock.now(),
  })
  return { record, copy }
}
