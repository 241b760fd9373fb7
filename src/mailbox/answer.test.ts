// What an answer begins with: whom it goes to, what it quotes, what it carries on, of ordinary and of odd messages. RFC 5322 §3.6; G06
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseHeader } from '#mail/header.ts'
import { StructureScan } from '#mail/structure.ts'
import { type AnswerKind, beginAnswer } from '#mailbox/answer.ts'
import { maxQuotedOctets } from '#mailbox/limits.ts'

const own = ['me@firm.cjsm.test']

async function begin(kind: AnswerKind, ...lines: string[]) {
  const octets = Buffer.from(`${lines.join('\r\n')}\r\n`)
  const scan = new StructureScan()
  scan.push(octets)
  const { root } = scan.end()
  const content = {
    octets: octets.length,
    async *range(from: number, to: number) {
      yield octets.subarray(from, to)
    },
  }
  return beginAnswer(
    kind,
    { structure: root, headerOctets: parseHeader(octets).octets, content },
    own,
    () => '1 January 2026 at 1:00pm',
  )
}

const head = [
  'From: "Penn, Daniel" <daniel@penn.cjsm.test>',
  'To: Me <ME@firm.cjsm.test>, ann@x.cjsm.test',
  'Cc: bob@x.cjsm.test, daniel@penn.cjsm.test, Ann <ann@x.cjsm.test>',
  'Date: Thu, 01 Jan 2026 13:00:00 +0000',
  'Message-ID: <a@penn.cjsm.test>',
  'Subject: R v Smith',
]

test('a reply goes to who wrote, a reply to all also to the others but oneself, each once', async () => {
  const reply = await begin('reply', ...head, '', 'text')
  assert.deepEqual([reply.fields.to, reply.fields.cc], ['"Penn, Daniel" <daniel@penn.cjsm.test>', ''])
  const all = await begin('reply-all', ...head, '', 'text')
  assert.deepEqual([all.fields.to, all.fields.cc], ['"Penn, Daniel" <daniel@penn.cjsm.test>', 'ann@x.cjsm.test, bob@x.cjsm.test'])
  assert.equal(all.fields.bcc, '')
  assert.deepEqual(all.origin, { kind: 'reply', references: ['<a@penn.cjsm.test>'], minimum: null })
  const elsewhere = await begin('reply', 'Reply-To: office@penn.cjsm.test', ...head, '', 'text')
  assert.equal(elsewhere.fields.to, 'office@penn.cjsm.test')
  const toOwn = await begin('reply', 'From: me@firm.cjsm.test', ...head.slice(1), '', 'text')
  assert.equal(toOwn.fields.to, 'Me <ME@firm.cjsm.test>, ann@x.cjsm.test')
})

test('the text is quoted, HTML as text, what is quoted already once deeper', async () => {
  const reply = await begin('reply', ...head, '', 'one', '> two', '', 'three')
  assert.equal(
    reply.fields.text,
    '\n\nOn 1 January 2026 at 1:00pm, "Penn, Daniel" <daniel@penn.cjsm.test> wrote:\n> one\n>> two\n>\n> three\n',
  )
  const html = await begin('reply', ...head, 'Content-Type: text/html', '', '<p>one</p><script>no</script>')
  assert.match(html.fields.text, /> one/)
  assert.doesNotMatch(html.fields.text, /script|no\b/)
})

test('of a long text the beginning is quoted', async () => {
  const reply = await begin('reply', ...head, '', 'x'.repeat(maxQuotedOctets), 'beyond')
  assert.ok(reply.fields.text.includes('xxx') && !reply.fields.text.includes('beyond'))
  const short = await begin('reply', ...head, '', 'x'.repeat(maxQuotedOctets - 20), 'within')
  assert.ok(short.fields.text.includes('within'))
})

test('prefixes are put once, and what a stranger wrote is one line', async () => {
  assert.equal((await begin('reply', 'Subject: RE: a', '', '')).fields.subject, 'RE: a')
  assert.equal((await begin('forward', 'Subject: Fw: a', '', '')).fields.subject, 'Fw: a')
  assert.equal((await begin('forward', '', '')).fields.subject, 'Fwd:')
  const odd = await begin(
    'reply',
    'Subject: =?utf-8?Q?a=0D=0ABcc:_x?=',
    'From: =?utf-8?Q?x=0D=0A?= <a@b.cjsm.test>',
    '',
    '\0\u0007text',
  )
  assert.doesNotMatch(odd.fields.subject + odd.fields.to, /[\r\n]/)
  assert.doesNotMatch(odd.fields.text, /[\0\u0007]/)
  for (const kind of ['reply', 'reply-all', 'forward', 'forward-inline', 'again', 'continue'] as const)
    await begin(kind, 'nothing of a message')
})

test('the marking of what is answered is the least, and one above the ceiling or an own one is not chosen (G06)', async () => {
  const restricted = await begin(
    'reply',
    'X-Protective-Marking: VER=2018.4, NS=x, SEC=RESTRICTED, ACCESS=LEGAL',
    ...head,
    '',
    'text',
  )
  const marking = { scheme: 'GPMS', level: 'RESTRICTED', descriptors: ['LEGAL'], caveats: [] }
  assert.deepEqual([restricted.fields.marking, restricted.origin.minimum], [marking, marking])
  assert.equal((await begin('reply', ...head, '', 'SECRET', '', 'text')).fields.marking, null)
  const again = await begin('again', 'X-Protective-Marking: SEC=RESTRICTED', ...head, '', 'text')
  assert.equal(again.origin.minimum, null)
})

test('what was an answer is one when it is sent again, without the line that the service put above it (G06, G07)', async () => {
  const field = 'X-Protective-Marking: VER=2018.4, NS=cjsm, SEC=RESTRICTED, NOTE=scheme:GPMS'
  const sent = ['In-Reply-To: <b@x.test>', 'References: <a@x.test> <b@x.test>', field, ...head]
  const text = ['', 'RESTRICTED', '', 'Here it is.', '', '> The list, please.']
  const again = await begin('again', ...sent, ...text)
  const minimum = { scheme: 'GPMS', level: 'RESTRICTED', descriptors: [], caveats: [] }
  assert.deepEqual(again.origin, { kind: 'reply', references: ['<a@x.test>', '<b@x.test>'], minimum })
  assert.equal(again.fields.text, 'Here it is.\n\n> The list, please.')
  const passedOn = await begin('again', 'References: <a@x.test>', field, ...head, ...text)
  assert.deepEqual(passedOn.origin, { kind: 'forward', references: ['<a@x.test>'], minimum })
  const continued = await begin('continue', ...sent, ...text)
  assert.ok(continued.fields.text.startsWith('RESTRICTED\n\nHere'), 'what its writer put there')
  const first = await begin('again', field, ...head, ...text)
  assert.deepEqual(first.origin, { kind: 'new', references: [], minimum: null })
})

test('a forward carries the whole message, inline and again carry its attachments', async () => {
  const mixed = [
    ...head,
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    '',
    'text',
    '--b',
    'Content-Type: application/pdf; name="../a.pdf"',
    'Content-Transfer-Encoding: base64',
    '',
    'aGVsbG8=',
    '--b--',
  ]
  const whole = await begin('forward', ...mixed)
  assert.deepEqual(
    whole.files.map(({ name, type }) => [name, type]),
    [['R v Smith.eml', 'message/rfc822']],
  )
  for (const kind of ['forward-inline', 'again'] as const) {
    const { files } = await begin(kind, ...mixed)
    assert.deepEqual(
      files.map(({ name, type }) => [name, type]),
      [['a.pdf', 'application/pdf']],
    )
    const pieces: Buffer[] = []
    for await (const piece of files[0]!.content()) pieces.push(piece)
    assert.equal(Buffer.concat(pieces).toString(), 'hello')
  }
})

test('what another asked of its readers is asked again in every answer, and what one asked oneself when it is sent again (G09)', async () => {
  const handling = 'X-CJSM-Handling: no-forwarding, no-download, reader=me@firm.cjsm.test, until=2099-07-31T22:59:59Z'
  const asked = { noForwarding: true, noDownload: true, onlyRecipients: true, until: '2099-07-31' }
  const mine = ['From: me@firm.cjsm.test', ...head.slice(1)]
  for (const kind of ['reply', 'reply-all', 'forward', 'forward-inline'] as const) {
    assert.deepEqual((await begin(kind, handling, ...head, '', 'text')).fields.asked, asked, kind)
    assert.equal((await begin(kind, handling, ...mine, '', 'text')).fields.asked, undefined, kind)
  }
  assert.deepEqual((await begin('again', handling, ...mine, '', 'text')).fields.asked, asked)
  assert.equal((await begin('reply', ...head, '', 'text')).fields.asked, undefined)
})
