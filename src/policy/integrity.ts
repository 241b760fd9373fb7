// Whether what a message quotes or passes on is what its sender was sent: whole, in part, or changed. G16
import { originalField, originalStart } from '#policy/banner-lines.ts'
import type { SubmissionFacts } from '#policy/facts.ts'
import { maxComparedWords } from '#policy/limits.ts'

/** `cannot-tell` where nothing that can be compared is quoted, or the original is too long. */
export type Integrity = 'verbatim' | 'extract' | 'modified' | 'cannot-tell'

export interface IntegrityFacts {
  readonly verdict: Integrity
  /** The Message-ID of the original, with its angle brackets. */
  readonly original: string
  /** Whether the writer says in their own text that it is an extract or was changed. */
  readonly isStated: boolean
  /** Who had what is quoted, where its sender asked that it is not forwarded (G09); left out where they did not. */
  readonly readers?: readonly string[]
  /** Why an original is not to be passed on: the Helpdesk sealed it, or its holder said that it is above the ceiling. G05, T07 */
  readonly stopped?: 'sealed' | 'told-above'
}

/** What stands above or among an original, and is no part of it. */
const rule = /^[ \t]*(?:-{2,}|_{5,}|begin forwarded message:|on .{4,200}wrote:)/i
const statement = /\[(?:\.\.\.|…|snip)\]|\b(?:extract|excerpt|redacted|edited|amended|shortened|abridged|modified|altered)\b/i

/** What an answer or forward says of the text it was made from: its best reading over the original's alternatives. */
export function integrityOf(text: string, originals: readonly string[]): Integrity {
  const quoted = quotedIn(text)
  if (quoted.flat().length === 0) return 'cannot-tell'
  const readings = originals
    .flatMap((original) => [original, withoutSignature(original)])
    .map((original) => compare(quoted, wordsOf(original)))
  return (['verbatim', 'extract', 'modified'] as const).find((reading) => readings.includes(reading)) ?? 'cannot-tell'
}

/** Whether a text's own part says that what it quotes is an extract or was changed. */
export function statesTheChange(text: string): boolean {
  const own = text.slice(0, originalStart(text))
  return statement.test(
    own
      .split('\n')
      .filter((line) => !isQuoted(line))
      .join('\n'),
  )
}

/** Whether a text quotes anything: what is asked before an original is looked for. */
export function quotesSomething(text: string): boolean {
  return /^[ \t]{0,9}>/m.test(text) || originalStart(text) < text.length
}

/** G16: the line that tells the readers; null where nothing was left out or changed, its writer says so, or nothing may be added. */
export function noticeToAdd({ integrity, block }: SubmissionFacts): string | null {
  if (integrity === null || integrity.isStated || block === 'cannot-be-added' || block === 'exempt') return null
  const { verdict } = integrity
  if (verdict === 'modified') return 'Notice: what is quoted or passed on here differs from the message that its sender was sent.'
  return verdict === 'extract' ? 'Notice: what is quoted here is an extract of the message that its sender was sent.' : null
}

const isQuoted = (line: string) => line.trimStart().startsWith('>')

/** The words that are quoted, in the stretches between which the writer's own stand. */
function quotedIn(text: string): string[][] {
  const lines = text.split(/\r?\n/)
  if (!lines.some(isQuoted)) return [wordsOf(belowTheFields(text.slice(originalStart(text))))]
  const stretches: string[][] = [[]]
  for (const line of lines) {
    if (isQuoted(line)) for (const word of wordsOf(line)) stretches.at(-1)!.push(word)
    else if (line.trim() !== '' && stretches.at(-1)!.length > 0) stretches.push([])
  }
  return stretches.filter((words) => words.length > 0)
}

function belowTheFields(original: string): string {
  const lines = original.split(/\r?\n/)
  let at = 0
  while (at < lines.length && (lines[at]!.trim() === '' || rule.test(lines[at]!) || originalField.test(lines[at]!))) at++
  return lines.slice(at).join('\n')
}

function withoutSignature(text: string): string {
  const at = text.search(/\r?\n-- \r?\n/)
  return at < 0 ? text : text.slice(0, at)
}

/** Words without quote marks: what mail programs wrap, indent and quote anew is the same. */
function wordsOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/^[\s>]+/, ''))
    .join(' ')
    .normalize('NFC')
    .split(/\s+/)
    .filter((word) => word !== '')
}

function compare(quoted: readonly (readonly string[])[], original: readonly string[]): Integrity {
  const count = quoted.reduce((sum, words) => sum + words.length, 0)
  if (original.length === 0 || original.length > maxComparedWords || count > maxComparedWords) return 'cannot-tell'
  let from = 0
  for (const words of quoted) {
    from = endOfFirst(words, original, from)
    if (from < 0) return 'modified'
  }
  return count === original.length ? 'verbatim' : 'extract'
}

/** The index behind the first place of some words among others, or -1; linear whatever they are (Knuth, Morris and Pratt). */
function endOfFirst(words: readonly string[], among: readonly string[], from: number): number {
  const borders = [0]
  for (let at = 1, length = 0; at < words.length; at++) {
    while (length > 0 && words[at] !== words[length]) length = borders[length - 1]!
    if (words[at] === words[length]) length++
    borders.push(length)
  }
  for (let at = from, matched = 0; at < among.length; at++) {
    while (matched > 0 && among[at] !== words[matched]) matched = borders[matched - 1]!
    if (among[at] === words[matched]) matched++
    if (matched === words.length) return at + 1
  }
  return -1
}
