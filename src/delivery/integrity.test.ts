// Answers and forwards through the door: compared with what their sender received; the header, the readers and the record are told. G16
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { DemoPerson } from '#cli/demonstration.ts'
import { readerOf } from '#mailbox/means.ts'
import { sealMessages } from '#mailbox/seals.ts'
import { sql } from '#store/sql.ts'
import { allRecords, messageOf, openTestDoors } from '#test/support/acceptance.ts'
import { testService } from '#test/support/service.ts'

const service = await testService()
const doors = await openTestDoors(service)
const [priya, miriam, ada] = ['prosecutor', 'solicitor', 'sole practitioner'].map(service.person) as [
  DemoPerson,
  DemoPerson,
  DemoPerson,
]
const phone = 'Tel. 020 7946 0000'

async function send(from: DemoPerson, to: DemoPerson, ...lines: string[]): Promise<string> {
  const raw = messageOf(`From: ${from.address}`, `To: ${to.address}`, 'Date: Mon, 1 Jul 2024 10:00:00 +0100', ...lines)
  const reply = await doors.submit(from, [to.address], raw)
  assert.equal(reply.kind, 'accepted', JSON.stringify(reply))
  return (await doors.read(to)).at(-1)!
}
const newId = () => `<${randomBytes(8).toString('hex')}@x.example>`
const id = newId()
const text = ['the defendant was seen at nine o’clock.', 'He wore a red coat.']
const received = await send(
  priya,
  miriam,
  `Message-ID: ${id}`,
  'Content-Type: text/plain; charset=utf-8',
  'Content-Transfer-Encoding: 8bit',
  'Subject: seen',
  '',
  ...text,
  '',
  phone,
)
const whole = Buffer.from(received, 'latin1')

const said = (got: string) =>
  /^X-CJSM-Integrity: (\S+); original=(?:\r\n)? ?(\S+)\r$/m.exec(got.replace(/\r\n /g, ' '))?.slice(1, 3) ?? null
const sendAnswer = (type: string, lines: readonly string[], to = id) =>
  send(
    miriam,
    ada,
    `Message-ID: ${newId()}`,
    `In-Reply-To: ${to}`,
    `Content-Type: ${type}; charset=utf-8`,
    'Content-Transfer-Encoding: 8bit',
    'Subject: Re: seen',
    '',
    ...lines,
  )
const answer = (to: string, ...quoted: string[]) => sendAnswer('text/plain', [...quoted, '', phone], to)
const latest = async () =>
  (await allRecords(service)).findLast(({ leaf }) => leaf.event === 'SubmissionAcceptance')!.openings[0]!.detail

test('an answer that quotes all is verbatim, by the header and the record, and nothing is said in its text (G16)', async () => {
  const got = await answer(id, 'Thanks.', ...text.map((line) => `> ${line}`), '>', `> ${phone}`)
  assert.deepEqual(said(got), ['verbatim', id])
  assert.equal((await latest()).integrity, 'verbatim')
  assert.doesNotMatch(got, /Notice:/)
})

test('an answer that quotes something else is modified, and says so to its readers (G16)', async () => {
  const got = await answer(id, 'Thanks.', '> the defendant was seen at ten o’clock.')
  assert.deepEqual(said(got), ['modified', id])
  assert.match(got, /\r\nNotice: what is quoted or passed on here differs from the message that its/)
  assert.deepEqual([(await latest()).integrity, (await latest()).original], ['modified', id])
})

test('an extract says so; one whose writer says so is left as it is (G16)', async () => {
  const got = await answer(id, '> He wore a red coat.', '', 'Yes.')
  assert.deepEqual(said(got), ['extract', id])
  assert.match(got, /\r\nNotice: what is quoted here is an extract/)
  const stated = await answer(id, 'This is the relevant extract:', '> He wore a red coat.')
  assert.deepEqual(said(stated), ['extract', id])
  assert.doesNotMatch(stated, /Notice:/)
})

const quotedText = [...text, '', phone]
const signature = ['Miriam Hollis', 'Solicitor', '020 7946 0001']
const rule = '_'.repeat(32)
const outlook = ['From: Priya Raman', 'Sent: 1 July 2024 10:00', 'To: Miriam Hollis; Ada', 'Quist', 'Subject: seen', '']
const honest: [verdict: string | null, why: string, ...lines: string[]][] = [
  [null, 'a line of underscores above the signature', 'Dear Priya, received.', '', rule, ...signature],
  [null, 'the dates of a leave', 'I am away:', '', 'From: Monday 9 February', 'To: Friday 13 February', '', ...signature],
  ['verbatim', 'Outlook’s fields below such a signature', 'Yes.', '', rule, ...signature, '', ...outlook, ...quotedText],
  ['verbatim', 'quote marks above it', 'On 1 July, Priya wrote:', ...quotedText.map((line) => `> ${line}`), 'Yes.', ...signature],
]
for (const [verdict, why, ...lines] of honest) {
  test(`an honest answer with ${why} is delivered as it is (G12, G16)`, async () => {
    const got = await sendAnswer('text/plain', lines)
    assert.equal(said(got)?.[0] ?? null, verdict)
    assert.ok(got.endsWith(`\r\n\r\n${Buffer.from(lines.join('\r\n')).toString('latin1')}\r\n`), got)
  })
}

const html = (body: readonly string[]) => body.map((line) => `${line}<br>`).join('\r\n')
const ofThunderbird = ['<div class="moz-cite-prefix">On 1/7/2024 10:00, Priya wrote:<br></div>', '<blockquote type="cite">']
const ofGmail = [
  '<div class="gmail_attr">On Mon, 1 Jul 2024, Priya &lt;p@x.test&gt; wrote:<br></div><blockquote class="gmail_quote">',
]
const honestHtml: [why: string, ...lines: string[]][] = [
  ['below Thunderbird’s quotation', ...ofThunderbird, html(quotedText), '</blockquote><p>Yes.</p>', html(signature)],
  ['above Gmail’s', '<p>Yes.</p>', html(signature), ...ofGmail, html(quotedText), '</blockquote>'],
  ['whose signature is below Gmail’s', '<p>Yes.</p>', ...ofGmail, html(quotedText), '</blockquote>', html(signature)],
  [
    'between the lines',
    '<blockquote type="cite">',
    html(text.slice(0, 1)),
    '</blockquote>When?<blockquote type="cite">',
    html(quotedText.slice(1)),
    '</blockquote>By whom?<br>',
    html(signature),
  ],
]
for (const [why, ...lines] of honestHtml) {
  test(`an honest answer in HTML ${why} is verbatim, and delivered as it is (G12, G16)`, async () => {
    const got = await sendAnswer('text/html', lines)
    assert.deepEqual(said(got), ['verbatim', id])
    assert.ok(got.endsWith(`\r\n\r\n${Buffer.from(lines.join('\r\n')).toString('latin1')}\r\n`), got)
  })
}

test('an honest answer above a long original in HTML is given no second block, and one without is given one (G12)', async () => {
  const long = [
    ...ofGmail,
    html(Array.from({ length: 2_000 }, (_, at) => `Paragraph ${at} of it.`)),
    html(quotedText),
    '</blockquote>',
  ]
  assert.doesNotMatch(await sendAnswer('text/html', ['<p>Yes.</p>', html(signature), ...long]), /\r\n-- <br>/)
  assert.match(await sendAnswer('text/html', ['<p>Yes.</p>', ...long]), /\r\n-- <br>\r\nMiriam Hollis<br>/)
})

test('a word changed in what HTML quotes is told, and who quotes without a block is given one (G12, G16)', async () => {
  const got = await sendAnswer('text/html', ['<p>Yes.</p>', ...ofGmail, html(quotedText).replace('red', 'tan'), '</blockquote>'])
  assert.deepEqual(said(got), ['modified', id])
  assert.match(got, /Notice: what is quoted or passed on/)
  assert.match(got, /\r\n-- <br>\r\nMiriam Hollis<br>/)
})

test('a word of any lawyer’s does not stand for the notice of a changed copy (G16)', async () => {
  const changed = ['> the defendant was seen at ten o’clock.', '', ...signature]
  const amended = await sendAnswer('text/plain', ['Please find the amended defence statement attached.', ...changed])
  assert.match(amended, /\r\nNotice: what is quoted or passed on/)
  const stated = await sendAnswer('text/plain', ['I have amended the quoted text.', ...changed])
  assert.deepEqual(said(stated), ['modified', id])
  assert.doesNotMatch(stated, /Notice:/)
})

test('an answer to what its sender did not receive, or that quotes nothing, says nothing (G16)', async () => {
  assert.equal(said(await answer(newId(), '> He wore a red coat.')), null)
  assert.equal(said(await answer(id, 'Thanks.')), null)
  // Ada did not have it, and nobody can find out through the header whether Miriam did.
  const got = await send(
    ada,
    miriam,
    `Message-ID: ${newId()}`,
    `In-Reply-To: ${id}`,
    'Subject: Re: seen',
    '',
    '> He wore a green coat.',
    '',
    phone,
  )
  assert.equal(said(got), null)
})

/** The message attached as programs do it, with what is passed on. */
const forward = (passedOn: Buffer) =>
  doors
    .submit(
      miriam,
      [ada.address],
      Buffer.concat([
        Buffer.from(
          messageOf(
            `From: ${miriam.address}`,
            `To: ${ada.address}`,
            `Message-ID: ${newId()}`,
            'Date: Mon, 1 Jul 2024 10:00:00 +0100',
            'Content-Type: multipart/mixed; boundary=out',
            '',
            '--out',
            '',
            'See below.',
            '',
            phone,
            '--out',
            'Content-Type: message/rfc822',
            '',
          ),
        ),
        passedOn,
        Buffer.from('\r\n--out--\r\n'),
      ]),
    )
    .then(async (reply) => {
      assert.equal(reply.kind, 'accepted', JSON.stringify(reply))
      return (await doors.read(ada)).at(-1)!
    })

test('an attached original is compared octet for octet (G16)', async () => {
  assert.deepEqual(said(await forward(whole)), ['verbatim', id])
  const changed = Buffer.from(received.replace('red', 'tan'), 'latin1')
  const got = await forward(changed)
  assert.deepEqual(said(got), ['modified', id])
  assert.match(got, /Notice: what is quoted or passed on/)
})

test('nobody writes the field but the service (G16)', async () => {
  const got = await send(
    miriam,
    ada,
    `Message-ID: ${newId()}`,
    'X-CJSM-Integrity: verbatim; original=<a@b>',
    'Subject: x',
    '',
    phone,
  )
  assert.equal(said(got), null)
})

test('what was not to be forwarded is quoted to those who had it, and to nobody else; the others get it (G09)', async () => {
  const kept = newId()
  const fields = [`From: ${priya.address}`, `To: ${miriam.address}`, `Message-ID: ${kept}`, 'Subject: kept']
  const asked = messageOf(...fields, 'X-CJSM-Handling: no-forwarding', '', 'She lives at 4 Mill Lane.', '', phone)
  assert.equal((await doors.submit(priya, [miriam.address], asked)).kind, 'accepted')
  const quote = async (from: DemoPerson, to: readonly DemoPerson[], ...lines: string[]) => {
    const header = [
      `From: ${from.address}`,
      `To: ${to[0]!.address}`,
      `References: ${kept}`,
      `Message-ID: ${newId()}`,
      'Subject: Fwd: kept',
    ]
    return doors.submit(
      from,
      to.map(({ address }) => address),
      messageOf(...header, '', ...lines, '', phone),
    )
  }
  const verbatim = ['> She lives at 4 Mill Lane.', '>', `> ${phone}`]
  assert.equal((await quote(miriam, [priya], 'Thanks.', ...verbatim)).kind, 'accepted')
  const forward = await quote(miriam, [ada], 'See below.', ...verbatim)
  assert.ok(forward.kind === 'refused')
  assert.deepEqual([forward.clause, forward.reason, forward.about], ['G09', 'forwarding-was-not-allowed', ada.address])
  const both = await quote(miriam, [priya, ada], 'See both.', ...verbatim)
  assert.ok(both.kind === 'accepted')
  assert.deepEqual([both.delivered, both.refused], [1, 1])
  const below = [
    '-----Original Message-----',
    `From: ${priya.address}`,
    'Sent: Monday',
    'Subject: kept',
    '',
    'She lives at 4 Mill Lane.',
  ]
  assert.equal((await quote(miriam, [ada], 'See below.', '', ...below)).kind, 'refused')
  assert.equal((await quote(miriam, [ada], 'It says where she lives.')).kind, 'accepted')
  // Who wrote it may.
  assert.equal((await quote(priya, [ada], 'See below.', ...verbatim)).kind, 'accepted')
})

test('an original is found in whatever mailbox its reader moved it to, however many came since (G09, G16)', async () => {
  const filedId = newId()
  const fields = [`From: ${priya.address}`, `To: ${miriam.address}`, `Message-ID: ${filedId}`, 'Subject: filed']
  const asked = messageOf(...fields, 'X-CJSM-Handling: no-forwarding', '', 'He sleeps at his aunt’s.', '', phone)
  assert.equal((await doors.submit(priya, [miriam.address], asked)).kind, 'accepted')
  const quote = () =>
    doors.submit(
      miriam,
      [ada.address],
      messageOf(
        `From: ${miriam.address}`,
        `To: ${ada.address}`,
        `References: ${filedId}`,
        `Message-ID: ${newId()}`,
        'Subject: Fwd: filed',
        '',
        'See below.',
        '> He sleeps at his aunt’s.',
        '>',
        `> ${phone}`,
        '',
        phone,
      ),
    )
  assert.equal((await quote()).kind, 'refused')
  const who = readerOf(await doors.signIn(miriam))
  const { mailboxes } = doors
  const inbox = (await mailboxes.status(who, 'INBOX'))!.id
  await mailboxes.createMailbox(who, 'Regina v Larch')
  const moved = await mailboxes.move(who, inbox, (await mailboxes.page(who, inbox, {}, 1)).slice(0, 1), 'Regina v Larch')
  assert.ok(!('kind' in moved))
  const refused = await quote()
  assert.equal(refused.kind === 'refused' && refused.reason, 'forwarding-was-not-allowed')
})

test('a message that holds a sealed one, however deep, is refused from whoever sends it (G05)', async () => {
  const sealedId = newId()
  const fields = (from: DemoPerson, to: DemoPerson, own: string) => [
    `From: ${from.address}`,
    `To: ${to.address}`,
    `Message-ID: ${own}`,
  ]
  const inner = [...fields(priya, miriam, sealedId), 'Subject: feathers', '', 'ostrich feathers', '', phone]
  assert.equal((await doors.submit(priya, [miriam.address], messageOf(...inner))).kind, 'accepted')
  const holding = (own: string[], held: readonly string[], mark: string) => [
    ...own,
    `Content-Type: multipart/mixed; boundary=${mark}`,
    '',
    `--${mark}`,
    '',
    'See below.',
    '',
    phone,
    `--${mark}`,
    'Content-Type: message/rfc822',
    '',
    ...held,
    `--${mark}--`,
  ]
  const once = holding(fields(miriam, ada, newId()), inner, 'one')
  assert.equal((await doors.submit(miriam, [ada.address], messageOf(...once))).kind, 'accepted')
  const onward = messageOf(...holding(fields(ada, priya, newId()), once, 'two'))
  const { holder } = (await service.domains.accounts.holdersAt([miriam.address])).get(miriam.address)!
  const [place] = await service.domains.database.rows<{ month: number; message: string }>(
    sql`select month, message from copy where holder = ${holder} order by internal_date_ms desc, uid desc limit 1`,
  )
  await service.domains.database.transaction((tx) => sealMessages(tx, place!, [], Date.now()))
  const reply = await doors.submit(ada, [priya.address], onward)
  assert.equal(reply.kind === 'refused' && reply.reason, 'message-is-sealed')
})
