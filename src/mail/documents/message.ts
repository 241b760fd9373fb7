// A message that is a file: its header and own texts as a place of its own, and the attachments in it. RFC 5322, 2046 §5.2.1. G05.
import { decodeText, decodeTransfer } from '#mail/decode.ts'
import { htmlHeadOctets, textHeadOctets } from '#mail/documents/limits.ts'
import type { Place } from '#mail/documents/place.ts'
import { textOfHtml } from '#mail/html.ts'
import { maxHeaderOctets } from '#mail/limits.ts'
import type { Parameter } from '#mail/parameters.ts'
import { isMessage, type Part } from '#mail/part.ts'
import { StructureScan } from '#mail/structure.ts'
import { decodeParameters } from '#mail/words.ts'
import { hasFileName } from '#mail/own-text.ts'
import { ownTextParts } from '#mail/own-text-parts.ts'

/** What an attached message without a file's name is called. */
export const unnamedMessage = 'attached message'

/** An attachment, or a message within the message, by where its octets are. */
export interface Attached {
  readonly part: Part
  /** The names of the nested messages that it is in, the outermost first. */
  readonly path: readonly string[]
}

/** A nested message's header and text parts, by where their octets are. */
export interface Nested {
  readonly path: readonly string[]
  readonly headerStart: number
  readonly headerEnd: number
  readonly texts: readonly Part[]
}

/** What is in a message beside its own text, from its structure alone. */
export interface Contents {
  readonly attached: readonly Attached[]
  readonly nested: readonly Nested[]
  /** The parts of own texts that have a file's name nevertheless. */
  readonly named: readonly Attached[]
}

/** The attachments and nested messages of a message, in their order, those of nested messages among them. */
export function contentsOf(root: Part): Contents {
  const attached: Attached[] = []
  const nested: Nested[] = []
  const named: Attached[] = []
  const walk = (part: Part, path: readonly string[], own: readonly Part[]): void => {
    if (part.type === 'multipart') for (const child of part.parts) walk(child, path, own)
    else if (own.includes(part)) {
      if (hasFileName(part)) named.push({ part, path })
    } else {
      attached.push({ part, path })
      const inner = part.parts[0]
      if (!isMessage(part) || inner === undefined) return
      const within = [...path, fileName(part) ?? unnamedMessage]
      const texts = ownTextParts(inner)
      nested.push({ path: within, headerStart: inner.headerStart, headerEnd: inner.bodyStart, texts })
      walk(inner, within, texts)
    }
  }
  walk(root, [], ownTextParts(root))
  return { attached, nested, named }
}

/** The name that a part's header gives its file, decoded; null where there is none. */
export function fileName(part: Part): string | null {
  return parameterNamed(part.disposition?.parameters ?? [], 'filename') ?? parameterNamed(part.parameters, 'name')
}

/**
 * Whether a part is a nested message that stands in base64 or quoted-printable: RFC 2046 §5.2.1 allows neither, RFC 6532 §3.7 allows
 * both, and readers decode it. What the structure has of it is what its octets are undecoded.
 */
export function isEncodedMessage(part: Part): boolean {
  return isMessage(part) && (part.encoding === 'BASE64' || part.encoding === 'QUOTED-PRINTABLE')
}

/** The place that the name of a part's file is. */
export function namePlace({ part }: Attached, path: readonly string[]): Place {
  const name = fileName(part) ?? ''
  return { where: 'file name', path: [...path, name], lines: [name] }
}

/** The charset that a part declares, or null. */
export function charsetOf(part: Part): string | null {
  return parameterNamed(part.parameters, 'charset')
}

/** A parameter, decoded; what others a stranger wrote is not, since that may be a great deal. */
function parameterNamed(parameters: readonly Parameter[], wanted: string): string | null {
  const own = parameters.filter(([name]) => name === wanted || name.startsWith(`${wanted}*`))
  return own.length === 0 ? null : (decodeParameters(own).find(([, value]) => value !== '')?.[1] ?? null)
}

/** The text of a part from the beginning of its body; HTML as text. */
export function textOfPart(part: Part, head: Buffer): string {
  const text = decodeText(decodeTransfer(head, part.encoding), charsetOf(part))
  return part.subtype === 'html' ? textOfHtml(text) : text
}

export interface MessageFile {
  readonly places: readonly Place[]
  readonly attached: readonly Attached[]
  /** It has more levels, parts or header than are looked through. */
  readonly obstacle: 'too deep' | 'too large' | null
}

/** The places that a message in a file and the messages nested in it are, and what is attached to them. */
export function messagePlaces(octets: Buffer, path: readonly string[]): MessageFile {
  const scan = new StructureScan()
  scan.push(octets)
  const { root, tooDeep, tooManyParts, headerTooLarge } = scan.end()
  const { attached, nested, named } = contentsOf(root)
  const outermost = { path: [], headerStart: root.headerStart, headerEnd: root.bodyStart, texts: ownTextParts(root) }
  const places = [outermost, ...nested].map((each): Place => {
    const texts = each.texts.map((part) => textOfPart(part, octets.subarray(part.bodyStart, headEnd(part))))
    const header = octets.subarray(each.headerStart, Math.min(each.headerEnd, each.headerStart + maxHeaderOctets))
    return { where: 'nested message', path: [...path, ...each.path], lines: [], header, texts }
  })
  const names = named.map((one) => namePlace(one, [...path, ...one.path]))
  return {
    places: [...places, ...names],
    attached,
    obstacle: tooDeep ? 'too deep' : tooManyParts || headerTooLarge ? 'too large' : null,
  }
}

/** Where what is read of a text part ends. */
export function headEnd(part: Part): number {
  return Math.min(part.bodyEnd, part.bodyStart + (part.subtype === 'html' ? htmlHeadOctets : textHeadOctets))
}
