// A part's octets as text to read, and whether anything of it was damaged: what can be read is. RFC 2045 §6, RFC 2046 §4.1.2.
import { decoderOf, decodeText, decodeTransfer } from '#mail/decode.ts'
import { unflow } from '#mail/display-flowed.ts'
import { shownText } from '#mail/display-text.ts'
import type { Part } from '#mail/part.ts'
import { decodeParameters } from '#mail/words.ts'

export interface ReadText {
  readonly text: string
  /** Something could not be decoded, or the charset is not one that we know. */
  readonly damaged: boolean
}

/** How much of a part's beginning is searched for a charset that HTML names within itself. */
const metaWindow = 2048

/** The text of a plain part, made harmless to show; `raw` is its body or the beginning of it. */
export function readPlain(raw: Buffer, part: Part): ReadText {
  const read = readText(raw, part, charsetOf(part))
  const parameters = new Map(decodeParameters(part.parameters))
  const text = shownText(read.text)
  const isFlowed = parameters.get('format')?.toLowerCase() === 'flowed'
  return { ...read, text: isFlowed ? unflow(text, parameters.get('delsp')?.toLowerCase() === 'yes') : text }
}

/** The text of an HTML part as it was written: not harmless. */
export function readHtml(raw: Buffer, part: Part): ReadText {
  const declared = charsetOf(part)
  if (declared !== null) return readText(raw, part, declared)
  const start = decodeTransfer(raw.subarray(0, metaWindow), part.encoding).toString('latin1')
  return readText(raw, part, /<meta[^>]{1,200}?charset\s{0,5}=\s{0,5}["']?([\w-]{1,40})/i.exec(start)?.[1] ?? null)
}

function charsetOf(part: Part): string | null {
  return decodeParameters(part.parameters).find(([name]) => name === 'charset')?.[1] ?? null
}

function readText(raw: Buffer, part: Part, charset: string | null): ReadText {
  const octets = decodeTransfer(raw, part.encoding)
  const text = decodeText(octets, charset)
  const isUnknown = charset !== null && charset.trim() !== '' && decoderOf(charset) === null
  // A replacement character that was not written stands for what the charset cannot be.
  const isWrong = text.includes('\ufffd') && !octets.includes('\ufffd')
  return { text, damaged: isUnknown || isWrong || isTransferDamaged(raw, part.encoding) }
}

/** Whether octets are not what their encoding can be; a last line that is cut is none of it. */
function isTransferDamaged(raw: Buffer, encoding: string): boolean {
  if (encoding === 'BASE64') return /[^A-Za-z0-9+/=\s]/.test(raw.toString('latin1'))
  if (encoding === 'QUOTED-PRINTABLE') return /=(?![0-9A-Fa-f]{2}|[ \t]{0,100}\r?\n|.{0,2}$)/.test(raw.toString('latin1'))
  return !['7BIT', '8BIT', 'BINARY'].includes(encoding)
}
