// A line as words and signs, for the grammar of markings: linear, and blind to what does not show (zero-width and format
// characters).

export interface Token {
  /** Upper case, NFKC, without format characters. */
  readonly text: string
  readonly isWord: boolean
  /** True for a word that stood in capitals or digits only. */
  readonly isCapitals: boolean
  /** True for a word that begins with a capital or a digit. */
  readonly isName: boolean
  /** White space, or the line's start, stands before it. */
  readonly afterSpace: boolean
  readonly start: number
  readonly end: number
}

const piece = /[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}\p{Cf}'’]|\.(?=[\p{L}\p{N}]))*|\S/gu
const ascii = /^[\x21-\x7e]+$/
const unseen = /\p{Cf}/gu
const dash = /^\p{Pd}$/u

/** The words and signs of a short line; every dash reads as `-`. */
export function tokensOf(line: string): Token[] {
  const tokens: Token[] = []
  let end = 0
  let afterSpace = true
  for (const match of line.matchAll(piece)) {
    if (match.index > end) afterSpace = true
    end = match.index + match[0].length
    const seen = ascii.test(match[0]) ? match[0] : match[0].replace(unseen, '').normalize('NFKC')
    if (seen === '') continue
    tokens.push(token(seen, afterSpace, match.index, end))
    afterSpace = false
  }
  return tokens
}

function token(seen: string, afterSpace: boolean, start: number, end: number): Token {
  const isWord = /^[\p{L}\p{N}]/u.test(seen)
  const text = dash.test(seen) ? '-' : seen.toUpperCase()
  return {
    text,
    isWord,
    isCapitals: isWord && seen === text,
    isName: isWord && /^[\p{Lu}\p{N}]/u.test(seen),
    afterSpace,
    start,
    end,
  }
}

/** `S E C R E T` as `SECRET`, two spaces as the space between words; any other line as it is. */
export function withoutLetterSpacing(line: string): string {
  const pieces = line.trim().split(/[ \u00a0]/)
  if (pieces.length < 5 || pieces.some((each) => each.length > 1)) return line
  return pieces.map((each) => (each === '' || /\p{L}|\p{N}/u.test(each) ? each || ' ' : ` ${each} `)).join('')
}
