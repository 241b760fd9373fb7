// One pass over a message's octets: its structure, its digest, its header, and as much of its text as the rules read.
import { createHash, hash } from 'node:crypto'
import { decodeText, decodeTransfer } from '#mail/decode.ts'
import { type Header, parseHeader } from '#mail/header.ts'
import { textOfHtml } from '#mail/html.ts'
import type { Part } from '#mail/part.ts'
import { type Structure, StructureScan } from '#mail/structure.ts'
import { ownTextParts } from '#mail/own-text-parts.ts'
import { decodeParameters } from '#mail/words.ts'

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
  /** The parts that `texts` come from, in their order. */
  readonly textParts: readonly Part[]
}

/** The rules look for a banner in this much of the text's beginning and end. */
const bannerOctets = 16 * 1024
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
  return { header, structure, digest, texts, textParts }
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

/** The text of a part, of one longer than `most` octets only its beginning and end. */
export async function textOf(octets: Octets, part: Part, most = bannerOctets): Promise<string> {
  const charset = decodeParameters(part.parameters).find(([name]) => name === 'charset')?.[1] ?? null
  const decode = (body: Buffer) => {
    const text = decodeText(decodeTransfer(body, part.encoding), charset)
    return part.subtype === 'html' ? textOfHtml(text) : text
  }
  const { bodyStart, bodyEnd } = part
  const head = decode(await slice(octets, bodyStart, bodyEnd - bodyStart <= most ? bodyEnd : bodyStart + bannerOctets))
  if (bodyEnd - bodyStart <= most) return head
  return `${head}\n${decode(await slice(octets, tailStart(part), bodyEnd))}`
}

/** Where the last octets of a part begin: for base64 on a group of four, where lines are of one length; for other encodings anywhere. */
function tailStart({ encoding, bodyStart, bodyEnd }: Part): number {
  const wanted = encoding === 'BASE64' ? bannerOctets * 16 : bannerOctets
  return Math.max(bodyStart, bodyEnd - wanted)
}
