// The messages that are held: who is shown what of them, and the one final outcome of each, whoever decides and whatever is cut off. T19, G05, RFC 3464
import type { Clock } from '#base/clock.ts'
import { faultPoint } from '#base/fault-point.ts'
import { type Refused, Unavailable } from '#base/faults.ts'
import { describeFault, type Log } from '#base/log.ts'
import type { Envelope } from '#delivery/envelope.ts'
import { mailboxKeys } from '#delivery/decided.ts'
import type { HeldAbout } from '#delivery/hold.ts'
import { type HeldMessage, openAbout, openHeld, originalOf } from '#delivery/held-message.ts'
import {
  type HoldRow,
  type HoldState,
  holdById,
  holdByReceipt,
  holdsDue,
  holdsOf,
  holdsShown,
  lockHeld,
  noteDecision,
} from '#delivery/holds.sql.ts'
import { holdsExpiredAtOnce, maxHoldsShown } from '#delivery/limits.ts'
import { isBroken, isOwnMessage, isToOneself, noSuchHold, refusalOf, scannerIsAway, wasDecided } from '#delivery/hold-refusals.ts'
import { noticeCopies } from '#delivery/notice-copy.ts'
import type { Original, newNotices } from '#delivery/notices.ts'
import { noRoom, type Outcome, outcomesOf, sendingIsSuspended } from '#delivery/outcome.ts'
import type { Scanner } from '#delivery/scanner.ts'
import { contentIsMalicious } from '#delivery/scan-refusal.ts'
import type { Detail } from '#evidence/leaf.ts'
import type { Evidence, PreparedRecord } from '#evidence/record.ts'
import type { Accounts } from '#identity/accounts.ts'
import { theService } from '#keys/epoch.ts'
import type { Keys } from '#keys/keys.ts'
import { SealBroken } from '#keys/sealing.ts'
import { unlink } from '#mailbox/copies.ts'
import { lockForDelivery, type NewCopy, type PlacedCopy, placeCopies } from '#mailbox/deliver.ts'
import type { ContentStore } from '#store/content-store.ts'
import { type Database, isConflict, type Transaction } from '#store/database.ts'

export type { HoldState } from '#delivery/holds.sql.ts'

/** What may be seen of a held message: never its subject, and never its content. */
export interface Hold {
  readonly id: string
  /** The account that sent it. */
  readonly submitter: string
  readonly receipt: string
  readonly reversePath: string | null
  readonly recipients: readonly string[]
  readonly octets: number
  readonly clause: string
  /** What could not be looked into, and why. */
  readonly why: string
  readonly heldMs: number
  readonly expiresMs: number
  readonly state: HoldState
  /** An account; null for the operator's command and for the service itself. */
  readonly decidedBy: string | null
  readonly decidedMs: number | null
  /** What is stored of it does not open: recipients and reason are not known, and nobody can decide about it. */
  readonly isBroken: boolean
}

/** What became of one recipient's message in the end. */
export interface FinalOutcome {
  readonly recipient: string
  readonly outcome: 'delivered' | 'refused' | 'withdrawn'
  readonly clause: string
  readonly refusal: string
}

export type Decision = Exclude<HoldState, 'held' | 'expired'>

export interface Holds {
  /** Those that wait, the longest first; and the last that were decided. */
  list(): Promise<{ open: readonly Hold[]; decided: readonly Hold[] }>
  find(id: string): Promise<Hold | null>
  /** Of one submitter, the newest first. */
  of(submitter: string): Promise<readonly Hold[]>
  /** The hold of an acceptance, with its outcomes and the reason once it is decided; null where nothing was held. */
  ofReceipt(receipt: string): Promise<HoldOutcome | null>
  outcomeOf(id: string): Promise<HoldOutcome | null>
  /**
   * Gives a message its final outcome: `released` after another scan, which may turn it down; `withdrawn` by its submitter alone.
   * Refuses where it was decided before, or cannot be released now; it stays held then.
   */
  decide(actor: string, id: string, decision: Decision, reason: string): Promise<Hold | Refused>
}

export interface HoldOutcome {
  readonly hold: Hold
  readonly month: number
  readonly message: string
  readonly outcomes: readonly FinalOutcome[]
  readonly reason: string
}

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
const isId = (id: string) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)

/** Opens the register of held messages. */
export function openHolds(parts: HoldsParts): Holds {
  const { database } = parts
  const shown = async (row: HoldRow) => {
    const about = await openAbout(parts, row).catch(brokenAsNull)
    return about === null ? brokenHold(row) : holdOf(row, about)
  }
  const all = (rows: readonly HoldRow[]) => Promise.all(rows.map(shown))
  const outcomeOf = async (row: HoldRow | undefined): Promise<HoldOutcome | null> => {
    if (row === undefined) return null
    const record = row.decision === null ? null : await parts.evidence.read(row.decision)
    const details = (record?.openings ?? []).map(({ detail }) => detail)
    const outcomes = details.map((detail) => ({
      recipient: String(detail.recipient),
      outcome: detail.outcome as FinalOutcome['outcome'],
      clause: String(detail.clause ?? ''),
      refusal: String(detail.refusal ?? ''),
    }))
    const { month, message } = row
    return { hold: await shown(row), month, message, outcomes, reason: String(details[0]?.reason ?? '') }
  }
  return {
    async list() {
      const rows = await Promise.all([true, false].map((isOpen) => holdsShown(database, isOpen, maxHoldsShown)))
      const [open, decided] = await Promise.all(rows.map(all))
      return { open: open!, decided: decided! }
    },
    async find(id) {
      const [row] = isId(id) ? await holdById(database, id) : []
      return row === undefined ? null : shown(row)
    },
    of: async (submitter) => all(await holdsOf(database, submitter, maxHoldsShown)),
    ofReceipt: async (receipt) => outcomeOf((await holdByReceipt(database, receipt))[0]),
    outcomeOf: async (id) => outcomeOf(isId(id) ? (await holdById(database, id))[0] : undefined),
    decide: (actor, id, decision, reason) => decide(parts, actor, id, decision, reason),
  }
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
      const decided = await decide(parts, theService, id, 'expired', '').catch(describeFault)
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

interface Deciding {
  readonly row: HoldRow
  readonly about: HeldAbout
  readonly message: HeldMessage
  readonly original: Original
  readonly state: Exclude<HoldState, 'held'>
  /** Of all that are not released. */
  readonly refusal: Refused | null
  readonly actor: string
  readonly reason: string
}

async function decide(
  parts: HoldsParts,
  actor: string,
  id: string,
  decision: Exclude<HoldState, 'held'>,
  reason: string,
): Promise<Hold | Refused> {
  const [row] = isId(id) ? await holdById(parts.database, id) : []
  if (row === undefined || (decision === 'withdrawn' && row.submitter !== actor)) return noSuchHold
  if (row.wrappedKey === null) return wasDecided
  if (decision !== 'withdrawn' && row.submitter === actor) return isOwnMessage
  const opened = await openToDecide(parts, { ...row, wrappedKey: row.wrappedKey }, actor, decision)
  if (opened === null) return wasDecided
  if ('reason' in opened) return opened
  const { about, message, original, scanned } = opened
  if (scanned !== null && scanned.reason !== contentIsMalicious.reason) return scanned
  const state = scanned === null ? decision : 'refused'
  const refusal = scanned ?? (state === 'released' ? null : refusalOf(state, about, reason))
  await parts.evidence.introduce([actor, row.submitter, theService])
  const settled = await settleOnce(parts, { row, about, message, original, state, refusal, actor, reason })
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
  const about = await openAbout(parts, row).catch(brokenAsNull)
  if (about === null) return isBroken
  const isRecipient = about.recipients.some(({ holder }) => holder === actor)
  if (isRecipient && decision !== 'withdrawn') return isToOneself
  try {
    const message = await openHeld(parts, row)
    const scanned = decision === 'released' ? await admitRelease(parts, row, message) : null
    return { about, message, scanned, original: await originalOf(message, about) }
  } catch (fault) {
    const [now] = await holdById(parts.database, row.id)
    if (now?.wrappedKey === null) return null
    throw fault
  }
}

/** What stands against a release now: it stays held then, but for malicious content, which ends it. */
async function admitRelease(parts: HoldsParts, { submitter }: HoldRow, { octets }: HeldMessage): Promise<Refused | null> {
  const held = parts.recordHeld() ?? (parts.hasRoom() ? null : noRoom)
  if (held !== null) return held
  const state = (await parts.accounts.holdersById(parts.database, [submitter])).get(submitter)?.state
  if (state !== 'active') return sendingIsSuspended
  try {
    const result = await parts.scanner.scan(() => octets.range(0, octets.size))
    return result.kind === 'found' ? contentIsMalicious : null
  } catch (fault) {
    if (fault instanceof Unavailable && fault.part === 'scanner') return scannerIsAway
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
  const { row, about, state, refusal } = deciding
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
      wrappedKey: parts.keys.seal(keys.get(holder)!, `copy/${message.id}`, deciding.message.dataKey),
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

function holdOf(row: HoldRow, about: HeldAbout): Hold {
  return {
    ...openlyOf(row),
    reversePath: about.envelope.reversePath,
    recipients: about.recipients.map(({ address }) => address),
    clause: about.why.clause,
    why: about.why.about,
    isBroken: false,
  }
}

const brokenHold = (row: HoldRow): Hold => ({
  ...openlyOf(row),
  reversePath: null,
  recipients: [],
  clause: isBroken.clause,
  why: isBroken.about,
  isBroken: true,
})

/** What is not sealed. */
function openlyOf({ id, submitter, receipt, octets, heldMs, expiresMs, state, decidedBy, decidedMs }: HoldRow) {
  return { id, submitter, receipt, octets, heldMs, expiresMs, state, decidedBy, decidedMs }
}

/** One that does not open must not hide the others. */
function brokenAsNull(fault: unknown): null {
  if (fault instanceof SealBroken) return null
  throw fault
}
