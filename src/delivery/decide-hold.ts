// The one final outcome of a held message, whoever decides and whatever is cut off: released, refused, withdrawn or expired. T19, G05, RFC 3464
import type { Clock } from '#base/clock.ts'
import { faultPoint } from '#base/fault-point.ts'
import { type Refused, Unavailable } from '#base/faults.ts'
import { describeFault, type Log } from '#base/log.ts'
import type { Envelope } from '#delivery/envelope.ts'
import { mailboxKeys } from '#delivery/decided.ts'
import type { HeldAbout } from '#delivery/hold.ts'
import { aboutOfRecord, type HeldMessage, isLost, nothingLeft, openHeld, originalOf } from '#delivery/held-message.ts'
import { type HoldRow, type HoldState, holdById, holdsDue, lockHeld, noteDecision } from '#delivery/holds.sql.ts'
import { holdsExpiredAtOnce } from '#delivery/limits.ts'
import {
  isBroken,
  isOwnMessage,
  isToOneself,
  noSuchHold,
  refusalOf,
  scannerIsAway,
  senderIsSuspended,
  wasDecided,
} from '#delivery/hold-refusals.ts'
import { noticeCopies } from '#delivery/notice-copy.ts'
import type { Original, newNotices } from '#delivery/notices.ts'
import { noRoom, type Outcome, outcomesOf } from '#delivery/outcome.ts'
import type { Scanner } from '#delivery/scanner.ts'
import { findHold, type Hold, holdOf, readAbout } from '#delivery/shown-hold.ts'
import type { Detail } from '#evidence/leaf.ts'
import type { Evidence, PreparedRecord } from '#evidence/record.ts'
import type { Accounts } from '#identity/accounts.ts'
import { theService } from '#keys/epoch.ts'
import type { Keys } from '#keys/keys.ts'
import { SealBroken } from '#keys/sealing.ts'
import { unlink } from '#mailbox/copies.ts'
import { lockForDelivery, type NewCopy, type PlacedCopy, placeCopies } from '#mailbox/deliver.ts'
import { contentIsMalicious } from '#policy/looked-into.ts'
import type { ContentStore } from '#store/content-store.ts'
import { type Database, isConflict, type Transaction } from '#store/database.ts'

export interface HoldsParts {
  readonly database: Database
  readonly accounts: Accounts
  readonly evidence: Evidence
  readonly keys: Keys
  readonly contentStore: ContentStore
  readonly scanner: Scanner
  readonly hasRoom: () => boolean
  readonly recordHeld: () => Refused | null
  readonly composeNotice: ReturnType<typeof newNotices>
  readonly announce: (placed: readonly PlacedCopy[]) => void
  readonly clock: Clock
  readonly log: Log
}

const mostAttempts = 4

interface Deciding {
  readonly row: HoldRow
  readonly about: HeldAbout
  /** Null where it is lost: it can only be refused then. */
  readonly dataKey: Buffer | null
  readonly original: Original
  readonly state: Exclude<HoldState, 'held'>
  /** Of all that are not released. */
  readonly refusal: Refused | null
  readonly actor: string
  readonly reason: string
}

/**
 * Gives a message its final outcome: `released` after another scan, which may turn it down; `withdrawn` by its submitter alone; `expired` by nobody.
 * Refuses where it was decided before, or cannot be released now; it stays held then.
 */
export async function decideHold(
  parts: HoldsParts,
  actor: string,
  id: string,
  decision: Exclude<HoldState, 'held'>,
  reason: string,
): Promise<Hold | Refused> {
  const row = await findHold(parts.database, id)
  if (row === undefined || (decision === 'withdrawn' && row.submitter !== actor)) return noSuchHold
  if (row.wrappedKey === null) return wasDecided
  if (decision !== 'withdrawn' && row.submitter === actor) return isOwnMessage
  const opened = await openToDecide(parts, { ...row, wrappedKey: row.wrappedKey }, actor, decision)
  if (opened === null) return wasDecided
  if ('reason' in opened) return opened
  const { about, dataKey, original, scanned } = opened
  if (scanned !== null && scanned.reason !== contentIsMalicious.reason) return scanned
  const state = scanned === null ? decision : 'refused'
  const refusal = scanned ?? (state === 'released' ? null : refusalOf(state, about, reason))
  await parts.evidence.introduce([actor, row.submitter, theService])
  const settled = await settleOnce(parts, { row, about, dataKey, original, state, refusal, actor, reason })
  if (settled === null) return wasDecided
  parts.announce(settled.placed)
  if (!settled.isDelivered && row.stored) await unlink(parts, [{ month: row.month, id: row.message }])
  const [now] = await holdById(parts.database, id)
  return holdOf(now!, about)
}

/** Opens it, and scans it again for a release; null where another decided meanwhile, so that it does not open any more. Refuses for who may not decide. */
async function openToDecide(
  parts: HoldsParts,
  row: HoldRow & { readonly wrappedKey: Buffer },
  actor: string,
  decision: HoldState,
) {
  const about = await readAbout(parts, row)
  const isRecipient = about?.recipients.some(({ holder }) => holder === actor)
  if (isRecipient === true && decision !== 'withdrawn') return isToOneself
  try {
    if (about === null) throw new SealBroken('what stands beside the message')
    const message = await openHeld(parts, row)
    const scanned = decision === 'released' ? await admitRelease(parts, row, message) : null
    return { about, dataKey: message.dataKey, scanned, original: await originalOf(message, about) }
  } catch (fault) {
    const [now] = await holdById(parts.database, row.id)
    if (now?.wrappedKey === null) return null
    if (!isLost(fault)) throw fault
    const known = about ?? (await aboutOfRecord(parts.evidence, row))
    // Nobody knows then to whom it is addressed, so that no officer decides: its sender, the operator and time end it.
    if (decision === 'released' || known === null || (about === null && actor !== theService && decision !== 'withdrawn'))
      return isBroken
    return { about: known, dataKey: null, scanned: null, original: nothingLeft }
  }
}

/** What stands against a release now: it stays held then, but for malicious content, which ends it. */
async function admitRelease(parts: HoldsParts, { submitter }: HoldRow, { octets }: HeldMessage): Promise<Refused | null> {
  const held = parts.recordHeld() ?? (parts.hasRoom() ? null : noRoom)
  if (held !== null) return held
  const state = (await parts.accounts.holdersById(parts.database, [submitter])).get(submitter)?.state
  if (state !== 'active') return senderIsSuspended
  try {
    const result = await parts.scanner.scan(() => octets.range(0, octets.size))
    return result.kind === 'found' ? contentIsMalicious : null
  } catch (fault) {
    if (fault instanceof Unavailable && fault.part === 'scanner' && !isLost(fault)) return scannerIsAway
    throw fault
  }
}

interface Settled {
  readonly placed: readonly PlacedCopy[]
  readonly isDelivered: boolean
}

/** The transaction of the final outcome, tried again after a deadlock; null where another was there first. */
async function settleOnce(parts: HoldsParts, deciding: Deciding): Promise<Settled | null> {
  for (let attempts = 1; ; attempts++) {
    try {
      const settled = await parts.database.transaction((tx) => settle(parts, tx, deciding))
      faultPoint('after-commit')
      return settled
    } catch (fault) {
      if (!isConflict(fault) || attempts >= mostAttempts) throw fault
    }
  }
}

/** Locks mailboxes and holders first, as every delivery does, then the held message: who has that lock decides. */
async function settle(parts: HoldsParts, tx: Transaction, deciding: Deciding): Promise<Settled | null> {
  const { row, about, state, refusal, dataKey } = deciding
  const recipients = refusal === null ? about.recipients : []
  const holderIds = [...new Set([...recipients.map(({ holder }) => holder), row.submitter])]
  const [targets, holders] = await Promise.all([lockForDelivery(tx, holderIds), parts.accounts.keepHolders(tx, holderIds)])
  const [locked] = await lockHeld(tx, row.id)
  if (locked === undefined) return null
  const nowMs = parts.clock.now()
  const outcomes: Outcome[] =
    refusal === null
      ? outcomesOf(recipients, row.octets, holders, targets)
      : about.recipients.map((recipient) => ({ kind: 'refused', recipient, refusal }))
  const records = await recordsOf(parts, deciding, outcomes)
  const isTold = state !== 'withdrawn' && targets.used(row.submitter) !== null
  const notices = isTold ? await noticeOf(parts, deciding, outcomes, nowMs) : []
  const keys = await mailboxKeys(parts.keys, [], holderIds)
  const delivered = outcomes.flatMap((one) => (one.kind === 'delivered' ? [one.recipient.holder] : []))
  const message = { month: row.month, id: row.message, octets: row.octets, ...locked }
  const copies = [...new Set(delivered)].map(
    (holder): NewCopy => ({
      holder,
      mailbox: null,
      message,
      wrappedKey: parts.keys.seal(keys.get(holder)!, `copy/${message.id}`, dataKey!),
      flags: [],
      internalDateMs: nowMs,
    }),
  )
  const placed = placeCopies(tx, targets, [...copies, ...notices.map((notice) => notice.copy(keys))])
  parts.evidence.writeAll(tx, [...records, ...notices.map((notice) => notice.record)])
  const decidedBy = deciding.actor === theService ? null : deciding.actor
  noteDecision(tx, { id: row.id, state, decidedBy, decidedMs: nowMs, decision: records[0]!.id })
  faultPoint('before-commit')
  return { placed, isDelivered: delivered.length > 0 }
}

/** The decision, with what became of each recipient, and the consignment to those who have it now. */
async function recordsOf(parts: HoldsParts, deciding: Deciding, outcomes: readonly Outcome[]): Promise<PreparedRecord[]> {
  const { row, about, state, actor, reason } = deciding
  const { submitter, receipt } = row
  const details = outcomes.map((outcome): Detail => {
    const kind = state === 'withdrawn' ? state : outcome.kind
    const what = { hold: row.id, receipt, message: row.message, decision: state, reason }
    const end = { ...what, recipient: outcome.recipient.address, outcome: kind }
    if (outcome.kind !== 'refused') return end
    return { ...end, clause: outcome.refusal.clause, refusal: outcome.refusal.reason }
  })
  const records = [await parts.evidence.prepare({ event: 'HoldDecided', actor, about: submitter, details })]
  const consigned = outcomes.flatMap((one) =>
    one.kind === 'delivered'
      ? [{ ...about.delivered, receipt, recipient: one.recipient.address, holder: one.recipient.holder }]
      : [],
  )
  if (consigned.length > 0)
    records.push(
      await parts.evidence.prepare({ event: 'ContentConsignment', actor: theService, about: submitter, details: consigned }),
    )
  return records
}

function noticeOf(parts: HoldsParts, { row, about, original, refusal }: Deciding, outcomes: readonly Outcome[], nowMs: number) {
  // What a scanner found goes back to nobody.
  const isMalicious = refusal?.reason === contentIsMalicious.reason
  const envelope: Envelope = isMalicious ? { ...about.envelope, ret: 'HDRS' } : about.envelope
  const { submitter, receipt, heldMs } = row
  return noticeCopies(parts, { submitter, envelope, original, outcomes, receipt, nowMs, arrivalMs: heldMs })
}

/** Ends what nobody decided about in time; returns how many. One that cannot be ended does not stand in the way of the others. */
export async function expireHolds(parts: HoldsParts): Promise<number> {
  const nowMs = parts.clock.now()
  const passedOver: string[] = []
  for (;;) {
    const due = await holdsDue(parts.database, nowMs, passedOver, holdsExpiredAtOnce)
    const before = passedOver.length
    let expired = 0
    for (const { id } of due) {
      const decided = await decideHold(parts, theService, id, 'expired', '').catch(describeFault)
      if (typeof decided !== 'string' && !('about' in decided)) expired++
      else if (decided !== wasDecided) {
        passedOver.push(id)
        const fault = typeof decided === 'string' ? decided : decided.reason
        parts.log.error({ hold: id, fault }, 'a held message whose time is over could not be ended')
      }
    }
    // A whole batch that could not be ended hides those behind it.
    if (passedOver.length - before < due.length || due.length < holdsExpiredAtOnce) return expired
  }
}
