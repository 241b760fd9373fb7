// The same message gets the same verdict in the same words by every door: DATA, BDAT and webmail’s check; and the rulebook’s page and commands. G01–G09, T24, RFC 3030
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import type { DemoPerson } from '#cli/demonstration.ts'
import { newDocumentThreads } from '#delivery/document-threads.ts'
import { newLookInside } from '#delivery/documents.ts'
import { octetsOf } from '#delivery/inspect.ts'
import { judgeMessage } from '#delivery/judge.ts'
import { shippedSet } from '#policy/marking-set.ts'
import { readRulebook } from '#roles/rulebook.ts'
import { sql } from '#store/sql.ts'
import { messageOf, openTestDoors } from '#test/support/acceptance.ts'
import { testHostName, testService } from '#test/support/service.ts'
import { openSmtpClient } from '#test/support/smtp-client.ts'
import { webVisitor } from '#test/support/web.ts'

const service = await testService()
const doors = await openTestDoors(service)
const documents = newDocumentThreads()
after(() => documents.close())
const [orla, miriam, priya] = ['detective sergeant', 'solicitor', 'prosecutor'].map(service.person) as [
  DemoPerson,
  DemoPerson,
  DemoPerson,
]
const { app } = service.faces.web

interface Case {
  readonly name: string
  readonly from: DemoPerson
  readonly subject: string
  readonly text: string
  /** The clause that refuses it, or null. */
  readonly clause: string | null
}
const block = '\r\n\r\nTelephone 020 7946 0018'
const cases: Case[] = [
  { name: 'a subject above the ceiling', from: orla, subject: 'SECRET - plan', text: `See below.${block}`, clause: 'G05' },
  {
    name: 'a banner above the ceiling',
    from: miriam,
    subject: 'Plan',
    text: `TOP SECRET\r\n\r\nSee below.${block}`,
    clause: 'G05',
  },
  {
    name: 'a last line above the ceiling',
    from: orla,
    subject: 'Plan',
    text: `See below.${block}\r\n\r\nUK SECRET`,
    clause: 'G05',
  },
  { name: 'an adopter’s CONFIDENTIAL', from: orla, subject: '[CONFIDENTIAL] Plan', text: `See below.${block}`, clause: 'G05' },
  { name: 'a non-adopter’s RESTRICTED', from: miriam, subject: 'Plan [RESTRICTED]', text: `See below.${block}`, clause: 'G07' },
  {
    name: 'a non-adopter’s CONFIDENTIAL',
    from: miriam,
    subject: 'CONFIDENTIAL: report',
    text: `See below.${block}`,
    clause: null,
  },
  { name: 'an adopter’s RESTRICTED', from: orla, subject: 'RESTRICTED: plan', text: `See below.${block}`, clause: null },
  { name: 'words in running text', from: miriam, subject: 'Plan', text: `It was SECRET and CONFIDENTIAL.${block}`, clause: null },
]

const rawOf = ({ from, subject, text }: Case) =>
  Buffer.from(
    `From: ${from.address}\r\nTo: ${priya.address}\r\nSubject: ${subject}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${text}\r\n`,
  )

async function bySmtp(one: Case, to: string, chunkOctets?: number) {
  const client = await openSmtpClient(service.faces.submissions.port, one.from)
  const chunks = chunkOctets === undefined ? {} : { chunkOctets }
  const { reply } = await client.submit({ from: one.from.address, to: [to], octets: rawOf(one), ...chunks })
  client.close()
  return reply.text
}

const hidden = (html: string, name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? ''
const shown = (html: string) =>
  html
    .replace(/<[^>]+>/g, ' ')
    .replace(/&#39;/g, "'")
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&')
    .replace(/\s+([.,])/g, '$1')
    .replace(/\s+/g, ' ')

/** The text of the page that checks a message before it is sent; each rule that it names is a link to the rule. */
async function byWebmail({ from, subject, text }: Case, to: string): Promise<string> {
  const who = webVisitor(app)
  await who.signIn(from)
  const form = await who.get('/write')
  const fields = { to, cc: '', bcc: '', subject, text, marking: '' }
  const answer = await who.post('/write', { begun: hidden(form.body, 'begun'), version: '0', ...fields, do: 'check' })
  assert.equal(answer.statusCode, 303, shown(answer.body))
  const { body } = await who.get(String(answer.headers.location))
  const links = body.match(/href="\/rules#([GT]\d\d)">\1</g) ?? []
  assert.equal(links.length, body.match(/Rule (?:<a [^>]*>)?[GT]\d\d/g)?.length ?? 0, 'each rule is one link away')
  return shown(body)
}

/** What a reply says behind code and status, in one line. */
function wordsOf(reply: string): string {
  const lines = reply.split('\r\n')
  for (const line of lines) assert.ok(line.length + 2 <= 512, 'RFC 5321 §4.5.3.1.5')
  return lines.map((line) => line.replace(/^\d{3}[ -](?:\d\.\d+\.\d+ )?/, '')).join(' ')
}

/** The words as every door has them: what a reply writes in ASCII, a page writes in full. */
const plain = (text: string) => text.replace(/[‘’]/g, "'").replace(/[“”]/g, '"')

/** Whether a page has a sentence of a reply; a page begins it with a capital. */
const says = (page: string, sentence: string) =>
  page.includes(sentence) || page.includes(`${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}`)

for (const one of cases) {
  test(`${one.name} is ${one.clause === null ? 'taken' : `refused, citing ${one.clause},`} in the same words by DATA, BDAT and webmail (G05, G07, RFC 3030)`, async () => {
    const data = await bySmtp(one, priya.address)
    const bdat = await bySmtp(one, priya.address, 100)
    const page = plain(await byWebmail(one, priya.address))
    if (one.clause === null) {
      assert.match(data, /^250[ -]2\.0\.0 Delivered to 1; receipt /)
      assert.match(bdat, /^250[ -]2\.0\.0 Delivered to 1; /)
      for (const [, note = ''] of plain(data).matchAll(/^250[ -]2\.0\.0 Note \[G\d\d\] (.*)$/gm))
        assert.ok(says(page, note.trim()), note)
      assert.equal(data.includes('Note [G05] subject: CONFIDENTIAL'), one.name.startsWith('a non-adopter'))
      assert.doesNotMatch(page, /cannot be sent as it is/)
      return
    }
    assert.match(data, new RegExp(`^550[ -]5\\.7\\.1 \\[${one.clause}\\] `))
    assert.equal(bdat, data)
    const [, about = '', remedy = '', contact = ''] =
      /^\[G\d\d\] (.*?: .*?)\. (.*) (Helpdesk: \S+)\. See \S+$/.exec(wordsOf(data)) ?? []
    assert.ok(wordsOf(data).endsWith(` See https://mail.cjsm.test/rules#${one.clause}`), data)
    assert.ok(about !== '' && remedy !== '' && contact !== '', data)
    assert.ok(says(page, `${about}. ${remedy}`), `${about}. ${remedy}\n${page}`)
    assert.ok(page.includes(`Rule ${one.clause} `) && page.includes(contact) && page.includes('cannot be sent as it is'), page)
  })
}

for (const [to, clause] of [
  ['nobody@hollis-penn.cjsm.test', 'G01'],
  ['friend@outside.example', 'G15'],
] as const) {
  test(`a recipient who cannot get it, ${to}, is told of in the same words by SMTP and webmail (G01)`, async () => {
    const one = { ...cases.at(-1)!, from: priya }
    const words = wordsOf(await bySmtp(one, to))
    const page = plain(await byWebmail(one, to))
    const remedy = words.slice(words.indexOf(to) + to.length + 2, words.indexOf(' Helpdesk:'))
    assert.ok(words.startsWith(`[${clause}] `) && remedy.length > 20, words)
    assert.ok(page.includes(remedy) && page.includes(`Rule ${clause}.`), page)
  })
}

test('what was answered 5xx was delivered to nobody (G05)', async () => {
  const read = await doors.read(priya)
  assert.equal(read.length > 0, true)
  assert.deepEqual(
    read.filter((raw) => /^Subject: .*(?:SECRET|\[CONFIDENTIAL\])/m.test(raw)),
    [],
  )
})

/** What judging works with. */
const judging = {
  ...service.domains,
  lookInside: newLookInside(documents, service.domains.clock),
  countExpansion: doors.countExpansion,
  findIntegrity: doors.findIntegrity,
  markings: shippedSet,
  hostName: testHostName,
  nowMs: () => service.domains.clock.now(),
}

test('judging says what acceptance does, rule by rule, with the stamps, and stores nothing (G05, G06, G07)', async () => {
  const counts = () =>
    service.domains.database.rows(sql`select (select count(*) from message) as m, (select count(*) from evidence_record) as r`)
  const people = await Promise.all([orla, miriam].map((person) => doors.signIn(person)))
  const before = await counts()
  for (const one of cases) {
    const who = people[one.from === orla ? 0 : 1]!
    const envelope = {
      reversePath: one.from.address,
      recipients: [{ address: priya.address, originalRecipient: null, notify: null }],
      envid: null,
      ret: null,
    }
    const judged = await judgeMessage(judging, who, envelope, octetsOf(rawOf(one)))
    assert.equal(judged.refusal?.clause ?? null, one.clause, one.name)
    const refusing = judged.rules.filter(({ verdict }) => verdict.kind === 'refused')
    assert.equal(
      refusing.some(({ clause }) => clause === one.clause),
      one.clause !== null,
    )
    if (one.subject !== 'RESTRICTED: plan') continue
    assert.deepEqual(judged.stamps.above, ['RESTRICTED'])
    assert.ok(judged.stamps.added.some((field) => field.startsWith('X-Protective-Marking: VER=2018.4, NS=cjsm, SEC=RESTRICTED')))
  }
  assert.deepEqual(await counts(), before)
})

test('judging compares what is quoted with what its sender received, as acceptance does (G09, G16)', async () => {
  const who = await doors.signIn(miriam)
  const block = 'Tel. 020 7946 0000'
  for (const [handling, quoted, reason, notice] of [
    [['X-CJSM-Handling: no-forwarding'], '> The witness lives at 4 Mill Lane.', 'forwarding-was-not-allowed', null],
    [[], '> The witness lives at 5 Mill Lane.', null, /differs/],
    [[], '> The witness lives at 4 Mill Lane.', null, null],
  ] as const) {
    const id = `<${randomUUID()}@x.example>`
    const fields = [`From: ${priya.address}`, `To: ${miriam.address}`, `Message-ID: ${id}`, 'Subject: where', ...handling]
    const original = messageOf(...fields, '', 'The witness lives at 4 Mill Lane.', '', block)
    assert.equal((await doors.submit(priya, [miriam.address], original)).kind, 'accepted')
    const header = [`From: ${miriam.address}`, `To: ${orla.address}`, `References: ${id}`, 'Subject: Fwd: where']
    const forward = messageOf(...header, '', 'Please see below.', quoted, '>', `> ${block}`, '', block)
    const recipients = [{ address: orla.address, originalRecipient: null, notify: null }]
    const envelope = { reversePath: miriam.address, recipients, envid: null, ret: null }
    const judged = await judgeMessage(judging, who, envelope, octetsOf(Buffer.from(forward)))
    const [{ verdict } = { verdict: null }] = judged.decision.recipients
    assert.equal(verdict?.kind === 'refused' ? verdict.reason : null, reason)
    if (notice === null) assert.equal(judged.stamps.notice, null)
    else assert.match(judged.stamps.notice ?? '', notice)
    const accepted = await doors.submit(miriam, [orla.address], forward)
    assert.equal(accepted.kind === 'refused' ? accepted.reason : null, reason)
  }
})

test('everybody can read the rulebook, in the words of the rules (T24)', async () => {
  const page = await app.inject({ method: 'GET', url: '/rules', headers: { host: 'webmail.cjsm.test' } })
  assert.equal(page.statusCode, 200)
  const words = shown(page.body)
  for (const { id, rules } of readRulebook()) {
    assert.ok(words.includes(`${id}: `) && page.body.includes(`<section id="${id}"`), id)
    for (const { about, remedy } of rules) assert.ok(says(words, `${about}. ${remedy}`), about)
  }
})
