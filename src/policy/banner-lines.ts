// The first and last lines of a body that stand alone: where a banner is, and whether it is the writer's own or an original's.
// G05, G07.
import { bannerWindowCharacters, maxBannerLines, maxMarkingCharacters, originalWindowCharacters } from '#policy/limits.ts'

/** Lines at one end of a text, the outermost first; each counts only where the ones before it are markings too. */
export interface BannerEdge {
  readonly lines: readonly string[]
  readonly where: 'first-line' | 'last-line'
  /** The end of an original that stands below the writer's own text without quote marks. */
  readonly inherited: boolean
}

// What mail programs put above an original that they do not quote line by line.
const originalRule = /^[ \t]*(?:-{2,}[ \t]*(?:original|forwarded|reply)\b[^\r\n]{0,60}|begin forwarded message:)[ \t]*$/im
// Below a line of underscores too: alone that is a writer's own, above their signature. So is `From:` with `To:` only, as of a leave.
const originalFields =
  /^[ \t*]*from:[^\r\n]{0,300}\r?\n(?:[ \t*]*(?:reply-to|organi[sz]ation|to|cc):[^\r\n]{0,300}\r?\n){0,4}[ \t*]*(?:sent|date|subject):/im
const attribution = /^[ \t]*on [^\r\n]{4,200}(?:\r?\n[^\r\n]{0,120})? ?wrote:[ \t]{0,9}(?:\r?\n[ \t]{0,9}){1,3}(?![ \t>\r\n])/im

/** A field that mail programs put above an original, up to its value. */
export const originalField = /^[\s*]*(?:from|sent|date|to|cc|subject|importance|attachments|reply-to|organi[sz]ation)\*?:[ \t*]*/i

/**
 * The writer's own first and last lines, and the last lines of an original below them; none that `>` quotes, none of signs only.
 */
export function bannerEdges(text: string): BannerEdge[] {
  const cut = originalStart(text)
  const own = text.slice(0, cut)
  return [
    { lines: firstLines(own), where: 'first-line', inherited: false },
    { lines: lastLines(own), where: 'last-line', inherited: false },
    { lines: lastLines(text.slice(cut)), where: 'last-line', inherited: true },
  ]
}

/** Whether some line in the first or last part of a text is quoted with `>`: then what is not quoted is the writer's own. */
export function quotesLineByLine(text: string): boolean {
  return (
    text.includes('>') &&
    (/^[ \t]{0,9}>/m.test(text.slice(0, originalWindowCharacters)) || /^[ \t]{0,9}>/m.test(text.slice(-bannerWindowCharacters)))
  )
}

/** Where an original that is not quoted line by line starts; the text's length where there is none. */
export function originalStart(text: string): number {
  return originalAt(text)?.start ?? text.length
}

/** Where an original that is not quoted line by line starts, and where its fields, or its text below an attribution. */
export interface OriginalAt {
  readonly start: number
  readonly below: number
  readonly isAttributed: boolean
}

/** Finds the first original that is not quoted line by line; null where there is none. */
export function originalAt(text: string): OriginalAt | null {
  const window = text.slice(0, originalWindowCharacters)
  if (!mayHoldOriginal(window)) return null
  let first: OriginalAt | null = null
  for (const pattern of [originalRule, originalFields, attribution]) {
    const match = pattern.exec(window)
    if (match === null || (first !== null && match.index >= first.start)) continue
    const below = pattern === originalFields ? match.index : match.index + match[0].length
    first = { start: match.index, below, isAttributed: pattern === attribution }
  }
  return first
}

/** Whether a text holds what every one of the patterns above asks for: a rule, or a colon behind `from`, `wrote` or `message`. */
function mayHoldOriginal(text: string): boolean {
  if (text.includes('--')) return true
  for (let at = text.indexOf(':'); at >= 0; at = text.indexOf(':', at + 1)) {
    const before = text[at - 1]?.toLowerCase()
    if (before === 'm' || before === 'e') return true
  }
  return false
}

function firstLines(text: string): string[] {
  const own: string[] = []
  for (const line of text.slice(0, bannerWindowCharacters).split(/\r?\n/)) {
    if (isDecoration(line)) continue
    if (isQuoted(line) || line.length > maxMarkingCharacters || own.length === maxBannerLines) break
    own.push(line)
  }
  return own
}

/** From the end upwards; a short last line of a wrapped paragraph does not stand alone. */
function lastLines(text: string): string[] {
  const lines = text.slice(-bannerWindowCharacters).split(/\r?\n/)
  const own: string[] = []
  for (let at = lines.length - 1; at >= 0 && own.length < maxBannerLines; at--) {
    const line = lines[at]!
    if (isDecoration(line) || isQuoted(line) || line.trimEnd().endsWith('wrote:')) continue
    if (continuesParagraph(lines[at - 1] ?? '') || line.length > maxMarkingCharacters) break
    own.push(line)
  }
  return own
}

/** Whether a line is followed by more of its paragraph: long enough to have been wrapped, and not at the end of a sentence. */
function continuesParagraph(line: string): boolean {
  const text = line.trimEnd()
  return text.length >= 40 && !/[.:;!?)\]"'”’*=_-]$/.test(text) && /\p{Ll}/u.test(text)
}

/** Blank, or made of signs only. */
function isDecoration(line: string): boolean {
  return !/[\p{L}\p{N}]/u.test(line)
}

function isQuoted(line: string): boolean {
  return line.trimStart().startsWith('>')
}
