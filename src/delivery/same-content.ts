// What "the same content" is, for a release by the Helpdesk and for refusing it twice: what a reader gets of a message, whoever it goes to and however a program writes it down. G05
// docs/decisions/0081-the-same-content.md
import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { Inspected, Octets } from '#delivery/inspect.ts'
import { theService } from '#keys/epoch.ts'
import type { Keys } from '#keys/keys.ts'
import { decodedPieces } from '#mail/decode-stream.ts'
import { type Header, fieldText } from '#mail/header.ts'
import { charsetOf } from '#mail/own-text.ts'
import { isMessage, type Part } from '#mail/part.ts'
import { decodeParameters, decodeWords } from '#mail/words.ts'

/** Fields in which a marking can stand. Not Date, Message-ID, recipients and trace, which change when a message is sent again. */
const contentFields: ReadonlySet<string> = new Set(['subject', 'x-protective-marking', 'sio-label', 'sio-label-history'])

const octetsInATurn = 1024 * 1024

/** A keyed hash over the submitter and the content of a message. It reads all of it: for what was refused only. */
export async function sameContentHash(
  keys: Keys,
  submitter: string,
  octets: Octets,
  { header, structure }: Inspected,
): Promise<Buffer> {
  const lines = [submitter, ...fieldsOf(header)]
  for (const part of leavesOf(structure.root)) lines.push(await partLine(octets, part))
  return (await keys.hashFor(theService, 'refused content'))(lines.join('\0'))
}

const fieldsOf = ({ fields }: Header) =>
  fields
    .filter(({ key }) => contentFields.has(key))
    .map((field) => `${field.key}: ${decodeWords(fieldText(field)).replaceAll(/\s+/g, ' ').trim()}`)
    .sort()

/** The parts that hold something; a message that is attached is one, octet for octet. */
function leavesOf(part: Part): Part[] {
  return part.parts.length === 0 || isMessage(part) ? [part] : part.parts.flatMap(leavesOf)
}

async function partLine(octets: Octets, part: Part): Promise<string> {
  const named = [...decodeParameters(part.disposition?.parameters ?? []), ...decodeParameters(part.parameters)]
  const names = named.filter(([key]) => key === 'filename' || key === 'name').map(([, name]) => name)
  // The same octets say something else in another charset.
  const charset = charsetOf(part)?.trim().toLowerCase() ?? ''
  const isText = part.type === 'text' || isMessage(part)
  const hash = createHash('sha256')
  const lineEnds = newLineEnds()
  let read = 0
  for await (const piece of decodedPieces(octets.range(part.bodyStart, part.bodyEnd), part.encoding)) {
    hash.update(isText ? lineEnds(piece) : piece)
    read += piece.length
    // What is in memory comes without any wait: others have their turn.
    if (read < octetsInATurn) continue
    await setImmediate()
    read = 0
  }
  return JSON.stringify([part.type, part.subtype, charset, [...new Set(names)], hash.digest('hex')])
}

/** Text without what programs change at its lines: CRs go, and line ends at the very end, which MIME may give to the delimiter. */
function newLineEnds(): (piece: Buffer) => Buffer {
  let waiting = 0
  return (piece) => {
    const kept = Buffer.allocUnsafe(piece.length + waiting)
    let used = 0
    for (let at = 0; at < piece.length; at++) {
      const octet = piece[at]!
      if (octet === 0x0d) continue
      if (octet === 0x0a) {
        waiting++
        continue
      }
      for (; waiting > 0; waiting--) kept[used++] = 0x0a
      kept[used++] = octet
    }
    return kept.subarray(0, used)
  }
}
