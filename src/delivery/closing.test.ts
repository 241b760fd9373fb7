// Signature blocks and statements, through the door: added where they are missing, never twice, and never to what must not be altered. G12, G13
import assert from 'node:assert/strict'
import { createHash, hash, randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import type { DemoPerson } from '#cli/demonstration.ts'
import { theService } from '#keys/epoch.ts'
import { allRecords, messageOf, openTestDoors } from '#test/support/acceptance.ts'
import { testService } from '#test/support/service.ts'

const service = await testService()
const { domains } = service
const doors = await openTestDoors(service)
after(async () => {
  await doors.close()
  await service.close()
})
const [priya, miriam] = ['prosecutor', 'solicitor'].map(service.person) as [DemoPerson, DemoPerson]

const message = (from: DemoPerson, ...more: string[]) =>
  messageOf(
    `From: ${from.address}`,
    `To: ${miriam.address}`,
    'Date: Mon, 1 Jul 2024 10:00:00 +0100',
    `Message-ID: <${randomBytes(8).toString('hex')}@x.example>`,
    ...more,
  )

/** What Miriam gets of what Priya sends. */
async function delivered(raw: string): Promise<string> {
  const reply = await doors.submit(priya, [miriam.address], raw)
  assert.equal(reply.kind, 'accepted', JSON.stringify(reply))
  return (await doors.read(miriam)).at(-1)!
}
const organisationOf = async (person: DemoPerson) =>
  (await domains.organisations.list()).find((one) => one.name === person.organisation)!.id

test('a message without a signature block gets name, role, organisation and address at its end, once (G12)', async () => {
  const got = await delivered(message(priya, 'Subject: hello', '', 'Dear Miriam', '', 'the papers are here.'))
  assert.ok(
    got.endsWith(`the papers are here.\r\n\r\n-- \r\nPriya Raman\r\nprosecutor, ${priya.organisation}\r\n${priya.address}\r\n`),
    got,
  )
  const again = await delivered(message(priya, 'Subject: hello', '', got.slice(got.indexOf('\r\n\r\n') + 4).trimEnd()))
  assert.equal(again.split(`\r\n${priya.address}\r\n`).length, 2, again)
})

test('a message with a signature block is delivered as it is (G12)', async () => {
  const raw = message(priya, 'Subject: hello', '', 'See you.', '', 'Priya', 'Tel. 020 7946 0000')
  assert.ok((await delivered(raw)).endsWith(raw))
})

test('a person’s own block is added instead, and goes into each alternative (G12)', async () => {
  const { account } = await doors.signIn(priya)
  const set = (text: string) => domains.database.transaction((tx) => domains.wordings.setBlock(tx, theService, account, text))
  assert.equal((await set('nothing to reach me by'))?.reason, 'signature-block-is-malformed')
  assert.equal(await set('--x\nPriya <Raman>\n020 7946 0123'), null)
  const fresh = await openTestDoors(service, {
    wordings: { ...domains.wordings, blockOf: async () => ['x', 'Priya <Raman>', '020 7946 0123'] },
  })
  await fresh.submit(
    priya,
    [miriam.address],
    message(
      priya,
      'Subject: hello',
      'MIME-Version: 1.0',
      'Content-Type: multipart/alternative; boundary=b',
      '',
      '--b',
      'Content-Type: text/plain',
      '',
      'Hello',
      '--b',
      'Content-Type: text/html',
      '',
      '<body>Hello</body>',
      '--b--',
    ),
  )
  const got = (await doors.read(miriam)).at(-1)!
  assert.match(got, /Hello\r\n\r\n-- \r\nx\r\nPriya <Raman>\r\n020 7946 0123\r\n--b\r\n/)
  assert.match(got, /<body>Hello\r\n<div>[\s\S]*Priya &#60;Raman&#62;<br>\r\n020 7946 0123<br>\r\n<\/div>\r\n<\/body>/)
  assert.equal(await set(''), null)
})

test('the organisation’s statement is added to what bears a marking, and never twice (G13)', async () => {
  const organisation = await organisationOf(priya)
  const statement = 'For the addressee only.'
  const set = (text: string | null) =>
    domains.database.transaction((tx) => domains.wordings.setWording(tx, theService, organisation, { statement: text }))
  assert.equal((await set('x'.repeat(2_001)))?.reason, 'statement-is-malformed')
  assert.equal(await set(statement), null)
  const worded = {
    name: priya.organisation,
    adopter: true,
    wording: { statement, statementFor: 'marked', unsigned: 'warn', unscannable: 'refuse' },
  } as const
  const fresh = await openTestDoors(service, { organisations: { ...domains.organisations, find: async () => worded } })
  const sendMarked = async (...body: string[]) => {
    await fresh.submit(priya, [miriam.address], message(priya, 'Subject: RESTRICTED: papers', '', ...body))
    return (await doors.read(miriam)).at(-1)!
  }
  assert.ok((await sendMarked('See you.', '020 7946 0000')).endsWith('020 7946 0000\r\n\r\n\r\nFor the addressee only.\r\n'))
  assert.equal((await sendMarked('See you.', '020 7946 0000', 'For the', 'addressee only.')).split('ddressee').length, 2)
  await fresh.submit(priya, [miriam.address], message(priya, 'Subject: papers', '', 'See you.', '020 7946 0000'))
  assert.doesNotMatch((await doors.read(miriam)).at(-1)!, /addressee/)
  assert.equal(await set(null), null)
})

const unaltered: [why: string, ...lines: string[]][] = [
  [
    'signed mail',
    'Content-Type: multipart/signed; boundary=b',
    '',
    '--b',
    '',
    'Hello',
    '--b',
    'Content-Type: application/pgp-signature',
    '',
    'x',
    '--b--',
  ],
  [
    'mail signed within its text',
    '',
    '-----BEGIN PGP SIGNED MESSAGE-----',
    '',
    'Hello',
    '-----BEGIN PGP SIGNATURE-----',
    'x',
    '-----END PGP SIGNATURE-----',
  ],
  ['encrypted mail', 'Content-Type: application/pkcs7-mime', 'Content-Transfer-Encoding: base64', '', 'AAAA'],
  [
    'an MDN',
    'Content-Type: multipart/report; report-type=disposition-notification; boundary=b',
    '',
    '--b',
    '',
    'Displayed',
    '--b',
    'Content-Type: message/disposition-notification',
    '',
    'x: y',
    '--b--',
  ],
  ['an automatic reply', 'Auto-Submitted: auto-replied', 'In-Reply-To: <a@b.example>', '', 'I am away.'],
  ['a calendar reply', 'Content-Type: text/calendar; method=REPLY', '', 'BEGIN:VCALENDAR'],
]
for (const [why, ...lines] of unaltered) {
  test(`${why} is delivered octet for octet (G12)`, async () => {
    const raw = message(priya, 'Subject: x', 'MIME-Version: 1.0', ...lines)
    assert.ok((await delivered(raw)).endsWith(raw))
  })
}

test('the record commits to the octets as submitted and as delivered (G12, G14)', async () => {
  const raw = message(priya, 'Subject: hello', '', 'Hello')
  const got = await delivered(raw)
  const records = await allRecords(service)
  const details = ['SubmissionAcceptance', 'ContentConsignment'].map(
    (event) => records.findLast(({ leaf }) => leaf.event === event)!.openings[0]!.detail,
  )
  const committed = (kept: unknown, octets: Buffer) => {
    const { salt, sha256 } = kept as { salt: string; sha256: string }
    return (
      hash('sha256', Buffer.concat([Buffer.from(salt, 'base64'), createHash('sha256').update(octets).digest()]), 'base64') ===
      sha256
    )
  }
  assert.ok(committed(details[0]!.submitted, Buffer.from(raw)))
  assert.ok(committed(details[1]!.delivered, Buffer.from(got, 'latin1')))
  assert.ok(!got.endsWith(raw))
})
