// Which octets of a message a section names, by the offsets of its parts. RFC 3501 §6.4.5.
import { parseHeader } from '#mail/header.ts'
import type { Part } from '#mail/structure.ts'

export interface Section {
  /** Part numbers; empty for the message itself. */
  readonly path: readonly number[]
  readonly text: 'whole' | 'header' | 'fields' | 'fields-not' | 'text' | 'mime'
  /** Field names in lower case, for `fields` and `fields-not`. */
  readonly names: ReadonlySet<string>
}

export interface Range {
  readonly from: number
  readonly to: number
}

/** The octets that a section names, its header block for selected fields; null when the message has no such part. */
export function locate(root: Part, section: Section): Range | null {
  const part = partAt(root, section.path)
  if (part === null) return null
  if (section.text === 'mime') return { from: part.headerStart, to: part.bodyStart }
  if (section.text === 'whole') {
    return { from: section.path.length === 0 ? part.headerStart : part.bodyStart, to: part.bodyEnd }
  }
  const message = section.path.length === 0 ? part : nestedMessage(part)
  if (message === null) return null
  if (section.text === 'text') return { from: message.bodyStart, to: message.bodyEnd }
  return { from: message.headerStart, to: message.bodyStart }
}

function partAt(root: Part, path: readonly number[]): Part | null {
  let part = root
  // The message whose parts the next number counts, where it counts a message's: one without multipart has itself as part 1.
  let message: Part | null = root
  for (const number of path) {
    const container: Part = message ?? part
    const parts: readonly Part[] = isMultipart(container) ? container.parts : message === null ? [] : [message]
    const next: Part | undefined = parts[number - 1]
    if (next === undefined) return null
    part = next
    message = nestedMessage(part)
  }
  return part
}

function nestedMessage(part: Part): Part | null {
  return part.envelope === null ? null : (part.parts[0] ?? null)
}

function isMultipart(part: Part): boolean {
  return part.type === 'multipart'
}

const blankLine = Buffer.from('\r\n')

/** The fields of a header block that a section names (or does not), octet for octet in their order, with a blank line. */
export function selectFields(header: Buffer, section: Section): Buffer {
  const wanted = section.text === 'fields'
  const fields = parseHeader(header).fields.filter((field) => section.names.has(field.key) === wanted)
  return Buffer.concat([...fields.map((field) => field.raw), blankLine])
}
