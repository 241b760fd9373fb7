// A line put above a part's text, in its own charset and transfer encoding, with no other octet changed. G06, RFC 2045 §6, RFC 3676 §4.4
import { type Edit, takesLines } from '#mail/append-text.ts'
import { ownTextEnds } from '#mail/own-text.ts'
import type { Part } from '#mail/part.ts'

/** How much of a part's start `linePrepended` needs: in HTML, as much as stands before its body. */
export const startNeeded = 16 * 1024

/** The parts that begin the writer's own text, one for each alternative; empty where there is none that may be altered. */
export function ownTextStarts(root: Part): Part[] {
  if (root.type !== 'multipart' || root.subtype === 'alternative' || root.subtype === 'related') return ownTextEnds(root)
  if (ownTextEnds(root).length === 0) return []
  return ownTextStarts(root.parts.find((part) => ownTextEnds(part).length > 0)!)
}

/**
 * The edit that puts a line (ASCII, without line end) above a text/plain or text/html part, or null where it cannot be done without
 * harm. `start` are the first octets of the part's body, as many as `startNeeded` says.
 */
export function linePrepended(part: Part, start: Buffer, line: string): Edit | null {
  if (!takesLines(part) || !/^[ -~]{1,200}$/.test(line)) return null
  if (part.subtype === 'html') return aboveHtml(part, start, line)
  const at = part.bodyStart
  if (part.encoding === 'QUOTED-PRINTABLE') return inserted(at, `${line.replaceAll('=', '=3D')}\r\n\r\n`)
  // Base64 of whole groups can stand before more of it; a space at the start of a line means nothing, at its end it may (RFC 3676).
  const text = `${line}\r\n\r\n`
  const inGroups = text.padStart(Math.ceil(text.length / 3) * 3)
  if (part.encoding === 'BASE64') return inserted(at, `${base64Lines(inGroups)}\r\n`)
  return inserted(at, text)
}

function aboveHtml(part: Part, start: Buffer, line: string): Edit | null {
  if (part.encoding === 'BASE64') return null
  const offset = afterBodyTag(start.toString('latin1', 0, startNeeded))
  if (offset < 0) return null
  const text = `<div>${line.replace(/[&<>"'=]/g, (char) => `&#${char.charCodeAt(0)};`)}</div>`
  const end = part.encoding === 'QUOTED-PRINTABLE' ? '=\r\n' : '\r\n'
  return inserted(part.bodyStart + offset, `${end}${text}${end}`)
}

/** The index after the tag that opens the body; 0 for HTML without one, -1 where it is broken over lines or comes too late. */
function afterBodyTag(text: string): number {
  const lower = text.toLowerCase()
  const body = lower.indexOf('<body')
  if (body < 0) return /<(?:!doctype|html|head|meta|style|title|=\r?\n)/.test(lower) ? -1 : 0
  let quote = ''
  for (let at = body; at < text.length; at++) {
    const char = text[at]!
    if (quote === '' && char === '>') return at + 1
    if (quote === '' && (char === '"' || char === "'")) quote = char
    else if (char === quote) quote = ''
  }
  return -1
}

const inserted = (at: number, text: string): Edit => ({ at, removed: 0, inserted: Buffer.from(text, 'latin1') })

function base64Lines(text: string): string {
  return Buffer.from(text, 'latin1')
    .toString('base64')
    .replace(/.{76}(?!$)/g, '$&\r\n')
}
