// The header fields that every answer bears, also those of errors. CSP Level 3; RFC 6797; Fetch Metadata and the cross-origin policies of HTML.

const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ')
/** For what is no page of ours: nothing in it loads, runs, or is of our origin. */
export const filePolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox"

const always: Readonly<Record<string, string>> = {
  'content-security-policy': pagePolicy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy':
    'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()',
  'x-dns-prefetch-control': 'off',
  'x-robots-tag': 'noindex, nofollow',
  'cache-control': 'no-store',
}

const yearSeconds = 31_536_000

/** The fields of every answer. Strict transport is said where the certificate is one that others vouch for: never for a development certificate's localhost. */
export function securityHeader(strictTransport: boolean): Readonly<Record<string, string>> {
  return strictTransport ? { ...always, 'strict-transport-security': `max-age=${yearSeconds}; includeSubDomains` } : always
}
