// The header of a message or part as fields that keep their octets: RFC 5322 §2.2, read so that nothing is refused and nothing
// is lost.
import { isUtf8 } from 'node:buffer'
import { preferredLineOctets } from '#mail/limits.ts'

export interface Field {
  readonly fieldName: string
  /** The name in lower case. */
  readonly key: string
  /** The whole field with its line ends. */
  readonly raw: Buffer
  /** What follows the colon: unfolded, without leading white space and the last line end. */
  readonly body: Buffer
}

export interface Header {
  readonly fields: readonly Field[]
  /** Where the body starts; the blank line's end included where there is one. */
  readonly octets: number
  /** False where a line that is no field, or the end, came before a blank line. */
  readonly hasBlankLine: boolean
}

const colon = 0x3a
const lineFeed = 0x0a
const carriageReturn = 0x0d

/** Reads the header at the start of a message, which may go on into its body; never throws. A line ends in CRLF or a bare LF. */
export function parseHeader(octets: Buffer): Header {
  return parseFields(octets, false)
}

/** As parseHeader, with the fields named `Content-...` only: what a part's structure needs, at a third of the cost. */
export function parseContentFields(octets: Buffer): Header {
  return parseFields(octets, true)
}

function parseFields(octets: Buffer, contentOnly: boolean): Header {
  const fields: Field[] = []
  let at = 0
  while (at < octets.length) {
    const nameEnd = fieldNameEnd(octets, at, octets.length)
    if (nameEnd < 0) {
      const blank = blankLineOctets(octets, at)
      return { fields, octets: at + blank, hasBlankLine: blank > 0 }
    }
    const end = fieldEnd(octets, nameEnd)
    if (!contentOnly || ((octets[at]! | 0x20) === 0x63 && octets[at + 7] === 0x2d)) fields.push(fieldAt(octets, at, nameEnd, end))
    at = end
  }
  return { fields, octets: octets.length, hasBlankLine: false }
}

/**
 * The index just after a field's name where a field starts at `from`, else -1. White space before the colon is allowed (RFC 5322
 * §4.5).
 */
export function fieldNameEnd(octets: Buffer, from: number, to: number): number {
  let end = from
  while (end < to && octets[end]! > 0x20 && octets[end]! < 0x7f && octets[end] !== colon) end++
  let after = end
  while (after < to && isBlank(octets[after]!)) after++
  return end > from && after < to && octets[after] === colon ? end : -1
}

/** The fields of that name, in their order; letter case does not matter. */
export function fieldsNamed(header: Header, name: string): Field[] {
  const key = name.toLowerCase()
  return header.fields.filter((field) => field.key === key)
}

/** The body of a field as text: UTF-8 (RFC 6532), or Latin-1 where it is not valid UTF-8. Encoded words stay as they are. */
export function fieldText(field: Field): string {
  return isUtf8(field.body) ? field.body.toString('utf8') : field.body.toString('latin1')
}

/**
 * One field with its CRLF, folded at 78 octets where white space allows; throws for CR, LF or NUL in the value and for a bad
 * name.
 */
export function composeField(name: string, value: string): Buffer {
  if (!/^[!-9;-~]+$/.test(name)) throw new Error('not a field name')
  if (/[\r\n\0]/.test(value)) throw new Error('a field value must be one line')
  return Buffer.from(`${fold(`${name}: `, value)}\r\n`)
}

/** Breaks before single white-space characters that text follows, so that no line is white space only (RFC 5322 §3.2.2). */
function fold(start: string, value: string): string {
  let folded = ''
  let line = start
  let width = start.length
  let hasText = false
  for (const piece of value.match(/[ \t]?[^ \t]+|[ \t]/g) ?? []) {
    const octets = Buffer.byteLength(piece)
    const isWord = piece.length > 1 || !isBlank(piece.charCodeAt(0))
    if (width + octets > preferredLineOctets && hasText && isWord && isBlank(piece.charCodeAt(0))) {
      folded += `${line}\r\n`
      line = ''
      width = 0
    }
    line += piece
    width += octets
    hasText ||= isWord
  }
  return folded + line
}

/** The index just after the last line of the field, continuations included. */
function fieldEnd(octets: Buffer, from: number): number {
  for (let at = from; ; ) {
    const end = octets.indexOf(lineFeed, at)
    if (end < 0 || end + 1 === octets.length) return octets.length
    if (!isBlank(octets[end + 1]!)) return end + 1
    at = end + 1
  }
}

function fieldAt(octets: Buffer, from: number, nameEnd: number, to: number): Field {
  const fieldName = octets.toString('latin1', from, nameEnd)
  const bodyStart = octets.indexOf(colon, nameEnd) + 1
  const body = unfold(octets, bodyStart, to - lineEndOctets(octets, to))
  return { fieldName, key: fieldName.toLowerCase(), raw: octets.subarray(from, to), body }
}

/** How many octets the line end before `to` has: 2, 1, or 0. */
function lineEndOctets(octets: Buffer, to: number): number {
  if (octets[to - 1] !== lineFeed) return 0
  return octets[to - 2] === carriageReturn ? 2 : 1
}

function blankLineOctets(octets: Buffer, at: number): number {
  if (octets[at] === lineFeed) return 1
  return octets[at] === carriageReturn && octets[at + 1] === lineFeed ? 2 : 0
}

/** RFC 5322 §2.2.3: takes the line ends out and keeps the white space that follows them; then drops what leads. */
function unfold(octets: Buffer, from: number, to: number): Buffer {
  let start = from
  while (start < to && isBlank(octets[start]!)) start++
  const firstEnd = octets.indexOf(lineFeed, start)
  if (firstEnd < 0 || firstEnd >= to) return octets.subarray(start, to)
  const body = Buffer.allocUnsafeSlow(to - start)
  let used = 0
  for (let at = start; at < to; at++) {
    const octet = octets[at]!
    const isLineEnd = octet === lineFeed || (octet === carriageReturn && octets[at + 1] === lineFeed)
    const leads = used === 0 && isBlank(octet)
    if (!isLineEnd && !leads) body[used++] = octet
  }
  return body.subarray(0, used)
}

function isBlank(octet: number): boolean {
  return octet === 0x20 || octet === 0x09
}
