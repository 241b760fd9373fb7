// A mailbox address as it stands in a path: RFC 5321 §4.1.2 with RFC 6531 §3.3, stricter where two readers could differ.
import { isIP } from 'node:net'
import { BadCommand } from '#base/faults.ts'
import { maxAddressOctets, maxDomainOctets, maxLabelOctets, maxLocalPartOctets } from '#mail/limits.ts'

export interface Address {
  /** Without quoting. */
  readonly localPart: string
  /** Lower case, U-labels in NFC; an address literal keeps its brackets. */
  readonly domain: string
}

const dotString = /^[\w!#$%&'*+\-/=?^`{|}~\u0080-\u{10ffff}]+(?:\.[\w!#$%&'*+\-/=?^`{|}~\u0080-\u{10ffff}]+)*$/u
const quotedPairOrText = /\\([\x20-\x7e])|([^"\\])/gu
/** Controls, format characters (bidi, zero width), unassigned ones, and spaces other than U+0020: none is seen as what it is. */
const unseen = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u
const label = /^[\p{L}\p{M}\p{N}](?:[\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?$/u

/**
 * Reads an addr-spec as in a path, without angle brackets or source route; throws BadCommand where the grammar or a limit is
 * broken.
 */
export function parseAddress(text: string): Address {
  // 4 times: what NFC and lower case can lengthen or shorten cannot bring a longer text within the limit.
  if (text.length > 4 * maxAddressOctets || unseen.test(text))
    throw new BadCommand('the address is too long or holds characters that do not show')
  const at = text.charCodeAt(0) === 0x22 ? endOfQuotedString(text) : text.indexOf('@')
  if (at <= 0 || text[at] !== '@') throw new BadCommand('an address is a local part, @ and a domain')
  const written = text.slice(0, at)
  const localPart = written.startsWith('"') ? unquote(written.slice(1, -1)) : written
  if (!written.startsWith('"') && !dotString.test(written)) throw new BadCommand('the local part is not valid')
  const address = { localPart, domain: readDomain(text.slice(at + 1)) }
  checkLengths(written, address)
  return address
}

/** Writes an address so that parseAddress reads it back; the local part is quoted only when it must be. */
export function formatAddress(address: Address): string {
  return `${formatLocalPart(address.localPart)}@${address.domain}`
}

/**
 * The form that look-ups compare: quoting only when needed, all lower case, NFC; throws BadCommand for text that is no address.
 */
export function addressKey(address: Address | string): string {
  const { localPart, domain } = typeof address === 'string' ? parseAddress(address) : address
  return `${formatLocalPart(localPart.toLowerCase().normalize('NFC'))}@${domain}`
}

function formatLocalPart(localPart: string): string {
  return dotString.test(localPart) ? localPart : `"${localPart.replace(/["\\]/g, '\\$&')}"`
}

/** The index just after the closing quote, or -1. */
function endOfQuotedString(text: string): number {
  for (let i = 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === '"') return i + 1
  }
  return -1
}

function unquote(inner: string): string {
  let plain = ''
  let end = 0
  for (const match of inner.matchAll(quotedPairOrText)) {
    if (match.index !== end) break
    plain += match[1] ?? match[2]!
    end += match[0].length
  }
  if (end !== inner.length) throw new BadCommand('the quoted local part is not valid')
  return plain
}

function readDomain(text: string): string {
  if (text.startsWith('[')) return readLiteral(text)
  const domain = text.toLowerCase().normalize('NFC')
  for (const part of domain.split('.')) {
    // What NFKC changes (full-width letters, ligatures) is read by some as another domain; IDNA2008 has none of it (RFC 5892
    // §2.2).
    const plain = label.test(part) && part.normalize('NFKC') === part && Buffer.byteLength(part) <= maxLabelOctets
    if (!plain) throw new BadCommand('the domain is not valid')
  }
  return domain
}

function readLiteral(text: string): string {
  const inner = text.slice(1, -1).toLowerCase()
  const known = inner.startsWith('ipv6:') ? isIP(inner.slice(5)) === 6 && !inner.includes('%') : isIP(inner) === 4
  if (!text.endsWith(']') || !known) throw new BadCommand('the address literal is not valid')
  return `[${inner}]`
}

/** Measures both forms: a needless quoted-pair counts as written, a letter that lower case lengthens as kept. */
function checkLengths(written: string, address: Address): void {
  const localPartOctets = Math.max(
    Buffer.byteLength(written),
    Buffer.byteLength(addressKey(address)) - Buffer.byteLength(address.domain) - 1,
  )
  const domainOctets = Buffer.byteLength(address.domain)
  const over =
    localPartOctets > maxLocalPartOctets ||
    domainOctets > maxDomainOctets ||
    localPartOctets + 1 + domainOctets > maxAddressOctets
  if (over) throw new BadCommand('the address is too long')
}
