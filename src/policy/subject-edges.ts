// The head and the tail of a subject: the two places where a marking stands, behind Re: and Fw: and past other people's
// brackets. G05, G07.
import { maxBracketGroups, maxMarkingCharacters, maxTailSeparators, subjectWindowCharacters } from '#policy/limits.ts'

/** A piece of a subject in which a marking may stand. */
export interface Edge {
  readonly text: string
  readonly kind: 'bracketed' | 'head' | 'tail'
  /**
   * In square brackets, which people write around nothing but tags: `[SECRET - OPERATION HAWK]`; round ones stand in sentences
   * too.
   */
  readonly isSquare: boolean
  /** Behind Re:, Fw: or their like, or before (fwd). */
  readonly inherited: boolean
  /** For a tail: the word before its dash, in upper case. */
  readonly wordBefore: string
}

// Re and Fw in the languages that mail programs write, Re[2]: and Re^2: among them; Auto is an automatic reply's (RFC 3834 §3.1.5),
// the longer ones those of Outlook's and Google's replies to invitations, receipts and automatic replies.
const answerWords =
  're|fwd?|aw|wg|sv|vs|vb|tr|rv|enc|antw|doorst|rif|ynt|atb|ymateb|auto|' +
  '(?:tentatively )?accepted|declined|tentative|(?:not )?read|automatic reply'
const answerPrefix = new RegExp(`^\\s*(?:${answerWords})\\s?(?:[[(^]\\d{1,4}[\\])]?)?\\s?[:：]`, 'iu')
const pairs = new Map([
  ['[', ']'],
  ['(', ')'],
  ['{', '}'],
  ['<', '>'],
  ['*', '*'],
])
const closing = new Set([']', ')', '}', '>', '*'])

/** What stands at the head: bracketed groups, then the text after them. */
export function headEdges(subject: string): Edge[] {
  const edges: Edge[] = []
  let text = subject
  let inherited = false
  for (let groups = 0; groups < maxBracketGroups; groups++) {
    const rest = withoutAnswerPrefixes(text)
    inherited ||= rest.length < text.length
    text = rest.trimStart()
    const end = groupEnd(text)
    if (end === 0) break
    edges.push({ text: text.slice(1, end - 1), kind: 'bracketed', isSquare: text[0] === '[', inherited, wordBefore: '' })
    text = text.slice(end)
  }
  const rest = withoutAnswerPrefixes(text)
  inherited ||= rest.length < text.length
  edges.push({ text: rest.slice(0, maxMarkingCharacters), kind: 'head', isSquare: false, inherited, wordBefore: '' })
  return edges
}

/**
 * What stands at the tail: bracketed groups, then what follows a dash or bar, the longest first. `isAnswer` says what the head
 * showed.
 */
export function tailEdges(subject: string, isAnswer: boolean): Edge[] {
  const edges: Edge[] = []
  let text = subject.trimEnd()
  let inherited = isAnswer
  for (let groups = 0; groups < maxBracketGroups; groups++) {
    const start = groupStart(text)
    if (start < 0) break
    const inner = text.slice(start + 1, -1)
    inherited ||= /^fwd?$/i.test(inner)
    edges.push({ text: inner, kind: 'bracketed', isSquare: text.endsWith(']'), inherited, wordBefore: '' })
    // `OFFICIAL [SENSITIVE]` is one marking that ends in a bracket.
    edges.push(...afterSeparators(text, inherited))
    // A reference may stand behind a marking, `SECRET [ref 7]`; what stands in round brackets is part of the sentence, `SECRET
    // (a witness)`.
    if (!text.endsWith(']') && !/^fwd?$/i.test(inner)) return edges
    text = text.slice(0, start).trimEnd()
  }
  return [...edges, ...afterSeparators(text, inherited)]
}

/** Whether a subject says that it answers or passes on: Re:, Fw: or their like at its head. */
export function isAnswerSubject(subject: string): boolean {
  return headEdges(subject.trimStart().slice(0, subjectWindowCharacters)).some((edge) => edge.inherited)
}

function withoutAnswerPrefixes(subject: string): string {
  let text = subject
  for (let match = answerPrefix.exec(text); match !== null; match = answerPrefix.exec(text)) text = text.slice(match[0].length)
  return text
}

/** The index after the group that starts a text, brackets inside it counted; 0 where there is none. */
function groupEnd(text: string): number {
  const open = text[0] ?? ''
  const close = pairs.get(open)
  if (close === undefined) return 0
  if (open === close) return starGroupEnd(text)
  let depth = 0
  for (let at = 0; at < Math.min(text.length, maxMarkingCharacters); at++) {
    if (text[at] === open) depth++
    else if (text[at] === close && --depth === 0) return at + 1
  }
  return 0
}

/** `*RESTRICTED*` and `**RESTRICTED**`: up to the last star of the next run. */
function starGroupEnd(text: string): number {
  let at = 1
  while (text[at] === '*') at++
  at = text.indexOf('*', at)
  if (at < 0 || at > maxMarkingCharacters) return 0
  while (text[at] === '*') at++
  return at
}

/** The index at which the group that ends a text starts; -1 where there is none. */
function groupStart(text: string): number {
  const close = text.at(-1) ?? ''
  if (!closing.has(close)) return -1
  let depth = 0
  for (let at = text.length - 1; at >= Math.max(0, text.length - maxMarkingCharacters); at--) {
    if (close === '*' && text[at] === '*' && at < text.length - 1 && text[at + 1] !== '*') return at
    if (close !== '*' && text[at] === close) depth++
    else if (close !== '*' && pairs.get(text[at]!) === close && --depth === 0) return at
  }
  return -1
}

function afterSeparators(text: string, inherited: boolean): Edge[] {
  const tail = text.slice(-maxMarkingCharacters)
  const separators = [...tail.matchAll(/(?:(?<=\s)\p{Pd}{1,3}|\p{Pd}{1,3}(?=\s)|[–—|]|\/\/)/gu)].slice(-maxTailSeparators)
  return separators.map((match) => ({
    text: tail.slice(match.index + match[0].length),
    kind: 'tail' as const,
    isSquare: false,
    inherited,
    wordBefore:
      /([\p{L}\p{N}]{1,40})\s{0,4}$/u.exec(tail.slice(Math.max(0, match.index - 44), match.index))?.[1]?.toUpperCase() ?? '',
  }))
}
