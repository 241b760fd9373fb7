// Writes what RFC 3501 §9 lets stand in a response. Everything here is octets as a string, one character an octet (latin1), so
// that
// many responses join into one write; text of any alphabet enters through these functions only.
import { encodeUtf7 } from '#imap/utf7.ts'

/** Octets, one character each (U+0000 to U+00FF). */
export type Octets = string

const plain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/
const quotable = /^[\x20-\x7e]*$/
const atomOnly = /^[^\x00-\x20\x7f-\uffff(){%*"\\\]]+$/
const maxQuotedOctets = 1000

/** A string: quoted where it may be, else a literal of its UTF-8 octets. NUL, which no literal may hold, becomes a space. */
export function string(text: string): Octets {
  if (text.length <= maxQuotedOctets) {
    if (plain.test(text)) return `"${text}"`
    if (quotable.test(text)) return `"${text.replace(/["\\]/g, '\\$&')}"`
  }
  const octets = Buffer.from(text.replaceAll('\0', ' '), 'utf8')
  return `{${octets.length}}\r\n${octets.toString('latin1')}`
}

/** A string, or NIL for null. */
export function nstring(text: string | null): Octets {
  return text === null ? 'NIL' : string(text)
}

/** An astring: an atom where it may be one. */
export function astring(text: string): Octets {
  return atomOnly.test(text) && text.toUpperCase() !== 'NIL' ? text : string(text)
}

/** A mailbox name, in modified UTF-7. */
export function mailboxName(name: string): Octets {
  return astring(encodeUtf7(name))
}

/** A flag list. What is not a flag by the grammar is left out: a client could not read the response. */
export function flagList(flags: readonly string[]): Octets {
  return `(${flags.every(isFlag) ? flags.join(' ') : flags.filter(isFlag).join(' ')})`
}

function isFlag(flag: string): boolean {
  return atomOnly.test(flag.startsWith('\\') ? flag.slice(1) : flag)
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (number: number) => (number < 10 ? `0${number}` : `${number}`)

/** date-time in UTC: `" 7-Jul-1996 09:44:25 +0000"`. Years that four digits cannot write become the nearest that they can. */
export function dateTime(atMs: number): Octets {
  const at = new Date(Math.max(-62_135_596_800_000, Math.min(atMs, 253_402_300_799_000)))
  const date = `${`${at.getUTCDate()}`.padStart(2)}-${months[at.getUTCMonth()]}-${`${at.getUTCFullYear()}`.padStart(4, '0')}`
  return `"${date} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000"`
}
