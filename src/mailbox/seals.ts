// Messages that nobody can read any more in any mailbox, until they are opened again: what a copy shows instead, and its new UID, so that mail programs let go of theirs. G05
// docs/decisions/0080-sealed-after-delivery.md
import type { ImapEnvelope } from '#mail/envelope.ts'
import { imapEnvelopeOf } from '#mail/envelope.ts'
import { composeField, parseHeader } from '#mail/header.ts'
import { StructureScan } from '#mail/structure.ts'
import { theService } from '#keys/epoch.ts'
import { recordActs } from '#mailbox/acts.ts'
import { insertCopies, removeCopies } from '#mailbox/copies.sql.ts'
import { lockMailboxes } from '#mailbox/mailboxes.sql.ts'
import type { Means } from '#mailbox/means.ts'
import {
  type MessagePlace,
  copiesAmong,
  copiesOfMessage,
  countSealedWith,
  deleteSeals,
  deleteStops,
  holdersOfMessage,
  insertSeals,
  insertStop,
  messageOfCopy,
  sealOf,
} from '#mailbox/seals.sql.ts'
import type { Summary } from '#mailbox/summary.ts'
import type { Runner, Transaction } from '#store/database.ts'

export type { MessagePlace } from '#mailbox/seals.sql.ts'

/** Why a copy is not to be passed on: it is sealed for everybody, or its holder said that it is above the ceiling. */
export type Stopped = 'sealed' | 'told-above'

/** Seals a message and those alike in the transaction of the decision; returns all that were not sealed before. */
export function sealMessages(
  tx: Transaction,
  message: MessagePlace,
  alike: readonly MessagePlace[],
  atMs: number,
): Promise<MessagePlace[]> {
  return insertSeals(tx, message, alike, atMs)
}

/** Opens a message again in the transaction of the decision, and all that was sealed with it; returns what was sealed. */
export function openMessages(tx: Transaction, message: MessagePlace): Promise<MessagePlace[]> {
  return deleteSeals(tx, message)
}

/** True for a message that is sealed. */
export async function messageIsSealed(run: Runner, month: number, message: string): Promise<boolean> {
  return (await sealOf(run, month, message)).length > 0
}

/** How many others were sealed with a message. */
export async function sealedWith(run: Runner, message: MessagePlace): Promise<number> {
  return (await countSealedWith(run, message))[0]!.count
}

/** Who has a message: how many people but its sender, and since when; null where nobody has it any more. */
export interface Spread {
  readonly holders: number
  readonly sinceMs: number | null
}

export async function spreadOf(run: Runner, message: MessagePlace, sender: string | null): Promise<Spread> {
  return (await holdersOfMessage(run, message, sender))[0]!
}

/** Which message a copy of somebody's is of, or null. */
export async function placeOfCopy(run: Runner, holder: string, mailbox: string, uid: number): Promise<MessagePlace | null> {
  return (await messageOfCopy(run, holder, mailbox, uid))[0] ?? null
}

/** From the commit on a holder passes a message on to nobody, until `letPass` for that incident. */
export async function stopPassing(tx: Transaction, holder: string, message: MessagePlace, incident: string): Promise<void> {
  await insertStop(tx, holder, message, incident)
}

export async function letPass(tx: Transaction, incident: string): Promise<void> {
  await deleteStops(tx, incident)
}

/**
 * Gives every copy of a message a new UID: what a program fetched under a UID never changes (RFC 3501 §2.3.1.1), so it
 * would show the old content for ever. A mailbox at a time; of these holders, or of all. Returns how many copies there were.
 */
export async function renewCopies(
  means: Means,
  message: MessagePlace,
  holders: readonly string[] | null = null,
): Promise<number> {
  const copies = await (holders === null
    ? copiesOfMessage(means.database, message)
    : copiesAmong(means.database, message, holders))
  const places = Map.groupBy(copies, ({ holder, mailbox }) => `${holder}/${mailbox}`)
  for (const inOne of places.values()) {
    const { holder, mailbox } = inOne[0]!
    const uids = inOne.map(({ uid }) => uid)
    await means.database.transaction(async (tx) => {
      const [place] = await lockMailboxes(tx, holder, [mailbox])
      if (place === undefined) return
      const rows = await insertCopies(tx, place, place, uids)
      if (rows.length === 0) return
      const [from, to] = [rows.map(({ uid }) => uid), rows.map(({ newUid }) => newUid)]
      await removeCopies(tx, place, from)
      const details = [{ mailbox, uids: from, to: mailbox, newUids: to, messages: rows.map((row) => row.message) }]
      await recordActs(means.evidence, tx, [{ event: 'MailboxMove', actor: theService, about: holder, details }])
    })
    means.watcher.announce([{ holder, mailbox }])
  }
  return copies.length
}

const text = `This message was sealed by the Helpdesk (rule G05): two of its officers decided that nobody is to read it.

It cannot be read in any mailbox. If you have it outside your mailbox, printed or saved, keep it locked away, pass it on
to nobody, and tell the Helpdesk.
`

/** What stands in a field of the notice: one line of a stranger's envelope. */
const oneLine = (value: string) => value.replaceAll(/[^\x21-\x7e]/g, '')

/** What a copy shows instead of itself: the same octets whenever it is asked for. */
export interface StandIn extends Pick<Summary, 'envelope' | 'structure' | 'headerOctets'> {
  readonly content: Buffer
}

/** The notice that stands for a message of that envelope that was sealed. */
export const sealedNotice = (envelope: ImapEnvelope): StandIn => standIn(envelope, 'Sealed by the Helpdesk', text)

/** A notice of its own for a message of that envelope; subject and text are ASCII. */
export function standIn(envelope: ImapEnvelope, subject: string, body: string): StandIn {
  const from = envelope.from.map(({ mailbox, host }) => oneLine(`${mailbox}@${host}`)).join(', ')
  const id = oneLine(envelope.messageId ?? '')
  const fields = [
    ...(from === '' ? [] : [`From: ${from}`]),
    ...(envelope.date === null ? [] : [`Date: ${envelope.date.replaceAll(/[^\x20-\x7e]/g, ' ')}`]),
    composeField('Subject', subject).toString().trimEnd(),
    ...(id === '' ? [] : [`Message-ID: ${id}`]),
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=us-ascii',
  ]
  const content = Buffer.from(`${fields.join('\r\n')}\r\n\r\n${body.replaceAll('\n', '\r\n')}`)
  const scan = new StructureScan()
  scan.push(content)
  const { root, headerOctets } = scan.end()
  return { content, headerOctets, structure: root, envelope: imapEnvelopeOf(parseHeader(content.subarray(0, headerOctets))) }
}
