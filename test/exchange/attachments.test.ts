// The ceiling inside attachments, through the whole service: refused at DATA with the place, delivered where it is honest, and no word of a document in a log. G04, G05, G07, T07, T19
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { DemoPerson } from '#cli/demonstration.ts'
import { build, type Described } from '#mail/documents/build.test-support.ts'
import { openTestDoors } from '#test/support/acceptance.ts'
import { testService } from '#test/support/service.ts'
import { openSmtpClient } from '#test/support/smtp-client.ts'

const service = await testService()
const doors = await openTestDoors(service)
after(() => doors.close())
const [priya, miriam] = ['prosecutor', 'solicitor'].map(service.person) as [DemoPerson, DemoPerson]

async function send(from: DemoPerson, to: DemoPerson, entries: Record<string, Described>, more: readonly string[] = []) {
  const fields = [`From: ${from.address}`, `To: ${to.address}`, 'Subject: papers', ...more]
  const octets = build({ kind: 'message', fields, page: 'Please see attached.', entries })
  const client = await openSmtpClient(service.faces.submissions.port, from)
  try {
    const { reply } = await client.submit({ from: from.address, to: [to.address], octets })
    return reply.text
  } finally {
    client.close()
  }
}
const received = async (person: DemoPerson) => (await doors.read(person)).length
const report: Described = { kind: 'docx', header: 'UK SECRET', page: 'canary-body-word' }

test('a document marked above the ceiling is refused 550 5.7.1 with its place, wherever it is nested, and nobody gets it (G05, T07)', async () => {
  const before = await received(miriam)
  const inZip = await send(priya, miriam, { 'annex.zip': { kind: 'zip', entries: { 'report.docx': report } } })
  assert.match(inZip, /^550 5\.7\.1 \[G05\] annex\.zip > report\.docx, header: UK SECRET/)
  const pdf = await send(priya, miriam, { 'order.pdf': { kind: 'pdf', footer: 'TOP SECRET', page: 'Order' } })
  assert.match(pdf, /^550 5\.7\.1 \[G05\] order\.pdf, footer: TOP SECRET/)
  const named = await send(priya, miriam, { 'SECRET - canary-name.bin': { kind: 'text', page: 'x' } })
  assert.match(named, /^550 5\.7\.1 \[G05\] SECRET - canary-name\.bin, file name: SECRET/)
  assert.equal(await received(miriam), before)
})

test('CONFIDENTIAL alone on a document is the level from an adopter, and delivered from a non-adopter or in an answer (G05, G07)', async () => {
  const medical: Record<string, Described> = { 'report.docx': { kind: 'docx', header: 'CONFIDENTIAL', page: 'Medical report' } }
  assert.match(await send(priya, miriam, medical), /^550 5\.7\.1 \[G05\] report\.docx, header: CONFIDENTIAL/)
  assert.match(await send(miriam, priya, medical), /^250[ -]/)
  assert.match(await send(priya, miriam, medical, ['In-Reply-To: <one@client.example>']), /^250[ -]/)
})

test('an encrypted document is refused as long as nobody chose otherwise; a damaged one is delivered (G05, T19)', async () => {
  const locked = await send(priya, miriam, { 'locked.docx': { kind: 'compound', encrypted: true } })
  assert.match(locked, /^550 5\.7\.1 \[T19\] locked\.docx is encrypted/)
  const damaged: Described = { kind: 'text', page: '%PDF-1.7\n%%EOF' }
  assert.match(await send(priya, miriam, { 'damaged.pdf': damaged }), /^250[ -]/)
})

test('no file name and no word of a document is in a log', () => {
  const logs = readdirSync(service.folders.log).map((name) => readFileSync(join(service.folders.log, name), 'utf8'))
  assert.doesNotMatch(logs.join(''), /canary-(?:body-word|name)|annex\.zip|report\.docx/)
})
