// Messages for tests, part by part, with CRLF throughout; nothing of a test's own reader is in them.

/** A body with the fields that describe it. */
export interface TestPart {
  readonly type: string
  /** Further fields, each a line without its end. */
  readonly fields?: readonly string[]
  readonly body: string | Buffer
  readonly encoding?: 'base64' | '8bit'
}

/** One part as octets: in base64 unless said otherwise. */
export function partOf({ type, fields = [], body, encoding = 'base64' }: TestPart): string {
  const octets = Buffer.isBuffer(body) ? body : Buffer.from(body)
  const lines = encoding === 'base64' ? octets.toString('base64').replace(/.{76}/g, '$&\r\n') : octets.toString()
  return [`Content-Type: ${type}`, `Content-Transfer-Encoding: ${encoding}`, ...fields, '', lines].join('\r\n')
}

/** A multipart of parts, as partOf gives them or as multiparts of this function. */
export function multipart(subtype: string, parts: readonly string[], boundary = `b-${subtype}-${parts.length}`): string {
  const body = parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')
  return `Content-Type: multipart/${subtype}; boundary="${boundary}"\r\n\r\n${body}--${boundary}--\r\n`
}

/** A part as signed mail, which nothing is added to on its way (G12): the part is the first of two. */
export function signed(part: string): string {
  return multipart('signed', [part, partOf({ type: 'application/pkcs7-signature; name=smime.p7s', body: 'no true signature' })])
}

/** A whole message: its fields, then what a part or multipart begins with. */
export function messageOf(fields: Readonly<Record<string, string>>, content: string): Buffer {
  const header = Object.entries({ Date: 'Sun, 22 Nov 2026 13:05:00 +0000', 'MIME-Version': '1.0', ...fields })
  return Buffer.from(`${header.map(([name, value]) => `${name}: ${value}\r\n`).join('')}${content.replace(/(?:\r\n)?$/, '\r\n')}`)
}
