// The one transaction: submissions that arrive together are delivered, noted and recorded together, and only then answered. docs/flow.md, The life of a message.
import type { Clock } from '#base/clock.ts'
import { faultPoint } from '#base/fault-point.ts'
import type { Refused } from '#base/faults.ts'
import type { Accepted, Envelope } from '#delivery/envelope.ts'
import { type HolderFacts, type MemberRecipient, type Outcome, outcomesOf, sendingIsSuspended } from '#delivery/outcome.ts'
import { type newNotices, type Original, toBeNotified } from '#delivery/notices.ts'
import type { Sealed } from '#delivery/seal-message.ts'
import { insertSubmissions, submissionByHash } from '#delivery/submissions.sql.ts'
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
  readonly hash: Buffer
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
  for (let attempts = 1; ; attempts++) {
    try {
      return await alone(withNotices)
    } catch (fault) {
      if (isDuplicate(fault)) return parts.database.transaction((tx) => repeated(parts.evidence, tx, pending))
      if (fault instanceof NoticeIsDue) withNotices = true
      else if (!isConflict(fault) || attempts >= mostAttempts) throw fault
    }
  }
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
  const results: Result[] = []
  const records: PreparedRecord[] = []
  const notices = withNotices ? (await Promise.all(taken.map((one) => composeNotices(parts, one)))).flat() : []
  const keys = await mailboxKeys(parts.keys, taken, notices)
  noteSubmissions(tx, taken, parts.steadyMs())
  const copies = taken.flatMap((one) => copiesOf(one, keys, parts.keys, parts.clock.now()))
  const placed = placeCopies(tx, targets, [...copies, ...notices.map((notice) => notice.copy(keys))])
  for (const one of decided) {
    // What would be refused now may have been accepted before: its retry gets the answer that was lost.
    const again = one.refusal === null ? null : await repeatedIfAny(parts.evidence, tx, one.pending)
    if (again === null) records.push(...one.records)
    results.push(again ?? { reply: one.refusal ?? acceptedOf(one), placed: one.refusal === null ? placed : [] })
  }
  parts.evidence.writeAll(tx, [...records, ...notices.map((notice) => notice.record)])
  faultPoint('before-commit')
  return results
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
  const refusal = suspended ? sendingIsSuspended : delivered.length === 0 ? firstRefusal(outcomes) : null
  const detailOf = (outcome: Outcome): Detail => ({
    ...pending.submitted,
    recipient: outcome.recipient.address,
    outcome: refusal === null ? outcome.kind : 'refused',
    ...(outcome.kind === 'refused' ? { clause: outcome.refusal.clause, reason: outcome.refusal.reason } : {}),
  })
  const event = refusal === null ? 'SubmissionAcceptance' : 'SubmissionRejection'
  const submission: Act = { event, actor: pending.submitter, about: pending.submitter, details: outcomes.map(detailOf) }
  const records = [await evidence.prepare(submission)]
  if (refusal === null) {
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

/** Notes the accepted ones under their hashes; the transaction fails when one of them is a retry. */
function noteSubmissions(tx: Transaction, taken: readonly Decided[], acceptedMs: number): void {
  if (taken.length === 0) return
  insertSubmissions(tx, pack(taken.map((one) => one.pending.hash)), {
    receipts: taken.map((one) => one.records[0]!.id),
    delivered: taken.map((one) => count(one, 'delivered')),
    refused: taken.map((one) => count(one, 'refused')),
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

/** The answer that a retry's first got, recorded as repeated; null when there was none. */
export async function repeatedIfAny(
  evidence: Evidence,
  tx: Transaction,
  { hash, submitter }: Pick<Pending, 'hash' | 'submitter'>,
): Promise<Result | null> {
  const [first] = await submissionByHash(tx, hash)
  if (first === undefined) return null
  await evidence.write(tx, {
    event: 'SubmissionRepeated',
    actor: submitter,
    about: submitter,
    details: [{ receipt: first.receipt }],
  })
  return { reply: { kind: 'accepted', queued: 0, held: 0, ...first, again: true }, placed: [] }
}

async function repeated(evidence: Evidence, tx: Transaction, pending: Pending): Promise<Result> {
  const result = await repeatedIfAny(evidence, tx, pending)
  if (result === null) throw new Error('a submission is noted and cannot be found')
  return result
}
