// Lists of addresses in From, To and the like (RFC 5322 §3.4, 6532), read in two ways: for showing, and for deciding whose
// message it is.
import { type Address, addressKey, formatAddress, readAddress } from '#mail/address.ts'
import { maxCommentDepth, maxListEntries } from '#mail/limits.ts'
import { decodeWords } from '#mail/words.ts'

export type ListEntry =
  | {
      readonly kind: 'mailbox'
      /** The display name, or the last comment behind the address in its place; unquoted, encoded words kept. */
      readonly name: string | null
      /** RFC 5322 §4.4: the obsolete route before the address, as written (`@a.test,@b.test`). */
      readonly route: string | null
      /** As formatAddress writes it; null where it is not a valid addr-spec. */
      readonly address: string | null
      /** Unquoted, as written; the domain is empty where there is none. */
      readonly localPart: string
      readonly domain: string
    }
  | { readonly kind: 'group-start'; readonly name: string }
  | { readonly kind: 'group-end' }

/**
 * Reads a list whatever is wrong with it, up to maxListEntries; linear, never throws. Semicolons outside groups separate as
 * commas do.
 */
export function parseAddressList(body: string): ListEntry[] {
  const entries: ListEntry[] = []
  let item = newItem()
  let inGroup = false
  for (let at = 0; at < body.length && entries.length < maxListEntries; ) {
    const token = readToken(body, at)
    at = token.end
    if (token.kind === 'separator' && token.text === ':' && !inGroup && item.angle === null) {
      entries.push({ kind: 'group-start', name: phraseOf(item) })
      inGroup = true
      item = newItem()
    } else if (token.kind === 'separator' && token.text !== ':') {
      pushMailbox(entries, item)
      item = newItem()
      if (token.text === ';' && inGroup) entries.push({ kind: 'group-end' })
      if (token.text === ';') inGroup = false
    } else addToken(item, token)
  }
  pushMailbox(entries, item)
  if (inGroup) entries.push({ kind: 'group-end' })
  return entries
}

/**
 * The addresses of a From or Sender as formatAddress writes them, or null where two programs could read the field differently:
 * groups, routes, comments within, encoded words in or as addresses, quoted local parts that need their quotes, display names
 * that show another address, unbalanced quotes, controls, empty places, an empty list.
 */
export function soleMailboxes(body: string): string[] | null {
  if (!body.isWellFormed() || /(?!\t)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd]/u.test(body)) return null
  const addresses: string[] = []
  for (let at = 0; ; ) {
    const mailbox = readStrictly(body, at)
    if (mailbox === null || addresses.length === maxListEntries) return null
    addresses.push(mailbox.address)
    if (mailbox.end === body.length) return addresses
    at = mailbox.end + 1
  }
}

/** One mailbox from `at` to the comma or the end, with everything odd refused. */
function readStrictly(body: string, at: number): { address: string; end: number } | null {
  let phrase = ''
  let run = ''
  let runs = 0
  let angle: string | null = null
  let end = at
  while (end < body.length && body[end] !== ',') {
    strictToken.lastIndex = end
    const match = strictToken.exec(body)
    if (match === null) return null
    const { quoted, atom, inner } = match.groups!
    const isText = quoted !== undefined || atom !== undefined
    if (angle !== null && (isText || inner !== undefined)) return null
    if (isText) {
      if (run === '') runs++
      run += match[0]
      phrase += quoted === undefined ? atom : quoted.replace(/\\([\s\S])/g, '$1')
    } else {
      run = ''
      phrase += ' '
    }
    angle = inner ?? angle
    end += match[0].length
  }
  const written =
    angle ??
    (runs === 1
      ? body
          .slice(at, end)
          .replace(/\([^)]*\)/g, ' ')
          .trim()
      : '')
  const address = readOneWay(written)
  return address === null || (angle !== null && !showsOnly(phrase, address)) ? null : { address, end }
}

/**
 * White space, a plain comment, a quoted string, an address in angle brackets, or anything else that is not special (RFC 5322
 * §3.2.3).
 */
const strictToken =
  /[ \t]+|\([^()<>@,;:"\\]*\)|"(?<quoted>(?:[^"\\]|\\[\s\S])*)"|<(?<inner>[^<>]*)>|(?<atom>[^ \t"(),:;<>[\]\\]+)/y

function readOneWay(written: string): string | null {
  const address = written.includes('=?') ? null : addressIn(written)
  if (address === null || address.domain.startsWith('[')) return null
  const formatted = formatAddress(address)
  return formatted.startsWith('"') ? null : formatted
}

/**
 * Whether a display name holds no angle brackets and no address but its own: a program that shows or reads names only is not
 * misled.
 */
function showsOnly(phrase: string, address: string): boolean {
  const shown = decodeWords(phrase)
  if (/[<>]/.test(shown)) return false
  const words = shown.split(/[\s"'(),;:[\]]/).filter((word) => /[^@]@[^@]/.test(word))
  return words.every((word) => {
    const named = addressIn(word)
    return named !== null && addressKey(named) === addressKey(address)
  })
}

interface Token {
  readonly kind: 'word' | 'quoted' | 'comment' | 'angle' | 'separator'
  /** What it says: quoting and delimiters taken off. */
  readonly text: string
  readonly end: number
}

interface Item {
  /** What may be an address or a display name, with the white space between kept as one space. */
  words: { text: string; quoted: boolean; spaced: boolean }[]
  angle: string | null
  comment: string | null
  spaced: boolean
}

function newItem(): Item {
  return { words: [], angle: null, comment: null, spaced: false }
}

function readToken(body: string, at: number): Token {
  switch (body[at]) {
    case '"':
      return readDelimited(body, at, '"', 'quoted')
    case '(':
      return readComment(body, at)
    case '<':
      return readAngle(body, at)
    case ',':
    case ';':
    case ':':
      return { kind: 'separator', text: body[at]!, end: at + 1 }
    case '[': {
      const literal = readDelimited(body, at, ']', 'word')
      return { ...literal, text: body.slice(at, literal.end) }
    }
  }
  let end = at + 1
  const blank = isBlank(body[at])
  while (end < body.length && isBlank(body[end]) === blank && !'"(<,;:['.includes(body[end]!)) end++
  return { kind: 'word', text: blank ? '' : body.slice(at, end), end }
}

function readDelimited(body: string, at: number, close: string, kind: 'quoted' | 'word'): Token {
  let text = ''
  let start = at + 1
  let end = start
  for (; end < body.length && body[end] !== close; end++) {
    if (body[end] !== '\\') continue
    text += body.slice(start, end)
    start = ++end
  }
  return { kind, text: text + body.slice(start, Math.min(end, body.length)), end: Math.min(end + 1, body.length) }
}

function readComment(body: string, at: number): Token {
  let depth = 1
  let end = at + 1
  for (; end < body.length && depth > 0; end++) {
    if (body[end] === '\\') end++
    else if (body[end] === '(') depth = Math.min(depth + 1, maxCommentDepth)
    else if (body[end] === ')') depth--
  }
  end = Math.min(end, body.length)
  return { kind: 'comment', text: body.slice(at + 1, depth === 0 ? end - 1 : end).replace(/\\([\s\S])/g, '$1'), end }
}

function readAngle(body: string, at: number): Token {
  let end = at + 1
  while (end < body.length && body[end] !== '>') end = body[end] === '"' ? readDelimited(body, end, '"', 'quoted').end : end + 1
  return { kind: 'angle', text: body.slice(at + 1, end), end: Math.min(end + 1, body.length) }
}

function addToken(item: Item, token: Token): void {
  if (token.kind === 'comment') item.comment = token.text.trim()
  else if (token.kind === 'word' && token.text === '') item.spaced = true
  else if (item.angle === null) {
    // A comment before the address, or within, is no name.
    item.comment = null
    if (token.kind === 'angle') item.angle = token.text
    else {
      item.words.push({ text: token.text, quoted: token.kind === 'quoted', spaced: item.spaced })
      item.spaced = false
    }
  }
}

function phraseOf(item: Item): string {
  return item.words
    .map((word, index) => (word.spaced && index > 0 ? ' ' : '') + word.text)
    .join('')
    .trim()
}

function pushMailbox(entries: ListEntry[], item: Item): void {
  if (item.angle === null && item.words.length === 0) return
  if (item.angle === null) {
    // White space inside makes it no addr-spec: joining "Ann ann@x" would make an address that nobody wrote.
    const written = item.words.map((word) => (word.spaced ? ' ' : '') + (word.quoted ? quote(word.text) : word.text)).join('')
    entries.push(mailboxOf(written, item.comment))
  } else {
    const { route, written } = splitRoute(item.angle.trim())
    entries.push(mailboxOf(written, phraseOf(item) || item.comment, route))
  }
}

function mailboxOf(written: string, name: string | null, route: string | null = null): ListEntry {
  const trimmed = written.trim()
  const address = addressIn(trimmed)
  const { localPart, domain } = address ?? splitLoosely(trimmed)
  const formatted = address && formatAddress(address)
  return { kind: 'mailbox', name: name === '' ? null : name, route, address: formatted, localPart, domain }
}

function addressIn(written: string): Address | null {
  const read = readAddress(written)
  return typeof read === 'string' ? null : read
}

function splitLoosely(written: string): { localPart: string; domain: string } {
  const quoted = written.startsWith('"') ? readDelimited(written, 0, '"', 'quoted') : null
  const at = quoted === null ? written.lastIndexOf('@') : written.indexOf('@', quoted.end)
  const localPart = quoted?.text ?? (at < 0 ? written : written.slice(0, at))
  return { localPart, domain: at < 0 ? '' : written.slice(at + 1) }
}

/** RFC 5322 §4.4: a route stands before the address, with a colon between. */
function splitRoute(angle: string): { route: string | null; written: string } {
  const colon = angle.startsWith('@') ? angle.indexOf(':') : -1
  return { route: colon < 0 ? null : angle.slice(0, colon), written: angle.slice(colon + 1) }
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

function isBlank(char: string | undefined): boolean {
  return char === ' ' || char === '\t'
}
