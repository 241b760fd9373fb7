// Modified UTF-7, the form of mailbox names on the wire, decoded strictly. RFC 3501 §5.1.3.
import { BadCommand } from '#base/faults.ts'

const printable = /^[\x20-\x7e]*$/

/**
 * The text of a name in modified UTF-7; throws BadCommand for 8-bit octets, open, empty or needless shifts, ill-formed UTF-16
 * and non-zero padding.
 */
export function decodeUtf7(wire: string): string {
  if (!printable.test(wire)) throw new BadCommand('A mailbox name is printable ASCII in modified UTF-7')
  let text = ''
  let at = 0
  let afterShift = -1
  for (let start = wire.indexOf('&'); start !== -1; start = wire.indexOf('&', at)) {
    const end = wire.indexOf('-', start)
    if (end === -1) throw new BadCommand('A mailbox name holds an unfinished & sequence')
    text += wire.slice(at, start)
    if (end === start + 1) text += '&'
    else if (start === afterShift) throw new BadCommand('A mailbox name holds a needless shift')
    else text += decodeShifted(wire.slice(start + 1, end))
    at = end + 1
    afterShift = end === start + 1 ? -1 : at
  }
  text += wire.slice(at)
  if (!text.isWellFormed()) throw new BadCommand('A mailbox name holds half a surrogate pair')
  return text
}

function decodeShifted(base64: string): string {
  const octets = /^[A-Za-z0-9+,]+$/.test(base64) ? Buffer.from(base64.replaceAll(',', '/'), 'base64') : null
  if (octets === null || octets.length % 2 !== 0 || shifted(octets) !== base64) {
    throw new BadCommand('A mailbox name holds a malformed & sequence')
  }
  const text = octets.swap16().toString('utf16le')
  if (/[\x20-\x7e]/.test(text)) throw new BadCommand('A mailbox name shifts what stands for itself')
  return text
}

/** The modified UTF-7 of a text, in printable ASCII. */
export function encodeUtf7(text: string): string {
  if (printable.test(text) && !text.includes('&')) return text
  return text.replaceAll('&', '&-').replace(/[^\x20-\x7e]+/g, (run) => `&${shifted(Buffer.from(run, 'utf16le').swap16())}-`)
}

function shifted(octets: Buffer): string {
  return octets.toString('base64').replaceAll('=', '').replaceAll('/', ',')
}
