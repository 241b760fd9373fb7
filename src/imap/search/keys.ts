// The keys of a SEARCH as a tree, read from the command. RFC 3501 §6.4.4.
import { BadCommand } from '#base/faults.ts'
import type { TextSearch } from '#imap/doors.ts'
import { type Decoder, utf8 } from '#imap/grammar.ts'
import { addressText, dateOf, sentDayOf, subjectText, type Facts } from '#imap/search/facts.ts'
import type { SequenceSet } from '#imap/sequence-set.ts'

/**
 * A key. What a copy's place and flags answer, what its summary answers, and what needs its content are told apart, since they
 * cost differently.
 */
export type Key =
  | { readonly kind: 'all' }
  | { readonly kind: 'set'; readonly set: SequenceSet; readonly byUid: boolean }
  | { readonly kind: 'flag'; readonly flag: string }
  | { readonly kind: 'summary'; matches(facts: Facts): boolean }
  | { readonly kind: 'field'; readonly fieldName: string; readonly text: string }
  | { readonly kind: 'text'; readonly search: TextSearch }
  | { readonly kind: 'and'; readonly keys: readonly Key[] }
  | { readonly kind: 'or'; readonly keys: readonly Key[] }
  | { readonly kind: 'not'; readonly key: Key }

export interface SearchRequest {
  readonly key: Key
  /** Whether the strings are in a charset that is known here. */
  readonly charsetIsKnown: boolean
}

const dayMs = 86_400_000
const all: Key = { kind: 'all' }
const not = (key: Key): Key => ({ kind: 'not', key })
const flagKey = (flag: string): Key => ({ kind: 'flag', flag })
const summaryKey = (matches: (facts: Facts) => boolean): Key => ({ kind: 'summary', matches })

const constants = new Map<string, Key>([
  ['ALL', all],
  // No copy is recent here, so that none is new and all are old.
  ['RECENT', not(all)],
  ['NEW', not(all)],
  ['OLD', all],
  ...['ANSWERED', 'DELETED', 'DRAFT', 'FLAGGED', 'SEEN'].flatMap((word): [string, Key][] => [
    [word, flagKey(`\\${word}`)],
    [`UN${word}`, not(flagKey(`\\${word}`))],
  ]),
])

const envelopeFields = new Map<string, (facts: Facts) => string>([
  ['SUBJECT', subjectText],
  ['FROM', (facts) => addressText(facts, 'from')],
  ['TO', (facts) => addressText(facts, 'to')],
  ['CC', (facts) => addressText(facts, 'cc')],
  ['BCC', (facts) => addressText(facts, 'bcc')],
])

const rawFields = new Map<string, (facts: Facts) => string | null>([
  ['DATE', (facts) => facts.summary.envelope.date],
  ['MESSAGE-ID', (facts) => facts.summary.envelope.messageId],
  ['IN-REPLY-TO', (facts) => facts.summary.envelope.inReplyTo],
])

/** Reads `[CHARSET name] key …`. Throws BadCommand. */
export function parseSearch(input: Decoder): SearchRequest {
  input.space()
  const reader = new KeyReader(input)
  const first = input.isNext('(') || input.isNextDigit() || input.isNext('*') ? null : input.word()
  if (first !== 'CHARSET') return { key: reader.keys(first), charsetIsKnown: true }
  input.space()
  const charset = input.astring().toString('latin1').toUpperCase()
  input.space()
  if (charset === 'UTF-8' || charset === 'US-ASCII') return { key: reader.keys(null), charsetIsKnown: true }
  input.skipRest()
  return { key: all, charsetIsKnown: false }
}

class KeyReader {
  readonly #input: Decoder
  #count = 0

  constructor(input: Decoder) {
    this.#input = input
  }

  /** Keys with spaces between, to the end of the command, or of the parentheses; `word` was read of the first already. */
  keys(word: string | null): Key {
    const keys = [this.#key(word)]
    while (this.#input.take(' ')) keys.push(this.#key(null))
    return keys.length === 1 ? keys[0]! : { kind: 'and', keys }
  }

  #key(read: string | null): Key {
    const input = this.#input
    const { searchKeys } = input.limits
    if (++this.#count > searchKeys) throw new BadCommand(`A search has at most ${searchKeys} keys`)
    if (read === null) {
      if (input.isNextDigit() || input.isNext('*')) return { kind: 'set', set: input.sequenceSet(), byUid: false }
      if (input.isNext('(')) return this.#parenthesised()
    }
    const word = read ?? input.word()
    const constant = constants.get(word)
    if (constant !== undefined) return constant
    input.space()
    return this.#withArgument(word)
  }

  #parenthesised(): Key {
    this.#input.open()
    const key = this.keys(null)
    this.#input.close()
    return key
  }

  #withArgument(word: string): Key {
    const input = this.#input
    const envelopeField = envelopeFields.get(word)
    if (envelopeField !== undefined) return contains(envelopeField, this.#text())
    const byDate = dateKey(word, () => input.date())
    if (byDate !== null) return byDate
    switch (word) {
      case 'UID':
        return { kind: 'set', set: input.sequenceSet(), byUid: true }
      case 'KEYWORD':
        return flagKey(input.flag().toUpperCase())
      case 'UNKEYWORD':
        return not(flagKey(input.flag().toUpperCase()))
      case 'LARGER':
      case 'SMALLER':
        return sizeKey(word, input.number())
      case 'BODY':
      case 'TEXT':
        return { kind: 'text', search: { scope: word === 'BODY' ? 'body' : 'text', text: this.#text() } }
      case 'HEADER':
        return this.#header()
      case 'NOT':
        return not(this.#key(null))
      case 'OR':
        return this.#or()
      default:
        throw new BadCommand('There is no such search key')
    }
  }

  #or(): Key {
    const left = this.#key(null)
    this.#input.space()
    return { kind: 'or', keys: [left, this.#key(null)] }
  }

  #header(): Key {
    const fieldName = this.#input.astring().toString('latin1').toUpperCase()
    this.#input.space()
    const text = this.#text()
    const raw = rawFields.get(fieldName)
    if (raw !== undefined) return contains(raw, text)
    const envelopeField = envelopeFields.get(fieldName)
    // An envelope cannot tell an empty field from an absent one: presence is looked up in the header itself.
    if (envelopeField !== undefined && text !== '') return contains(envelopeField, text)
    return { kind: 'field', fieldName: fieldName.toLowerCase(), text }
  }

  #text(): string {
    return folded(utf8(this.#input.astring()))
  }
}

/** The form in which texts are compared: whatever the letter case (RFC 3501 §6.4.4), and however a line was folded. */
export function folded(text: string): string {
  return text.normalize('NFC').toLowerCase().replace(/\s+/g, ' ')
}

function contains(read: (facts: Facts) => string | null, text: string): Key {
  return summaryKey((facts) => {
    const value = read(facts)
    return value !== null && folded(value).includes(text)
  })
}

function sizeKey(word: 'LARGER' | 'SMALLER', octets: number): Key {
  return summaryKey(({ summary }) => (word === 'LARGER' ? summary.octets > octets : summary.octets < octets))
}

function dateKey(word: string, read: () => number): Key | null {
  const match = /^(SENT)?(BEFORE|ON|SINCE)$/.exec(word)
  if (match === null) return null
  const day = read()
  const dayOf = match[1] === undefined ? dateOf : sentDayOf
  return summaryKey((facts) => {
    const at = dayOf(facts)
    if (at === null) return false
    if (match[2] === 'BEFORE') return at < day
    return match[2] === 'SINCE' ? at >= day : at >= day && at < day + dayMs
  })
}
