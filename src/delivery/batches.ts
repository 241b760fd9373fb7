// The one transaction: submissions that arrive together are delivered, noted and recorded together, and only then answered. docs/flow.md, The life of a message.
import type { Clock } from '#base/clock.ts'
import { faultPoint } from '#base/fault-point.ts'
import type { Refused } from '#base/faults.ts'
import type { Accepted, Envelope } from '#delivery/envelope.ts'
import { type HolderFacts, type MemberRecipient, type Outcome, outcomesOf, sendingIsSuspended } from '#delivery/outcome.ts'
import { type newNotices, type Original, toBeNotified } from '#delivery/notices.ts'
import type { Sealed } from '#delivery/seal-message.ts'
import { acceptedBefore, type RecipientHashes, repeated, together } from '#delivery/retries.ts'
import { insertNoted } from '#delivery/submissions.sql.ts'
import { type Detail, contentCommitment } from '#evidence/leaf.ts'
import type { Act, Evidence, PreparedRecord } from '#evidence/record.ts'
import type { Accounts } from '#identity/accounts.ts'
import { type EpochKey, theService } from '#keys/epoch.ts'
import type { Keys } from '#keys/keys.ts'
import { type NewCopy, type PlacedCopy, lockForDelivery, placeCopies } from '#mailbox/deliver.ts'
import { type Database, isConflict, isDuplicate, type Transaction } from '#store/database.ts'
import { pack } from '#store/sql.ts'

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
}

export interface Result {
  readonly reply: Accepted | Refused
  /** Where copies went, for the hints after the commit. */
  readonly placed: readonly PlacedCopy[]
}

/** After so long, messages of a failed batch are no longer tried one by one. */
const singlyWithinMs = 10_000
/** How often a message is tried whose transaction was undone for the sake of another (a deadlock). */
const mostAttempts = 4

/** A notice turned out to be due, for which the submitter's INBOX was not locked: the message is taken again, by itself, with it. */
class NoticeIsDue extends Error {}
/** What would be refused now was accepted before, for some recipients at least: its retry gets the answer that was lost. */
class IsRetry extends Error {}

export interface BatchParts {
  readonly database: Database
  readonly accounts: Accounts
  readonly evidence: Evidence
  readonly keys: Keys
  readonly clock: Clock
  /** Wall time that does not follow jumps: what a retry is recognised by must not expire early because of one. */
  readonly steadyMs: () => number
  readonly composeNotice: ReturnType<typeof newNotices>
}

/** Delivers a batch in one transaction; when it fails, each message by itself, so that none suffers for its neighbour. A result is a reply or the fault. */
export async function deliverBatch(parts: BatchParts, batch: readonly Pending[]): Promise<PromiseSettledResult<Result>[]> {
  if (batch.length > 1) {
    try {
      const results = await parts.database.transaction((tx) => deliver(parts, tx, batch, false))
      faultPoint('after-commit')
      return results.map((value) => ({ status: 'fulfilled', value }))
    } catch {
      // Each is taken by itself below, where its fault is its own.
    }
  }
  const results: PromiseSettledResult<Result>[] = []
  const beganMs = parts.clock.monotonic()
  for (const one of batch) {
    // A database that hangs is waited for once, not once a message: the rest are told what the last one was told.
    const last = results.at(-1)
    const hangs = last?.status === 'rejected' && parts.clock.monotonic() - beganMs > singlyWithinMs
    results.push(...(hangs ? [last] : await Promise.allSettled([deliverOne(parts, one)])))
  }
  return results
}

async function deliverOne(parts: BatchParts, pending: Pending): Promise<Result> {
  const alone = async (withNotices: boolean) => {
    const [result] = await parts.database.transaction((tx) => deliver(parts, tx, [pending], withNotices))
    faultPoint('after-commit')
    return result!
  }
  let withNotices = false
  let isRetry = false
  for (let attempts = 1; ; attempts++) {
    try {
      return await (isRetry ? deliverRest(parts, pending) : alone(withNotices))
    } catch (fault) {
      if (!isRetry && (isDuplicate(fault) || fault instanceof IsRetry)) isRetry = true
      else if (fault instanceof NoticeIsDue) withNotices = true
      else if (!isConflict(fault) || attempts >= mostAttempts) throw fault
    }
  }
}

/** Answers a retry: what was accepted before counts as it did then, and only the rest is delivered. */
function deliverRest(parts: BatchParts, pending: Pending): Promise<Result> {
  return parts.database.transaction(async (tx) => {
    const known = await acceptedBefore(tx, pending.hashes)
    if (known.size === 0) return (await deliver(parts, tx, [pending], true))[0]!
    const before = await repeated(parts.evidence, tx, pending.submitter, known)
    const recipients = pending.recipients.filter(({ address }) => !known.has(address))
    const refused = pending.refused.filter(({ recipient }) => !known.has(recipient.address))
    if (recipients.length + refused.length === 0) return before
    const [now] = await deliver(parts, tx, [{ ...pending, recipients, refused, isRest: true }], true)
    return together(before, now!, recipients.length + refused.length)
  })
}

interface Decided {
  readonly pending: Pending
  readonly outcomes: readonly Outcome[]
  readonly refusal: Refused | null
  readonly records: readonly PreparedRecord[]
}

async function deliver(parts: BatchParts, tx: Transaction, batch: readonly Pending[], withNotices: boolean): Promise<Result[]> {
  const recipients = [...new Set(batch.flatMap((one) => one.recipients.map((recipient) => recipient.holder)))]
  const submitters = [...new Set(batch.map((one) => one.submitter))]
  const asked = [...new Set([...recipients, ...submitters])]
  const [targets, holders] = await Promise.all([
    lockForDelivery(tx, withNotices ? asked : recipients),
    parts.accounts.holdersById(tx, asked),
  ])
  const used = new Map<string, number>()
  const decided: Decided[] = []
  for (const pending of batch) {
    const outcomes = [
      ...outcomesOf(pending.recipients, pending.sealed.message.octets, holders, targets, used),
      ...pending.refused,
    ]
    decided.push(await decide(parts.evidence, pending, outcomes, holders))
  }
  const taken = decided.filter((one) => one.refusal === null)
  if (!withNotices && taken.some(({ outcomes }) => toBeNotified(outcomes).length > 0)) throw new NoticeIsDue()
  const notices = withNotices ? (await Promise.all(taken.map((one) => composeNotices(parts, one)))).flat() : []
  const keys = await mailboxKeys(parts.keys, taken, notices)
  for (const one of decided) {
    if (one.refusal !== null && !one.pending.isRest && (await acceptedBefore(tx, one.pending.hashes)).size > 0)
      throw new IsRetry()
  }
  noteSubmissions(tx, taken, parts.steadyMs())
  const copies = taken.flatMap((one) => copiesOf(one, keys, parts.keys, parts.clock.now()))
  const placed = placeCopies(tx, targets, [...copies, ...notices.map((notice) => notice.copy(keys))])
  parts.evidence.writeAll(tx, [...decided.flatMap((one) => one.records), ...notices.map((notice) => notice.record)])
  faultPoint('before-commit')
  return decided.map((one) => ({ reply: one.refusal ?? acceptedOf(one), placed: one.refusal === null ? placed : [] }))
}

/** Judges one message as a whole and makes its records ready. */
async function decide(
  evidence: Evidence,
  pending: Pending,
  outcomes: readonly Outcome[],
  holders: ReadonlyMap<string, HolderFacts>,
): Promise<Decided> {
  const delivered = outcomes.filter((one) => one.kind === 'delivered')
  const suspended = holders.get(pending.submitter)?.state !== 'active'
  const refusal = suspended ? sendingIsSuspended : delivered.length === 0 && !pending.isRest ? firstRefusal(outcomes) : null
  const detailOf = (outcome: Outcome): Detail => ({
    ...pending.submitted,
    recipient: outcome.recipient.address,
    outcome: refusal === null ? outcome.kind : 'refused',
    ...(outcome.kind === 'refused' ? { clause: outcome.refusal.clause, reason: outcome.refusal.reason } : {}),
  })
  const event = refusal === null ? 'SubmissionAcceptance' : 'SubmissionRejection'
  const submission: Act = { event, actor: pending.submitter, about: pending.submitter, details: outcomes.map(detailOf) }
  const records = [await evidence.prepare(submission)]
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

/** A refusal for all: a transient one only when every one is. */
function firstRefusal(outcomes: readonly Outcome[]): Refused | null {
  const refusals = outcomes.flatMap((one) => (one.kind === 'refused' ? [one.refusal] : []))
  return refusals.find((one) => one.reason !== 'over-quota') ?? refusals[0] ?? null
}

const count = (one: Decided, kind: Outcome['kind']) => one.outcomes.filter((outcome) => outcome.kind === kind).length

/** Notes the recipients of the accepted ones; the transaction fails when one of them is a retry. An address that an envelope names twice is one. */
function noteSubmissions(tx: Transaction, taken: readonly Decided[], acceptedMs: number): void {
  const noted = taken.flatMap(({ pending, outcomes, records }) => {
    const kinds = new Map(outcomes.map(({ recipient, kind }) => [pending.hashes.get(recipient.address)!.toString('hex'), kind]))
    return [...kinds].map(([hash, kind]) => ({
      hash: Buffer.from(hash, 'hex'),
      receipt: records[0]!.id,
      delivered: kind === 'delivered',
    }))
  })
  if (noted.length === 0) return
  insertNoted(tx, pack(noted.map((one) => one.hash)), {
    receipts: noted.map((one) => one.receipt),
    delivered: noted.map((one) => one.delivered),
    acceptedMs,
  })
}

type HolderKeys = ReadonlyMap<string, EpochKey>

async function mailboxKeys(keys: Keys, taken: readonly Decided[], notices: readonly Notice[]): Promise<HolderKeys> {
  const holders = new Set(
    taken.flatMap((one) => one.outcomes.flatMap((outcome) => (outcome.kind === 'delivered' ? [outcome.recipient.holder] : []))),
  )
  for (const notice of notices) holders.add(notice.holder)
  const found = await keys.currentFor([...holders], 'mailbox')
  return new Map(found.map((key) => [key.holder, key]))
}

/** One copy a holder, however many of its addresses the envelope names. */
function copiesOf({ pending, outcomes }: Decided, holderKeys: HolderKeys, keys: Keys, internalDateMs: number): NewCopy[] {
  const { message, dataKey } = pending.sealed
  const holders = new Set(outcomes.flatMap((outcome) => (outcome.kind === 'delivered' ? [outcome.recipient.holder] : [])))
  return [...holders].map((holder) => ({
    holder,
    mailbox: null,
    message,
    wrappedKey: keys.seal(holderKeys.get(holder)!, `copy/${message.id}`, dataKey.export()),
    flags: [],
    internalDateMs,
  }))
}

interface Notice {
  readonly holder: string
  readonly record: PreparedRecord
  copy(keys: HolderKeys): NewCopy
}

async function composeNotices(parts: BatchParts, { pending, outcomes, records }: Decided): Promise<Notice[]> {
  const due = toBeNotified(outcomes)
  if (due.length === 0 || pending.envelope.reversePath === null) return []
  const sealed = await parts.composeNotice(pending.envelope, pending.original, due)
  const { id: message, octets } = sealed.message
  const delivered = contentCommitment(sealed.digest)
  const details = [{ message, notice: true, receipt: records[0]!.id, holder: pending.submitter, delivered, octets }]
  const record = await parts.evidence.prepare({
    event: 'ContentConsignment',
    actor: theService,
    about: pending.submitter,
    details,
  })
  const copy = (keys: HolderKeys): NewCopy => ({
    holder: pending.submitter,
    mailbox: null,
    message: sealed.message,
    wrappedKey: parts.keys.seal(keys.get(pending.submitter)!, `copy/${sealed.message.id}`, sealed.dataKey.export()),
    flags: [],
    internalDateMs: parts.clock.now(),
  })
  return [{ holder: pending.submitter, record, copy }]
}

function acceptedOf(one: Decided): Accepted {
  const counts = { delivered: count(one, 'delivered'), queued: 0, held: 0, refused: count(one, 'refused') }
  return { kind: 'accepted', receipt: one.records[0]!.id, ...counts, again: false }
}
