// Parts of an opened message, read by their offsets and no further than is shown: a message of 25 MiB is never in memory whole.
import { Readable } from 'node:stream'
import { decodedPieces } from '#mail/decode-stream.ts'
import { type ReadText, readHtml, readPlain } from '#mail/display-read.ts'
import type { LocatedPart } from '#mail/display.ts'
import { textOfHtml } from '#mail/html.ts'
import { shownText } from '#mail/display-text.ts'
import { maxHtmlCharacters } from '#mail/limits.ts'
import type { Content } from '#mailbox/open.ts'
import { maxShownHtmlOctets, maxShownTextOctets } from '#web/limits.ts'

/** A text to show, and what is to be said about it. */
export interface ShownText extends ReadText {
  /** Only its beginning was read. */
  readonly cut: boolean
}

/** The beginning of a part's body, at most so many octets as they are in the message. */
export async function leadingOctets(content: Content, { part }: LocatedPart, most: number): Promise<Buffer> {
  return octetsBetween(content, part.bodyStart, Math.min(part.bodyEnd, part.bodyStart + most))
}

/** A range of the message as it is. */
export async function octetsBetween(content: Content, from: number, to: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of content.range(from, to)) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** A plain text as it is shown. */
export async function readShownPlain(content: Content, located: LocatedPart): Promise<ShownText> {
  const raw = await leadingOctets(content, located, maxShownTextOctets)
  return { ...readPlain(raw, located.part), cut: isCut(located, maxShownTextOctets) }
}

/** HTML as it was written, to be sanitised. */
export async function readWrittenHtml(content: Content, located: LocatedPart): Promise<ShownText> {
  const raw = await leadingOctets(content, located, maxShownHtmlOctets)
  return { ...readHtml(raw, located.part), cut: isCut(located, maxShownHtmlOctets) }
}

/** The text of HTML, where HTML is not wanted or not shown. */
export async function readHtmlAsPlain(content: Content, located: LocatedPart): Promise<ShownText> {
  const read = await readWrittenHtml(content, located)
  return { ...plainOf(read.text), damaged: read.damaged, cut: read.cut || read.text.length > maxHtmlCharacters }
}

/** The text of HTML as far as it is looked at. */
export function plainOf(html: string): { text: string } {
  return { text: shownText(textOfHtml(html.slice(0, maxHtmlCharacters))) }
}

/** A part's decoded body as a stream; a fault while reading ends it with that fault. */
export function streamOf(content: Content, { part }: LocatedPart): Readable {
  return Readable.from(decodedPieces(content.range(part.bodyStart, part.bodyEnd), part.encoding), { objectMode: false })
}

/** A range of the message as it is, as a stream. */
export function rawStreamOf(content: Content, from: number, to: number): Readable {
  return Readable.from(content.range(from, to), { objectMode: false })
}

function isCut({ part }: LocatedPart, most: number): boolean {
  return part.bodyEnd - part.bodyStart > most
}
