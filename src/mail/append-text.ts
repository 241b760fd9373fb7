// Lines added at the end of a text part, in its own charset and transfer encoding, with no other octet changed. G12, G13, G16, RFC 2045 §6
import { decodeTransfer } from '#mail/decode.ts'
import { maxAlteredOctets } from '#mail/limits.ts'
import { charsetOf } from '#mail/own-text.ts'
import type { Part } from '#mail/part.ts'

/** At `at`, `removed` octets give way to `inserted`. */
export interface Edit {
  readonly at: number
  readonly removed: number
  readonly inserted: Buffer
}

const lineOctets = 76
/** Of a long text, where what closes HTML is looked for. */
const endOctets = 16 * 1024
/** Charsets in which ASCII is ASCII whatever stands before it. */
const plainCharsets =
  /^(?:utf-?8|us-ascii|ascii|iso-8859-\d{1,2}|windows-125\d|cp125\d|koi8-[ru]|euc-(?:jp|kr)|gb2312|gbk|gb18030|big5)$/i

/**
 * The edit that adds lines (without line ends) at the end of a part of text/plain or text/html, or null where it cannot be done
 * without harm. `octets` are those of the message from `from` to the end of the part: all of its body, or as much of its end as
 * `endNeeded` says.
 */
export function linesAppended(part: Part, octets: Buffer, from: number, lines: readonly string[]): Edit | null {
  if (!takesLines(part)) return null
  const charset = charsetOf(part)
  const isHtml = part.subtype === 'html'
  const write = (body: Buffer): { at: number; text: string } => {
    const at = isHtml ? endOfHtml(body) : body.length
    return { at, text: isHtml ? htmlOf(lines) : plainOf(lines, body) }
  }
  if (part.encoding === 'BASE64') {
    const body = decodeTransfer(octets, part.encoding)
    const { at, text } = write(body)
    const whole = Buffer.concat([body.subarray(0, at), encoded(text, charset, true), body.subarray(at)])
    return {
      at: part.bodyStart,
      removed: part.bodyEnd - part.bodyStart,
      inserted: base64Of(whole, endsLine(octets) || octets.length === 0),
    }
  }
  const { at, text } = write(octets)
  const isQuoted = part.encoding === 'QUOTED-PRINTABLE'
  const inserted = encoded(text, charset, part.encoding !== '7BIT')
  return { at: from + at, removed: 0, inserted: isQuoted ? quotedPrintableOf(inserted) : inserted }
}

/** Whether `linesAppended` can add to a part: its charset, encoding and size are such that nothing else changes. */
export function takesLines(part: Part): boolean {
  const charset = charsetOf(part)
  if (charset !== null && !plainCharsets.test(charset.trim())) return false
  if (part.encoding === 'BASE64') return part.bodyEnd - part.bodyStart <= maxAlteredOctets
  return ['QUOTED-PRINTABLE', '7BIT', '8BIT', 'BINARY'].includes(part.encoding)
}

/** From where on `linesAppended` needs a part: its end holds what closes HTML; base64 is written anew. */
export function endNeeded(part: Part): number {
  if (part.encoding === 'BASE64') return part.bodyStart
  return Math.max(part.bodyStart, part.bodyEnd - endOctets)
}

const endsLine = (octets: Buffer) => octets.at(-1) === 0x0a

/** Before the last `</body` or `</html`, where one stands unbroken; else the end. */
function endOfHtml(octets: Buffer): number {
  const text = octets.toString('latin1').toLowerCase()
  const body = text.lastIndexOf('</body')
  const html = text.lastIndexOf('</html')
  return body >= 0 ? body : html >= 0 ? html : octets.length
}

/** An empty body's end may be where the next delimiter begins. */
function plainOf(lines: readonly string[], body: Buffer): string {
  const text = lines.flatMap(wrapped).join('\r\n')
  return endsLine(body) || body.length === 0 ? `\r\n${text}\r\n` : `\r\n\r\n${text}`
}

/** Numbers for all that is not ASCII: the same in every charset. */
function htmlOf(lines: readonly string[]): string {
  const escaped = (line: string) => line.replace(/[^\x20-\x7e]|[&<>"']/gu, (char) => `&#${char.codePointAt(0)!};`)
  return `\r\n<div>\r\n<br>\r\n${lines.map((line) => `${escaped(line)}<br>`).join('\r\n')}\r\n</div>\r\n`
}

/** A long line in several, broken at spaces. The delimiter of signature blocks (RFC 3676 §4.3) keeps its space. */
function wrapped(line: string): string[] {
  const pieces: string[] = []
  let rest = line
  while (rest.length > lineOctets) {
    const space = rest.lastIndexOf(' ', lineOctets)
    const end = space > 0 ? space : lineOctets
    pieces.push(rest.slice(0, end).toWellFormed())
    rest = rest.slice(space > 0 ? end + 1 : end)
  }
  return [...pieces, rest]
}

/** In the charset where that is known to have the letters, else as near as ASCII comes. */
function encoded(text: string, charset: string | null, allowsEightBits: boolean): Buffer {
  if (!/\P{ASCII}/u.test(text)) return Buffer.from(text, 'latin1')
  const name = charset?.trim().toLowerCase() ?? ''
  if (allowsEightBits && /^utf-?8$/.test(name)) return Buffer.from(text)
  if (allowsEightBits && name === 'iso-8859-1' && !/[^\p{ASCII}\u0080-\u00ff]/u.test(text)) return Buffer.from(text, 'latin1')
  return Buffer.from(asciiOf(text), 'latin1')
}

function asciiOf(text: string): string {
  return text
    .replace(/[‘’]/g, "'")
    .replace(/[“”]/g, '"')
    .replace(/[–—]/g, '-')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\r\n\x20-\x7e]/gu, '?')
}

function base64Of(octets: Buffer, endsInLineEnd: boolean): Buffer {
  const lines = octets.toString('base64').replace(/.{76}(?!$)/g, '$&\r\n')
  return Buffer.from(endsInLineEnd ? `${lines}\r\n` : lines, 'latin1')
}

/** RFC 2045 §6.7: CRLF stays, the rest is printable; lines of at most 76. */
function quotedPrintableOf(octets: Buffer): Buffer {
  const lines = octets.toString('latin1').split('\r\n')
  return Buffer.from(lines.map(quotedLine).join('\r\n'), 'latin1')
}

function quotedLine(line: string): string {
  let written = ''
  let width = 0
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!
    const isLast = at === line.length - 1
    const isPlain = /[\x21-\x3c\x3e-\x7e]/.test(char) || (char === ' ' && !isLast)
    const piece = isPlain ? char : `=${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
    if (width + piece.length > lineOctets - 1) {
      written += '=\r\n'
      width = 0
    }
    written += piece
    width += piece.length
  }
  return written
}
