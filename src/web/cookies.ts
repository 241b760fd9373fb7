// Our cookies: each of this host alone, over TLS alone, and out of reach of scripts. RFC 6265bis, 4.1.3.2 (__Host-).

/** `session` and `computer` say who it is; `visit` is a stranger's, for the token of the sign-in form; `notice` waits for the next page. */
export const cookieNames = {
  session: '__Host-session',
  computer: '__Host-computer',
  visit: '__Host-visit',
  notice: '__Host-notice',
} as const

export interface CookieOptions {
  /** How long the browser keeps it; until it is closed when left out. */
  readonly maxAgeMs?: number
  readonly sameSite?: 'strict' | 'lax'
}

/** The values of a Cookie field by name; of a name that stands twice, the first. */
export function readCookies(field: string | undefined): Map<string, string> {
  const found = new Map<string, string>()
  for (const pair of (field ?? '').split(';')) {
    const at = pair.indexOf('=')
    const name = pair.slice(0, at).trim()
    if (at > 0 && !found.has(name)) found.set(name, pair.slice(at + 1).trim())
  }
  return found
}

/** A Set-Cookie field; null removes the cookie. */
export function writeCookie(name: string, value: string | null, { maxAgeMs, sameSite = 'strict' }: CookieOptions = {}): string {
  if (value !== null && !/^[\w.~-]*$/.test(value)) throw new Error('a cookie’s value needs no quoting')
  const age = value === null ? '; Max-Age=0' : maxAgeMs === undefined ? '' : `; Max-Age=${Math.floor(maxAgeMs / 1000)}`
  return `${name}=${value ?? ''}; Path=/; Secure; HttpOnly; SameSite=${sameSite === 'lax' ? 'Lax' : 'Strict'}${age}`
}
