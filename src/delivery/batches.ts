// The one transaction: submissions that arrive together are delivered, noted and recorded together, and only then answered. docs/flow.md, The life of a message.
import type { Clock } from '#base/clock.ts'
import { faultPoint } from '#base/fault-point.ts'
import type { Refused } from '#base/faults.ts'
import { deliverAtOnce, isPlain } from '#delivery/at-once.ts'
import {
  acceptedOf,
  copiesOf,
  type Decided,
  decidedOf,
  type HolderKeys,
  mailboxKeys,
  type Pending,
  type Result,
  submissionsOf,
} from '#delivery/decided.ts'
import { type HolderFacts, type Outcome, outcomesOf, overQuota, whyNotSending } from '#delivery/outcome.ts'
import { noticeCopies } from '#delivery/notice-copy.ts'
import { type newNotices, toBeNotified } from '#delivery/notices.ts'
import { acceptedBefore, repeated, together } from '#delivery/retries.ts'
import type { Evidence } from '#evidence/record.ts'
import type { Accounts } from '#identity/accounts.ts'
import type { Keys } from '#keys/keys.ts'
import { type LockedTargets, type NewCopy, lockForDelivery, placeCopies } from '#mailbox/deliver.ts'
import { type Database, isConflict, isDuplicate, type Transaction } from '#store/database.ts'
import { sql } from '#store/sql.ts'

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

/** Delivers a batch: what is plain at once, and each of the others, or all when that fails, by itself, so that none suffers for its neighbour. A result is a reply or the fault. */
export async function deliverBatch(parts: BatchParts, batch: readonly Pending[]): Promise<PromiseSettledResult<Result>[]> {
  const done = await plainOnes(parts, batch.filter(isPlain))
  const results: PromiseSettledResult<Result>[] = []
  const beganMs = parts.clock.monotonic()
  for (const one of batch) {
    const value = done.get(one)
    if (value !== undefined) {
      results.push({ status: 'fulfilled', value })
      continue
    }
    // A database that hangs is waited for once, not once a message: the rest are told what the last one was told.
    const last = results.at(-1)
    const hangs = last?.status === 'rejected' && parts.clock.monotonic() - beganMs > singlyWithinMs
    results.push(...(hangs ? [last] : await Promise.allSettled([deliverOne(parts, one)])))
  }
  return results
}

/** The results of those that could be delivered at once: all of them, or none. */
async function plainOnes(parts: BatchParts, plain: readonly Pending[]): Promise<Map<Pending, Result>> {
  if (plain.length === 0) return new Map()
  try {
    const results = await deliverAtOnce(parts, plain)
    return new Map((results ?? []).map((result, index) => [plain[index]!, result]))
  } catch {
    return new Map() // Each is taken by itself then, where its fault is its own.
  }
}

async function deliverOne(parts: BatchParts, pending: Pending): Promise<Result> {
  const alone = async (withNotices: boolean) => {
    const result = await parts.database.transaction((tx) => deliver(parts, tx, pending, withNotices))
    faultPoint('after-commit')
    return result
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
    if (known.size === 0) return deliver(parts, tx, pending, true)
    const before = await repeated(parts.evidence, tx, pending.submitter, known)
    const recipients = pending.recipients.filter(({ address }) => !known.has(address))
    const refused = pending.refused.filter(({ recipient }) => !known.has(recipient.address))
    if (recipients.length + refused.length === 0) return before
    const now = await deliver(parts, tx, { ...pending, recipients, refused, isRest: true }, true)
    return together(before, now, recipients.length + refused.length)
  })
}

/** Delivers one message that may turn out to be refused, or to need a notice, once its mailboxes are locked. */
async function deliver(parts: BatchParts, tx: Transaction, pending: Pending, withNotices: boolean): Promise<Result> {
  const { submitter, isRest } = pending
  const keep = isRest === true ? undefined : pending.keep // what was accepted before was kept then
  const recipients = [...new Set(pending.recipients.map((recipient) => recipient.holder))]
  const asked = [...new Set([...recipients, submitter])]
  const [targets, holders] = await Promise.all([
    lockForDelivery(
      tx,
      withNotices ? asked : recipients,
      keep?.mailbox == null ? [] : [{ holder: submitter, mailbox: keep.mailbox }],
    ),
    parts.accounts.keepHolders(tx, asked),
  ])
  const outcomes = [...outcomesOf(pending.recipients, pending.sealed.message.octets, holders, targets), ...pending.refused]
  const isTaken = isRest === true || outcomes.some((one) => one.kind === 'delivered')
  const isKept = keep?.mailbox != null && targets.rows.has(keep.mailbox)
  const noRoomToKeep = isKept ? keptRefusal(pending, recipients, holders, targets) : null
  const refusal = whyNotSending(holders.get(submitter)?.state) ?? (isTaken ? noRoomToKeep : firstRefusal(outcomes))
  if (refusal !== null && isRest !== true && (await acceptedBefore(tx, pending.hashes)).size > 0) throw new IsRetry()
  const one = await decidedOf(parts.evidence, pending, outcomes, refusal)
  if (refusal !== null) {
    parts.evidence.writeAll(tx, one.records)
    return { reply: refusal, placed: [] }
  }
  if (!withNotices && toBeNotified(outcomes).length > 0) throw new NoticeIsDue()
  const { envelope, original } = pending
  const told = { submitter, envelope, original, outcomes, receipt: one.records[0]!.id, nowMs: parts.clock.now() }
  const notices = withNotices ? await noticeCopies(parts, told) : []
  const keys = await mailboxKeys(parts.keys, [one], notices.length > 0 || isKept ? [submitter] : [])
  tx.later(submissionsOf([one], parts.steadyMs(), sql`true`))
  const copies = copiesOf(one, keys, parts.keys, parts.clock.now()).map((copy) => ({ ...copy, mailbox: null }))
  const kept = isKept ? await keptCopy(parts, one, keep.mailbox!, keys) : { copies: [], records: [] }
  const placed = placeCopies(tx, targets, [...copies, ...notices.map((notice) => notice.copy(keys)), ...kept.copies])
  parts.evidence.writeAll(tx, [...one.records, ...notices.map((notice) => notice.record), ...kept.records])
  const { month, id } = pending.sealed.message
  await keep?.settle(tx, { month, id, receipt: one.records[0]!.id })
  faultPoint('before-commit')
  return { reply: acceptedOf(one), placed }
}

/** A refusal for all: a transient one only when every one is. */
function firstRefusal(outcomes: readonly Outcome[]): Refused | null {
  const refusals = outcomes.flatMap((one) => (one.kind === 'refused' ? [one.refusal] : []))
  return refusals.find((one) => one.reason !== 'over-quota') ?? refusals[0] ?? null
}

/** A submitter whose own copy has no room is told before anything is delivered. G20 */
function keptRefusal(
  { submitter, sealed, envelope }: Pending,
  recipients: readonly string[],
  holders: ReadonlyMap<string, HolderFacts>,
  targets: LockedTargets,
): Refused | null {
  const copies = recipients.includes(submitter) ? 2 : 1
  const room = (holders.get(submitter)?.quotaOctets ?? 0) - (targets.used(submitter) ?? 0)
  return copies * sealed.message.octets > room ? overQuota(envelope.reversePath ?? 'your own address') : null
}

/** The submitter's own copy, and its record. */
async function keptCopy(parts: BatchParts, { pending, records }: Decided, mailbox: string, keys: HolderKeys) {
  const { submitter, sealed } = pending
  const { message, dataKey } = sealed
  const copy: NewCopy = {
    holder: submitter,
    mailbox,
    message,
    wrappedKey: parts.keys.seal(keys.get(submitter)!, `copy/${message.id}`, dataKey.export()),
    flags: ['\\Seen'],
    internalDateMs: parts.clock.now(),
  }
  const details = [{ message: message.id, mailbox, octets: message.octets, receipt: records[0]!.id }]
  const by = { actor: submitter, about: submitter }
  return { copies: [copy], records: [await parts.evidence.prepare({ event: 'MailboxAppend', ...by, details })] }
}
