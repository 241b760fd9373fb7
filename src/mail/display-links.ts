// Links in plain text: what is shown is where it leads, and only the web and mail are led to. RFC 3986 Appendix C.
import { maxLinkCharacters, maxLinks } from '#mail/limits.ts'

/** A piece of text; `href` is null where it is no link. */
export interface Segment {
  readonly text: string
  readonly href: string | null
}

const start = /\b(?:https?:\/\/|mailto:)/gi
const end = /[\s<>"`\u3000]/g
const trailing = /[.,;:!?'*_~\]}’”»…]$/

/** Cuts a text into links and what is between them; joined, the segments are the text, except that a host in other letters is shown as it is resolved. */
export function linkify(text: string): Segment[] {
  const segments: Segment[] = []
  let shown = 0
  let links = 0
  for (const match of text.matchAll(start)) {
    if (match.index < shown) continue
    if (links >= maxLinks) break
    const written = writtenLink(text, match.index)
    const link = linkOf(written)
    if (link === null) continue
    if (match.index > shown) segments.push({ text: text.slice(shown, match.index), href: null })
    segments.push(link)
    links += 1
    shown = match.index + written.length
  }
  if (shown < text.length) segments.push({ text: text.slice(shown), href: null })
  return segments
}

/** The link that starts there: up to white space or a bracket around it, without what ends a sentence. */
function writtenLink(text: string, from: number): string {
  // One more than is taken, so that what is too long is known to be.
  const window = text.slice(from, from + maxLinkCharacters + 1)
  end.lastIndex = 0
  let written = window.slice(0, end.exec(window)?.index ?? window.length)
  while (written !== '' && (trailing.test(written) || isUnopened(written))) written = written.slice(0, -1)
  return written
}

/** A closing bracket at the end that nothing in the link opened. */
function isUnopened(written: string): boolean {
  const count = (bracket: string) => written.split(bracket).length
  return written.endsWith(')') && count(')') > count('(')
}

function linkOf(written: string): Segment | null {
  if (written.length > maxLinkCharacters || !URL.canParse(written)) return null
  const url = new URL(written)
  if (url.protocol === 'mailto:') return url.pathname.includes('@') ? { text: written, href: url.href } : null
  // `https://bank.example@evil.example` leads to the second.
  if (url.username !== '' || url.password !== '' || url.host === '') return null
  const isPlain = /^[\x21-\x7e]*$/.test(written) && written.toLowerCase().startsWith(`${url.protocol}//${url.host}`)
  return { text: isPlain ? written : url.href, href: url.href }
}
