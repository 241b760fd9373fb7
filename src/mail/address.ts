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

/** Most addresses: lower case ASCII, so short that every limit is kept. Read without a look at the rest of the grammar. */
const plain = /^([a-z0-9_]+(?:[.+-][a-z0-9_]+)*)@([a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*)$/

/**
 * Reads an addr-spec as in a path, without angle brackets or source route; throws BadCommand where the grammar or a limit is
 * broken.
 */
export function parseAddress(text: string): Address {
  const read = readAddress(text)
  if (typeof read === 'string') throw new BadCommand(read)
  return read
}

/** As parseAddress, but says what is wrong as a text: in a header's lists a broken address is nothing special, and a throw costs ten times the rest. */
export function readAddress(text: string): Address | string {
  const match = text.length <= maxLocalPartOctets ? plain.exec(text) : null
  if (match !== null) return { localPart: match[1]!, domain: match[2]! }
  // 4 times: what NFC and lower case can lengthen or shorten cannot bring a longer text within the limit.
  if (text.length > 4 * maxAddressOctets || unseen.test(text))
    return 'the address is too long or holds characters that do not show'
  const at = text.charCodeAt(0) === 0x22 ? endOfQuotedString(text) : text.indexOf('@')
  if (at <= 0 || text[at] !== '@') return 'an address is a local part, @ and a domain'
  const written = text.slice(0, at)
  const localPart = written.startsWith('"') ? unquote(written.slice(1, -1)) : written
  if (localPart === null) return 'the quoted local part is not valid'
  if (!written.startsWith('"') && !dotString.test(written)) return 'the local part is not valid'
  const domain = readDomain(text.slice(at + 1))
  if (domain === null) return 'the domain is not valid'
  return isTooLong(written, { localPart, domain }) ? 'the address is too long' : { localPart, domain }
}

/** Writes an address so that parseAddress reads it back; the local part is quoted only when it must be. */
export function formatAddress(address: Address): string {
  return `${formatLocalPart(address.localPart)}@${address.domain}`
}

/**
 * The form that look-ups compare: quoting only when needed, all lower case, NFC; throws BadCommand for text that is no address.
 */
export function addressKey(address: Address | string): string {
  if (typeof address === 'string' && address.length <= maxLocalPartOctets && plain.test(address)) return address
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

function unquote(inner: string): string | null {
  let plain = ''
  let end = 0
  for (const match of inner.matchAll(quotedPairOrText)) {
    if (match.index !== end) break
    plain += match[1] ?? match[2]!
    end += match[0].length
  }
  return end === inner.length ? plain : null
}

function readDomain(text: string): string | null {
  if (text.startsWith('[')) return readLiteral(text)
  const domain = text.toLowerCase().normalize('NFC')
  for (const part of domain.split('.')) {
    // What NFKC changes (full-width letters, ligatures) is read by some as another domain; IDNA2008 has none of it (RFC 5892
    // §2.2).
    const plain = label.test(part) && part.normalize('NFKC') === part && Buffer.byteLength(part) <= maxLabelOctets
    if (!plain) return null
  }
  return domain
}

function readLiteral(text: string): string | null {
  const inner = text.slice(1, -1).toLowerCase()
  const known = inner.startsWith('ipv6:') ? isIP(inner.slice(5)) === 6 && !inner.includes('%') : isIP(inner) === 4
  return text.endsWith(']') && known ? `[${inner}]` : null
}

/** Measures both forms: a needless quoted-pair counts as written, a letter that lower case lengthens as kept. */
function isTooLong(written: string, address: Address): boolean {
  const localPartOctets = Math.max(
    Buffer.byteLength(written),
    Buffer.byteLength(addressKey(address)) - Buffer.byteLength(address.domain) - 1,
  )
  const domainOctets = Buffer.byteLength(address.domain)
  return (
    localPartOctets > maxLocalPartOctets ||
    domainOctets > maxDomainOctets ||
    localPartOctets + 1 + domainOctets > maxAddressOctets
  )
}
