// An organisation's own scheme, through the whole service: read in its messages and in what it attaches, its labels by their ids, and its sentences shown to who receives them; nobody else's mail is read by it. G05, G07, G08
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DemoPerson } from '#cli/demonstration.ts'
import { build, type Described } from '#mail/documents/build.test-support.ts'
import { readMarkingSet } from '#policy/marking-set.ts'
import { testService } from '#test/support/service.ts'
import { openSmtpClient } from '#test/support/smtp-client.ts'
import { webVisitor } from '#test/support/web.ts'

const sentence = 'Keep it to the two of you, and telephone before you print it.'
const markings = readMarkingSet([
  {
    name: 'hollis.json',
    data: {
      id: 'HOLLIS',
      title: 'Hollis and Penn',
      levels: [
        { name: 'HOLLIS AMBER', rank: 15 },
        { name: 'HOLLIS BLACK', rank: 40, aboveCeiling: true },
      ],
      handling: [{ name: 'HOLLIS AMBER', sentence }],
      organisations: ['Hollis and Penn Solicitors'],
    },
  },
  { name: 'mapping.json', data: [{ from: 'MSIP/2096f6a2-d2f7-48be-b329-b73aaa526e5d', to: 'GSC/SECRET' }] },
])
const service = await testService({ markings })
const [priya, miriam, orla] = ['prosecutor', 'solicitor', 'detective sergeant'].map(service.person) as [
  DemoPerson,
  DemoPerson,
  DemoPerson,
]

async function send(from: DemoPerson, subject: string, entries: Record<string, Described> = {}): Promise<string> {
  const fields = [`From: ${from.address}`, `To: ${priya.address}`, `Subject: ${subject}`]
  const octets = build({ kind: 'message', fields, page: 'Please see attached.\n\nTel. 020 7946 0018', entries })
  const client = await openSmtpClient(service.faces.submissions.port, from)
  try {
    return (await client.submit({ from: from.address, to: [priya.address], octets })).reply.text
  } finally {
    client.close()
  }
}

/** The page of the newest message of the prosecutor. */
async function newestPage(): Promise<string> {
  const visitor = webVisitor(service.faces.web.app)
  await visitor.signIn(priya)
  const list = await visitor.follow(await visitor.get('/'))
  const [newest = ''] = list.body.match(/\/mail\/[0-9a-f-]{36}\/\d+(?=")/) ?? []
  return (await visitor.get(newest)).body
}

test('who receives a message in its sender’s own scheme is told what it asks; from others the same words are only their own (G07, G08)', async () => {
  assert.match(await send(miriam, 'HOLLIS AMBER: lease'), /^250/)
  const page = await newestPage()
  assert.ok(page.includes('HOLLIS AMBER') && page.includes(sentence), page)
  assert.match(await send(orla, 'HOLLIS AMBER: lease'), /^250/)
  assert.ok(!(await newestPage()).includes(sentence))
})

const hidden = (html: string, name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? ''

/** Writes in webmail with that marking, as far as the page that checks it. */
async function write(from: DemoPerson, marking: string) {
  const writer = webVisitor(service.faces.web.app)
  await writer.signIn(from)
  const form = await writer.get('/write')
  const fields = { to: priya.address, cc: '', bcc: '', subject: 'lease', text: 'See below.', marking }
  const saved = await writer.post('/write', { begun: hidden(form.body, 'begun'), version: '0', ...fields, do: 'check' })
  return { writer, form: form.body, check: (await writer.get(String(saved.headers.location))).body }
}

test('webmail offers a writer their organisation’s own markings, none of another’s, and none above the ceiling (G05, G07)', async () => {
  const { writer, form, check } = await write(miriam, 'HOLLIS/HOLLIS AMBER')
  assert.ok(form.includes('value="HOLLIS/HOLLIS AMBER"') && !form.includes('HOLLIS BLACK'))
  assert.ok(check.includes('HOLLIS AMBER') && check.includes(`Who receives it is told: ${sentence}`), check)
  const send = /action="([^"]*\/send)"/.exec(check)?.[1] ?? ''
  const sent = await writer.post(send, { version: hidden(check, 'version'), shown: hidden(check, 'shown') })
  assert.equal(sent.statusCode, 303, sent.body)
  const page = await newestPage()
  assert.ok(page.includes('[HOLLIS AMBER] lease') && page.includes(sentence), page)

  for (const [from, marking] of [
    [orla, 'HOLLIS/HOLLIS AMBER'],
    [miriam, 'HOLLIS/HOLLIS BLUE'],
  ] as const) {
    const other = await write(from, marking)
    assert.equal(other.form.includes('HOLLIS/'), from === miriam)
    assert.ok(other.check.includes('No marking. It is protected all the same'), marking)
  }
})

test('what an organisation attaches is read by its own scheme, at any depth, and what others attach is not (G05, G07)', async () => {
  const report: Described = { kind: 'docx', header: 'HOLLIS BLACK', page: 'x' }
  const inZip: Record<string, Described> = { 'annex.zip': { kind: 'zip', entries: { 'report.docx': report } } }
  assert.match(await send(miriam, 'papers', inZip), /^550 5\.7\.1 \[G05\] annex\.zip > report\.docx, header: HOLLIS BLACK/)
  assert.match(await send(miriam, 'papers', { 'HOLLIS BLACK - plan.bin': { kind: 'text', page: 'x' } }), /^550 5\.7\.1 \[G05\]/)
  assert.match(await send(orla, 'papers', inZip), /^250/)
  assert.match(await send(miriam, 'papers', { 'report.docx': { ...report, header: 'HOLLIS AMBER' } }), /^250/)
})

test('a label of Microsoft’s is what the operator’s table says of its id, whoever attaches it (G05)', async () => {
  const labelled = (id: string): Record<string, Described> => ({ 'report.docx': { kind: 'docx', page: 'x', label: { id } } })
  for (const from of [miriam, orla])
    assert.match(
      await send(from, 'papers', labelled('2096F6A2-D2F7-48BE-B329-B73AAA526E5D')),
      /^550 5\.7\.1 \[G05\] report\.docx, label metadata: SECRET \(by its label\)/,
    )
  assert.match(await send(orla, 'papers', labelled('00000000-d2f7-48be-b329-b73aaa526e5d')), /^250/)
})
