// Bodies as they were before their transfer encoding (RFC 2045 §6) and as text in their charset; whatever is wrong, something is
// read.
import { isUtf8 } from 'node:buffer'

const equals = 0x3d
const lineFeed = 0x0a
/** RFC 4648 §4 and §5; 64 is padding, 255 what is skipped. */
export const base64Values: Uint8Array = new Uint8Array(256).fill(255)
for (const [value, char] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/='].entries())
  base64Values[char.charCodeAt(0)] = value
base64Values['-'.charCodeAt(0)] = 62
base64Values['_'.charCodeAt(0)] = 63

/** The octets behind a Content-Transfer-Encoding; what cannot be decoded is left out (base64) or left as it is; never throws. */
export function decodeTransfer(octets: Buffer, encoding: string): Buffer {
  switch (encoding.trim().toLowerCase()) {
    case 'base64':
      return decodeBase64(octets)
    case 'quoted-printable':
      return decodeQuotedPrintable(octets)
    default:
      return octets
  }
}

/**
 * The text of octets in a charset: for null or US-ASCII, UTF-8 where it is valid; for an unknown charset, Latin-1; never throws.
 */
export function decodeText(octets: Buffer, charset: string | null): string {
  const label = charset?.trim().toLowerCase() ?? ''
  const undeclared = label === '' || label === 'us-ascii' || label === 'ascii'
  if (label === 'utf-8' || (undeclared && isUtf8(octets))) return octets.toString('utf8')
  if (undeclared) return octets.toString('latin1')
  return decoderOf(label)?.decode(octets) ?? octets.toString('latin1')
}

/** A decoder for the charset, or null where it is unknown here. */
export function decoderOf(charset: string): { decode(octets: Buffer): string } | null {
  try {
    return new TextDecoder(charset.trim())
  } catch {
    return null
  }
}

/** Padding within the text separates pieces that were encoded one by one: each is decoded, since readers of mail do so too. */
function decodeBase64(octets: Buffer): Buffer {
  const padding = octets.indexOf(equals)
  const isOnePiece = padding < 0 || (octets.length - padding <= 8 && octets.subarray(padding).every(isNoValue))
  return isOnePiece ? Buffer.from(octets.toString('latin1'), 'base64') : decodeBase64Pieces(octets)
}

const isNoValue = (octet: number) => base64Values[octet]! >= 64

/** By hand, since a call a piece would make a body of padding characters expensive. */
function decodeBase64Pieces(octets: Buffer): Buffer {
  const decoded = Buffer.allocUnsafeSlow(octets.length)
  let used = 0
  let bits = 0
  let held = 0
  for (let at = 0; at < octets.length; at++) {
    const value = base64Values[octets[at]!]!
    if (value === 64) held = 0
    else if (value < 64) {
      bits = ((bits << 6) | value) & 0xffffff
      held += 6
      if (held >= 8) {
        held -= 8
        decoded[used++] = (bits >> held) & 0xff
      }
    }
  }
  return decoded.subarray(0, used)
}

/** RFC 2045 §6.7: soft line breaks and white space at line ends go; `=` before anything but two hexadecimal digits stays. */
function decodeQuotedPrintable(octets: Buffer): Buffer {
  const decoded = Buffer.allocUnsafeSlow(octets.length)
  let used = 0
  // Where the white space that may turn out to end the line starts in what is decoded.
  let textEnd = 0
  for (let at = 0; at < octets.length; at++) {
    const octet = octets[at]!
    if (octet === equals) {
      const value = hexPair(octets[at + 1], octets[at + 2])
      const next = value < 0 ? afterSoftBreak(octets, at + 1) : at + 3
      if (next < 0) decoded[used++] = octet
      else if (value >= 0) decoded[used++] = value
      if (next >= 0) at = next - 1
      textEnd = used
    } else {
      const isLineEnd = octet === lineFeed || (octet === 0x0d && octets[at + 1] === lineFeed)
      if (isLineEnd) used = textEnd
      decoded[used++] = octet
      if (octet !== 0x20 && octet !== 0x09) textEnd = used
    }
  }
  return decoded.subarray(0, used)
}

/** The index after white space and a line end, or the end of the octets; -1 where something else follows. */
function afterSoftBreak(octets: Buffer, from: number): number {
  let at = from
  while (octets[at] === 0x20 || octets[at] === 0x09) at++
  if (octets[at] === 0x0d && octets[at + 1] === lineFeed) return at + 2
  if (octets[at] === lineFeed) return at + 1
  return at >= octets.length ? at : -1
}

function hexPair(high: number | undefined, low: number | undefined): number {
  if (high === undefined || low === undefined) return -1
  const value = Number.parseInt(String.fromCharCode(high, low), 16)
  return isHex(high) && isHex(low) ? value : -1
}

function isHex(octet: number): boolean {
  return (octet >= 0x30 && octet <= 0x39) || ((octet | 0x20) >= 0x61 && (octet | 0x20) <= 0x66)
}
