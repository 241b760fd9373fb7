// Reading one message in webmail: what is shown, what is downloaded, and what is recorded. G08, G14.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { londonDay } from '#base/london.ts'
import type { DemoPerson } from '#cli/demonstration.ts'
import { maxShownPeople, maxShownTextOctets, maxTypedAttachments } from '#web/limits.ts'
import { sql } from '#store/sql.ts'
import { messageOf, multipart, partOf, signed } from '#test/support/mail-parts.ts'
import { testService } from '#test/support/service.ts'
import { openSmtpClient } from '#test/support/smtp-client.ts'
import { headingOf, webVisitor } from '#test/support/web.ts'

let aheadMs = 0
const clock = { now: () => Date.now() + aheadMs, monotonic: () => performance.now() + aheadMs }
const service = await testService({ clock })
const { app } = service.faces.web
const prosecutor = service.person('prosecutor')
const solicitor = service.person('solicitor')
const smtp = await openSmtpClient(service.faces.submissions.port, prosecutor)
after(() => smtp.close())
const reader = webVisitor(app)
await reader.signIn(solicitor)

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
)
const text = (body: string, type = 'text/plain; charset=utf-8') => partOf({ type, body })
const file = (name: string, body: string | Buffer, type = 'application/octet-stream') =>
  partOf({ type, body, fields: [`Content-Disposition: attachment; ${name}`] })

/** Sends a message by SMTP and gives the URL of its page: the newest of the inbox. */
async function receive(content: string, fields: Record<string, string> = {}): Promise<string> {
  const octets = messageOf({ From: prosecutor.address, To: solicitor.address, Subject: 'Case 1', ...fields }, content)
  const sent = await smtp.submit({ from: prosecutor.address, to: [solicitor.address], octets })
  assert.equal(sent.reply.code, 250, sent.reply.text)
  return newest(solicitor)
}

async function newest(person: DemoPerson): Promise<string> {
  const { holder } = (await service.domains.accounts.holdersAt([person.address])).get(person.address)!
  const [row] = await service.domains.database.rows<{ mailbox: string; uid: number }>(
    sql`select mailbox, uid from copy where holder = ${holder} order by internal_date_ms desc, uid desc limit 1`,
  )
  return `/mail/${row!.mailbox}/${row!.uid}`
}

test('a message is shown with its marking, what to do with it, who, and its text with safe links (G08)', async () => {
  const url = await receive(text('Please see https://www.example.org/a?b=1&c=<2>.\r\njavascript:alert(1) <script>x</script>'), {
    Subject: '[RESTRICTED - MEDICAL] Disclosure',
    From: `"Pat O'Brien" <${prosecutor.address}>`,
    Cc: `Group of us: ${solicitor.address}, "Q, R" <q@elsewhere.example>;`,
  })
  const page = await reader.get(url)
  assert.equal(page.statusCode, 200)
  assert.match(page.body, /RESTRICTED - MEDICAL/)
  assert.match(page.body, /do not send it outside the community/)
  assert.match(page.body, /ask the sender/)
  assert.match(page.body, /<bdi>Pat O&#39;Brien<\/bdi> <bdi class="cjsm-address">&lt;/)
  assert.match(page.body, /22 November 2026 at 1:05pm/)
  assert.match(
    page.body,
    /<a class="govuk-link" href="https:\/\/www\.example\.org\/a\?b=1&amp;c=" target="_blank" rel="noopener noreferrer nofollow">/,
  )
  assert.match(page.body, /&lt;script&gt;x&lt;\/script&gt;/)
  assert.doesNotMatch(page.body, /href="javascript:/)
  assert.match(page.body, /Group of us/)
})

test('a message sent by one person for another says so (RFC 5322 §3.6.2)', async () => {
  const { headOf } = await import('#web/webmail/message/view.ts')
  const entry = (mailbox: string) => ({ name: null, adl: null, mailbox, host: 'a.example' }) as const
  const envelope = {
    ...{ date: null, subject: 'a', from: [entry('judge')], sender: [entry('clerk')], replyTo: [entry('judge')] },
    ...{ to: [], cc: [], bcc: [], inReplyTo: null, messageId: null },
  }
  assert.equal(headOf(envelope, null).sentBy?.address, 'clerk@a.example')
  assert.equal(headOf({ ...envelope, sender: [entry('judge')] }, null).sentBy, null)
})

test('opening marks a message as seen and is recorded once, and files and frames add nothing (G14)', async () => {
  const url = await receive(multipart('mixed', [text('<p>a</p>', 'text/html'), file('filename="a.txt"', 'abc')]))
  const count = async () =>
    (await service.domains.database.rows<{ leaf: Buffer }>(sql`select leaf from evidence_record`))
      .map(({ leaf }) => (JSON.parse(leaf.toString()) as { event: string }).event)
      .filter((event) => event === 'MessageOpened' || event === 'ContentHandover').length
  const before = await count()
  for (const path of ['', '', '/frame/1', '/file/2', '/original']) assert.equal((await reader.get(url + path)).statusCode, 200)
  assert.equal((await count()) - before, 2)
  const [, , mailbox, uid] = url.split('/')
  const [row] = await service.domains.database.rows<{ flags: string }>(
    sql`select array_to_string(flags, ' ') as flags from copy where mailbox = ${mailbox} and uid = ${Number(uid)}`,
  )
  assert.match(row!.flags, /\\Seen/)
})

test('HTML is shown in a frame that is sandboxed, sanitised, and has a policy of its own', async () => {
  const html =
    '<p>Dear <b>all</b></p><script>alert(1)</script><img src="cid:logo@x" alt="Logo"><img src="https://evil.example/p.png">'
  const related = multipart('related', [
    text(html, 'text/html; charset=utf-8'),
    partOf({ type: 'image/gif', body: png, fields: ['Content-ID: <logo@x>', 'Content-Disposition: inline; filename=logo.png'] }),
  ])
  const url = await receive(multipart('alternative', [text('Dear all, in plain'), related]))
  const page = await reader.get(url)
  const source = /<iframe[^>]*sandbox="allow-popups allow-popups-to-escape-sandbox" src="([^"]+)"/.exec(page.body)?.[1]
  assert.equal(source, `${url}/frame/2.1`)
  assert.doesNotMatch(page.body, /Dear all, in plain/)
  const frame = await reader.get(source!)
  const policy = String(frame.headers['content-security-policy'])
  assert.match(policy, /default-src 'none'/)
  assert.match(policy, /sandbox allow-popups allow-popups-to-escape-sandbox$/)
  assert.doesNotMatch(policy, /allow-(?:scripts|same-origin|forms|top)|https?:|'self'(?!$|;)/)
  assert.equal(frame.headers['x-frame-options'], 'SAMEORIGIN')
  assert.equal(frame.headers['x-content-type-options'], 'nosniff')
  assert.match(frame.body, /<b>all<\/b>/)
  // By its octets it is a PNG, whatever its part says.
  assert.match(frame.body, /<img alt="Logo" src="data:image\/png;base64,iVBOR/)
  assert.match(frame.body, /Pictures that are not in the message itself are not shown/)
  assert.doesNotMatch(frame.body, /script|evil\.example/)
  assert.match((await reader.get(`${url}?as=text`)).body, /Dear all, in plain/)
})

test('attachments have harmless names, true types, and download as they were', async () => {
  const url = await receive(
    multipart('mixed', [
      text('See attached.'),
      file('filename="../../invoice.pdf"', '%PDF-1.7 abc'),
      file("filename*=UTF-8''%E2%80%AEfdp.exe", Buffer.from('MZ\x90\x00 a program', 'latin1')),
      file('filename="report.pdf"', Buffer.from('MZ\x90\x00 a program', 'latin1'), 'application/pdf'),
      file('filename="=?utf-8?B?csOpc3Vtw6kudHh0?="', 'éè'.repeat(50_000), 'text/plain; charset=utf-8'),
      file('filename="a\\"b;c\\\\d.html"', '<script>alert(1)</script>', 'text/html'),
    ]),
  )
  const page = await reader.get(url)
  assert.match(page.body, /5 attachments/)
  for (const shown of [
    '<bdi>invoice.pdf</bdi>',
    '<bdi>fdp.exe</bdi>',
    '<bdi>résumé.txt</bdi>',
    'PDF document, 12 bytes',
    'Text, 200 KB',
  ]) {
    assert.ok(page.body.includes(shown), shown)
  }
  assert.match(page.body, /The name of this file does not fit what it is\. It is: Program \(Windows\)/)
  assert.match(page.body, /This is a program/)
  const pdf = await reader.get(`${url}/file/2`)
  assert.equal(pdf.body, '%PDF-1.7 abc')
  assert.equal(pdf.headers['content-type'], 'application/pdf')
  assert.match(String(pdf.headers['content-disposition']), /^attachment; filename="invoice\.pdf"/)
  const resume = await reader.get(`${url}/file/5`)
  assert.equal(resume.body, 'éè'.repeat(50_000))
  assert.match(String(resume.headers['content-disposition']), /filename\*=UTF-8''r%C3%A9sum%C3%A9\.txt$/)
  const html = await reader.get(`${url}/file/6`)
  assert.equal(html.headers['content-type'], 'application/octet-stream')
  assert.match(String(html.headers['content-security-policy']), /default-src 'none'.*sandbox/)
  assert.equal(html.headers['x-content-type-options'], 'nosniff')
})

test('the original is given octet for octet', async () => {
  const url = await receive(signed(text('body')), { Subject: 'The original' })
  const original = await reader.get(`${url}/original`)
  assert.match(original.body, /^Return-Path: [\s\S]*\r\nSubject: The original\r\n[\s\S]*\r\n\r\nYm9keQ==\r\n--[\s\S]*--\r\n$/)
  assert.match(String(original.headers['content-disposition']), /filename="The original\.eml"/)
})

test('a message that is attached is listed, read in a page of its own, with its own attachments and marking', async () => {
  const inner = messageOf(
    { From: 'officer@police.example', To: 'court@court.example', Subject: 'PROTECT - The inner one' },
    multipart('mixed', [text('Inner text', 'text/html'), file('filename="inner.txt"', 'deep')]),
  )
  const outer = multipart('mixed', [text('Outer text'), `Content-Type: message/rfc822\r\n\r\n${inner.toString()}`])
  const url = await receive(outer, { Subject: '[RESTRICTED] The outer one' })
  const page = await reader.get(url)
  assert.ok(page.body.includes(`href="${url}/within/2"`))
  assert.match(page.body, /<bdi>PROTECT - The inner one\.eml<\/bdi>/)
  const within = await reader.get(`${url}/within/2`)
  assert.equal(headingOf(within.body), '<bdi>PROTECT - The inner one</bdi>')
  assert.match(within.body, /id="marking"><bdi>PROTECT<\/bdi>/)
  assert.match(within.body, /officer@police\.example/)
  assert.match((await reader.get(`${url}/frame/2.1.1`)).body, /Inner text/)
  assert.equal((await reader.get(`${url}/file/2.1.2`)).body, 'deep')
  assert.match((await reader.get(`${url}/file/2`)).body, /Subject: PROTECT - The inner one/)
})

test('damaged parts show what can be read, and say so', async () => {
  const broken = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nSGVsbG8*gd29ybGQ'
  assert.match((await reader.get(await receive(signed(broken)))).body, /Part of this message is damaged[\s\S]*Hello world/)
  const odd = partOf({ type: 'text/plain; charset=x-unheard-of', body: 'abc' })
  assert.match((await reader.get(await receive(signed(odd)))).body, /not known here[\s\S]*abc/)
  const whole = await reader.get(await receive(signed(text('all is well'))))
  assert.doesNotMatch(whole.body, /damaged/)
})

test('HTML that is too large or too deep is shown as text, with a sentence', async () => {
  const url = await receive(signed(text(`${'<div>'.repeat(400)}deep text &lt;b&gt;`, 'text/html')))
  const frame = await reader.get(`${url}/frame/1`)
  assert.match(frame.body, /too large or too complicated/)
  assert.match(frame.body, /<pre>deep text &lt;b&gt;<\/pre>/)
})

test('a plain text is shown up to its limit and says where it was cut, one octet less is shown whole', async () => {
  const whole = partOf({
    type: 'text/plain',
    encoding: '8bit',
    body: `${'a'.repeat(900)}\r\n`.repeat(2000).slice(0, maxShownTextOctets - 2),
  })
  assert.doesNotMatch((await reader.get(await receive(signed(whole)))).body, /Only the beginning/)
  const longer = partOf({
    type: 'text/plain',
    encoding: '8bit',
    body: `${'a'.repeat(900)}\r\n`.repeat(2000).slice(0, maxShownTextOctets + 1),
  })
  assert.match((await reader.get(await receive(signed(longer)))).body, /Only the beginning of this text is shown/)
})

test('of many people and many attachments, as many are shown and looked at as the limits say', async () => {
  const people = (count: number) => Array.from({ length: count }, (_, at) => `p${at}@a.example`).join(',\r\n ')
  assert.doesNotMatch((await reader.get(await receive(text('a'), { Cc: people(maxShownPeople) }))).body, /and \d+ more/)
  assert.match((await reader.get(await receive(text('a'), { Cc: people(maxShownPeople + 1) }))).body, /and 1 more/)
  const files = Array.from({ length: maxTypedAttachments + 1 }, (_, at) => file(`filename="${at}.pdf"`, '%PDF-1.7'))
  const page = (await reader.get(await receive(multipart('mixed', [text('a'), ...files])))).body
  assert.equal(page.match(/PDF document,/g)?.length, maxTypedAttachments)
  assert.equal(page.match(/>File,/g)?.length, 1)
})

test('strangers’ text is harmless in every field of the page', async () => {
  const nasty = '\u202e<img src=x onerror=alert(1)>\u0007{{ page.csrf }}\u2066'
  const word = `=?utf-8?B?${Buffer.from(nasty).toString('base64')}?=`
  const url = await receive(
    multipart('mixed', [
      text(`${nasty}\u202e`),
      file(`filename="${word}"`, 'abc'),
      file(`filename*=UTF-8''${encodeURIComponent(`a${nasty}\r\nX-Injected: yes`)}`, 'abc'),
    ]),
    {
      Subject: word,
      From: `"{{ page.csrf }} ' onfocus=alert(1)" <${prosecutor.address}>`,
      Cc: `"<script>alert(1)</script>" <a@b.example>, ${word}: c@d.example;`,
    },
  )
  const [, , mailbox] = url.split('/')
  for (const path of [url, `${url}?as=text`, `/mail/${mailbox}`]) {
    const { body } = await reader.get(path)
    assert.doesNotMatch(body, /<img src=x|<script>alert|[\u202a-\u202e\u2066-\u2069\u0007]/, path)
    assert.match(body, /&lt;img src=x onerror=alert\(1\)&gt;/, path)
    assert.match(body, /\{\{ page\.csrf \}\}/, path)
  }
  for (const part of ['2', '3']) {
    const download = await reader.get(`${url}/file/${part}`)
    assert.equal(download.headers['x-injected'], undefined)
    assert.match(
      String(download.headers['content-disposition']),
      /^attachment; filename="[\x20-\x7e]+"; filename\*=UTF-8''[\w%.~!-]+$/,
    )
  }
})

test('the next messages are led to, and the ends are ends', async () => {
  const older = await receive(text('older'))
  const newer = await receive(text('newer'))
  assert.ok((await reader.get(newer)).body.includes(`href="${older}" rel="next"`))
  assert.ok((await reader.get(older)).body.includes(`href="${newer}" rel="prev"`))
  assert.doesNotMatch((await reader.get(newer)).body, /rel="prev"/)
})

test('what is not there, not theirs, or not to be shown so is not found; a stranger is sent to sign in', async () => {
  const url = await receive(multipart('mixed', [text('a'), file('filename="a.txt"', 'abc')]))
  const [, , mailbox] = url.split('/')
  const paths = [
    `/mail/${mailbox}/99999`,
    `/mail/${mailbox}/0`,
    `/mail/${mailbox}/1e3`,
    '/mail/not-a-mailbox/1',
    `${url}/file/9`,
    `${url}/file/0`,
  ]
  for (const path of [
    ...paths,
    `${url}/file/1.1`,
    `${url}/frame/1`,
    `${url}/within/1`,
    `${url}/file/../1`,
    `${url}/file/__proto__`,
  ]) {
    assert.equal((await reader.get(path)).statusCode, 404, path)
  }
  const other = webVisitor(app)
  for (const path of [url, `${url}/frame/1`, `${url}/file/2`, `${url}/original`, `${url}/within/2`]) {
    assert.equal((await other.get(path)).statusCode, 303, path)
  }
  await other.signIn(prosecutor)
  for (const path of [url, `${url}/frame/1`, `${url}/file/2`, `${url}/original`, `${url}/within/2`]) {
    assert.equal((await other.get(path)).statusCode, 404, path)
  }
})

test('one message is flagged, marked as unread, moved and deleted, and the way back is offered', async () => {
  const url = await receive(text('to be deleted'), { Subject: 'To be deleted' })
  const [, , mailbox, uid] = url.split('/')
  const page = await reader.get(url)
  assert.match(page.body, new RegExp(`action="/mail/${mailbox}/acts"`))
  assert.match(page.body, /<select[^>]* name="to">\s*<option value="">Move to …<\/option>/)
  const unchosen = await reader.post(`/mail/${mailbox}/acts`, { uid: uid!, act: 'move', to: '', from: 'message' })
  assert.match(unchosen.body, /Select a folder to move/)
  const flagged = await reader.follow(await reader.post(`/mail/${mailbox}/acts`, { uid: uid!, act: 'flag', from: 'message' }))
  assert.equal(headingOf(flagged.body), '<bdi>To be deleted</bdi>')
  assert.match((await reader.get(url)).body, /value="unflag"/)
  const deleted = await reader.follow(await reader.post(`/mail/${mailbox}/acts`, { uid: uid!, act: 'delete', from: 'message' }))
  assert.match(deleted.body, /1 message moved to Trash[\s\S]*Undo/)
  assert.equal((await reader.get(url)).statusCode, 404)
})

test('what its sender asked for holds on every page that shows or takes over the message (G09)', async () => {
  const asked = (handling: string) => receive(text('Only for you to see'), { 'X-CJSM-Handling': handling })
  const statuses = async (url: string, paths: readonly string[]) =>
    Promise.all(paths.map(async (path) => `${path} ${(await reader.get(`${url}${path}`)).statusCode}`))
  const until = new Date(Date.now() + 60_000).toISOString().slice(0, 19)
  const ended = await asked(`until=${until}Z`)
  aheadMs = 120_000
  const shown = ['', '/original', '/file/0', '/answer/reply', '/answer/reply-all', '/answer/forward', '/answer/forward-inline']
  assert.deepEqual(
    await statuses(ended, shown),
    shown.map((path) => `${path} 403`),
  )
  const refusal = await reader.get(`${ended}/answer/reply`)
  assert.ok(refusal.body.includes(`Access ended on ${londonDay(Date.parse(`${until}Z`))}.`))
  assert.doesNotMatch(refusal.body, /Only for you to see/)

  const kept = await asked('no-forwarding, no-download')
  const acts = ['', '/answer/reply', '/original', '/file/0', '/answer/forward', '/answer/forward-inline']
  assert.deepEqual(await statuses(kept, acts), [' 200', '/answer/reply 200', ...acts.slice(2).map((path) => `${path} 403`)])
})

test('what somebody else wrote cannot be taken over as if one had written it, without its marking (G06)', async () => {
  const url = await receive(text('x'), { Subject: '[RESTRICTED] Case 9' })
  for (const kind of ['again', 'continue']) assert.equal((await reader.get(`${url}/answer/${kind}`)).statusCode, 404, kind)
})
