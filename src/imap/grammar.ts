// Reads one complete command, its line with its literals in place, by expectations: each method takes one rule of RFC 3501 §9 or
// throws BadCommand.
import { BadCommand } from '#base/faults.ts'
import type { ImapLimits } from '#imap/limits.ts'
import { canonicalName } from '#mailbox/names.ts'
import { type SequenceSet, star } from '#imap/sequence-set.ts'
import { decodeUtf7 } from '#imap/utf7.ts'

const charactersOf = (pattern: RegExp) =>
  Uint8Array.from({ length: 256 }, (_, octet) => (pattern.test(String.fromCharCode(octet)) ? 1 : 0))
const atomCharacter = charactersOf(/[^\x00-\x20\x7f-\xff(){%*"\\\]]/)
const astringCharacter = charactersOf(/[^\x00-\x20\x7f-\xff(){%*"\\]/)
const tagCharacter = charactersOf(/[^\x00-\x20\x7f-\xff(){%*"\\+]/)
const listCharacter = charactersOf(/[^\x00-\x20\x7f-\xff(){"\\]/)
const wordCharacter = charactersOf(/[A-Za-z0-9.=-]/)
const digit = charactersOf(/[0-9]/)
const maxNumber = 0xffff_ffff
const maxTagOctets = 64
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const systemFlags = new Map(
  ['Answered', 'Flagged', 'Deleted', 'Seen', 'Draft', 'Recent'].map((name) => [`\\${name}`.toUpperCase(), `\\${name}`]),
)
const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']

export class Decoder {
  readonly limits: ImapLimits
  readonly #octets: Buffer
  #at = 0
  #depth = 0

  constructor(octets: Buffer, limits: ImapLimits) {
    this.#octets = octets
    this.limits = limits
  }

  get atEnd(): boolean {
    return this.#at >= this.#octets.length
  }

  /** The command's tag. */
  tag(): string {
    const tag = this.#run(tagCharacter, 'A command begins with a tag')
    if (tag.length > maxTagOctets) throw new BadCommand(`A tag is at most ${maxTagOctets} octets long`)
    return tag
  }

  space(): void {
    if (!this.take(' ')) throw new BadCommand('A space is missing')
  }

  /** Nothing may follow. */
  end(): void {
    if (!this.atEnd) throw new BadCommand('Something follows the end of the command')
  }

  /** Passes over whatever is left. */
  skipRest(): void {
    this.#at = this.#octets.length
  }

  isNext(character: string): boolean {
    return this.#octets[this.#at] === character.charCodeAt(0)
  }

  isNextDigit(): boolean {
    return digit[this.#octets[this.#at] ?? 0] === 1
  }

  /** Takes one character when it is next; tells whether it was. */
  take(character: string): boolean {
    if (!this.isNext(character)) return false
    this.#at++
    return true
  }

  expect(character: string): void {
    if (!this.take(character)) throw new BadCommand(`${character} is missing`)
  }

  /** Letters, digits, dots, equal signs and hyphens, in upper case: names of commands, items and keys. */
  word(): string {
    return this.#run(wordCharacter, 'A word is missing').toUpperCase()
  }

  atom(): string {
    return this.#run(atomCharacter, 'An atom is missing')
  }

  /** number: 32 bits, unsigned. */
  number(): number {
    const text = this.#run(digit, 'A number is missing')
    const value = text.length > 10 ? star : Number(text)
    if (value > maxNumber) throw new BadCommand('A number has at most 32 bits')
    return value
  }

  nzNumber(): number {
    const value = this.number()
    if (value === 0) throw new BadCommand('A number here is not zero')
    return value
  }

  /** string: quoted, or a literal that stands in place. */
  string(): Buffer {
    if (this.isNext('"')) return this.#quoted()
    if (this.isNext('{')) return this.#literal()
    throw new BadCommand('A string is missing')
  }

  astring(): Buffer {
    if (this.isNext('"') || this.isNext('{')) return this.string()
    return Buffer.from(this.#run(astringCharacter, 'A string is missing'), 'latin1')
  }

  /** nstring: null for NIL. */
  nstring(): Buffer | null {
    if (this.isNext('"') || this.isNext('{')) return this.string()
    if (this.word() !== 'NIL') throw new BadCommand('A string or NIL is missing')
    return null
  }

  /** An astring as text in UTF-8. */
  text(): string {
    return utf8(this.astring())
  }

  /** A mailbox name, canonical: NFC, INBOX so written. */
  mailbox(): string {
    const name = canonicalName(decodeUtf7(this.astring().toString('latin1')))
    if (name.length > this.limits.mailboxNameOctets * 2) throw new BadCommand('The mailbox name is too long')
    return name
  }

  /** list-mailbox: a name with wildcards, decoded. */
  listMailbox(): string {
    const octets =
      this.isNext('"') || this.isNext('{')
        ? this.string()
        : Buffer.from(this.#run(listCharacter, 'A pattern is missing'), 'latin1')
    if (octets.length > this.limits.listPatternOctets) throw new BadCommand('The pattern is too long')
    return decodeUtf7(octets.toString('latin1'))
  }

  /** A parenthesised list of at least `least` items with spaces between. */
  list<T>(item: () => T, least = 1, most = Number.POSITIVE_INFINITY): T[] {
    this.open()
    const items: T[] = []
    while (!this.isNext(')')) {
      if (items.length > 0) this.space()
      items.push(item())
      if (items.length > most) throw new BadCommand(`A list here has at most ${most} items`)
    }
    this.close()
    if (items.length < least) throw new BadCommand('A list here is not empty')
    return items
  }

  /** An opening parenthesis, counted, so that no one nests without bound. */
  open(): void {
    this.expect('(')
    if (++this.#depth > this.limits.parenthesisDepth)
      throw new BadCommand(`Parentheses nest at most ${this.limits.parenthesisDepth} deep`)
  }

  close(): void {
    this.expect(')')
    this.#depth--
  }

  /** flag: a system flag as RFC 3501 writes it, or a keyword as given. */
  flag(): string {
    const backslash = this.take('\\')
    const name = this.atom()
    if (!backslash) {
      if (name.length > this.limits.keywordOctets)
        throw new BadCommand(`A keyword is at most ${this.limits.keywordOctets} octets long`)
      return name
    }
    const flag = systemFlags.get(`\\${name}`.toUpperCase())
    if (flag === undefined) throw new BadCommand('There is no such system flag')
    return flag
  }

  /** Flags without repeats; \Recent is left out, since only a server sets it (RFC 3501 §2.3.2). */
  flagList(): string[] {
    return withoutRepeats(this.list(() => this.flag(), 0, this.limits.flagsInCommand))
  }

  /** A flag list, or flags without their parentheses (STORE). */
  storeFlags(): string[] {
    if (this.isNext('(')) return this.flagList()
    const flags = [this.flag()]
    while (this.take(' ')) {
      flags.push(this.flag())
      if (flags.length > this.limits.flagsInCommand)
        throw new BadCommand(`A command names at most ${this.limits.flagsInCommand} flags`)
    }
    return withoutRepeats(flags)
  }

  sequenceSet(): SequenceSet {
    const ranges: [number, number][] = []
    do {
      const from = this.#sequenceNumber()
      ranges.push([from, this.take(':') ? this.#sequenceNumber() : from])
      if (ranges.length > this.limits.setElements) throw new BadCommand(`A set has at most ${this.limits.setElements} elements`)
    } while (this.take(','))
    return ranges
  }

  /** date: the start of that day in UTC, in milliseconds. */
  date(): number {
    const quoted = this.take('"')
    const text = this.#run(wordCharacter, 'A date is missing')
    if (quoted) this.expect('"')
    const match = /^(\d{1,2})-([A-Za-z]{3})-(\d{4})$/.exec(text)
    return dayOf(match?.[1], match?.[2], match?.[3])
  }

  /** date-time: `" 7-Jul-1996 02:44:25 -0700"`, in milliseconds. */
  dateTime(): number {
    const text = this.#quoted().toString('latin1')
    const match = /^([ \d]\d)-([A-Za-z]{3})-(\d{4}) ([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60) ([+-])(\d\d)([0-5]\d)$/.exec(text)
    const day = dayOf(match?.[1]?.trim(), match?.[2], match?.[3])
    const [hours, minutes, seconds, zoneHours, zoneMinutes] = [4, 5, 6, 8, 9].map((group) => Number(match![group]))
    const zone = (zoneHours! * 60 + zoneMinutes!) * (match![7] === '-' ? -1 : 1)
    return day + ((hours! * 60 + minutes! - zone) * 60 + seconds!) * 1000
  }

  #sequenceNumber(): number {
    return this.take('*') ? star : this.nzNumber()
  }

  #run(characters: Uint8Array, otherwise: string): string {
    const start = this.#at
    let at = start
    while (at < this.#octets.length && characters[this.#octets[at]!] === 1) at++
    if (at === start) throw new BadCommand(otherwise)
    this.#at = at
    return this.#octets.toString('latin1', start, at)
  }

  #quoted(): Buffer {
    this.expect('"')
    const start = this.#at
    let escaped = false
    for (let at = start; at < this.#octets.length; at++) {
      const octet = this.#octets[at]!
      if (octet === 0x22) {
        this.#at = at + 1
        const inside = this.#octets.subarray(start, at)
        return escaped ? Buffer.from(inside.toString('latin1').replace(/\\(["\\])/g, '$1'), 'latin1') : inside
      }
      if (octet === 0x0d || octet === 0x0a || octet === 0) break
      if (octet !== 0x5c) continue
      escaped = true
      const next = this.#octets[++at]
      if (next !== 0x22 && next !== 0x5c) throw new BadCommand('A backslash in a quoted string stands before " or \\ only')
    }
    throw new BadCommand('A quoted string does not end')
  }

  #literal(): Buffer {
    this.expect('{')
    const octets = this.number()
    this.take('+')
    this.expect('}')
    this.expect('\r')
    this.expect('\n')
    const literal = this.#octets.subarray(this.#at, this.#at + octets)
    if (literal.length < octets) throw new BadCommand('A literal is cut short')
    if (literal.includes(0)) throw new BadCommand('A literal holds no NUL')
    this.#at += octets
    return literal
  }
}

/** Octets as UTF-8 text; throws BadCommand when they are not. */
export function utf8(octets: Buffer): string {
  try {
    return strictUtf8.decode(octets)
  } catch {
    throw new BadCommand('Text is UTF-8')
  }
}

function dayOf(day: string | undefined, month: string | undefined, year: string | undefined): number {
  const index = month === undefined ? -1 : months.indexOf(month.toUpperCase())
  // A four-digit year goes in by setUTCFullYear: Date.UTC takes 0 to 99 for 1900 to 1999.
  const atMs = new Date(0).setUTCFullYear(Number(year), index, Number(day))
  if (index === -1 || new Date(atMs).getUTCDate() !== Number(day)) throw new BadCommand('A date is malformed')
  return atMs
}

function withoutRepeats(flags: string[]): string[] {
  const byKey = new Map(flags.map((flag) => [flag.toUpperCase(), flag]))
  byKey.delete('\\RECENT')
  return [...byKey.values()]
}
