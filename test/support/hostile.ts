// Messages that strangers send to make a server slow: each kind fills the size that it is asked for. For bench/cost-of-hostile.ts and the tests of cost.

/** A kind of message, by the octets that it is to have: its header fields but From, and its body. The body ends in CRLF. */
export interface HostileKind {
  readonly name: string
  /** What the service does with it: takes it, or says one of these codes. */
  readonly outcome: 'accepted' | 552 | 554
  make(octets: number): { readonly fields: string; readonly body: Buffer }
}

const boundary = 'b'
const multipart = `Content-Type: multipart/mixed; boundary=${boundary}\r\n`

function filled(unit: string, octets: number): Buffer {
  const body = Buffer.alloc(Math.max(unit.length, octets - (octets % unit.length)), unit)
  return body.toString('latin1', body.length - 2) === '\r\n' ? body : Buffer.concat([body, Buffer.from('\r\n')])
}

const lines = (name: string, unit: string, fields = ''): HostileKind => ({
  name,
  outcome: 'accepted',
  make: (octets) => ({ fields, body: filled(unit, octets) }),
})

/** A body of parts, and plain text up to the size. */
const parts = (name: string, outcome: HostileKind['outcome'], fields: string, made: () => string): HostileKind => ({
  name,
  outcome,
  make(octets) {
    const begun = Buffer.from(made(), 'latin1')
    return { fields, body: Buffer.concat([begun, filled(plainLine, octets - begun.length)]) }
  },
})

/** A header field of many entries, and plain text up to the size. */
const field = (name: string, outcome: HostileKind['outcome'], fields: () => string): HostileKind => ({
  name,
  outcome,
  make: (octets) => ({ fields: fields(), body: filled(plainLine, octets) }),
})

const plainLine = 'The defendant was seen at the corner of Eastgate and Mill Lane at about ten.\r\n'
/** Almost the 256 KiB that a header may have; the rest is for what every message has. */
const headerRoom = 250_000
const folded = (name: string, unit: string, room = headerRoom) => {
  const line = unit.repeat(Math.max(1, Math.floor(900 / unit.length)))
  return `${name}: ${`${line}\r\n `.repeat(Math.floor(room / (line.length + 3)))}x\r\n`
}
const many = (count: number, one: (n: number) => string) => Array.from({ length: count }, (_, n) => one(n)).join('')
const nested = (count: number) =>
  many(count, (n) => `--${boundary}${n}\r\nContent-Type: multipart/mixed; boundary=${boundary}${n + 1}\r\n\r\n`)
const continued = many(199, (n) => `;\r\n n*${n}*=%41%42`)

/** What all others are measured against. */
export const plainText: HostileKind = lines('plain text', plainLine)

export const hostileKinds: readonly HostileKind[] = [
  lines('dots', '.\r\n'),
  lines('empty lines', '\r\n'),
  lines('lines of one letter', 'a\r\n'),
  lines('lines of ten letters', 'abcdefghij\r\n'),
  {
    name: 'one line',
    outcome: 'accepted',
    make: (octets) => ({ fields: '', body: Buffer.from(`${'x'.repeat(octets - 2)}\r\n`) }),
  },
  lines('hyphens', '--\r\n', multipart),
  lines('nearly delimiters', `--${boundary}a\r\n`, multipart),
  lines('control characters', '\x01\x02', ''),
  lines('delimiters that close', `--${boundary}--\r\n`, multipart),
  { ...lines('delimiters that open', `--${boundary}\r\n`, multipart), outcome: 554 },
  { ...lines('parts without a body', `--${boundary}\r\n\r\n`, multipart), outcome: 554 },
  parts('a thousand parts', 'accepted', multipart, () =>
    many(999, () => `--${boundary}\r\nContent-Type: text/plain\r\n\r\nx\r\n`),
  ),
  parts('a hundred levels', 'accepted', `Content-Type: multipart/mixed; boundary=${boundary}0\r\n`, () => nested(98)),
  parts(
    'a hundred levels and ten thousand delimiters',
    554,
    `Content-Type: multipart/mixed; boundary=${boundary}0\r\n`,
    () => `${nested(97)}${`--${boundary}97\r\n\r\n\r\n`.repeat(10_000)}`,
  ),
  parts('messages in messages', 'accepted', 'Content-Type: message/rfc822\r\n', () =>
    many(98, () => 'Content-Type: message/rfc822\r\n\r\n'),
  ),
  parts('a thousand levels', 554, 'Content-Type: message/rfc822\r\n', () =>
    many(999, () => 'Content-Type: message/rfc822\r\n\r\n'),
  ),
  parts('parts of continued parameters', 'accepted', multipart, () =>
    many(300, () => `--${boundary}\r\nContent-Type: text/plain${continued}\r\n\r\nx\r\n`),
  ),
  parts('parts of continued names', 'accepted', multipart, () =>
    many(200, () => `--${boundary}\r\nContent-Disposition: attachment${continued.replaceAll('n*', 'filename*')}\r\n\r\nx\r\n`),
  ),
  parts('messages to many', 'accepted', multipart, () =>
    many(2, () => `--${boundary}\r\nContent-Type: message/rfc822\r\n\r\n${folded('To', 'a,')}\r\nx\r\n`),
  ),
  parts('a part header over its limit', 552, multipart, () => `--${boundary}\r\n${folded('X', 'y ', 270_000)}\r\nx\r\n`),
  field('recipients without a domain', 'accepted', () => folded('To', 'a,')),
  field('recipients', 'accepted', () => folded('Cc', 'a@b,')),
  field('many fields of recipients', 'accepted', () => many(24, () => folded('To', 'a,', 10_000))),
  parts('messages with many fields of recipients', 552, multipart, () =>
    many(50, () => `--${boundary}\r\nContent-Type: message/rfc822\r\n\r\n${folded('To', 'a,', 10_000)}\r\nx\r\n`),
  ),
  field('comments', 'accepted', () => folded('To', '()')),
  field('open comments', 'accepted', () => folded('To', '(')),
  field('open quotes', 'accepted', () => folded('To', '"\\')),
  field('groups', 'accepted', () => folded('To', 'a:;')),
  field('encoded words', 'accepted', () => folded('Subject', '=?utf-8?q?a?= ')),
  field('base64 words', 'accepted', () => folded('Subject', '=?utf-8?B?YQ==?= ')),
  field('a subject of markings', 'accepted', () => folded('Subject', 'PRIVATE - ')),
  field('a subject of replies', 'accepted', () => folded('Subject', 'Re: ')),
  field('a subject of brackets', 'accepted', () => folded('Subject', '[')),
  field('references', 'accepted', () => folded('References', '<a@b> ')),
  field('parameters', 552, () => folded('Content-Type', ';a=b').replace(': ', ': text/plain')),
  field('quoted parameters', 552, () => folded('Content-Type', ';a="\\"b"').replace(': ', ': text/plain')),
  field('continued parameters', 'accepted', () => `Content-Type: text/plain${continued}\r\n`),
  field('languages', 552, () => folded('Content-Language', 'a,')),
  field('short fields', 'accepted', () => 'a:\r\n'.repeat(900)),
  field('fields to the limit of the header', 554, () => 'a:\r\n'.repeat(50_000)),
  field('white space', 'accepted', () => folded('Subject', ' ')),
  field('tabs', 'accepted', () => folded('Subject', '\t')),
  lines('tags', '<p>', 'Content-Type: text/html\r\n'),
  lines('open tags', '<', 'Content-Type: text/html\r\n'),
  lines('open comments of a page', '<!--', 'Content-Type: text/html\r\n'),
  lines('entities', '&amp', 'Content-Type: text/html\r\n'),
  lines('markings in the text', 'PRIVATE - PERSONAL\r\n'),
  lines('equals signs', '=\r\n', 'Content-Transfer-Encoding: quoted-printable\r\n'),
  lines('base64 of one letter a line', 'Y\r\n', 'Content-Transfer-Encoding: base64\r\n'),
  lines('white space in the text', ' '),
]

/** The whole message as submitted, its From, To and a Message-ID of its own in front. */
export function hostileMessage(kind: HostileKind, octets: number, from: string, id: string): Buffer {
  const { fields, body } = kind.make(octets)
  return Buffer.concat([Buffer.from(`From: <${from}>\r\nMessage-ID: <${id}@hostile.example>\r\n${fields}\r\n`, 'latin1'), body])
}
