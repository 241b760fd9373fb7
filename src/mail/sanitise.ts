// HTML mail made harmless: an allow-list of elements, attributes and values; nothing runs, nothing is requested, whatever page it stands in. WHATWG HTML §13.
import type { Attributes, IOptions, Tag } from 'sanitize-html'
import { maxHtmlCharacters, maxHtmlDepth, maxHtmlElements, maxHtmlTexts, maxLinkCharacters } from '#mail/limits.ts'
import { harmlessStyle } from '#mail/sanitise-style.ts'

export interface Sanitised {
  readonly html: string
  /** Pictures that stand elsewhere and were left out. */
  readonly remotePictures: number
}

/** The picture with a Content-ID as a `data:` URL, or null where the message has none that can be shown. */
export type PictureOf = (contentId: string) => string | null

const allowedTags = [
  'a abbr acronym address article aside b bdi big blockquote br caption center cite code col colgroup dd del dfn div dl dt em',
  'figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark ol p pre q s samp section small span',
  'strike strong sub sup table tbody td tfoot th thead time tr tt u ul var wbr',
].flatMap((names) => names.split(' '))

/** Elements whose content goes with them: it is no text, or parsers differ in where it ends. */
const droppedWhole = [
  'script style textarea option optgroup select datalist xmp noscript noembed noframes iframe frameset template title svg math',
  'plaintext listing object applet audio video canvas map portal fencedframe',
].flatMap((names) => names.split(' '))

const plainWord = /^[a-z-]{1,20}$/i
const length = /^\d{1,4}(?:\.\d{1,3})?(?:%|px)?$/
const colour = /^(?:#?[0-9a-f]{3,8}|[a-z]{3,30})$/i
const anyText = /^[^\0-\x1f\x7f]{0,1000}$/
const small = /^[1-9]\d?$/

/** The form of each attribute that stays as it is; `href`, `src` and `style` are made anew. */
const forms = new Map<string, RegExp>([
  ...['align', 'valign', 'scope', 'nowrap', 'type'].map((name) => [name, plainWord] as const),
  ...['width', 'height', 'border', 'cellpadding', 'cellspacing', 'hspace', 'vspace'].map((name) => [name, length] as const),
  ...['bgcolor', 'color'].map((name) => [name, colour] as const),
  ...['colspan', 'rowspan', 'span', 'start'].map((name) => [name, small] as const),
  ['size', /^[+-]?\d$/],
  ['face', /^[a-z0-9 ,_-]{1,100}$/i],
  ['dir', /^(?:ltr|rtl|auto)$/i],
  ['lang', /^[a-z0-9-]{2,35}$/i],
  ['title', anyText],
  ['alt', anyText],
  ['datetime', /^[0-9tzw:+. -]{1,40}$/i],
])
const attributes = [...forms.keys(), 'href', 'target', 'rel', 'data-leads-to', 'src', 'style']
/** Never SVG, which is a document; base64 and nothing else, so that the URL cannot be anything but a picture. */
const dataPicture = /^data:image\/(?:png|jpeg|gif|webp);base64,[a-z0-9+/]+={0,2}$/i

/** The Content-IDs that HTML names, wherever it does (RFC 2392). */
export function contentIdsIn(html: string): Set<string> {
  return new Set(Array.from(html.matchAll(/\bcid:([^"'\s<>]{1,200})/gi), (match) => contentIdOf(match[1]!)))
}

/** Thrown out of the parser, which has no other end. */
class TooMuch extends Error {}

/** Sanitises HTML; null where it is larger, deeper or has more elements than we take, and is to be shown as text. */
export async function sanitiseHtml(html: string, pictureOf: PictureOf): Promise<Sanitised | null> {
  if (html.length > maxHtmlCharacters) return null
  const { default: sanitize } = await import('sanitize-html')
  const rewriting = { pictureOf, remotePictures: 0, styles: new Map<string, string>() }
  try {
    const clean = sanitize(html, optionsFor(rewriting))
    return { html: clean, remotePictures: rewriting.remotePictures }
  } catch (fault) {
    if (fault instanceof TooMuch) return null
    throw fault
  }
}

interface Rewriting {
  readonly pictureOf: PictureOf
  remotePictures: number
  /** What became of each style: mail repeats a few of them a thousand times. */
  readonly styles: Map<string, string>
}

function optionsFor(rewriting: Rewriting): IOptions {
  return {
    allowedTags,
    nonTextTags: droppedWhole,
    allowedAttributes: { '*': attributes },
    disallowedTagsMode: 'discard',
    // Every value was made or matched here before; the library's own check is a second one.
    allowedSchemes: ['http', 'https', 'mailto'],
    allowedSchemesByTag: { img: ['data'] },
    allowedSchemesAppliedToAttributes: ['href', 'src'],
    allowProtocolRelative: false,
    parseStyleAttributes: false,
    transformTags: { '*': (tagName, given) => rewrite(tagName, given, rewriting) },
    ...counters(),
  }
}

/** Ends the work where elements are too many or too deep: elements that are dropped count too. */
function counters(): Pick<IOptions, 'onOpenTag' | 'onCloseTag' | 'textFilter'> {
  let elements = 0
  let depth = 0
  let texts = 0
  return {
    // An entity is a text of its own, and so is a `<` that opens nothing.
    textFilter: (text) => {
      texts += 1
      if (texts > maxHtmlTexts) throw new TooMuch()
      return text
    },
    onOpenTag: () => {
      elements += 1
      depth += 1
      if (elements > maxHtmlElements || depth > maxHtmlDepth) throw new TooMuch()
    },
    onCloseTag: () => {
      depth -= 1
    },
  }
}

function rewrite(tagName: string, given: Attributes, rewriting: Rewriting): Tag {
  const kept: Attributes = {}
  for (const [name, value] of Object.entries(given)) {
    const form = forms.get(name)
    if (form?.test(value)) kept[name] = value
  }
  const written = given.style ?? ''
  const style = rewriting.styles.get(written) ?? harmlessStyle(written)
  rewriting.styles.set(written, style)
  if (style !== '') kept.style = style
  if (tagName === 'a') return { tagName, attribs: { ...kept, ...linkTo(given.href) } }
  return tagName === 'img' ? rewritePicture(kept, given.src ?? '', rewriting) : { tagName, attribs: kept }
}

/** A link leads out of the frame, tells nothing of where it stood, and says where it leads. */
function linkTo(href: string | undefined): Attributes {
  const written = href?.trim() ?? ''
  if (!/^(?:https?:\/\/|mailto:)/i.test(written) || written.length > maxLinkCharacters || !URL.canParse(written)) return {}
  const url = new URL(written)
  const leadsTo = url.protocol === 'mailto:' ? url.pathname : url.host
  return { href: url.href, target: '_blank', rel: 'noopener noreferrer nofollow', title: url.href, 'data-leads-to': leadsTo }
}

/** A picture of the message itself; another one leaves its description. */
function rewritePicture(kept: Attributes, written: string, rewriting: Rewriting): Tag {
  const src = written.trim()
  const shown = /^cid:/i.test(src) ? rewriting.pictureOf(contentIdOf(src.slice(4))) : dataPicture.test(src) ? src : null
  if (shown !== null) return { tagName: 'img', attribs: { ...kept, src: shown, alt: kept.alt ?? '' } }
  if (/^(?:https?:)?\/\//i.test(src)) rewriting.remotePictures += 1
  // Without a source nothing is asked for, and the description is shown in its place.
  return { tagName: 'img', attribs: { alt: kept.alt ?? '' } }
}

function contentIdOf(written: string): string {
  try {
    return decodeURIComponent(written)
  } catch {
    return written
  }
}
