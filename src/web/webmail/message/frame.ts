// The document in which HTML mail is shown: sanitised, and locked up besides, so that either holds alone. CSP Level 3; HTML §7.6.5 (sandboxing).
import { createHash } from 'node:crypto'
import { decodeTransfer } from '#mail/decode.ts'
import { trueTypeOf } from '#mail/display-type.ts'
import type { LocatedPart } from '#mail/display.ts'
import { contentIdsIn, sanitiseHtml } from '#mail/sanitise.ts'
import type { Content } from '#mailbox/open.ts'
import { maxPictureOctets, maxPictures } from '#web/limits.ts'
import { leadingOctets, plainOf, type ShownText } from '#web/webmail/message/read.ts'

const style = `
body{margin:0;padding:12px;font:19px/1.4 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;color:#0b0c0c;background:#fff;overflow-wrap:anywhere}
img{max-width:100%;height:auto}
img:not([src]){padding:2px;border:1px dashed #505a5f;color:#505a5f}
table{max-width:100%}
pre{white-space:pre-wrap;font:inherit}
a{color:#1d70b8}
a[data-leads-to]::after{content:" [" attr(data-leads-to) "]";font-size:.8em;color:#505a5f}
.told{margin:0 0 12px;padding:8px 12px;border-left:5px solid #1d70b8;background:#f3f2f1}
`
const styleHash = createHash('sha256').update(style).digest('base64')

/** Scripts, forms, frames and same-origin rights are in none of it; a link may open a window of its own. */
export const frameSandbox = 'allow-popups allow-popups-to-escape-sandbox'

/** The header's policy: pictures are in the document, and nothing else is asked for. Also in force when it is opened in a tab of its own. */
export const framePolicy = [
  "default-src 'none'",
  'img-src data:',
  `style-src-elem 'sha256-${styleHash}'`,
  "style-src-attr 'unsafe-inline'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
  `sandbox ${frameSandbox}`,
].join('; ')

/** Chromium connects to a frame's host before the policy forbids the frame: these are never tags, whoever wrote the body. */
const frames = /<(?=(?:i?frame|frameset|portal|fencedframe|webview)\b)/gi

/** The whole document; the lock holds whatever the body is. */
export function frameDocument(told: readonly string[], body: string): string {
  const sentences = told.map((sentence) => `<p class="told">${escapeText(sentence)}</p>`).join('')
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Message</title>`
  return `<!doctype html><html lang="en"><head>${head}<style>${style}</style></head><body>${sentences}${body.replaceAll(frames, '&lt;')}</body></html>`
}

/** The document of an HTML text with the pictures that came with it, or of its plain text where there is too much to sanitise. */
export async function frameOf(content: Content, read: ShownText, pictures: ReadonlyMap<string, LocatedPart>): Promise<string> {
  const told: string[] = read.damaged ? [damaged] : []
  const found = read.cut ? null : await sanitiseHtml(read.text, await picturesFor(content, read.text, pictures))
  if (found === null) return frameDocument([...told, tooMuch], `<pre>${escapeText(plainOf(read.text).text)}</pre>`)
  if (found.remotePictures > 0) told.push(remote)
  return frameDocument(told, found.html)
}

export const damaged = 'Part of this message is damaged, or written in a way that is not known here. What could be read is shown.'
const tooMuch = 'This message is too large or too complicated to be shown with its formatting. Its text is shown.'
const remote = 'Pictures that are not in the message itself are not shown: fetching them would tell others that you read it.'

/** Reads the pictures that the HTML names, as far as the limits go: each use counts, since each is in the document once more. */
async function picturesFor(content: Content, html: string, pictures: ReadonlyMap<string, LocatedPart>) {
  const urls = new Map<string, string>()
  const named = contentIdsIn(html)
  let left = maxPictureOctets
  for (const [id, located] of pictures) {
    const octets = located.part.bodyEnd - located.part.bodyStart
    if (urls.size >= maxPictures || octets > left || !named.has(id)) continue
    const url = dataUrl(decodeTransfer(await leadingOctets(content, located, octets), located.part.encoding))
    if (url !== null) urls.set(id, url)
    left -= octets
  }
  let spent = 0
  return (id: string) => {
    const url = urls.get(id) ?? null
    spent += url?.length ?? 0
    return spent > 2 * maxPictureOctets ? null : url
  }
}

const shownPictures = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])

/** By what it is, not by what it says it is. */
function dataUrl(octets: Buffer): string | null {
  const { mediaType } = trueTypeOf(octets, '')
  return shownPictures.has(mediaType) ? `data:${mediaType};base64,${octets.toString('base64')}` : null
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
