// Holds what is stored against the record: each summary and content opens with its copies' keys, is what was committed to at delivery, and each copy is accounted for. design.md, Evidence
import { type Hash, createHash, hash } from 'node:crypto'
import type { Detail, Leaf, Opening } from '#evidence/leaf.ts'
import { dataKeyOf, unsealRange, unsealSummary } from '#keys/content.ts'
import type { Keys } from '#keys/keys.ts'
import { type AuditedCopy, type AuditedMessage, closeCopies, messagesAfter, nextCopies, openCopies } from '#mailbox/audit.sql.ts'
import { nameOf } from '#mailbox/named.ts'
import { messagesStored } from '#mailbox/stored.ts'
import { placeOfKey } from '#mailbox/summaries.ts'
import { decodeSummary } from '#mailbox/summary.ts'
import type { ContentStore } from '#store/content-store.ts'
import type { Database, Transaction } from '#store/database.ts'

interface Commitment {
  readonly salt: string
  readonly sha256: string
}

/** What the record says of messages and copies, gathered as it is read. */
export interface Accounts {
  /** Takes one record's details in. */
  hear(leaf: Leaf, openings: readonly Opening[], subjectOf: (party: string) => string | undefined): void
  readonly commitments: Map<string, Commitment>
  /** How many copies of a message a holder should have, by `message holder`. */
  readonly copies: Map<string, number>
}

export function newAccounts(): Accounts {
  const commitments = new Map<string, Commitment>()
  const copies = new Map<string, number>()
  const count = (message: unknown, holder: unknown, more: number) => {
    const name = `${message} ${holder}`
    copies.set(name, (copies.get(name) ?? 0) + more)
  }
  return {
    commitments,
    copies,
    hear(leaf, openings, subjectOf) {
      const details = openings.map((one) => one.detail)
      const holder = subjectOf(leaf.about)
      if (leaf.event === 'ContentConsignment') {
        // A holder who was named by two addresses has one copy.
        for (const name of new Set(details.map((one) => `${one.message} ${one.holder}`))) count(...pairOf(name), 1)
        for (const one of details) keep(commitments, one, one.delivered)
      } else if (leaf.event === 'MailboxAppend') {
        for (const one of details) {
          count(one.message, holder, 1)
          keep(commitments, one, one.content)
        }
      } else if (leaf.event === 'MailboxCopy' || leaf.event === 'MailboxExpunge') {
        const more = leaf.event === 'MailboxCopy' ? 1 : -1
        for (const message of details.flatMap((one) => one.messages as string[])) count(message, holder, more)
      }
    },
  }
}

const pairOf = (name: string) => name.split(' ') as [string, string]

function keep(commitments: Map<string, Commitment>, detail: Detail, commitment: unknown): void {
  if (commitment !== undefined) commitments.set(String(detail.message), commitment as Commitment)
}

export interface MessageAudit {
  /** One transaction that sees one state. */
  readonly tx: Transaction
  /** For what changed since that state. */
  readonly database: Database
  readonly keys: Keys
  readonly contentStore: ContentStore
  readonly accounts: Accounts
  /** False when details were disposed of: then the record cannot account for every copy. */
  readonly complete: boolean
  readonly find: (sentence: string) => void
}

/** Audits every message and copy; returns how many messages. */
export async function auditMessages(audit: MessageAudit): Promise<number> {
  const held = new Map<string, number>()
  const copies = await copyStream(audit.tx)
  let [messages, month, id] = [0, -1, '00000000-0000-0000-0000-000000000000']
  for (;;) {
    const rows = await messagesAfter(audit.tx, month, id, messagesAtOnce)
    for (const row of rows) {
      for (const stray of await copies.before(row)) missing(audit, stray)
      const own = await copies.of(row)
      for (const copy of own) held.set(`${row.id} ${copy.holder}`, (held.get(`${row.id} ${copy.holder}`) ?? 0) + 1)
      await auditMessage(audit, row, own)
      messages++
    }
    if (rows.length < messagesAtOnce) break
    ;({ month, id } = rows.at(-1)!)
  }
  for (const stray of await copies.before(null)) missing(audit, stray)
  await closeCopies(audit.tx)
  if (audit.complete) balance(audit, held)
  return messages
}

const messagesAtOnce = 100

const missing = ({ find }: MessageAudit, copy: AuditedCopy) =>
  find(`message ${copy.message}: it is missing, and copy ${copy.uid} in mailbox ${copy.mailbox} has it`)

async function auditMessage(audit: MessageAudit, row: AuditedMessage, copies: readonly AuditedCopy[]): Promise<void> {
  const say = (what: string) => audit.find(`message ${row.id}: ${what}`)
  if (copies.length !== row.copies) say(`it counts ${row.copies} copies, and there are ${copies.length}`)
  const opened: Buffer[] = []
  for (const copy of copies) {
    if (copy.octets !== row.octets) say(`copy ${copy.uid} in mailbox ${copy.mailbox} says another size`)
    try {
      opened.push(await audit.keys.unseal(copy.holder, 'mailbox', placeOfKey(row.id), copy.wrappedKey))
    } catch {
      say(`the key of copy ${copy.uid} in mailbox ${copy.mailbox} does not open`)
    }
  }
  const [first] = opened
  if (first === undefined) return
  if (!opened.every((one) => one.equals(first))) say('its copies have different keys')
  const dataKey = dataKeyOf(first)
  try {
    const summary = decodeSummary(unsealSummary(audit.keys.sealing, dataKey, row, row.summary))
    if (summary.octets !== row.octets) say('its summary says another size')
    const name = await nameOf(audit.keys, summary.envelope.messageId)
    if (row.name !== null && name?.equals(row.name) !== true) say('it is found by another Message-ID than its own')
  } catch {
    say('its summary does not open')
  }
  await auditContent(audit, row, dataKey, say)
}

async function auditContent(
  audit: MessageAudit,
  row: AuditedMessage,
  dataKey: ReturnType<typeof dataKeyOf>,
  say: (what: string) => void,
): Promise<void> {
  const { content } = row
  const readAt = async (from: number, length: number): Promise<Buffer> =>
    content?.subarray(from, from + length) ?? audit.contentStore.readAt(row.month, row.id, from, length)
  const digest = createHash('sha256')
  try {
    let end = 0
    const counted = async (from: number, length: number) => {
      end = Math.max(end, from + length)
      return readAt(from, length)
    }
    for await (const piece of unsealRange(audit.keys.sealing, dataKey, row, row.octets, counted, 0, row.octets))
      digest.update(piece)
    if ((await readAt(end, 1)).length > 0) say('its content is longer than it was sealed')
  } catch (fault) {
    // Expunged since: not missing.
    if (content === null && isAbsent(fault) && !(await messagesStored(audit.database, row.month, row.id))) return
    say(isAbsent(fault) ? 'its content is missing' : 'its content does not open')
    return
  }
  holdAgainst(audit.accounts.commitments.get(row.id), digest, audit.complete, say)
}

const isAbsent = (fault: unknown) => fault instanceof Error && 'code' in fault && fault.code === 'ENOENT'

function holdAgainst(commitment: Commitment | undefined, digest: Hash, complete: boolean, say: (what: string) => void): void {
  if (commitment === undefined) {
    if (complete) say('no record says that it was delivered')
    return
  }
  const committed = hash('sha256', Buffer.concat([Buffer.from(commitment.salt, 'base64'), digest.digest()]), 'base64')
  if (committed !== commitment.sha256) say('its content is not what was delivered')
}

/** Each holder has as many copies of each message as the record says that they were given, made and removed. */
function balance({ accounts, find }: MessageAudit, held: ReadonlyMap<string, number>): void {
  for (const [name, due] of accounts.copies) {
    const there = held.get(name) ?? 0
    const [message, holder] = pairOf(name)
    if (there !== due) find(`message ${message}: holder ${holder} has ${there} copies, and the record accounts for ${due}`)
  }
  for (const name of held.keys()) {
    const [message, holder] = pairOf(name)
    if (!accounts.copies.has(name)) find(`message ${message}: holder ${holder} has a copy that no record accounts for`)
  }
}

/** The copies, in step with the messages. */
async function copyStream(tx: Transaction) {
  await openCopies(tx)
  let rows: AuditedCopy[] = []
  let at = 0
  let ended = false
  const peek = async (): Promise<AuditedCopy | undefined> => {
    if (at === rows.length && !ended) {
      rows = await nextCopies(tx)
      at = 0
      ended = rows.length === 0
    }
    return rows[at]
  }
  const takeWhile = async (fits: (copy: AuditedCopy) => boolean): Promise<AuditedCopy[]> => {
    const taken: AuditedCopy[] = []
    for (let next = await peek(); next !== undefined && fits(next); next = await peek()) {
      taken.push(next)
      at++
    }
    return taken
  }
  return {
    /** Those of messages before this one, or all that are left. */
    before: (row: AuditedMessage | null) =>
      takeWhile((copy) => row === null || copy.month < row.month || (copy.month === row.month && copy.message < row.id)),
    of: (row: AuditedMessage) => takeWhile((copy) => copy.month === row.month && copy.message === row.id),
  }
}
