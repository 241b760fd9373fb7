// SEARCH BODY and TEXT by opening content here: nothing leaves, so nothing is handed over. RFC 3501 §6.4.4: substrings in any case.
import { decodeText, decodeTransfer } from '#mail/decode.ts'
import { fieldText, parseHeader } from '#mail/header.ts'
import { textOfHtml } from '#mail/html.ts'
import type { Part } from '#mail/structure.ts'
import { decodeWords } from '#mail/words.ts'
import { maxSearchedPartOctets } from '#mailbox/limits.ts'
import type { Means, Reader } from '#mailbox/means.ts'
import { type Content, openCopies } from '#mailbox/open.ts'
import { fetchSummaries } from '#mailbox/summaries.ts'

export interface TextSearch {
  readonly scope: 'body' | 'text'
  readonly text: string
}

/** Which of `uids` hold the text in a text part or the header of an attached message, or, in scope `text`, in their own header too. */
export async function searchText(
  means: Means,
  who: Reader,
  mailbox: string,
  uids: readonly number[],
  search: TextSearch,
): Promise<readonly number[]> {
  const wanted = folded(search.text)
  const opened = await openCopies(means, who, mailbox, uids, 'search')
  const found: number[] = []
  for await (const { uid, structure, withheld } of fetchSummaries(means, who, mailbox, uids)) {
    if (withheld === 'ended' || withheld === 'no-download-ended') continue
    const content = await opened.content(uid)
    if (content !== null && (await holds(content, structure, search.scope, wanted))) found.push(uid)
  }
  return found
}

/** Whatever the letter case, and wherever lines end. */
const folded = (text: string) => text.normalize('NFC').toLowerCase().replace(/\s+/g, ' ')

async function holds(content: Content, part: Part, scope: TextSearch['scope'], wanted: string): Promise<boolean> {
  if (wanted === '') return true
  if (scope === 'text' && folded(await headerText(content, part)).includes(wanted)) return true
  if (part.type === 'text') return folded(await partText(content, part)).includes(wanted)
  // The header of a multipart's part is not part of the body's text; that of an attached message is.
  const below = part.type === 'message' ? 'text' : 'body'
  for (const child of part.parts) {
    if (await holds(content, child, below, wanted)) return true
  }
  return false
}

async function headerText(content: Content, part: Part): Promise<string> {
  const octets = await read(content, part.headerStart, part.bodyStart) // 256 KiB at most (mail/limits.ts)
  return parseHeader(octets)
    .fields.map((field) => `${field.fieldName}: ${decodeWords(fieldText(field))}`)
    .join('\0') // Which no text that is searched for holds, so that none is found across two fields.
}

async function partText(content: Content, part: Part): Promise<string> {
  const octets = await read(content, part.bodyStart, Math.min(part.bodyEnd, part.bodyStart + encodedOctets(part.encoding)))
  const charset = part.parameters.find(([name]) => name.toLowerCase() === 'charset')?.[1] ?? null
  const text = decodeText(decodeTransfer(octets, part.encoding).subarray(0, maxSearchedPartOctets), charset)
  return part.subtype === 'html' ? textOfHtml(text) : text
}

/** What must be read to have `maxSearchedPartOctets` after decoding: base64 with its line ends, or three octets for one. RFC 2045 §6.7, §6.8. */
function encodedOctets(encoding: string): number {
  const factors: Record<string, number> = { BASE64: 1.4, 'QUOTED-PRINTABLE': 3 }
  return Math.ceil(maxSearchedPartOctets * (factors[encoding.toUpperCase()] ?? 1))
}

async function read(content: Content, from: number, to: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of content.range(from, to)) pieces.push(piece)
  return Buffer.concat(pieces)
}
