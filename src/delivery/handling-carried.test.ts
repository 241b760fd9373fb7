// What the sender of an original asked is kept by the door: in answers, quotations, forwards and attached copies, for recipients and for who passes it on. G09
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { DemoPerson } from '#cli/demonstration.ts'
import { readerOf } from '#mailbox/means.ts'
import { messageOf, openTestDoors } from '#test/support/acceptance.ts'
import { testService } from '#test/support/service.ts'

const service = await testService()
const doors = await openTestDoors(service)
const named = (userName: string) => service.people.find((one) => one.userName === userName)!
const [priya, miriam, ada] = ['prosecutor', 'solicitor', 'sole practitioner'].map(service.person) as [
  DemoPerson,
  DemoPerson,
  DemoPerson,
]
const daniel = named('daniel.penn')
const phone = 'Tel. 020 7946 0000'
const body = 'She lives at 4 Mill Lane.'
const newId = () => `<${randomBytes(8).toString('hex')}@x.example>`

interface Sending {
  readonly to: readonly DemoPerson[]
  readonly blind?: readonly DemoPerson[]
  readonly fields?: readonly string[]
}
const addresses = (people: readonly DemoPerson[]) => people.map(({ address }) => address)
const headOf = (from: DemoPerson, { to, fields = [] }: Sending, id: string) => [
  `From: ${from.address}`,
  ...(to.length === 0 ? [] : [`To: ${addresses(to).join(', ')}`]),
  `Message-ID: ${id}`,
  ...fields,
]
async function submit(from: DemoPerson, sending: Sending, ...lines: string[]) {
  const recipients = addresses([...sending.to, ...(sending.blind ?? [])])
  return doors.submit(from, recipients, messageOf(...headOf(from, sending, newId()), ...lines))
}
/** An original of Priya's that asks so of its readers; its Message-ID. */
async function original(handling: string, to: readonly DemoPerson[] = [miriam], blind: readonly DemoPerson[] = []) {
  const id = newId()
  const lines = headOf(priya, { to, fields: [`X-CJSM-Handling: ${handling}`, 'Subject: kept'] }, id)
  const reply = await doors.submit(priya, addresses([...to, ...blind]), messageOf(...lines, '', body, '', phone))
  assert.equal(reply.kind, 'accepted', JSON.stringify(reply))
  return id
}
const quoting = (id: string) => [
  `References: ${id}`,
  'Subject: Re: kept',
  '',
  'See below.',
  `> ${body}`,
  '>',
  `> ${phone}`,
  '',
  phone,
]
const attaching = (id: string, ...fields: string[]) => [
  'Subject: Fwd: kept',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  '',
  'See below.',
  '',
  phone,
  '--b',
  'Content-Type: message/rfc822',
  '',
  `From: ${priya.address}`,
  `Message-ID: ${id}`,
  ...fields,
  '',
  body,
  '--b--',
]
/** The newest of somebody's INBOX: its summary, and what a mail program is given of it. */
async function latest(person: DemoPerson, mailbox = 'INBOX') {
  const who = readerOf(await doors.signIn(person))
  const { status, copies } = (await doors.mailboxes.select(who, mailbox))!
  const [summary] = await Array.fromAsync(doors.mailboxes.fetchSummaries(who, status.id, [copies.at(-1)!.uid]))
  return { summary: summary!, given: (await doors.read(person, mailbox)).at(-1)! }
}
const refusedFor = (reply: Awaited<ReturnType<typeof submit>>) =>
  reply.kind === 'refused' ? `${reply.clause} ${reply.about}` : reply.kind

for (const [how, lines] of [
  ['quoted', quoting],
  ['attached', (id: string) => attaching(id)],
  ['attached, with what it asks', (id: string, asked: string) => attaching(id, `X-CJSM-Handling: ${asked}`)],
] as const) {
  test(`what is for named readers, ${how}, goes to those and its sender, and stays among them (G09)`, async () => {
    const asked = `reader=${miriam.address}, reader=${daniel.address}`
    const id = await original(asked, [miriam, daniel])
    assert.equal(refusedFor(await submit(miriam, { to: [ada] }, ...lines(id, asked))), `G09 ${ada.address}`)
    assert.equal(refusedFor(await submit(miriam, { to: [priya] }, ...lines(id, asked))), 'accepted')
    const { summary } = await latest(priya)
    assert.match(summary.handling ?? '', new RegExp(`reader=${miriam.address}`))
    assert.deepEqual(summary.askedBy, [priya.address])
  })

  test(`what is not to be downloaded, ${how}, is not to be downloaded in the new message either, and by nobody but who asked (G09)`, async () => {
    const asked = 'no-download, until=2099-12-31'
    const id = await original(asked)
    const reply = await submit(miriam, { to: [daniel, miriam, priya] }, ...lines(id, asked))
    assert.ok(reply.kind === 'accepted')
    assert.ok(reply.warnings?.some(({ reason }) => reason === 'handling-carried-through') ?? false)
    for (const person of [daniel, miriam]) {
      const { summary, given } = await latest(person)
      assert.equal(summary.handling, 'no-download, until=2099-12-31T23:59:59Z')
      assert.match(given, /read in webmail and not downloaded/, person.userName)
      assert.doesNotMatch(given, /Mill Lane/)
    }
    assert.match((await latest(priya)).given, /Mill Lane/, 'who asked for it may have it')
    assert.match((await latest(priya)).given, /^X-CJSM-Handling: no-download, until=2099-12-31T23:59:59Z\r$/m)
  })
}

test('a plain answer to the sender alone passes, whatever was asked (G09)', async () => {
  const id = await original(`no-forwarding, no-download, reader=${miriam.address}, until=2099-12-31`)
  assert.equal(refusedFor(await submit(miriam, { to: [priya] }, ...quoting(id))), 'accepted')
  const elsewhere = newId()
  const fields = [`X-CJSM-Handling: reader=${miriam.address}`, `Reply-To: ${ada.address}`, 'Subject: kept']
  const lines = [...headOf(priya, { to: [miriam], fields }, elsewhere), '', body, '', phone]
  assert.equal(refusedFor(await doors.submit(priya, [miriam.address], messageOf(...lines))), 'accepted')
  assert.equal(refusedFor(await submit(miriam, { to: [ada] }, ...quoting(elsewhere))), 'accepted')
  assert.equal(refusedFor(await submit(miriam, { to: [daniel] }, ...quoting(elsewhere))), `G09 ${daniel.address}`)
})

test('who asked that it is not forwarded may pass on the answer to it, attached as it came; others may not (G09)', async () => {
  const id = await original('no-forwarding', [miriam, daniel])
  assert.equal(refusedFor(await submit(miriam, { to: [priya, daniel] }, ...quoting(id))), 'accepted')
  const { given } = await latest(priya)
  assert.match(given, /^X-CJSM-Handling: no-forwarding\r$/m)
  const passingOn = (from: DemoPerson, held: string) =>
    submit(from, { to: [ada] }, ...attaching(id).slice(0, 9), 'Content-Type: message/rfc822', '', `${held}\r\n--b--`)
  assert.equal(refusedFor(await passingOn(priya, given)), 'accepted')
  assert.match((await latest(ada)).summary.handling ?? 'nothing', /nothing/)
  const refusal = `G09 the attached message from ${miriam.address}`
  assert.equal(refusedFor(await passingOn(priya, given.replace('Mill Lane', 'Hill Lane'))), refusal)
  assert.equal(refusedFor(await passingOn(daniel, (await latest(daniel)).given)), refusal)
})

test('what is quoted in an answer stays among its readers when that answer is passed on (G09)', async () => {
  const id = await original(`reader=${miriam.address}, reader=${daniel.address}`, [miriam, daniel])
  const second = newId()
  const answer = messageOf(...headOf(miriam, { to: [daniel] }, second), ...quoting(id))
  assert.equal(refusedFor(await doors.submit(miriam, [daniel.address], answer)), 'accepted')
  const onward = ['See below.', '> See below.', `>> ${body}`, '>>', `>> ${phone}`, '>', `> ${phone}`, '', phone]
  const passOn = (to: DemoPerson) => submit(daniel, { to: [to] }, `References: ${second}`, 'Subject: Fwd: kept', '', ...onward)
  assert.equal(refusedFor(await passOn(ada)), `G09 ${ada.address}`)
  assert.equal(refusedFor(await passOn(priya)), 'accepted')
})

test('files of a forward without its text, and a quotation of what is too long to be compared, are kept as well (G09)', async () => {
  const id = await original('no-forwarding')
  const files = ['--b', '', 'See it.', '', phone, '--b', 'Content-Type: application/pdf; name=a.pdf', '', 'x', '--b--']
  const forward = [`References: ${id}`, 'Subject: Fwd: kept', 'Content-Type: multipart/mixed; boundary=b', '', ...files]
  assert.equal(refusedFor(await submit(miriam, { to: [ada] }, ...forward)), `G09 ${ada.address}`)
  const long = newId()
  const fields = ['X-CJSM-Handling: no-forwarding', 'Subject: kept', 'Content-Type: multipart/mixed; boundary=b']
  const line = `${'x'.repeat(70)}\r\n`
  const large = [
    '',
    '--b',
    '',
    body,
    '',
    phone,
    '--b',
    'Content-Type: application/octet-stream',
    '',
    line.repeat(20_000),
    '--b--',
  ]
  const sent = await doors.submit(priya, [miriam.address], messageOf(...headOf(priya, { to: [miriam], fields }, long), ...large))
  assert.equal(refusedFor(sent), 'accepted')
  assert.equal(refusedFor(await submit(miriam, { to: [ada] }, ...quoting(long))), `G09 ${ada.address}`)
})

test('who gets a blind copy is named to nobody, and gets it (G09)', async () => {
  const asked = `reader=${miriam.address}, reader=${ada.address}`
  await original(asked, [miriam], [ada])
  for (const person of [miriam, ada]) {
    const { summary, given } = await latest(person)
    assert.match(given, /Mill Lane/)
    assert.doesNotMatch(given.replaceAll(/^(?:Received|Return-Path):.*$/gm, ''), new RegExp(ada.address), person.userName)
    assert.equal(summary.handling, `reader=${miriam.address}`)
  }
  await original(`reader=${ada.address}`, [], [ada])
  assert.equal((await latest(ada)).summary.handling, `reader=${priya.address}`)
})

test('a last day that is past is refused, since nobody could read it (G09)', async () => {
  const past = await submit(priya, { to: [miriam] }, 'X-CJSM-Handling: until=2020-01-01', 'Subject: late', '', body, '', phone)
  assert.equal(refusedFor(past), 'G09 its last day is 2020-01-01, which is past')
})
