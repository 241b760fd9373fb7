// The visible text of HTML mail, line by line: enough for rules that look at the first and last lines. Not a sanitiser.
import { decodeText } from '#mail/decode.ts'

/** Elements whose content is never shown as text (WHATWG HTML §13.2.6.4); it ends at their end tag, whatever it looks like. */
const hidden = new Set('script style title template iframe noembed noframes'.split(' '))
const lineBreaks = new Set(
  [
    'address article aside blockquote body br center dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr html',
    'li main nav ol p pre section table tbody tfoot thead tr ul',
  ]
    .join(' ')
    .split(' '),
)
/**
 * Those that people's mail programs write; an unknown one stays as it is. Soft hyphens and joiners are dropped, as nobody sees
 * them.
 */
const entities = new Map(
  [
    'amp & lt < gt > quot " apos \' colon : comma , period . excl ! lpar ( rpar ) lsqb [ rsqb ] sol / lowbar _ hyphen - dash -',
    'ndash – mdash — hellip … bull • middot · copy © reg ® trade ™ pound £ euro € lsquo ‘ rsquo ’ ldquo “ rdquo ” laquo «',
    'raquo » AMP & LT < GT > QUOT "',
  ]
    .join(' ')
    .split(' ')
    .flatMap((name, index, all) => (index % 2 === 0 ? [[name, all[index + 1]!] as const] : [])),
)
for (const name of ['nbsp', 'ensp', 'emsp', 'thinsp', 'Tab', 'NewLine']) entities.set(name, ' ')
for (const name of ['shy', 'zwj', 'zwnj']) entities.set(name, '')

/**
 * What a reader of the HTML sees as text, one line each, white space reduced, empty lines dropped; linear, never throws. `before`
 * and `after` stand for what was cut away, and are in the line that was cut.
 */
export function textOfHtml(html: string, { before = '', after = '' } = {}): string {
  return stretchesOf(html, before, after)
    .flatMap(({ text }) => linesOf(text))
    .join('\n')
}

/** The same with `> ` before the lines of quotations, as plain text has it, where an answer is compared with its original. */
export function quotingTextOfHtml(html: string): string {
  return stretchesOf(html, '', '')
    .flatMap(({ text, isQuoted }) => linesOf(text).map((line) => (isQuoted ? `> ${line}` : line)))
    .join('\n')
}

const linesOf = (text: string) =>
  text
    .split('\n')
    .map((line) => reduced(line).trim())
    .filter((line) => line !== '')

/** Text between the beginnings and ends of quotations. */
interface Stretch {
  readonly text: string
  readonly isQuoted: boolean
}

function stretchesOf(html: string, before: string, after: string): Stretch[] {
  const stretches: Stretch[] = []
  const quotations: boolean[] = [] // of the open `<blockquote>`s, whether each is one
  let depth = 0
  let pieces = [before]
  let isBelowAttribution = false
  let preformatted = 0
  const endStretch = () => {
    stretches.push({ text: pieces.join(''), isQuoted: depth > 0 })
    pieces = []
  }
  for (let at = 0; at < html.length; ) {
    const open = html.indexOf('<', at)
    const text = html.slice(at, open < 0 ? html.length : open)
    if (text !== '') pieces.push(decodeEntities(preformatted > 0 ? text : reduced(text)))
    if (/\S/.test(text)) isBelowAttribution = text.trimEnd().endsWith('wrote:')
    if (open < 0) break
    const tag = readTag(html, open)
    if (tag.name === '' && tag.end === open + 1) pieces.push('<')
    if (tag.name === 'pre') preformatted = Math.max(0, preformatted + (tag.closes ? -1 : 1))
    if (tag.name === 'td' || tag.name === 'th') pieces.push(' ')
    if (lineBreaks.has(tag.name)) pieces.push('\n')
    if (tag.name === 'blockquote') {
      endStretch()
      if (!tag.closes) {
        quotations.push(isQuotation(html.slice(open + '<blockquote'.length, tag.end), isBelowAttribution))
        if (quotations.at(-1)) depth++
      } else if (quotations.pop()) depth--
    }
    at = hidden.has(tag.name) && !tag.closes ? endOfHidden(html, tag.end, tag.name) : tag.end
  }
  pieces.push(after)
  endStretch()
  return stretches
}

/**
 * Whether a `<blockquote>` with these attributes is what mail programs put around an original: Thunderbird and Apple Mail say so,
 * Gmail by its class, Outlook by a line at the left. Any other is an indentation, but below `… wrote:`.
 */
function isQuotation(attributes: string, isBelowAttribution: boolean): boolean {
  if (/\btype\s*=\s*["']?cite\b/i.test(attributes) || /\bborder-left\s*:(?!\s*(?:none|0))/i.test(attributes)) return true
  if (/\bborder\s*:\s*none/i.test(attributes)) return false
  return /_quote\b/i.test(attributes) || isBelowAttribution
}

interface Tag {
  /** Lower case; empty for a comment, a declaration, or a `<` that is text. */
  readonly name: string
  readonly closes: boolean
  readonly end: number
}

function readTag(html: string, open: number): Tag {
  const closes = html[open + 1] === '/'
  const nameStart = open + (closes ? 2 : 1)
  if (isLetter(html.charCodeAt(nameStart))) {
    let nameEnd = nameStart
    while (nameEnd < html.length && !endsName(html.charCodeAt(nameEnd))) nameEnd++
    return { name: html.slice(nameStart, nameEnd).toLowerCase(), closes, end: endOfTag(html, nameEnd) }
  }
  if (html.startsWith('<!--', open)) return { name: '', closes: false, end: endOfComment(html, open) }
  const isBogusComment = closes || html[open + 1] === '!' || html[open + 1] === '?'
  return { name: '', closes: false, end: isBogusComment ? after(html, html.indexOf('>', open)) : open + 1 }
}

/** The index after the `>` that ends a tag: quotes hide it where they start an attribute's value. */
function endOfTag(html: string, from: number): number {
  let previous = 0
  for (let at = from; at < html.length; at++) {
    const code = html.charCodeAt(at)
    if (code === greaterThan) return at + 1
    if (previous === equals && (code === doubleQuote || code === singleQuote)) {
      at = html.indexOf(code === doubleQuote ? '"' : "'", at + 1)
      if (at < 0) return html.length
    }
    if (!isSpace(code)) previous = code
  }
  return html.length
}

const greaterThan = 0x3e
const equals = 0x3d
const doubleQuote = 0x22
const singleQuote = 0x27
const isSpace = (code: number) => code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a || code === 0x0c
const endsName = (code: number) => code === greaterThan || code === 0x2f || isSpace(code)

/** White space as single spaces; a space that is one already is no match, which is most of them. */
const reduced = (text: string) => text.replace(/[^\S ]\s*| \s+/g, ' ')

/** Comments end in `-->` or `--!>`; `<!-->` and `<!--->` are whole ones (WHATWG HTML §13.2.5.43). */
function endOfComment(html: string, open: number): number {
  if (html.startsWith('>', open + 4)) return open + 5
  if (html.startsWith('->', open + 4)) return open + 6
  const end = /--!?>/g
  end.lastIndex = open + 4
  return end.exec(html) === null ? html.length : end.lastIndex
}

function endOfHidden(html: string, from: number, name: string): number {
  for (let at = html.indexOf('</', from); at >= 0; at = html.indexOf('</', at + 2)) {
    if (html.slice(at + 2, at + 2 + name.length).toLowerCase() === name) return at
  }
  return html.length
}

function after(html: string, index: number): number {
  return index < 0 ? html.length : index + 1
}

function decodeEntities(text: string): string {
  return text.includes('&') ? text.replace(/&(?:#([xX][0-9a-fA-F]{1,8}|\d{1,8})|([A-Za-z]{2,8}));?/g, decodeEntity) : text
}

function decodeEntity(whole: string, number: string | undefined, name: string | undefined): string {
  if (number === undefined) return entities.get(name!) ?? whole
  const code = /^[xX]/.test(number) ? Number.parseInt(number.slice(1), 16) : Number(number)
  if (code < 0x20 || code === 0x7f) return ' '
  if (code < 0xa0) return decodeText(Buffer.of(code), 'windows-1252')
  return code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? '\ufffd' : String.fromCodePoint(code)
}

function isLetter(code: number): boolean {
  return (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a
}
