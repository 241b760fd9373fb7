// Text of any charset within ASCII fields: encoded words (RFC 2047), parameter values in pieces and charsets (RFC 2231).
import { decoderOf, decodeText, decodeTransfer } from '#mail/decode.ts'
import { maxCharsetOctets, maxContinuations, maxEncodedWordOctets, maxParameters } from '#mail/limits.ts'
import type { Parameter } from '#mail/parameters.ts'

interface Word {
  readonly charset: string
  readonly octets: Buffer
  /** The index just after the word. */
  readonly end: number
}

interface Piece {
  readonly position: number
  readonly encoded: boolean
  readonly value: string
}

type Decoders = Map<string, ReturnType<typeof decoderOf>>

/**
 * Encoded words as text, for display and for rules; an unknown charset leaves its word as it is; never throws. Spaces within a
 * word, which the RFC forbids and many programs write, are read; controls that words hide become spaces.
 */
export function decodeWords(text: string): string {
  const decoders: Decoders = new Map()
  let decoded = ''
  let at = 0
  for (let start = text.indexOf('=?'); start >= 0; start = text.indexOf('=?', start)) {
    const run = readRun(text, start, decoders)
    if (run === null) start += 2
    else {
      decoded += text.slice(at, start) + run.text
      at = run.end
      start = run.end
    }
  }
  return decoded + text.slice(at)
}

/**
 * Text as a field may hold it: unchanged where it is plain ASCII, else encoded words of at most 75 octets, separated by spaces.
 */
export function encodeWords(text: string): string {
  if (/^[\t\x20-\x7e]*$/.test(text) && !text.includes('=?')) return text
  const base64 = Buffer.byteLength(text) > 2 * text.replace(/[^\x20-\x7e]/g, '').length
  const maxTextOctets = maxEncodedWordOctets - '=?UTF-8?B??='.length
  const words: string[] = []
  let piece = ''
  let width = 0
  for (const char of text.toWellFormed()) {
    const octets = Buffer.byteLength(char)
    // Of three octets base64 makes four characters, rounded up at the end of the word.
    const added = base64 ? octets : encodeQ(char).length
    if ((base64 ? Math.ceil((width + added) / 3) * 4 : width + added) > maxTextOctets) {
      words.push(encodeWord(piece, base64))
      piece = ''
      width = 0
    }
    piece += char
    width += added
  }
  words.push(encodeWord(piece, base64))
  return words.join(' ')
}

/**
 * Decodes parameters for people and for rules: continuations joined, charsets and encoded words decoded; names in lower case.
 * Where a name is given in more than one way, all stay, the RFC 2231 form first, since programs differ in which they show.
 */
export function decodeParameters(parameters: readonly Parameter[]): Parameter[] {
  const { extended, plain } = byForm(parameters)
  return [
    ...[...extended].map(([name, pieces]): Parameter => [name, decodePieces(inOrder(pieces))]),
    ...plain.map(([name, value]): Parameter => [name, decodeWords(value)]),
  ]
}

/**
 * Continuations joined to one parameter and nothing decoded, as IMAP tells parameters (RFC 2231 §6): a name that ends in an asterisk
 * has its charset in its value. Pieces without a first one are none: a name without a value would stand before the same name's whole value.
 */
export function joinContinuations(parameters: readonly Parameter[]): Parameter[] {
  const { extended, plain } = byForm(parameters)
  const joined = [...extended].map(([name, pieces]) => [name, inOrder(pieces)] as const)
  return [...joined.filter(([, pieces]) => pieces.length > 0).map(([name, pieces]) => joinPieces(name, pieces)), ...plain]
}

/** The parameters of RFC 2231's form by their names, in pieces, and the others as they are. */
function byForm(parameters: readonly Parameter[]): { extended: Map<string, Piece[]>; plain: Parameter[] } {
  const extended = new Map<string, Piece[]>()
  const plain: Parameter[] = []
  for (const [name, value] of parameters.slice(0, maxParameters)) {
    const match = /^([^*]+)\*(?:(\d{1,9})(\*)?)?$/.exec(name)
    if (match === null) plain.push([name, value])
    else {
      const pieces = extended.get(match[1]!) ?? []
      extended.set(match[1]!, pieces)
      const position = Number(match[2] ?? 0)
      if (position < maxContinuations) pieces.push({ position, encoded: match[2] === undefined || match[3] !== undefined, value })
    }
  }
  return { extended, plain }
}

/**
 * Words that only white space separates are one text (RFC 2047 §6.2); those of one charset are joined before decoding, as many
 * programs split letters.
 */
function readRun(text: string, start: number, decoders: Decoders): { text: string; end: number } | null {
  let word = readWord(text, start, decoders)
  if (word === null) return null
  let decoded = ''
  let end = word.end
  while (word !== null) {
    const { charset } = word
    const octets: Buffer[] = []
    while (word !== null && word.charset === charset) {
      octets.push(word.octets)
      end = word.end
      word = readWord(text, afterBlanks(text, end), decoders)
    }
    decoded += decoders.get(charset)!.decode(Buffer.concat(octets))
  }
  return { text: decoded.replace(/[\0-\x1f\x7f]/g, ' '), end }
}

/**
 * Reads `=?charset*language?B|Q?text?=` at `start`. Each search ends at the next question mark, so that all of them together are
 * linear.
 */
function readWord(text: string, start: number, decoders: Decoders): Word | null {
  if (!text.startsWith('=?', start)) return null
  const charsetEnd = text.indexOf('?', start + 2)
  const encoding = text[charsetEnd + 1]
  if (charsetEnd < 0 || encoding === undefined || !'BbQq'.includes(encoding) || text[charsetEnd + 2] !== '?') return null
  const textStart = charsetEnd + 3
  // A `?=` may be text of a Q word that did not escape it; `?` alone ends no word.
  const textEnd = text.indexOf('?', textStart)
  if (textEnd < 0 || text[textEnd + 1] !== '=' || charsetEnd - start > 2 * maxCharsetOctets) return null
  const charset = text
    .slice(start + 2, charsetEnd)
    .split('*', 1)[0]!
    .toLowerCase()
  if (!decoders.has(charset)) decoders.set(charset, decoderOf(charset))
  if (decoders.get(charset) === null) return null
  return { charset, octets: decodeWordText(encoding, text.slice(textStart, textEnd)), end: textEnd + 2 }
}

function decodeWordText(encoding: string, text: string): Buffer {
  const octets = Buffer.from(text)
  if (encoding === 'B' || encoding === 'b') return decodeTransfer(octets, 'base64')
  // A space at the end is not white space that transport added, as it would be in a body: written as =20 it stays.
  return decodeTransfer(Buffer.from(text.replace(/[_ ]/g, '=20')), 'quoted-printable')
}

function afterBlanks(text: string, from: number): number {
  let at = from
  while (text[at] === ' ' || text[at] === '\t') at++
  return at
}

function encodeWord(text: string, base64: boolean): string {
  return base64 ? `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=` : `=?UTF-8?Q?${encodeQ(text)}?=`
}

/** RFC 2047 §5 (3): what may stand in a word of a phrase, the strictest of the three places. */
function encodeQ(text: string): string {
  return text.replace(/[^A-Za-z0-9!*+\-/]/gu, (char) =>
    char === ' ' ? '_' : Buffer.from(char).toString('hex').toUpperCase().replace(/../g, '=$&'),
  )
}

/** RFC 2231 §3: pieces in the order of their numbers, up to the first that is missing. */
function inOrder(pieces: readonly Piece[]): Piece[] {
  const byPosition = new Map<number, Piece>()
  for (const piece of pieces) if (!byPosition.has(piece.position)) byPosition.set(piece.position, piece)
  const ordered: Piece[] = []
  for (let piece = byPosition.get(0); piece !== undefined; piece = byPosition.get(ordered.length)) ordered.push(piece)
  return ordered
}

/** One parameter of all pieces: where one is encoded all become so, and the value begins with a charset, be it an empty one. */
function joinPieces(name: string, pieces: readonly Piece[]): Parameter {
  if (!pieces.some((piece) => piece.encoded)) return [name, pieces.map((piece) => piece.value).join('')]
  const value = pieces.map((piece) => (piece.encoded ? piece.value : percentEncode(piece.value))).join('')
  return [`${name}*`, pieces[0]!.encoded ? value : `''${value}`]
}

function percentEncode(value: string): string {
  return value.replace(/[^A-Za-z0-9._~-]/gu, (char) => Buffer.from(char).toString('hex').toUpperCase().replace(/../g, '%$&'))
}

/** RFC 2231 §4.1: the first piece, where it is encoded, names the charset. */
function decodePieces(pieces: readonly Piece[]): string {
  const first = pieces[0]
  const tagged = first?.encoded === true ? /^([^']*)'[^']*'/.exec(first.value.slice(0, 2 * maxCharsetOctets)) : null
  const octets: Buffer[] = []
  for (const piece of pieces) {
    const value = piece === first && tagged !== null ? piece.value.slice(tagged[0].length) : piece.value
    octets.push(piece.encoded ? percentDecode(value) : Buffer.from(value))
  }
  return decodeText(Buffer.concat(octets), tagged?.[1] || null).replace(/[\0-\x1f\x7f]/g, ' ')
}

function percentDecode(value: string): Buffer {
  const octets = Buffer.from(value)
  let used = 0
  for (let at = 0; at < octets.length; at++) {
    const high = octets[at] === 0x25 ? hexDigit(octets[at + 1]) : -1
    const low = high < 0 ? -1 : hexDigit(octets[at + 2])
    octets[used++] = low < 0 ? octets[at]! : high * 16 + low
    if (low >= 0) at += 2
  }
  return octets.subarray(0, used)
}

function hexDigit(octet: number | undefined): number {
  if (octet === undefined) return -1
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30
  const letter = octet | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
