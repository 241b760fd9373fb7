// Mailbox names: the form in which they are kept and found, and what a new one may be. RFC 3501 §5.1, RFC 5198.
import { type Refused, refused } from '#base/faults.ts'
import { maxMailboxDepth, maxMailboxNameOctets } from '#mailbox/limits.ts'

export const inboxName = 'INBOX'
export const hierarchySeparator = '/'

/** The name as it is kept: NFC, and a first level that reads "inbox" in any case as INBOX. */
export function canonicalName(name: string): string {
  const text = name.normalize('NFC')
  const separator = text.indexOf(hierarchySeparator)
  const first = separator < 0 ? text : text.slice(0, separator)
  // Not by toUpperCase, which makes an I of a dotless one too.
  return /^inbox$/i.test(first) ? `${inboxName}${text.slice(first.length)}` : text
}

// Controls, line and paragraph separators, and what turns the direction of text, so that a list of names reads as it is.
const deceptive = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/

/** Why a canonical name cannot be a new mailbox's, as a refusal that does not quote it, or null. */
export function nameFault(name: string): Refused | null {
  const wrong = (about: string) =>
    refused('G20', 'mailbox-name-is-wrong', about, 'Choose another name; levels are separated by a single slash.')
  if (Buffer.byteLength(name) > maxMailboxNameOctets) return wrong(`the name is longer than ${maxMailboxNameOctets} octets`)
  const levels = name.split(hierarchySeparator)
  if (levels.length > maxMailboxDepth) return wrong(`the name has more than ${maxMailboxDepth} levels`)
  if (levels.some((level) => level.trim() === '')) return wrong('a level of the name is empty')
  if (!name.isWellFormed() || deceptive.test(name)) return wrong('the name holds control or direction characters')
  return /[*%]/.test(name) ? wrong('the name holds * or %') : null
}

/** The names above a name, from the top: `a/b/c` gives `a` and `a/b`. */
export function namesAbove(name: string): string[] {
  const levels = name.split(hierarchySeparator)
  return levels.slice(1).map((_, index) => levels.slice(0, index + 1).join(hierarchySeparator))
}

/** True when `name` stands below `above`, at any depth. */
export function isBelow(name: string, above: string): boolean {
  return name.startsWith(`${above}${hierarchySeparator}`)
}
