// What cannot be looked into, by every door and with every choice of an organisation: the same words by DATA, BDAT and webmail; then held, seen by an officer, decided once. T19, G05, RFC 3030, RFC 3464
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DemoPerson } from '#cli/demonstration.ts'
import { octetsOf } from '#delivery/inspect.ts'
import { judgeMessage } from '#delivery/judge.ts'
import { theService } from '#keys/epoch.ts'
import { maxArchiveDepth, maxArchiveEntries, maxExpandedOctets } from '#mail/limits.ts'
import type { UnscannableChoice } from '#policy/looked-into.ts'
import { shippedSet } from '#policy/marking-set.ts'
import { urls } from '#web/urls.ts'
import { openTestDoors } from '#test/support/acceptance.ts'
import { zip, zipOf } from '#test/support/archives.ts'
import { testHostName, testService } from '#test/support/service.ts'
import { openSmtpClient } from '#test/support/smtp-client.ts'
import { host, type WebVisitor, webVisitor } from '#test/support/web.ts'

const service = await testService()
const doors = await openTestDoors(service)
const { domains } = service
const { app } = service.faces.web
const senders: Readonly<Record<UnscannableChoice, DemoPerson>> = {
  refuse: service.person('prosecutor'),
  hold: service.person('solicitor'),
  'deliver-flagged': service.person('barrister'),
}
const to = service.person('detective sergeant')

for (const [unscannable, { organisation }] of Object.entries(senders)) {
  const { id } = (await domains.organisations.list()).find(({ name }) => name === organisation)!
  const choice = { unscannable: unscannable as UnscannableChoice }
  assert.equal(await domains.database.transaction((tx) => domains.wordings.setWording(tx, theService, id, choice)), null)
}

const nestedIn = (levels: number, content: Buffer): Buffer =>
  levels === 0 ? content : zipOf('z.zip', nestedIn(levels - 1, content))
const entries = (count: number) =>
  zip(Array.from({ length: count }, (_, at) => ({ name: `${at}.bin`, content: Buffer.from('x'), isStored: true })))
const expanding = (octets: number) => zipOf('a.bin', Buffer.alloc(octets))
/** Name, octets, and what is said of them; null for what is looked into whole. */
const cases: readonly (readonly [string, Buffer, string | null])[] = [
  ['locked.zip', zipOf('a.txt', Buffer.from('x'), 1), 'locked.zip > a.txt is encrypted and cannot be looked into'],
  ['deep.zip', nestedIn(maxArchiveDepth, Buffer.from('x')), null],
  ['deeper.zip', nestedIn(maxArchiveDepth + 1, Buffer.from('x')), 'is too large or too deep to be looked into'],
  ['many.zip', entries(maxArchiveEntries), null],
  ['more.zip', entries(maxArchiveEntries + 1), 'more.zip is too large or too deep to be looked into'],
  // At the limit: delivery/expansion.test.ts, since it takes a time that counts here.
  ['larger.zip', expanding(maxExpandedOctets + 1), 'larger.zip is too large or too deep to be looked into'],
  [
    'papers.7z',
    Buffer.from('7z\xbc\xaf\x27\x1c and more', 'latin1'),
    'papers.7z is an archive of a kind that cannot be looked into',
  ],
  [
    'papers.dat',
    Buffer.from('Rar!\x1a\x07\x01\x00 and more', 'latin1'),
    'papers.dat is an archive of a kind that cannot be looked into',
  ],
  [
    'inner.zip',
    zipOf('papers.rar', Buffer.from('Rar!\x1a\x07\x00 and more', 'latin1')),
    'inner.zip > papers.rar is an archive of a kind that cannot be looked into',
  ],
]

let sent = 0
function rawOf(from: DemoPerson, name: string, content: Buffer): Buffer {
  const lines = content.toString('base64').replace(/.{76}/g, '$&\r\n')
  return Buffer.from(
    [
      ...[`From: ${from.address}`, `To: ${to.address}`, `Subject: papers ${++sent}`, 'MIME-Version: 1.0'],
      ...['Content-Type: multipart/mixed; boundary=b', '', '--b', 'Content-Type: text/plain', ''],
      ...['See below.', 'Telephone 020 7946 0018', '--b', `Content-Type: application/octet-stream; name="${name}"`],
      ...['Content-Transfer-Encoding: base64', '', lines, '--b--', ''],
    ].join('\r\n'),
  )
}
async function bySmtp(from: DemoPerson, octets: Buffer, chunkOctets?: number): Promise<string> {
  const client = await openSmtpClient(service.faces.submissions.port, from)
  try {
    const chunks = chunkOctets === undefined ? {} : { chunkOctets }
    return (await client.submit({ from: from.address, to: [to.address], octets, ...chunks })).reply.text
  } finally {
    client.close()
  }
}
const hidden = (html: string, name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? ''
const shown = (html: string) =>
  html
    .replace(/<[^>]+>/g, ' ')
    .replace(/&#39;/g, "'")
    .replaceAll('&gt;', '>')
    .replaceAll('›', '>')
    .replace(/\s+([.,])/g, '$1')
    .replace(/\s+/g, ' ')

const visitors = new Map<string, WebVisitor>()
async function visitorOf(person: DemoPerson): Promise<WebVisitor> {
  const known = visitors.get(person.userName)
  if (known !== undefined) return known
  const visitor = webVisitor(app)
  await visitor.signIn(person)
  visitors.set(person.userName, visitor)
  return visitor
}

/** Writes a draft with a file; returns its id. */
async function draftWith(from: DemoPerson, name: string, content: Buffer): Promise<string> {
  const visitor = await visitorOf(from)
  const form = await visitor.get('/write')
  const fields = { to: to.address, cc: '', bcc: '', subject: `papers ${++sent}`, text: 'See below.', marking: '' }
  const answer = await visitor.post('/write', { begun: hidden(form.body, 'begun'), version: '0', ...fields, do: 'save' })
  const id = String(answer.headers.location).split('/')[2]!
  const csrf = hidden((await visitor.get(urls.writeFiles(id))).body, 'csrf')
  const part = (head: string) => Buffer.from(`--x\r\nContent-Disposition: form-data; ${head}\r\n\r\n`)
  const ends = Buffer.from('\r\n')
  const payload = Buffer.concat([
    part('name="csrf"'),
    Buffer.from(csrf),
    ends,
    part(`name="file"; filename="${name}"`),
    content,
    ends,
    Buffer.from('--x--\r\n'),
  ])
  const headers = { host, 'content-type': 'multipart/form-data; boundary=x', 'sec-fetch-site': 'same-origin' }
  const cookie = [...visitor.jar].map(([key, value]) => `${key}=${value}`).join('; ')
  await app.inject({ method: 'POST', url: urls.writeFiles(id), payload, headers: { ...headers, cookie } })
  return id
}
async function sendDraft(from: DemoPerson, id: string): Promise<string> {
  const visitor = await visitorOf(from)
  const [form, check] = [await visitor.get(urls.writeDraft(id)), await visitor.get(urls.writeCheck(id))]
  const fields = { version: hidden(form.body, 'version'), shown: hidden(check.body, 'shown') }
  const answer = await visitor.post(urls.writeSend(id), fields)
  return (await visitor.follow(answer)).body
}
const inbox = async () => doors.read(to)
const heldOf = async (person: DemoPerson) => {
  const holds = await doors.holds.of((await doors.signIn(person)).account)
  return holds.filter(({ state }) => state === 'held')
}

for (const [name, content, about] of cases) {
  test(`T19 ${name} ${about === null ? 'is looked into, and delivered' : 'is refused, held or flagged as was chosen'}, in the same words by DATA, BDAT, webmail and judge (RFC 3030)`, async () => {
    // What takes seconds to expand is sent once.
    const all = Object.entries(senders) as [UnscannableChoice, DemoPerson][]
    for (const [choice, from] of content.length > 100_000 ? all.slice(1, 2) : all) {
      const before = (await inbox()).length
      const data = await bySmtp(from, rawOf(from, name, content))
      const bdat = await bySmtp(from, rawOf(from, name, content), 50_000)
      const id = await draftWith(from, name, content)
      const page = shown((await (await visitorOf(from)).get(urls.writeCheck(id))).body)
      const plain = (text: string) =>
        text
          .replace(/receipt [0-9a-f-]+/g, 'receipt')
          .replace(/[ -]2\.0\.0|[ -]5\.7\.1/g, '')
          .replace(/\r\n\d{3}/g, '')
      assert.equal(plain(bdat), plain(data))
      const judged = await judgeMessage(
        {
          ...domains,
          lookInside: doors.lookInside,
          countExpansion: doors.countExpansion,
          findIntegrity: doors.findIntegrity,
          markings: shippedSet,
          hostName: testHostName,
          nowMs: () => domains.clock.now(),
        },
        await doors.signIn(from),
        {
          reversePath: from.address,
          recipients: [{ address: to.address, originalRecipient: null, notify: null }],
          envid: null,
          ret: null,
        },
        octetsOf(rawOf(from, name, content)),
      )
      if (about === null) {
        assert.match(data, /^250[ -]2\.0\.0 Delivered to 1; receipt/)
        assert.doesNotMatch(page, /looked into/)
        assert.deepEqual([judged.refusal, judged.held, (await inbox()).length], [null, null, before + 2])
        continue
      }
      assert.ok(plain(data).includes(about), data)
      assert.ok(page.includes(about.charAt(0).toUpperCase() + about.slice(1)) || page.includes(about), page)
      const [, , remedy = ''] = /(looked into)\. (.*?)\.(?: |\r|$)/.exec(plain(data)) ?? []
      assert.ok(remedy.length > 20 && page.includes(remedy), `${remedy}\n${page}`)
      const arrived = (await inbox()).length - before
      if (choice === 'refuse') {
        assert.match(data, /^550[ -]5\.7\.1 \[T19\] /)
        assert.deepEqual([judged.refusal?.clause, arrived], ['T19', 0])
        assert.match(page, /cannot be sent as it is/)
      } else if (choice === 'hold') {
        assert.match(data, /^250[ -]2\.0\.0 Held for 1; receipt [0-9a-f-]{36}\r\n250[ -]2\.0\.0 Note \[T19\] /)
        assert.deepEqual([judged.refusal, judged.held?.clause, arrived], [null, 'T19', 0])
        assert.match(page, /This message will be held/)
      } else {
        assert.match(data, /^250[ -]2\.0\.0 Delivered to 1; receipt [0-9a-f-]{36}\r\n250[ -]2\.0\.0 Note \[T19\] /)
        assert.deepEqual([judged.refusal, judged.held, arrived], [null, null, 2])
        assert.match((await inbox()).at(-1)!, /^X-CJSM-Not-Looked-Into: /m)
      }
    }
    for (const { id } of await heldOf(senders.hold)) await doors.holds.decide(theService, id, 'refused', 'x')
  })
}

const [, locked] = cases[0]!

test('T19 what webmail sends is refused, held or delivered with its field, as was chosen', async () => {
  const before = (await inbox()).length
  const pages = []
  for (const from of Object.values(senders)) pages.push(shown(await sendDraft(from, await draftWith(from, 'locked.zip', locked))))
  assert.match(pages[0]!, /[Ll]ocked\.zip > a\.txt is encrypted and cannot be looked into/)
  assert.match(pages[1]!, /Held: a person of the Helpdesk is looking at it/)
  assert.match(pages[2]!, /The message was sent\..*Delivered Not opened yet\./)
  const got = (await inbox()).slice(before)
  assert.deepEqual([got.length, /^X-CJSM-Not-Looked-Into: locked\.zip > a\.txt is encrypted/m.test(got[0]!)], [1, true])
  for (const { id } of await heldOf(senders.hold)) await doors.holds.decide(theService, id, 'refused', 'x')
})

test('T19 G14 what webmail holds is in Sent as held; its sender may withdraw it, and nobody gets it', async () => {
  const before = (await inbox()).length
  const id = await draftWith(senders.hold, 'locked.zip', locked)
  const page = await sendDraft(senders.hold, id)
  assert.match(shown(page), /The message is held\. A person of the Helpdesk decides before anybody gets it\./)
  assert.match(shown(page), /Held: a person of the Helpdesk is looking at it/)
  assert.match(shown(page), /Held Not delivered yet\./)
  const visitor = await visitorOf(senders.hold)
  // The sender deletes their own copy for good: what is held does not hang on it.
  const [hold] = await heldOf(senders.hold)
  const withdrawn = shown((await visitor.follow(await visitor.post(urls.writeWithdraw(id)))).body)
  assert.match(withdrawn, /You withdrew the message\. Nobody gets it\./)
  assert.match(withdrawn, /It was held, and you withdrew it/)
  assert.match(withdrawn, /Withdrawn/)
  assert.equal((await doors.holds.find(hold!.id))!.state, 'withdrawn')
  assert.match(shown((await visitor.follow(await visitor.post(urls.writeWithdraw(id)))).body), /decided about already/)
  assert.equal((await inbox()).length, before)
})

test('T19 G14 what is released after it was sent from webmail is delivered with all its octets, and Sent says so', async () => {
  const id = await draftWith(senders.hold, 'locked.zip', locked)
  await sendDraft(senders.hold, id)
  const visitor = await visitorOf(senders.hold)
  const [hold] = await heldOf(senders.hold)
  const own = /\/mail\/([^/"]+)\/(\d+)"/.exec((await visitor.get(urls.writeSent(id))).body)!
  await visitor.post(urls.mailboxActs(own[1]!), { act: 'delete', uid: own[2]! })
  await doors.holds.decide(theService, hold!.id, 'released', 'telephoned')
  const page = shown((await visitor.get(urls.writeSent(id))).body)
  assert.match(page, /It was held, and released by the Helpdesk/)
  assert.match(page, /Delivered Not opened yet\./)
  assert.ok((await inbox()).at(-1)!.replaceAll('\r\n', '').includes(locked.toString('base64')))
  const reader = await visitorOf(to)
  const list = await reader.follow(await reader.get('/'))
  const at = /href="(\/mail\/[^/"]+\/\d+)"/.exec(list.body)![1]!
  assert.match(
    shown((await reader.get(at)).body),
    /could not look into everything in this message: locked\.zip > a\.txt is encrypted/,
  )
  assert.match(shown((await visitor.get(urls.writeSent(id))).body), /Opened/)
})

test('T19 G05 an officer sees who sent what to whom and why it is held, never subject or text, and decides with a reason; nobody else finds the page', async () => {
  const officer = service.person('paralegal')
  const { account } = await doors.signIn(officer)
  const client = await openSmtpClient(service.faces.submissions.port, senders.hold)
  const octets = Buffer.from(
    rawOf(senders.hold, 'locked.zip', locked)
      .toString('latin1')
      .replace('Subject: papers', 'Subject: canary-subject')
      .replace('See below.', 'canary-text'),
  )
  await client.submit({ from: senders.hold.address, to: [to.address], octets })
  client.close()
  const [hold] = await heldOf(senders.hold)
  const visitor = await visitorOf(officer)
  for (const url of [urls.helpdeskHolds(), urls.helpdeskHold(hold!.id)]) assert.equal((await visitor.get(url)).statusCode, 404)
  await visitor.get('/help')
  assert.equal((await visitor.post(urls.helpdeskHoldDecide(hold!.id), { decision: 'released', reason: 'x' })).statusCode, 404)
  await domains.database.transaction((tx) => domains.accounts.setOfficer(tx, theService, account, true, 'a test'))
  const list = await visitor.get(urls.helpdeskHolds())
  const page = await visitor.get(urls.helpdeskHold(hold!.id))
  assert.match(shown(list.body), /locked\.zip > a\.txt is encrypted and cannot be looked into/)
  for (const said of [senders.hold.name, senders.hold.address, to.address, 'locked.zip > a.txt is encrypted'])
    assert.ok(shown(page.body).includes(said), said)
  for (const { body } of [list, page]) assert.doesNotMatch(body, /canary/)
  const empty = await visitor.post(urls.helpdeskHoldDecide(hold!.id), { reason: '' })
  assert.equal(empty.statusCode, 422)
  assert.match(shown(empty.body), /Choose what to do.*Enter the reason/)
  const kept = await visitor.post(urls.helpdeskHoldDecide(hold!.id), { decision: 'refused', reason: '' })
  assert.match(kept.body, /value="refused" checked/)
  const done = await visitor.follow(
    await visitor.post(urls.helpdeskHoldDecide(hold!.id), { decision: 'released', reason: 'telephoned the sender' }),
  )
  assert.match(shown(done.body), /Decided Released/)
  assert.match(shown(done.body), /telephoned the sender/)
  assert.ok((await inbox()).at(-1)!.includes('canary-text'))
  const again = await visitor.post(urls.helpdeskHoldDecide(hold!.id), { decision: 'refused', reason: 'x' })
  assert.match(shown(again.body), /decided about this message already/)
  await domains.database.transaction((tx) => domains.accounts.setOfficer(tx, theService, account, false, 'a test'))
  assert.equal((await visitor.get(urls.helpdeskHolds())).statusCode, 404)
})

test('T19 an officer to whom a held message is addressed is told that another decides, and is not asked', async (t) => {
  const { account } = await doors.signIn(to)
  const setOfficer = (isOfficer: boolean) =>
    domains.database.transaction((tx) => domains.accounts.setOfficer(tx, theService, account, isOfficer, 'a test'))
  await setOfficer(true)
  t.after(() => setOfficer(false))
  const client = await openSmtpClient(service.faces.submissions.port, senders.hold)
  await client.submit({ from: senders.hold.address, to: [to.address], octets: rawOf(senders.hold, 'locked.zip', locked) })
  client.close()
  const [hold] = await heldOf(senders.hold)
  const page = await (await visitorOf(to)).get(urls.helpdeskHold(hold!.id))
  assert.match(shown(page.body), /It is addressed to you: another officer decides about it\./)
  assert.doesNotMatch(page.body, /name="decision"/)
})
