// Delivery into mailboxes: locks them, gives UIDs and modseqs, and writes a whole batch in one statement. docs/flow.md, The life of a message.
import type { Identity } from '#keys/content.ts'
import {
  type DirectRows,
  type PlacedRow,
  type Rows,
  type TargetRow,
  deliveredDirectly,
  insertDelivered,
  lockTargets,
  roomForAll,
  targetsLocked,
} from '#mailbox/deliver.sql.ts'
import type { Transaction } from '#store/database.ts'
import { type Query, pack } from '#store/sql.ts'

export type { PlacedRow } from '#mailbox/deliver.sql.ts'

/** A message as it is stored: sealed summary, and sealed content unless the content store has it. */
export interface SealedMessage extends Identity {
  readonly octets: number
  readonly summary: Buffer
  readonly content: Buffer | null
  /** The keyed hash of its Message-ID, as nameOf makes it. */
  readonly name: Buffer | null
}

/** A copy to be made. `mailbox` null is the holder's INBOX. */
export interface NewCopy {
  readonly holder: string
  readonly mailbox: string | null
  readonly message: SealedMessage
  readonly wrappedKey: Buffer
  readonly flags: readonly string[]
  readonly internalDateMs: number
}

export interface PlacedCopy {
  readonly holder: string
  readonly mailbox: string
  readonly uid: number
  readonly uidValidity: number
}

declare const locked: unique symbol
/** Mailboxes locked until commit: made only by lockForDelivery, so that copies cannot be placed without. */
export interface LockedTargets {
  readonly [locked]: true
  /** Octets that the holder has in all mailboxes together; null when the mailbox is not there. */
  used(holder: string): number | null
  readonly rows: ReadonlyMap<string, TargetRow>
}

const inboxKey = (holder: string) => `${holder}/inbox`

/** Locks the INBOXes of some holders, and further mailboxes by id, in the one order that everyone keeps. */
export async function lockForDelivery(
  tx: Transaction,
  inboxesOf: readonly string[],
  named: readonly { holder: string; mailbox: string }[] = [],
): Promise<LockedTargets> {
  const found = await lockTargets(
    tx,
    inboxesOf,
    named.map((one) => one.holder),
    named.map((one) => one.mailbox),
  )
  const rows = new Map<string, TargetRow>()
  const used = new Map<string, number>()
  for (const row of found) {
    rows.set(row.id, row)
    if (row.isInbox) rows.set(inboxKey(row.holder), row)
    used.set(row.holder, row.used)
  }
  return { rows, used: (holder: string) => used.get(holder) ?? null } as unknown as LockedTargets
}

/** Writes messages and their copies into locked mailboxes; returns where each copy went, in order. Throws when a mailbox is not among the locked. */
export function placeCopies(tx: Transaction, targets: LockedTargets, copies: readonly NewCopy[]): PlacedCopy[] {
  if (copies.length === 0) return []
  const counters = new Map<string, { row: TargetRow; messages: number; octets: number }>()
  const placed = copies.map((copy) => {
    const row = targets.rows.get(copy.mailbox ?? inboxKey(copy.holder))
    if (row === undefined || row.holder !== copy.holder) throw new Error('a copy for a mailbox that is not locked')
    const counter = counters.get(row.id) ?? { row, messages: 0, octets: 0 }
    counters.set(row.id, counter)
    counter.messages++
    counter.octets += copy.message.octets
    return { copy, row, uid: row.uidNext + counter.messages - 1, modseq: row.highestModseq + counter.messages }
  })
  insertDelivered(tx, {
    messages: messageRows(copies),
    copies: copyRows(placed),
    mailboxes: mailboxRows([...counters.values()]),
  })
  return placed.map(({ row, uid }) => ({ holder: row.holder, mailbox: row.id, uid, uidValidity: row.uidValidity }))
}

function messageRows(copies: readonly Pick<NewCopy, 'message'>[]): Rows['messages'] {
  const counts = new Map<SealedMessage, number>()
  for (const { message } of copies) counts.set(message, (counts.get(message) ?? 0) + 1)
  const messages = [...counts.keys()]
  return {
    months: messages.map((one) => one.month),
    ids: messages.map((one) => one.id),
    octets: messages.map((one) => one.octets),
    copies: [...counts.values()],
    stored: messages.map((one) => one.content === null),
    names: messages.map((one) => one.name?.toString('hex') ?? null),
    summaries: pack(messages.map((one) => one.summary)),
    contents: pack(messages.map((one) => one.content)),
  }
}

function copyRows(placed: readonly { copy: NewCopy; row: TargetRow; uid: number; modseq: number }[]): Rows['copies'] {
  return {
    holders: placed.map(({ row }) => row.holder),
    mailboxes: placed.map(({ row }) => row.id),
    uids: placed.map(({ uid }) => uid),
    months: placed.map(({ copy }) => copy.message.month),
    messages: placed.map(({ copy }) => copy.message.id),
    keys: pack(placed.map(({ copy }) => copy.wrappedKey)),
    modseqs: placed.map(({ modseq }) => modseq),
    flags: placed.map(({ copy }) => copy.flags.join(' ')),
    dates: placed.map(({ copy }) => copy.internalDateMs),
    octets: placed.map(({ copy }) => copy.message.octets),
  }
}

function mailboxRows(counters: readonly { row: TargetRow; messages: number; octets: number }[]): Rows['mailboxes'] {
  return {
    holders: counters.map(({ row }) => row.holder),
    ids: counters.map(({ row }) => row.id),
    uidNexts: counters.map(({ row, messages }) => row.uidNext + messages),
    modseqs: counters.map(({ row, messages }) => row.highestModseq + messages),
    messages: counters.map(({ messages }) => messages),
    octets: counters.map(({ octets }) => octets),
  }
}

/** A copy for a mailbox that every holder has, found by its use in the statement that delivers it. */
export type DirectCopy = Omit<NewCopy, 'mailbox'> & { readonly use: 'inbox' | 'sent' }

/** What delivers copies within one statement, for whoever composes it: nothing is locked or known before. */
export interface DirectDelivery {
  /** Locks the mailboxes; to be called `target`, beside a `standing` of the holders (id, state, quota_octets). */
  readonly target: Query
  /** A condition: every mailbox is there, none of the holders removed, none over quota. */
  readonly fits: Query
  /** Writes it all when the condition given to it holds: CTEs of their own names. */
  deliver(gate: Query): Query
  /** Where each copy went, in order, from rows of `target`. */
  placed(rows: readonly PlacedRow[]): PlacedCopy[]
}

/** Composes the direct delivery of copies. */
export function deliverDirectly(copies: readonly DirectCopy[]): DirectDelivery {
  const targets = new Map<string, { holder: string; use: string; count: number; octets: number }>()
  const due = new Map<string, number>()
  const nths = copies.map(({ holder, use, message: { octets } }) => {
    const key = `${holder}/${use}`
    const target = targets.get(key) ?? { holder, use, count: 0, octets: 0 }
    targets.set(key, target)
    target.octets += octets
    due.set(holder, (due.get(holder) ?? 0) + octets)
    return target.count++
  })
  const all = [...targets.values()]
  const rows: DirectRows = {
    messages: messageRows(copies),
    copies: {
      holders: copies.map((one) => one.holder),
      uses: copies.map((one) => one.use),
      nths,
      months: copies.map((one) => one.message.month),
      messages: copies.map((one) => one.message.id),
      keys: pack(copies.map((one) => one.wrappedKey)),
      flags: copies.map((one) => one.flags.join(' ')),
      dates: copies.map((one) => one.internalDateMs),
      octets: copies.map((one) => one.message.octets),
    },
    targets: {
      holders: all.map((one) => one.holder),
      uses: all.map((one) => one.use),
      counts: all.map((one) => one.count),
      octets: all.map((one) => one.octets),
    },
    holders: { ids: [...due.keys()], octets: [...due.values()] },
  }
  return {
    target: targetsLocked(rows),
    fits: roomForAll(rows),
    deliver: (gate) => deliveredDirectly(rows, gate),
    placed(found) {
      const byTarget = new Map(found.map((row) => [`${row.holder}/${row.use}`, row]))
      return copies.map(({ holder, use }, index) => {
        const { id, uidValidity, uidNext } = byTarget.get(`${holder}/${use}`)!
        return { holder, mailbox: id, uid: uidNext + nths[index]!, uidValidity }
      })
    },
  }
}
