// Lines added to texts of every charset and encoding: what was there stays, the structure holds, and what is added reads as it was meant. G12, RFC 2045 §6
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { endNeeded, linesAppended, takesLines } from '#mail/append-text.ts'
import { decodeText, decodeTransfer } from '#mail/decode.ts'
import { textOfHtml } from '#mail/html.ts'
import { charsetOf, ownTextEnds } from '#mail/own-text.ts'
import type { Part } from '#mail/part.ts'
import { StructureScan } from '#mail/structure.ts'
import { withEdits } from '#delivery/edited.ts'
import { octetsOf, slice } from '#delivery/inspect.ts'

const lines = [
  '-- ',
  'Zoë Müller – advocate',
  'zoe@firm.cjsm.test',
  '',
  'This message is for whom it names, and nobody else may read it or pass it on without asking first.',
]

function scan(raw: Buffer) {
  const structure = new StructureScan()
  structure.push(raw)
  return structure.end()
}

async function appended(raw: Buffer): Promise<{ octets: Buffer; root: Part }> {
  const structure = scan(raw)
  const edits = ownTextEnds(structure.root).flatMap((part) => {
    const from = endNeeded(part)
    return linesAppended(part, raw.subarray(from, part.bodyEnd), from, lines) ?? []
  })
  const edited = await withEdits(octetsOf(raw), structure, edits)
  const octets = await slice(edited.octets, 0, edited.octets.size)
  assert.deepEqual(edited.root, scan(octets).root) // moved or scanned anew, it is what a scan finds
  return { octets, root: edited.root }
}

const textOf = (raw: Buffer, part: Part) =>
  decodeText(decodeTransfer(raw.subarray(part.bodyStart, part.bodyEnd), part.encoding), charsetOf(part))

function messageWith(type: string, encoding: string, body: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`From: a@b.test\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`),
    body,
  ])
}
const base64 = (text: Buffer) => Buffer.from(`${text.toString('base64').replace(/.{76}/g, '$&\r\n')}\r\n`)

const bodies: [why: string, type: string, encoding: string, body: Buffer, name: string][] = [
  ['7bit ASCII', 'text/plain', '7bit', Buffer.from('Hello\r\n'), 'Zoe Muller - advocate'],
  ['UTF-8 said to be 7bit', 'text/plain; charset=utf-8', '7bit', Buffer.from('Hello\r\n'), 'Zoe Muller - advocate'],
  ['8bit UTF-8', 'text/plain; charset=utf-8', '8bit', Buffer.from('Grüße\r\n'), 'Zoë Müller – advocate'],
  ['8bit Latin-1', 'text/plain; charset=iso-8859-1', '8bit', Buffer.from('Grüße\r\n', 'latin1'), 'Zoe Muller - advocate'],
  [
    'quoted-printable',
    'text/plain; charset=utf-8',
    'quoted-printable',
    Buffer.from('Gr=C3=BC=C3=9Fe and a line that goes=\r\n on\r\n'),
    'Zoë Müller – advocate',
  ],
  [
    'quoted-printable that ends in a soft break',
    'text/plain; charset=utf-8',
    'quoted-printable',
    Buffer.from('Hello='),
    'Zoë Müller – advocate',
  ],
  ['base64 of each length', 'text/plain; charset=utf-8', 'base64', base64(Buffer.from('Grüße!\r\n')), 'Zoë Müller – advocate'],
  [
    'base64 without a line end',
    'text/plain; charset=utf-8',
    'base64',
    Buffer.from(Buffer.from('Grüße').toString('base64')),
    'Zoë Müller – advocate',
  ],
  ['nothing', 'text/plain', '7bit', Buffer.from(''), 'Zoe Muller - advocate'],
  ['a text without a line end', 'text/plain', '7bit', Buffer.from('Hello'), 'Zoe Muller - advocate'],
  [
    'HTML',
    'text/html; charset=utf-8',
    '8bit',
    Buffer.from('<html><body><p>Grüße</p></body></html>\r\n'),
    'Zoë Müller – advocate',
  ],
  [
    'HTML in quoted-printable',
    'text/html; charset=iso-8859-1',
    'quoted-printable',
    Buffer.from('<p class=3D"x">Hello</p></bo=\r\ndy>\r\n'),
    'Zoë Müller – advocate',
  ],
  [
    'HTML in base64',
    'text/html; charset=utf-8',
    'base64',
    base64(Buffer.from('<body>Hello<br></body>')),
    'Zoë Müller – advocate',
  ],
]

for (const [why, type, encoding, body, name] of bodies) {
  test(`lines are added to ${why}, and all that stood there reads as before (G12)`, async () => {
    const raw = messageWith(type, encoding, body)
    const before = textOf(raw, scan(raw).root)
    const { octets, root } = await appended(raw)
    assert.deepEqual(root, scan(octets).root)
    const text = textOf(octets, root)
    if (type.startsWith('text/html')) {
      const shown = textOfHtml(text).split('\n')
      const added = lines.filter((line) => line !== '').map((line) => line.trim())
      assert.deepEqual(shown, [...textOfHtml(before).split('\n'), ...added])
    } else {
      assert.ok(text.startsWith(before), text)
      const added = text.slice(before.length).trim().split('\r\n')
      assert.deepEqual(
        added.slice(0, 3),
        ['--', name, 'zoe@firm.cjsm.test'].map((line, at) => (at === 0 ? '-- ' : line)),
      )
      assert.equal(added.slice(4).join(' '), lines[4])
    }
    for (const line of octets.toString('latin1').split('\r\n')) assert.ok(line.length <= 78 || type.startsWith('text/html'), line)
  })
}

test('each alternative of a message with attachments gets them, and nothing else changes (RFC 2046 §5.1)', async () => {
  const raw = Buffer.from(
    [
      'Content-Type: multipart/mixed; boundary=out',
      '',
      'preamble',
      '--out',
      'Content-Type: multipart/alternative; boundary=in',
      '',
      '--in',
      'Content-Type: text/plain',
      '',
      'Hello',
      '--in',
      'Content-Type: text/html',
      '',
      '<p>Hello</p>',
      '--in--',
      '--out',
      'Content-Type: text/plain; name=notes.txt',
      'Content-Disposition: attachment',
      '',
      'notes',
      '--out--',
      '',
    ].join('\r\n'),
  )
  const { octets, root } = await appended(raw)
  assert.deepEqual(root, scan(octets).root)
  const text = octets.toString('latin1')
  assert.equal(text.split('zoe@firm.cjsm.test').length, 3)
  assert.match(text, /notes\.txt\r\nContent-Disposition: attachment\r\n\r\nnotes\r\n--out--\r\n$/)
})

test('an empty text whose delimiter follows at once gets them, and the delimiter stays one (RFC 2046 §5.1.1)', async () => {
  for (const encoding of ['7bit', 'quoted-printable', 'base64']) {
    const lines = [
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      `Content-Transfer-Encoding: ${encoding}`,
      '',
      '--b--',
      '',
    ]
    const { octets, root } = await appended(Buffer.from(lines.join('\r\n')))
    assert.deepEqual(root, scan(octets).root)
    assert.match(textOf(octets, root.parts[0]!), /zoe@firm\.cjsm\.test/, encoding)
    assert.match(octets.toString(), /\r\n--b--\r\n$/)
  }
})

test('what was signed or encrypted, is a report, or has only attachments, has no text of its own to add to (RFC 1847)', () => {
  const kinds = ['multipart/signed', 'multipart/encrypted', 'multipart/report']
  for (const kind of kinds) {
    const raw = Buffer.from(`Content-Type: ${kind}; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n--b--\r\n`)
    assert.deepEqual(ownTextEnds(scan(raw).root), [], kind)
  }
  assert.deepEqual(ownTextEnds(scan(Buffer.from('Content-Type: application/pkcs7-mime\r\n\r\nx')).root), [])
  assert.deepEqual(ownTextEnds(scan(Buffer.from('Content-Type: text/plain; name="a.txt"\r\n\r\nx')).root), [])
})

test('a text in a charset that is not ASCII’s, or in an unknown encoding, is left alone', () => {
  for (const [type, encoding] of [
    ['text/plain; charset=utf-16le', 'base64'],
    ['text/plain; charset=utf-7', '7bit'],
    ['text/plain', 'x-uuencode'],
  ] as const) {
    assert.equal(takesLines(scan(messageWith(type, encoding, Buffer.from('AAAA'))).root), false, type)
  }
})

test('whatever a text is, adding to it keeps what was there and the structure that a scan finds', () => {
  const property = fc.asyncProperty(
    fc.array(fc.constantFrom('a', '=', '\r\n', ' ', '</body>', '<', 'QUJD', '=41', '--b', '\t', '.'), { maxLength: 30 }),
    fc.constantFrom('7bit', '8bit', 'quoted-printable', 'base64'),
    fc.constantFrom('plain', 'html'),
    fc.boolean(),
    async (pieces, encoding, subtype, inMultipart) => {
      const type = `text/${subtype}; charset=utf-8`
      const one = messageWith(type, encoding, Buffer.from(pieces.join('')))
      const raw = inMultipart
        ? Buffer.concat([
            Buffer.from('Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n'),
            one,
            Buffer.from('\r\n--b--\r\n'),
          ])
        : one
      if (ownTextEnds(scan(raw).root).length === 0) return
      const before = ownTextEnds(scan(raw).root)[0]!
      const { octets, root } = await appended(raw)
      assert.deepEqual(root, scan(octets).root)
      const after = textOf(octets, ownTextEnds(root)[0]!)
      const flat = (text: string) => text.replace(/\s/g, '')
      if (subtype === 'plain') assert.ok(flat(after).startsWith(flat(textOf(raw, before)).replace(/=$/, '')), after)
      if (octets.length > raw.length) assert.match(after, /zoe@firm\.cjsm\.test|zoe&#64;firm/)
    },
  )
  return fc.assert(property, { seed: 12, numRuns: 1_000 })
})
