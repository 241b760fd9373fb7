// What of a message is shown as its text, what as pictures in it, and what as attachments: by its structure alone. RFC 2046 §5.1, RFC 2387, RFC 2392.
import { maxShownBodies } from '#mail/limits.ts'
import { isMessage, type Part } from '#mail/part.ts'
import { decodeParameters } from '#mail/words.ts'

/** A part and where it stands: the numbers of the parts down to it, counted from 1 and joined by dots; `0` is the message itself. */
export interface LocatedPart {
  readonly path: string
  readonly part: Part
}

/** One text of a message in the forms that it has; one of them at least. */
export interface Body {
  readonly plain: LocatedPart | null
  readonly html: LocatedPart | null
}

export interface Display {
  readonly bodies: readonly Body[]
  /** Everything else, in its order; pictures that an HTML text may show are among them, so that nothing is out of sight. */
  readonly attachments: readonly LocatedPart[]
  /** Pictures by their Content-ID without its angle brackets; the first of a name. */
  readonly pictures: ReadonlyMap<string, LocatedPart>
}

interface Found {
  readonly bodies: Body[]
  readonly attachments: LocatedPart[]
  readonly pictures: Map<string, LocatedPart>
}

/** Sorts the parts of a message. Of a nested one, `root` is the part within its message/rfc822 part and stands at `<path>.1`. */
export function displayOf(root: Part, path = '0'): Display {
  const found: Found = { bodies: [], attachments: [], pictures: new Map() }
  sort({ path, part: root }, found)
  return found
}

/** The part at a path, or null where the message has none there. */
export function partAt(root: Part, path: string): LocatedPart | null {
  if (path === '0') return { path, part: root }
  if (!/^[1-9]\d{0,3}(?:\.[1-9]\d{0,3}){0,199}$/.test(path)) return null
  let part: Part | undefined = root
  for (const number of path.split('.')) part = part?.parts[Number(number) - 1]
  return part === undefined ? null : { path, part }
}

/** The message within a message/rfc822 part, or null for another part. */
export function nestedIn({ path, part }: LocatedPart): LocatedPart | null {
  const [nested] = isMessage(part) ? part.parts : []
  return nested === undefined ? null : { path: below(path, 0), part: nested }
}

/** How many octets a part has after decoding, near enough for people. */
export function decodedOctets(part: Part): number {
  const octets = part.bodyEnd - part.bodyStart
  return part.encoding === 'BASE64' ? Math.max(0, Math.floor(((octets - 2 * part.lines) * 3) / 4)) : octets
}

function sort(at: LocatedPart, found: Found): void {
  const { part } = at
  if (part.type !== 'multipart') sortLeaf(at, found)
  else if (part.subtype === 'alternative') sortAlternative(at, found)
  else for (const child of childrenOf(at)) sort(child, found)
}

function sortLeaf(at: LocatedPart, found: Found): void {
  const { part } = at
  if (isText(part) && found.bodies.length < maxShownBodies) {
    const isHtml = part.subtype === 'html'
    found.bodies.push({ plain: isHtml ? null : at, html: isHtml ? at : null })
    return
  }
  found.attachments.push(at)
  const id = part.id?.replace(/^\s*<|>\s*$/g, '') ?? ''
  if (id !== '' && part.type === 'image' && !found.pictures.has(id)) found.pictures.set(id, at)
}

/** The last form that we can show wins (RFC 2046 §5.1.4), and the plain one is kept beside it; what else the alternatives hold is listed. */
function sortAlternative(at: LocatedPart, found: Found): void {
  const within: Found = { bodies: [], attachments: [], pictures: found.pictures }
  for (const child of childrenOf(at)) sort(child, within)
  const plain = within.bodies.find((body) => body.plain !== null)?.plain ?? null
  const html = within.bodies.findLast((body) => body.html !== null)?.html ?? null
  const isFull = found.bodies.length >= maxShownBodies
  if ((plain !== null || html !== null) && !isFull) found.bodies.push({ plain, html })
  const shown = isFull ? [] : [plain, html]
  const others = within.bodies.flatMap((body) => [body.plain, body.html]).filter((one) => one !== null && !shown.includes(one))
  found.attachments.push(...(others as LocatedPart[]), ...within.attachments)
}

function childrenOf({ path, part }: LocatedPart): LocatedPart[] {
  return part.parts.map((child, index) => ({ path: below(path, index), part: child }))
}

function below(path: string, index: number): string {
  return path === '0' ? String(index + 1) : `${path}.${index + 1}`
}

/** Whether a part is a text to read: not one that is named or declared as a file (RFC 2183 §2). */
function isText(part: Part): boolean {
  if (part.type !== 'text' || (part.subtype !== 'plain' && part.subtype !== 'html')) return false
  if (part.disposition !== null && part.disposition.type !== 'inline') return false
  const isNamed = (parameters: Part['parameters'], wanted: string) =>
    decodeParameters(parameters).some(([name, value]) => name === wanted && value !== '')
  return !isNamed(part.disposition?.parameters ?? [], 'filename') && !isNamed(part.parameters, 'name')
}
