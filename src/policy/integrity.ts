// Whether what a message quotes or passes on is what its sender was sent: whole, in part, or changed. G16
import { originalField, originalStart } from '#policy/banner-lines.ts'
import type { SubmissionFacts } from '#policy/facts.ts'
import { fewestCommonWords, maxComparedWords } from '#policy/limits.ts'

/** `cannot-tell` where nothing that can be compared is quoted, or the original is too long. */
export type Integrity = 'verbatim' | 'extract' | 'modified' | 'cannot-tell'

export interface IntegrityFacts {
  readonly verdict: Integrity
  /** The Message-ID of the original, with its angle brackets. */
  readonly original: string
  /** Whether the writer says in their own text that it is an extract or was changed. */
  readonly isStated: boolean
}

/** The fields above an original that mail programs wrap. */
const lists = /^[\s*]*(?:to|cc)\*?:/i
/** What stands above an original besides its fields, and is no part of it. */
const rule = /^[ \t]*(?:_{5,}|begin forwarded message:|on .{4,200}wrote:)\s*$/i

/** Where something of a quotation is left out. */
const cut = /\[(?:\.{3}|…|snip)\]/gi
const edited = `(?:edited|amended|redacted|shortened|abridged|modified|altered|changed)`
const extract = `(?:extracts?|excerpts?)`
const mail = `(?:messages?|e-?mails?|quotations?|quoted (?:text|words|message))\\b(?! address)`
/** Sentences about the quotation itself: words such as `amended` alone are of any lawyer's mail. */
const statement = new RegExp(
  [
    `${extract}:(?:\\s|$)`,
    `below (?:is|are) (?:an? |the |some |only )?(?:relevant |short )?${extract}`,
    `${extract} (?:of|from) (?:the |your |this |his |her |their |my |an? )?(?:original |earlier |previous |police )?(?:${mail}|text below)`,
    `${edited} (?:the |your |this |his |her |their |my )(?:original |earlier |previous )?(?:${mail}|(?:original )?text below)`,
    `(?:${mail}|(?:message|e-?mail|text|quotation) below) (?:is|are|was|were|has been|have been) (?:${edited}|an? ${extract})`,
    `(?:${edited}|${extract}|amendments|alterations|redactions|edits|changes)(?: (?:are|is|marked|shown|made|highlighted|in|by|bold|red|blue|green|italics|capitals|me)){0,5} below`,
  ]
    .map((sentence) => `\\b(?:${sentence})`)
    .join('|'),
  'i',
)

/**
 * What an answer or forward says of the text it was made from: its best reading over the original's alternatives. `cannot-tell`
 * where it is not certain that something is quoted, and nothing of the original is found.
 */
export function integrityOf(text: string, originals: readonly string[]): Integrity {
  const { readings, isCertain } = readQuotations(text)
  const wholes = [...new Set(originals.flatMap((original) => [original, withoutSignature(original)]))].map(wordsOf)
  const verdicts = new Set(readings.flatMap((quoted) => wholes.map((original) => compare(quoted, original))))
  const best = (['verbatim', 'extract', 'modified'] as const).find((one) => verdicts.has(one)) ?? 'cannot-tell'
  if (best !== 'modified' || isCertain) return best
  const quoted = readings.at(-1)!.flat()
  return originals.some((original) => haveStretchInCommon(quoted, wordsOf(original))) ? best : 'cannot-tell'
}

/** Whether a text says of what it quotes that it is an extract or was changed: in a sentence, or where something was left out. */
export function statesTheChange(text: string, originals: readonly string[]): boolean {
  const start = originalStart(text)
  const lines = text.slice(0, start).split('\n')
  const own = lines.filter((line) => !isQuoted(line))
  if (statement.test(own.join(' ').replace(/\s+/g, ' '))) return true
  const quoted = [...lines.filter(isQuoted), ...own.filter(isCutAlone), text.slice(start)]
  return cutsIn(quoted.join('\n')) > Math.max(0, ...originals.map(cutsIn))
}

const isCutAlone = (line: string) => line.trim().replace(cut, '') === ''
const cutsIn = (text: string) => text.match(cut)?.length ?? 0

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

interface Quotations {
  /** What is quoted as each way of quoting has it: the words of each stretch between which the writer's own stand. */
  readonly readings: readonly string[][][]
  /** Whether quote marks say what is quoted; else the writer's own may be below it, or be taken for it. */
  readonly isCertain: boolean
}

function readQuotations(text: string): Quotations {
  const lines = text.split(/\r?\n/)
  const start = originalStart(text)
  const isCertain = text.slice(0, start).split('\n').some(isQuoted)
  const readings = lines.some(isQuoted) ? readingsOf(stretchesIn(lines), true) : []
  if (!isCertain) readings.push(...readingsOf([text.slice(start).split(/\r?\n/).map(withoutMarks)], false))
  return { readings, isCertain }
}

/** The quoted lines without their marks, in stretches. */
function stretchesIn(lines: readonly string[]): string[][] {
  const stretches: string[][] = [[]]
  for (const line of lines) {
    if (isQuoted(line)) stretches.at(-1)!.push(withoutMarks(line))
    else if (line.trim() !== '' && stretches.at(-1)!.length > 0) stretches.push([])
  }
  return stretches
}

/** The words of stretches, the first of which begins with the original, or with what mail programs put above it. */
function readingsOf([top, ...others]: readonly string[][], mayBeBare: boolean): string[][][] {
  const heads = new Set([...(mayBeBare ? [0] : []), headEnd(top!, 'blank'), headEnd(top!, 'body'), headEnd(top!, 'lists')])
  const below = others.map((lines) => wordsOf(lines.join('\n')))
  return [...heads]
    .map((end) => [wordsOf(top!.slice(end).join('\n')), ...below].filter((words) => words.length > 0))
    .filter((words) => words.length > 0)
}

/**
 * The first line below the fields: at the first blank line, below the last one that looks like a field, or below the lines on
 * which a list of recipients goes on too. The original may begin with lines that look like any of them.
 */
function headEnd(lines: readonly string[], until: 'blank' | 'body' | 'lists'): number {
  let isBelowField = false
  let isInList = false
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!
    if (line.trim() === '') {
      if (isBelowField && until === 'blank') return at
      isInList = false
    } else if (originalField.test(line)) {
      isBelowField = true
      isInList = lists.test(line)
    } else if (/^\s*on\b/i.test(line) && /wrote:\s*$/.test(lines[at + 1] ?? '')) at++
    else if (!isRule(line) && !(isInList && until === 'lists')) return at
  }
  return lines.length
}

const isRule = (line: string) => rule.test(line) || (line.trimStart().startsWith('--') && line.trimEnd().endsWith('--'))

function withoutSignature(text: string): string {
  const at = text.search(/\r?\n-- \r?\n/)
  return at < 0 ? text : text.slice(0, at)
}

const withoutMarks = (line: string) => line.replace(/^[\s>]+/, '')

/** Words without quote marks: what mail programs wrap, indent and quote anew is the same. */
function wordsOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map(withoutMarks)
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

/** Whether some words follow one another in both: a sentence's beginning, and no name. */
function haveStretchInCommon(words: readonly string[], original: readonly string[]): boolean {
  const length = Math.min(fewestCommonWords, original.length)
  if (length === 0 || original.length > maxComparedWords || words.length > maxComparedWords) return false
  const stretchAt = (from: readonly string[], at: number) => from.slice(at, at + length).join(' ')
  const stretches = new Set(original.slice(length - 1).map((_, at) => stretchAt(original, at)))
  return words.some((_, at) => at + length <= words.length && stretches.has(stretchAt(words, at)))
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
