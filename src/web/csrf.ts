// Against requests that another site makes for a person: a token in every form, and what the browser says of where a request began. OWASP; Fetch, 3.5 and Fetch Metadata.
import { timingSafeEqual } from 'node:crypto'
import { randomOctets } from '#base/ids.ts'

/** A keyed hash that only the service can make. */
export type Mac = (text: string) => Promise<Buffer>

const padOctets = 32

/** The token of a session or of a stranger's browser, another one each time, so that compression does not give it away (BREACH). */
export async function csrfToken(mac: Mac, owner: string): Promise<string> {
  const pad = randomOctets(padOctets)
  return Buffer.concat([pad, mixed(await mac(`csrf/${owner}`), pad)]).toString('base64url')
}

/** Whether a token is one of the owner's. */
export async function csrfTokenIs(mac: Mac, owner: string, token: string): Promise<boolean> {
  const octets = Buffer.from(token.slice(0, 200), 'base64url')
  if (octets.length !== 2 * padOctets) return false
  return timingSafeEqual(mixed(octets.subarray(padOctets), octets.subarray(0, padOctets)), await mac(`csrf/${owner}`))
}

const mixed = (one: Buffer, other: Buffer): Buffer => Buffer.from(one.map((octet, index) => octet ^ other[index]!))

/**
 * Whether the browser says that a request began at our own site. With Referrer-Policy no-referrer it sends `Origin: null` for our own forms too: then
 * Sec-Fetch-Site decides, and where a browser sends neither, the token alone.
 */
export function beganHere(header: Readonly<Record<string, string | string[] | undefined>>): boolean {
  const site = header['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') return false
  const origin = header.origin
  return origin === undefined || origin === 'null' || origin === `https://${header.host}`
}
