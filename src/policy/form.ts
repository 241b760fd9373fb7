// The form of a marking: `[label:] [national caveat,] [owner] LEVEL [- DESCRIPTOR ...] [caveat]`. By form, never by a word in
// running text. G04, G05.
import type { Marking } from '#policy/marking.ts'
import { maxMarkingCharacters, maxMarkingItems, maxNameWords } from '#policy/limits.ts'
import type { Caveat, Descriptor, Level, Phrase, Scheme } from '#policy/schemes.ts'
import { type Token, tokensOf } from '#policy/tokens.ts'

export interface FormOptions {
  /** The marking must be all of the line; else a dash, colon, bar or `//` must end it. */
  readonly standsAlone: boolean
  /** Inside brackets or a field that is there for markings: a descriptor needs no dash. */
  readonly enclosed: boolean
  /** A field that is there for markings: in whatever letter case, and never bare. */
  readonly field: boolean
}

/** How far the reading of a marking came: one after each part, so that a shorter one can be taken. */
interface Progress {
  readonly at: number
  readonly level: Level | null
  readonly descriptors: readonly string[]
  readonly caveats: readonly string[]
  readonly isMarking: boolean
  readonly bare: boolean
}

interface Reader {
  readonly scheme: Scheme
  readonly tokens: readonly Token[]
  readonly enclosed: boolean
  readonly standsAlone: boolean
  readonly anyCase: boolean
}

const isAscii = /^[\x00-\x7f]*$/
const openers = new Set(['[', '(', '{', '<', '*', '=', '#', '_', '~', '-', '|', '•'])
const closers = new Set([']', ')', '}', '>', '*', '=', '#', '_', '~', '-', '|', '•', '.'])
const joiners = new Set(['-', ':', '/', ',', ';', '(', ')', '[', ']', '|', '&', '+'])
/** `J. Smith`, `Smith & Jones`, `UK/IRL`. */
const nameSigns = new Set(['.', '&', '/'])
const innerJoiners = new Set(['-', ':', '/', '(', '['])

/** The marking at the start of a line by the first scheme that reads most of it, or null. Looks at 200 characters. */
export function readForm(line: string, schemes: readonly Scheme[], options: FormOptions): Marking | null {
  if (options.standsAlone && line.length > maxMarkingCharacters) return null
  const text = line.slice(0, maxMarkingCharacters)
  const told = schemes.filter((scheme) => !isAscii.test(text) || scheme.tellingWords.test(text))
  if (told.length === 0) return null
  const tokens = tokensOf(text)
  let best: Progress | null = null
  let bestScheme: Scheme | null = null
  for (const scheme of told) {
    const found = readByScheme(scheme, tokens, options)
    if (found !== null && found.at > (best?.at ?? 0)) [best, bestScheme] = [found, scheme]
  }
  if (best === null || bestScheme === null) return null
  return markingOf(bestScheme, best, writtenForm(text, tokens, best.at))
}

/** A marking from its parts; rank and ceiling come from the level. */
export function markingOf(
  scheme: Scheme,
  parts: Pick<Progress, 'level' | 'descriptors' | 'caveats' | 'bare'>,
  written: string,
): Marking {
  const { level, descriptors, caveats, bare } = parts
  return {
    scheme: scheme.id,
    level: level?.name ?? null,
    rank: level?.rank ?? null,
    aboveCeiling: level?.aboveCeiling ?? false,
    bare,
    descriptors,
    caveats,
    written,
  }
}

/** The marking as it stood, with the brackets that close inside it. */
function writtenForm(text: string, tokens: readonly Token[], at: number): string {
  const start = tokens[openersAt(tokens)]?.start
  let end = at
  const opened = tokens.slice(0, at).filter((token) => token.text === '(' || token.text === '[').length
  while (end - at < opened && (tokens[end]?.text === ')' || tokens[end]?.text === ']')) end++
  return text.slice(start, tokens[end - 1]?.end)
}

/** How many signs of decoration stand before the first word. */
function openersAt(tokens: readonly Token[]): number {
  const first = tokens.findIndex((token) => !openers.has(token.text))
  return first < 0 ? tokens.length : first
}

function readByScheme(scheme: Scheme, tokens: readonly Token[], options: FormOptions): Progress | null {
  const at = openersAt(tokens)
  const label = labelAt(scheme, tokens, at)
  const reader = {
    scheme,
    tokens,
    enclosed: options.enclosed,
    standsAlone: options.standsAlone,
    anyCase: options.field || label.anyCase,
  }
  const start = {
    at: label.at,
    level: null,
    descriptors: [],
    caveats: [],
    isMarking: false,
    // `Classification: CONFIDENTIAL` may be a company's own scheme: only the scheme's own label is more than the bare word.
    bare: !options.field && !label.anyCase,
  }
  const ends = options.standsAlone ? endsAlone : endsBeforeText
  return progressFrom(reader, start).findLast((each) => each.isMarking && ends(tokens, each.at)) ?? null
}

/** Past `Protective marking:` where it stands; else where it was. */
function labelAt(scheme: Scheme, tokens: readonly Token[], at: number): { at: number; anyCase: boolean } {
  for (const [labels, anyCase] of [
    [scheme.labels, true],
    [scheme.looseLabels, false],
  ] as const) {
    for (const label of labels) {
      const end = phraseEnd(label, tokens, at)
      if (end > 0 && (tokens[end]?.text === ':' || tokens[end]?.text === '-')) return { at: end + 1, anyCase }
    }
  }
  return { at, anyCase: false }
}

/** Every point at which the marking that starts here could end, the nearest first. */
function progressFrom(reader: Reader, start: Progress): Progress[] {
  const all: Progress[] = []
  let current: Progress | null = start
  while (current !== null && all.length < maxMarkingItems) {
    const next: Progress[] = nextParts(reader, current)
    all.push(...next)
    current = next.at(-1) ?? null
  }
  return all
}

/** The next part after separators, its shorter readings first; empty where there is none. */
function nextParts(reader: Reader, from: Progress): Progress[] {
  const at = from.at + joinersAt(reader.tokens, from.at)
  const isFirst = from.caveats.length === 0 && !from.isMarking
  if (from.level === null && from.descriptors.length === 0) {
    const levels = levelsAt(reader, from, at)
    if (levels.length > 0) return levels
  }
  const caveat = caveatAt(reader, from, at, isFirst)
  if (caveat !== null) return [caveat]
  if (isFirst) return outsideLevelAt(reader, from, at)
  return descriptorAt(reader, from, at)
}

function levelsAt(reader: Reader, from: Progress, start: number): Progress[] {
  const owner = matchAt(reader.scheme.owners, reader, start, false)
  const at = owner === null ? start : owner.end
  return reader.scheme.levels
    .map((level) => ({ level, end: phraseEnd(level, reader.tokens, at) }))
    .filter(({ level, end }) => end > 0 && (reader.anyCase || level.anyCase || isInCapitals(reader.tokens, at, end)))
    .sort((one, other) => one.end - other.end)
    .map(({ level, end }) => ({ ...from, at: end, level, isMarking: true, bare: from.bare && owner === null }))
}

function outsideLevelAt(reader: Reader, from: Progress, at: number): Progress[] {
  const found = matchAt(reader.scheme.outsideLevels, reader, at, false)
  return found === null ? [] : [{ ...from, at: found.end, descriptors: [found.phrase.name], isMarking: true }]
}

function descriptorAt(reader: Reader, from: Progress, at: number): Progress[] {
  const found = matchAt(reader.scheme.descriptors, reader, at, true)
  if (found === null) return []
  const { name } = found.phrase
  const separated = reader.tokens
    .slice(from.at, at)
    .some((token) => joiners.has(token.text) || (token.text === 'AND' && from.descriptors.length > 0))
  if (!separated && !reader.enclosed && !mayFollowSpace(reader, from, found.phrase)) return []
  // `CONFIDENTIAL - Personal` and `CONFIDENTIAL - PRIVATE` head ordinary letters: no more of the scheme's form than the word
  // alone.
  const givesForm = separated && name !== 'PRIVATE' && isInCapitals(reader.tokens, at, found.end)
  const descriptors = from.descriptors.includes(name) ? from.descriptors : [...from.descriptors, name]
  return [{ ...from, at: found.end, descriptors, bare: from.bare && !givesForm }]
}

/** `RESTRICTED COMMERCIAL` is a marking, `RESTRICTED VISITS:` and `SECRET PERSONAL: …` are headings. */
function mayFollowSpace(reader: Reader, from: Progress, descriptor: Descriptor): boolean {
  return descriptor.afterSpace && (reader.standsAlone || from.level?.aboveCeiling === false)
}

/** A caveat of the list, else `<name or role> EYES ONLY`; in capitals where no level stands before it. */
function caveatAt(reader: Reader, from: Progress, at: number, isFirst: boolean): Progress | null {
  const found = matchAt(reader.scheme.caveats, reader, at, !isFirst) ?? namedCaveatAt(reader, at, isFirst)
  if (found === null) return null
  const { phrase, end } = found
  const caveats = from.caveats.includes(phrase.name) ? from.caveats : [...from.caveats, phrase.name]
  return { ...from, at: end, caveats, isMarking: from.isMarking || phrase.alone, bare: false }
}

function namedCaveatAt(reader: Reader, at: number, isFirst: boolean): { phrase: Caveat; end: number } | null {
  let name = ''
  for (let length = 1; length <= maxNameWords; length++) {
    const token = reader.tokens[at + length - 1]
    if (token === undefined || !(token.isName || (name !== '' && nameSigns.has(token.text)))) return null
    if (isPronoun(token.text) || levelStartsAt(reader, at + length - 1)) return null
    name += token.afterSpace && name !== '' ? ` ${token.text}` : token.text
    const found = matchAt(reader.scheme.namedCaveats, reader, at + length, !isFirst)
    if (found !== null) return { phrase: { ...found.phrase, name: `${name} ${found.phrase.name}` }, end: found.end }
  }
  return null
}

function levelStartsAt(reader: Reader, at: number): boolean {
  return reader.scheme.levels.some((level) => phraseEnd(level, reader.tokens, at) > 0)
}

/** `For your eyes only` is a film, not a name. */
function isPronoun(text: string): boolean {
  return text === 'FOR' || text === 'YOUR' || text === 'MY' || text === 'THEIR' || text === 'OUR'
}

/** The longest phrase of a list that stands at a token, and the index after it. */
function matchAt<P extends Phrase>(
  list: readonly P[],
  reader: Reader,
  at: number,
  anyCase: boolean,
): { phrase: P; end: number } | null {
  for (const phrase of list) {
    const end = phraseEnd(phrase, reader.tokens, at)
    if (end > 0 && (anyCase || reader.anyCase || isInCapitals(reader.tokens, at, end))) return { phrase, end }
  }
  return null
}

/** The index after a phrase that stands at a token, with at most one sign between two words; 0 where it does not. */
function phraseEnd(phrase: Phrase, tokens: readonly Token[], start: number): number {
  let at = start
  for (const [index, word] of phrase.words.entries()) {
    if (index > 0 && innerJoiners.has(tokens[at]?.text ?? '')) at++
    if (tokens[at]?.text !== word) return 0
    at++
  }
  return at
}

function isInCapitals(tokens: readonly Token[], start: number, end: number): boolean {
  return tokens.slice(start, end).every((token) => token.isCapitals || !token.isWord)
}

/** How many signs (at most four) and ANDs stand between two parts. */
function joinersAt(tokens: readonly Token[], start: number): number {
  let at = start
  while (at - start < 4 && (joiners.has(tokens[at]?.text ?? '') || (at > 0 && tokens[at]?.text === 'AND'))) at++
  return at - start
}

function endsAlone(tokens: readonly Token[], at: number): boolean {
  return tokens.slice(at).every((token) => closers.has(token.text))
}

/** The line ends here, or a colon, bar, `//` or dash with a space beside it parts the marking from what follows. */
function endsBeforeText(tokens: readonly Token[], start: number): boolean {
  let at = start
  while (tokens[at]?.text === ']' || tokens[at]?.text === ')' || tokens[at]?.text === '*') at++
  const token = tokens[at]
  if (token === undefined || token.text === ':' || token.text === '|') return true
  const next = tokens[at + 1]
  if (token.text === '/') return next?.text === '/'
  return token.text === '-' && (token.afterSpace || next === undefined || next.afterSpace || next.text === '-')
}
