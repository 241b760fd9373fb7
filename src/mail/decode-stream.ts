// Bodies as they were before their transfer encoding (RFC 2045 §6), a piece at a time and in bounded memory; reads them as decode.ts does.
import { base64Values, decodeTransfer } from '#mail/decode.ts'
import { maxQuotedTailOctets } from '#mail/limits.ts'

const pieceOctets = 16 * 1024
const padding = 64

/** Decodes pieces of a body in their order; what is cut by the end of one waits for the next. */
export async function* decodedPieces(body: AsyncIterable<Buffer>, encoding: string): AsyncGenerator<Buffer> {
  const name = encoding.trim().toLowerCase()
  if (name !== 'base64' && name !== 'quoted-printable') {
    yield* body
    return
  }
  const decode = name === 'base64' ? newBase64Decoder() : newQuotedDecoder()
  for await (const piece of body) {
    for (let at = 0; at < piece.length; at += pieceOctets) yield decode(piece.subarray(at, at + pieceOctets))
  }
  yield decode(null)
}

/** Takes a piece, or null at the end; returns what it decodes to. */
type Decode = (piece: Buffer | null) => Buffer

function newBase64Decoder(): Decode {
  let bits = 0
  let count = 0
  return (piece) => {
    if (piece === null) return Buffer.alloc(0)
    const decoded = Buffer.allocUnsafe(Math.ceil((piece.length * 3) / 4) + 1)
    let used = 0
    for (let at = 0; at < piece.length; at++) {
      const value = base64Values[piece[at]!]!
      if (value === padding) count = 0
      else if (value < padding) {
        bits = ((bits << 6) | value) & 0xffffff
        count += 6
        if (count >= 8) {
          count -= 8
          decoded[used++] = (bits >> count) & 0xff
        }
      }
    }
    return decoded.subarray(0, used)
  }
}

function newQuotedDecoder(): Decode {
  let tail = Buffer.alloc(0)
  return (piece) => {
    const octets = Buffer.concat([tail, piece ?? Buffer.alloc(0)])
    const end = piece === null ? octets.length : wholeUntil(octets)
    tail = Buffer.from(octets.subarray(end))
    return decodeTransfer(octets.subarray(0, end), 'quoted-printable')
  }
}

/** Where what follows could still change the meaning: white space that may end a line, and a sign that is not whole. */
function wholeUntil(octets: Buffer): number {
  const least = Math.max(0, octets.length - maxQuotedTailOctets)
  let end = octets.length
  for (let back = openOctets(octets, end); back > 0 && end > least; back = openOctets(octets, end)) end -= back
  return end
}

/** How many octets before `end` wait for more: white space, a sign, a sign and one digit. */
function openOctets(octets: Buffer, end: number): number {
  const last = octets[end - 1]
  if (last === 0x3d || last === 0x20 || last === 0x09 || last === 0x0d) return 1
  return octets[end - 2] === 0x3d ? 2 : 0
}
