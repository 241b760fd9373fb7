// Values with parameters, as in Content-Type and Content-Disposition: RFC 2045 §5.1, 2183. words.ts decodes them.
import { maxCommentDepth, maxParameters } from '#mail/limits.ts'

export type Parameter = [name: string, value: string]

export interface Parameterised {
  /** What stands before the first semicolon, in lower case. */
  readonly value: string
  /** Names in lower case, values unquoted, in their order. */
  readonly parameters: Parameter[]
  /** False where there were more parameters than we keep. */
  readonly whole: boolean
}

/** Reads `value; name=value; ...`, whatever is wrong with it; never throws. */
export function parseParameterised(text: string): Parameterised {
  const valueEnd = endOfItem(text, 0)
  const value = withoutComments(text.slice(0, valueEnd)).trim().toLowerCase()
  const parameters: Parameter[] = []
  for (let at = valueEnd + 1; at < text.length; ) {
    const end = endOfItem(text, at)
    const parameter = readParameter(text.slice(at, end))
    if (parameter !== null && parameters.length === maxParameters) return { value, parameters, whole: false }
    if (parameter !== null) parameters.push(parameter)
    at = end + 1
  }
  return { value, parameters, whole: true }
}

/** Takes the comments out of a structured value (RFC 822 §3.4.3); quoted strings stay whole. */
export function withoutComments(text: string): string {
  if (!text.includes('(')) return text
  let kept = ''
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!
    const end = depth === 0 && char === '"' ? endOfQuoted(text, at) : at + 1
    if (char === '(') depth = Math.min(depth + 1, maxCommentDepth)
    else if (char === ')' && depth > 0) depth--
    else if (depth === 0) kept += text.slice(at, end)
    at = char === '\\' && depth > 0 ? at + 1 : end - 1
  }
  return kept
}

/** The first semicolon at or after `from` that no quotes or comments hide, or the end. */
function endOfItem(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    const char = text[at]
    if (char === '\\') at++
    else if (char === '(') depth = Math.min(depth + 1, maxCommentDepth)
    else if (char === ')') depth = Math.max(depth - 1, 0)
    else if (depth === 0 && char === '"') at = endOfQuoted(text, at) - 1
    else if (depth === 0 && char === ';') return at
  }
  return text.length
}

/** The index just after the quoted string that starts at `from`; an open one ends with the text. */
function endOfQuoted(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at + 1
  }
  return text.length
}

function readParameter(item: string): Parameter | null {
  const equals = item.indexOf('=')
  const name = withoutComments(equals < 0 ? '' : item.slice(0, equals))
    .trim()
    .toLowerCase()
  if (name === '') return null
  const written = item.slice(equals + 1).trimStart()
  if (written.startsWith('"')) return [name, unquote(written)]
  // Unquoted file names with spaces and brackets are common, and against the grammar; elsewhere a space or comment ends the
  // value.
  const value = /^(?:file)?name\*?/.test(name) ? written.trimEnd() : withoutComments(written).trim().split(/[ \t]/, 1)[0]!
  return [name, value]
}

function unquote(written: string): string {
  return written.slice(1, endOfQuoted(written, 0)).replace(/\\([\s\S])|"$/g, '$1')
}
