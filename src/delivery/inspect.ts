// One pass over a message's octets: its structure, its digest, its header, and as much of its text as the rules read.
import { createHash, hash } from 'node:crypto'
import { decodeText, decodeTransfer } from '#mail/decode.ts'
import { htmlHeadOctets } from '#mail/documents/limits.ts'
import { type Header, parseHeader } from '#mail/header.ts'
import { quotingTextOfHtml, textOfHtml } from '#mail/html.ts'
import type { Part } from '#mail/part.ts'
import { type Structure, StructureScan } from '#mail/structure.ts'
import { charsetOf } from '#mail/own-text.ts'
import { ownTextParts } from '#mail/own-text-parts.ts'
import { decodeParameters } from '#mail/words.ts'
import { bannerWindowCharacters } from '#policy/limits.ts'

/** Octets that can be read more than once: a spool, or a buffer. */
export interface Octets {
  readonly size: number
  whole(): Buffer | null
  range(from: number, to: number): AsyncIterable<Buffer>
}

export interface Inspected {
  readonly header: Header
  readonly structure: Structure
  /** SHA-256 of the octets; never stored as it is. */
  readonly digest: Buffer
  /** The message's own text in each alternative (HTML as text), decoded; of a long one only its beginning and end. */
  readonly texts: readonly string[]
  /** The same with `> ` before what HTML quotes, as plain text has it: where it matters which words are the writer's. */
  readonly quotingTexts: readonly string[]
  /** The parts that `texts` come from, in their order. */
  readonly textParts: readonly Part[]
}

/** The rules look for a banner in this much of the text's beginning and end. */
const bannerOctets = 16 * 1024
/** A text that is read whole for what it quotes. */
export const mostComparedOctets = 256 * 1024
/** Stands for what is not read: with words in it, so that a line that is cut there is neither a marking nor blank. */
const unread = ' (what stands here is not read) '
const headerOctetsRead = 256 * 1024 + 4096

export function octetsOf(buffer: Buffer): Octets {
  return {
    size: buffer.length,
    whole: () => buffer,
    async *range(from, to) {
      yield buffer.subarray(from, to)
    },
  }
}

/** Reads a range into one buffer. */
export async function slice(octets: Octets, from: number, to: number): Promise<Buffer> {
  const whole = octets.whole()
  if (whole !== null) return whole.subarray(from, to)
  const pieces: Buffer[] = []
  for await (const piece of octets.range(from, to)) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** Inspects a message; never throws for what it holds. */
export async function inspect(octets: Octets): Promise<Inspected> {
  const scan = new StructureScan()
  const digest = await readThrough(octets, scan)
  const structure = scan.end()
  const header = parseHeader(await slice(octets, 0, Math.min(structure.headerOctets, headerOctetsRead)))
  const texts: string[] = []
  const textParts = ownTextParts(structure.root)
  for (const part of textParts) texts.push(await textOf(octets, part))
  const quotingTexts: string[] = []
  for (const [at, part] of textParts.entries()) quotingTexts.push((await quotingTextOf(octets, part)) ?? texts[at]!)
  return { header, structure, digest, texts, quotingTexts, textParts }
}

/** Feeds the octets to a scan, and returns their SHA-256. */
async function readThrough(octets: Octets, scan: StructureScan): Promise<Buffer> {
  const whole = octets.whole()
  if (whole !== null) {
    scan.push(whole)
    return hash('sha256', whole, 'buffer')
  }
  const digest = createHash('sha256')
  for await (const piece of octets.range(0, octets.size)) {
    scan.push(piece)
    digest.update(piece)
  }
  return digest.digest()
}

/**
 * The text of a part, of one longer than `most` octets only its beginning and end; the beginning of HTML reaches further where it
 * shows little, as behind a long style sheet.
 */
export async function textOf(octets: Octets, part: Part, most = bannerOctets): Promise<string> {
  const charset = decodeParameters(part.parameters).find(([name]) => name === 'charset')?.[1] ?? null
  const { bodyStart, bodyEnd, encoding, subtype } = part
  const decode = (body: Buffer, cut = { before: '', after: '' }) => {
    const text = decodeText(decodeTransfer(body, encoding), charset)
    return subtype === 'html' ? textOfHtml(text, cut) : `${cut.before}${text}${cut.after}`
  }
  const beginning = async (length: number) =>
    decode(await slice(octets, bodyStart, bodyStart + length), { before: '', after: unread })
  const endStart = bodyEnd - (encoding === 'BASE64' ? 16 * bannerOctets : bannerOctets)
  const isWhole = (length: number) => bodyEnd - bodyStart <= most || endStart <= bodyStart + length
  if (isWhole(bannerOctets)) return decode(await slice(octets, bodyStart, bodyEnd))
  let head = await beginning(bannerOctets)
  if (subtype === 'html' && head.length < bannerWindowCharacters) {
    if (isWhole(htmlHeadOctets)) return decode(await slice(octets, bodyStart, bodyEnd))
    head = await beginning(htmlHeadOctets)
  }
  const end = await slice(octets, endStart, bodyEnd)
  // Lines of base64 begin with a group of four.
  const whole = encoding === 'BASE64' ? end.subarray(end.indexOf('\n') + 1) : end
  return `${head}\n${decode(whole, { before: unread, after: '' })}`
}

/** The text of HTML with `> ` before what it quotes; null where that is nothing, or the part is longer than `mostComparedOctets`. */
export async function quotingTextOf(octets: Octets, part: Part): Promise<string | null> {
  const { bodyStart, bodyEnd, encoding, subtype } = part
  if (subtype !== 'html' || bodyEnd - bodyStart > mostComparedOctets) return null
  const html = decodeText(decodeTransfer(await slice(octets, bodyStart, bodyEnd), encoding), charsetOf(part))
  return /<blockquote/i.test(html) ? quotingTextOfHtml(html) : null
}
