// The named alterations of a delivered message: trace fields before its header, fields taken out or added, and not one octet
// besides.
import { formatDate } from '#mail/date.ts'
import { composeField, type Field, type Header } from '#mail/header.ts'

const crlf = Buffer.from('\r\n')
/** A name that the peer gave is shown up to this length: a domain's (RFC 5321 §4.5.3.1.2). */
const maxShownLength = 255

export interface Received {
  /** What the peer said in EHLO, or the computer's id. */
  readonly from: string
  /** Only where it is to be shown: for a person's own computer it says where they are. */
  readonly clientAddress?: string
  /** The host that took the message. */
  readonly by: string
  /** ESMTPSA, UTF8SMTPSA, ... (RFC 3848, 6531). */
  readonly protocol: string
  /** For example `TLSv1.3`. */
  readonly tls?: string
  readonly id: string
  readonly atMs: number
}

/** A Received field (RFC 5321 §4.4) with its CRLF; what the peer said is reduced to characters that cannot break it. */
export function receivedField(received: Received): Buffer {
  const client = received.clientAddress === undefined ? '' : ` ([${shown(received.clientAddress)}])`
  const tls = received.tls === undefined ? '' : ` (${shown(received.tls)})`
  const where = `from ${shown(received.from)}${client} by ${shown(received.by)}`
  const how = `with ${shown(received.protocol)}${tls} id ${shown(received.id)}`
  return composeField('Received', `${where} ${how}; ${formatDate(received.atMs)}`)
}

/**
 * The new octets of a header, blank line included: `prepend`, the fields that `remove` does not take octet for octet in their
 * order, `append`.
 */
export function editHeader(
  header: Header,
  edits: {
    prepend: Buffer[]
    remove: (field: Field) => boolean
    append: Buffer[]
    /** The octets to stand in a field's place; null, or left out, for as it is. */
    replace?: (field: Field) => Buffer | null
  },
): Buffer {
  const inPlace = (field: Field) => edits.replace?.(field) ?? null
  const kept = header.fields.filter((field) => !edits.remove(field)).flatMap((field) => inPlace(field) ?? wholeLines(field))
  const fieldOctets = header.fields.reduce((sum, field) => sum + field.raw.length, 0)
  // A header that ends without a blank line gets one, so that nobody reads the body's first line as a field of it.
  const blankLine = header.octets - fieldOctets === 1 ? Buffer.from('\n') : crlf
  return Buffer.concat([...edits.prepend, ...kept, ...edits.append, blankLine])
}

/** The octets of a field; a last line that lacks its end gets one. */
function wholeLines(field: Field): Buffer[] {
  return field.raw.at(-1) === 0x0a ? [field.raw] : [field.raw, crlf]
}

function shown(text: string): string {
  return text.slice(0, maxShownLength).replace(/[^A-Za-z0-9.:[\]_\-\u00a1-\uffff]/g, '?') || '?'
}
