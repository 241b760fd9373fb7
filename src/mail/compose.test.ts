// What webmail composes is what was typed, or nothing: properties over hostile fields, and the limits. RFC 5322, 2045, 2047, 2231
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type Composed,
  type ToAttach,
  type Typed,
  composeMessage,
  composedDiffers,
  readRecipients,
  referencesOf,
  subjectFault,
  textFault,
} from '#mail/compose.ts'
import { parseHeader } from '#mail/header.ts'
import { maxComposedReferences, maxComposedTextCharacters, maxDisplayNameCharacters, maxSubjectCharacters } from '#mail/limits.ts'
import { decodeText, decodeTransfer } from '#mail/decode.ts'
import { StructureScan } from '#mail/structure.ts'
import { decodeWords } from '#mail/words.ts'

const numRuns = Number(process.env.CJSM_FUZZ_RUNS ?? 300)

const plain: Typed = {
  from: { name: 'Priya Raman', address: 'priya.raman@westmarch-prosecution.cjsm.test' },
  to: [{ name: 'Miriam Hollis', address: 'miriam.hollis@hollis-penn.cjsm.test' }],
  cc: [],
  subject: 'R v Smith',
  text: 'Dear Miriam\n\nPlease see attached.\n',
  references: [],
  isReply: false,
  marking: null,
  attachments: [],
  atMs: Date.UTC(2026, 10, 22, 13, 5),
  messageId: '<0195-draft@mail.cjsm.test>',
  boundary: 'f00dfeed',
}

function fileOf(name: string, octets: Buffer, type = 'application/pdf'): ToAttach {
  return {
    name,
    type,
    octets: octets.length,
    async *content() {
      yield octets
    },
  }
}

async function octetsOf(typed: Typed): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of composeMessage(typed)) pieces.push(piece)
  return Buffer.concat(pieces)
}

function read(octets: Buffer): Composed {
  const scan = new StructureScan()
  scan.push(octets)
  const { root } = scan.end()
  return { header: parseHeader(octets), root, body: async (part) => octets.subarray(part.bodyStart, part.bodyEnd) }
}

const differs = async (typed: Typed, octets?: Buffer) => composedDiffers(typed, read(octets ?? (await octetsOf(typed))))

test('what is composed twice is the same, octet for octet', async () => {
  const typed = { ...plain, attachments: [fileOf('a.pdf', Buffer.from('%PDF'))] }
  assert.deepEqual(await octetsOf(typed), await octetsOf(typed))
})

test('ordinary mail, and what people type in every language, is composed as it was typed', async () => {
  for (const subject of [
    '',
    'Re: a',
    'Ünïcode – “quotes” 日本語 😀',
    '=?utf-8?Q?not_a_word?=',
    'a, b; c: <d@e> "f" \\ (g)',
    'x'.repeat(500),
  ]) {
    for (const name of [null, 'O’Brien, Zoë', 'Smith, J. (Court)', '"quoted"', 'a\\b', 'Ann Lee', 'a@b']) {
      const typed = { ...plain, subject, to: [{ name, address: 'o.brien+x@court.cjsm.test' }], cc: [plain.from, plain.to[0]!] }
      assert.equal(await differs(typed), null, `${subject} / ${name}`)
    }
  }
  for (const text of [
    '',
    '.\n',
    'From me\n\n>quoted\n',
    'x'.repeat(5000),
    ' spaces  \n\ttab \n',
    'é\r\nß\r😀',

    '--',
  ])
    for (const attachments of [[], [fileOf('r.pdf', Buffer.from('1'))]])
      assert.equal(await differs({ ...plain, text, attachments }), null, JSON.stringify(text.slice(0, 40)))
  for (const name of [
    'a.pdf',
    'Zeugnis ä 😀.pdf',
    'a"b\\c;d=e.txt',
    `${'long name '.repeat(19)}.docx`,
    'x=?utf-8?Q?y?=.pdf',
    '日本'.repeat(40),
  ])
    assert.equal(await differs({ ...plain, attachments: [fileOf(name, Buffer.alloc(100, 7))] }), null, name)
})

test('an attachment of any size is that size, and an attached message is attached octet for octet (RFC 2046 §5.2.1)', async () => {
  for (const size of [0, 1, 2, 3, 56, 57, 58, 1000, 70_000])
    assert.equal(
      await differs({ ...plain, attachments: [fileOf('a.bin', Buffer.alloc(size, 255), 'image/png')] }),
      null,
      String(size),
    )
  const nested = Buffer.from(
    'From: a@b.example\r\nSubject: =?x?\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhé\r\n',
  )
  const typed = {
    ...plain,
    attachments: [fileOf('R v Smith.eml', nested, 'message/rfc822'), fileOf('b.txt', Buffer.from('b'), 'text/plain')],
  }
  const octets = await octetsOf(typed)
  assert.equal(await differs(typed, octets), null)
  assert.ok(octets.includes(nested))
})

test('a text that knows the boundary is not sent', async () => {
  const attachments = [fileOf('r.pdf', Buffer.from('1'))]
  assert.notEqual(await differs({ ...plain, text: 'a\n--cjsm-f00dfeed-Part_1\n\nb', attachments }), null)
})

test('a marking, and what a reply refers to, stand in fields of their own (G06, RFC 5322 §3.6.4)', async () => {
  const marking = 'VER=2018.4, NS=cjsm, SEC=RESTRICTED, ACCESS=COMMERCIAL, NOTE=scheme:GPMS'
  const references = Array.from({ length: 30 }, (_, at) => `<${at}.${'x'.repeat(40)}@host.example>`)
  assert.equal(await differs({ ...plain, marking, references, isReply: true }), null)
  assert.equal(await differs({ ...plain, references, isReply: false }), null)
})

/** Text that is mostly made of what mail treats in some way of its own. */
const soup = (maxLength: number) =>
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          '\r\n',
          '\r',
          '\n',
          '\0',
          '\t',
          ' ',
          ',',
          ';',
          ':',
          '"',
          '\\',
          '<',
          '>',
          '(',
          ')',
          '@',
          '=?utf-8?Q?',
          '?=',
          '=0D=0A',
        ),
        fc.constantFrom(
          '\r\nBcc: x@evil.example',
          '\r\n\r\n--cjsm-f00dfeed-Part_1\r\n',
          'a@b.example',
          '%0d%0a',
          '\u2028',
          '\u202e',
          '\ud800',
          'é',
          '😀',
        ),
        fc.string({ unit: 'binary', maxLength: 4 }),
        fc.string({ maxLength: 6 }),
      ),
      { maxLength },
    )
    .map((parts) => parts.join(''))
const veryLong = soup(6).map((text) => text.repeat(200))
const field = fc.oneof({ weight: 9, arbitrary: soup(8) }, { weight: 1, arbitrary: veryLong })

test('no field can make a header, a recipient or a part: what is parsed is what was typed, or it is refused', async () => {
  let sent = 0
  await fc.assert(
    fc.asyncProperty(field, field, field, field, field, field, async (to, cc, name, subject, text, fileName) => {
      const recipients = [to, cc].map((typed) => readRecipients(`${typed},"${name}" <good@member.cjsm.test>`))
      if (subjectFault(subject) !== null || textFault(text) !== null) return
      const [toList, ccList] = recipients.map((list) => list.flatMap((one) => (one.kind === 'mailbox' ? [one] : [])))
      const from = { name: name.replace(/\p{C}/gu, ''), address: plain.from.address }
      const typed: Typed = {
        ...plain,
        from,
        to: toList!,
        cc: ccList!,
        subject,
        text,
        attachments: [fileOf(fileName, Buffer.from('x'))],
      }
      const octets = await octetsOf(typed)
      if ((await differs(typed, octets)) !== null) return
      sent++
      // Held against parsers that know nothing of the guard.
      const { header, root } = read(octets)
      const body = (key: string) => header.fields.filter((one) => one.key === key).map((one) => one.body.toString())
      assert.deepEqual(body('bcc'), [])
      assert.equal(body('to').length + body('cc').length, (toList!.length > 0 ? 1 : 0) + (ccList!.length > 0 ? 1 : 0))
      assert.equal(decodeWords(body('subject')[0] ?? ''), subject)
      assert.equal(root.parts.length, 2)
      const [part] = root.parts
      const shown = decodeText(decodeTransfer(octets.subarray(part!.bodyStart, part!.bodyEnd), part!.encoding), 'utf-8')
      const lines = (of: string) =>
        of
          .split(/\r\n?|\n/)
          .join('\n')
          .replace(/\n+$/, '')
      assert.equal(lines(shown), lines(text))
    }),
    { seed: 20261122, numRuns },
  )
  assert.ok(sent > numRuns / 20, `${sent} of ${numRuns} were composed`)
})

test('the guard finds a header, a recipient, a part or a text that was not typed', async () => {
  const octets = (await octetsOf({ ...plain, attachments: [fileOf('a.pdf', Buffer.from('x'))] })).toString('latin1')
  const typed = { ...plain, attachments: [fileOf('a.pdf', Buffer.from('x'))] }
  assert.equal(await differs(typed, Buffer.from(octets, 'latin1')), null)
  const delimiter = /boundary="?([^"\r\n;]+)/.exec(octets)![1]!
  for (const [what, changed] of [
    ['a field', octets.replace('Subject:', 'Bcc: x@y.example\r\nSubject:')],
    ['a second field', octets.replace('Subject:', 'Subject: b\r\nSubject:')],
    ['a recipient', octets.replace('miriam.hollis@hollis-penn.cjsm.test', 'miriam.hollis@hollis-penn.cjsm.test>, <x@y.example')],
    ['another subject', octets.replace('R v Smith', 'R v Smyth')],
    ['a part', octets.replace(`--${delimiter}--`, `--${delimiter}\r\n\r\nmore\r\n--${delimiter}--`)],
    ['a shorter text', octets.replace('Please see', 'Please')],
    ['another name', octets.replaceAll('a.pdf', 'a.exe')],
    ['another type', octets.replace('application/pdf', 'text/html')],
    ['a larger file', octets.replace('eA==', 'eHh4eA==')],
    ['another sender', octets.replace('Priya', 'Prija')],
  ] as const) {
    assert.notEqual(changed, octets, what)
    assert.notEqual(await differs(typed, Buffer.from(changed, 'latin1')), null, what)
  }
})

test('recipients are read as people type them', () => {
  assert.deepEqual(readRecipients('Ann Lee <ann@x.example>; bob@y.example\n"Dee, Cat" <cat@z.example>,'), [
    { kind: 'mailbox', name: 'Ann Lee', address: 'ann@x.example' },
    { kind: 'mailbox', name: null, address: 'bob@y.example' },
    { kind: 'mailbox', name: 'Dee, Cat', address: 'cat@z.example' },
  ])
  assert.deepEqual(readRecipients('ann, bob at y'), [
    { kind: 'wrong', written: 'ann' },
    { kind: 'wrong', written: 'bob at y' },
  ])
  assert.deepEqual(readRecipients('"=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?=" <a@b.example>'), [
    { kind: 'mailbox', name: null, address: 'a@b.example' },
  ])
  assert.deepEqual(readRecipients(' \n '), [])
  assert.equal(readRecipients(`"${'n'.repeat(maxDisplayNameCharacters)}" <a@b.example>`)[0]!.kind, 'mailbox')
  assert.equal(readRecipients(`"${'n'.repeat(maxDisplayNameCharacters + 1)}" <a@b.example>`)[0]!.kind, 'wrong')
})

test('subject, text and references have their limits', () => {
  assert.equal(subjectFault('x'.repeat(maxSubjectCharacters)), null)
  assert.equal(subjectFault('x'.repeat(maxSubjectCharacters + 1)), 'too-long')
  assert.equal(subjectFault('a\r\nBcc: b'), 'holds-controls')
  assert.equal(textFault('x'.repeat(maxComposedTextCharacters)), null)
  assert.equal(textFault('x'.repeat(maxComposedTextCharacters + 1)), 'too-long')
  assert.equal(textFault('a\0b'), 'holds-controls')
  assert.equal(textFault('\ud800'), 'not-well-formed')
  const ids = (count: number) => Array.from({ length: count }, (_, at) => `<${at}@h>`)
  const of = (count: number) =>
    referencesOf(parseHeader(Buffer.from(`References: ${ids(count).join(' ')}\r\nMessage-ID: <own@h>\r\n\r\n`)))
  assert.deepEqual(of(maxComposedReferences - 1), [...ids(maxComposedReferences - 1), '<own@h>'])
  assert.deepEqual(of(maxComposedReferences), ['<0@h>', ...ids(maxComposedReferences).slice(2), '<own@h>'])
  assert.deepEqual(referencesOf(parseHeader(Buffer.from('In-Reply-To: <a@h>\r\nMessage-ID: <b c@h> <d@h>\r\n\r\n'))), [
    '<a@h>',
    '<d@h>',
  ])
})
