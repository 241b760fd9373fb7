// What the attachments of a message bear: names, nested messages and text here, all else in threads apart. Mail without attachments
// costs nothing. G05, T07
import { passedOnIn } from '#delivery/carried-facts.ts'
import type { DocumentThreads } from '#delivery/document-threads.ts'
import type { DocumentJob } from '#delivery/documents-thread.ts'
import type { AttachedFacts } from '#delivery/gather.ts'
import { type Octets, slice, textOf } from '#delivery/inspect.ts'
import { messageDocumentsMs } from '#delivery/limits.ts'
import type { Clock } from '#base/clock.ts'
import { leadOctets } from '#mail/archive/archive.ts'
import { decodeTransfer } from '#mail/decode.ts'
import { kindOf } from '#mail/documents/kind.ts'
import { htmlHeadOctets, textHeadOctets } from '#mail/documents/limits.ts'
import {
  type Attached,
  charsetOf,
  contentsOf,
  fileName,
  isEncodedMessage,
  namePlace,
  type Nested,
  unnamedMessage,
} from '#mail/documents/message.ts'
import type { Place, Unread } from '#mail/documents/place.ts'
import { textPlaces } from '#mail/documents/text.ts'
import { parseHeader } from '#mail/header.ts'
import { maxHeaderOctets } from '#mail/limits.ts'
import type { Part } from '#mail/part.ts'
import { type AttachedReading, findAttachedMarkings, shippedReading } from '#policy/attached-markings.ts'
import type { AttachedMarking, UnreadAttachment } from '#policy/facts.ts'
import { isReply } from '#policy/find-markings.ts'
import type { PassedOn } from '#policy/handling-asked.ts'

/** Finds every marking in what is attached to a message, and what of it could not be looked through. */
export type LookInside = (message: Octets, root: Part, reading?: AttachedReading) => Promise<AttachedFacts>

/** A thousand attachments with long names are looked at in as many turns of the event loop as it takes. */
const turnMostMs = 5
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))
/** An encoded body spends up to three octets on one. */
const encodedLeadOctets = 4 * leadOctets

/** Makes the reader of attachments over a process's threads. */
export function newLookInside(threads: DocumentThreads, clock: Clock): LookInside {
  return async (message, root, reading = shippedReading) => {
    const { attached, nested, named } = contentsOf(root)
    const markings: AttachedMarking[] = []
    const unread: UnreadAttachment[] = []
    const note = (places: readonly Place[]) => markings.push(...findAttachedMarkings(places, reading))
    const passedOn: PassedOn[] = []
    const answers: (readonly string[])[] = []
    let turnMs = clock.monotonic()
    const takeTurns = async () => {
      if (clock.monotonic() - turnMs <= turnMostMs) return
      await nextTurn()
      turnMs = clock.monotonic()
    }
    for (const one of nested) {
      await takeTurns()
      const place = await nestedPlace(message, one)
      note([place])
      const header = parseHeader(place.header)
      if (isReply(header)) answers.push(one.path)
      const asked = passedOnIn(header, one.path)
      if (asked !== null) passedOn.push(asked)
    }
    note(named.map((one) => namePlace(one, one.path)))
    let leftMs = messageDocumentsMs
    for (const one of attached) {
      await takeTurns()
      const name = fileName(one.part) ?? ''
      const isEncoded = isEncodedMessage(one.part)
      const path = [...one.path, name === '' && isEncoded ? unnamedMessage : name]
      if (name !== '') note([{ where: 'file name', path, lines: [name] }])
      if (one.part.parts.length > 0 && !isEncoded) continue
      const kind = await kindOfAttached(message, one, name)
      if (kind === null) continue
      if (kind === 'closed') {
        unread.push({ path, why: 'closed' })
        continue
      }
      if (kind === 'text' || kind === 'html') note(await placesOfText(message, one, kind === 'html', path))
      else {
        const beganMs = clock.monotonic()
        const result = leftMs > 0 ? await threads.read(() => load(message, one, path, reading)) : 'too large'
        leftMs -= clock.monotonic() - beganMs
        if (result === 'too large') unread.push({ path, why: 'too large' satisfies Unread })
        else {
          markings.push(...result.markings)
          unread.push(...result.unread)
        }
      }
    }
    return { markings, unread, passedOn, ...(answers.length === 0 ? {} : { answers }) }
  }
}

/** The kind of an attachment by its leading octets or its name; null for what no reader knows. */
async function kindOfAttached(message: Octets, { part }: Attached, name: string) {
  const { bodyStart, bodyEnd } = part
  const lead = await slice(message, bodyStart, Math.min(bodyEnd, bodyStart + encodedLeadOctets))
  return kindOf(name, typeOf(part), decodeTransfer(lead, part.encoding).subarray(0, leadOctets))
}

async function nestedPlace(
  message: Octets,
  { path, headerStart, headerEnd, texts }: Nested,
): Promise<Place & { header: Buffer }> {
  const header = await slice(message, headerStart, Math.min(headerEnd, headerStart + maxHeaderOctets))
  const read: string[] = []
  for (const part of texts) read.push(await textOf(message, part))
  return { where: 'nested message', path, lines: [], header, texts: read }
}

async function placesOfText(message: Octets, { part }: Attached, isHtml: boolean, path: readonly string[]): Promise<Place[]> {
  const most = 2 * (isHtml ? htmlHeadOctets : textHeadOctets)
  const head = await slice(message, part.bodyStart, Math.min(part.bodyEnd, part.bodyStart + most))
  return textPlaces(decodeTransfer(head, part.encoding), isHtml, path, charsetOf(part))
}

/** Copies a body piece by piece into memory that goes to the thread as a whole. */
async function load(
  message: Octets,
  { part }: Attached,
  path: readonly string[],
  reading: AttachedReading,
): Promise<DocumentJob> {
  const octets = new Uint8Array(part.bodyEnd - part.bodyStart)
  let at = 0
  for await (const piece of message.range(part.bodyStart, part.bodyEnd)) {
    octets.set(piece, at)
    at += piece.length
  }
  const job = { octets, encoding: part.encoding, path, type: typeOf(part), charset: charsetOf(part) }
  // The thread has what is shipped: a copy of an organisation's schemes goes with each document of its own only.
  return reading === shippedReading ? job : { ...job, reading }
}

function typeOf({ type, subtype }: Part): string {
  return `${type}/${subtype}`
}
