// The marking in every carrier of what is delivered, with what stood there kept; carried, lowered; handling kept and enforced. G06, G08, G09, RFC 7444
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import type { DemoPerson } from '#cli/demonstration.ts'
import { inspect, octetsOf } from '#delivery/inspect.ts'
import { fieldText, fieldsNamed } from '#mail/header.ts'
import { findMarkings } from '#policy/find-markings.ts'
import { readMarkingSet } from '#policy/marking-set.ts'
import { shippedSchemes } from '#policy/schemes.ts'
import { allRecords, messageOf, openTestDoors } from '#test/support/acceptance.ts'
import { testService } from '#test/support/service.ts'

const service = await testService()
const doors = await openTestDoors(service)
after(async () => {
  await doors.close()
  await service.close()
})
const [orla, priya, miriam] = ['detective sergeant', 'prosecutor', 'solicitor'].map(service.person) as [
  DemoPerson,
  DemoPerson,
  DemoPerson,
]

const head = (person: DemoPerson, ...more: string[]) => [
  `From: ${person.address}`,
  'Date: Mon, 1 Jul 2024 10:00:00 +0100',
  `Message-ID: <${randomBytes(8).toString('hex')}@client.example>`,
  ...more,
]
const closing = ['', 'Jane Hart, 020 7946 0018']
const text = 'Content-Type: text/plain; charset=utf-8'

/** What was delivered to the solicitor, read again. */
async function delivered(person: DemoPerson, lines: readonly string[]) {
  const reply = await doors.submit(person, [miriam.address], messageOf(...lines))
  assert.equal(reply.kind, 'accepted', JSON.stringify(reply))
  const raw = (await doors.read(miriam)).at(-1)!
  const inspected = await inspect(octetsOf(Buffer.from(raw, 'latin1')))
  const field = (name: string) => fieldsNamed(inspected.header, name).map(fieldText)
  const found = findMarkings(inspected.header, inspected.texts, shippedSchemes)
  const carriers = found.map(({ carrier, marking }) => `${carrier} ${marking.level ?? marking.written}`)
  return { raw, field, carriers, inspected, texts: inspected.texts }
}
async function refused(person: DemoPerson, lines: readonly string[], to = [miriam.address]) {
  const reply = await doors.submit(person, to, messageOf(...lines))
  assert.equal(reply.kind, 'refused', JSON.stringify(reply))
  return reply as Extract<typeof reply, { kind: 'refused' }>
}
const all = (level: string, texts = 1) => [
  `x-protective-marking ${level}`,
  `subject ${level}`,
  ...Array.from({ length: texts }, () => `banner ${level}`),
]

test('a marking of the subject is written to both fields and above the text, and the history says so (G06, RFC 7444)', async () => {
  const { field, carriers, texts } = await delivered(orla, [
    ...head(orla, 'Subject: Rota [RESTRICTED - STAFF]'),
    text,
    '',
    'See below.',
    ...closing,
  ])
  assert.deepEqual(carriers, all('RESTRICTED'))
  assert.deepEqual(field('Subject'), ['Rota [RESTRICTED - STAFF]'])
  assert.deepEqual(field('X-Protective-Marking'), ['VER=2018.4, NS=cjsm, SEC=RESTRICTED, ACCESS=STAFF, NOTE=scheme:GPMS'])
  assert.deepEqual(field('SIO-Label'), ['marking="RESTRICTED - STAFF"; type=":ess"; label="MQYCAQIGASk="'])
  assert.match(
    field('SIO-Label-History')[0]!,
    /^new-marking="RESTRICTED - STAFF"; change=add; changed-by="mail\.cjsm\.test"; changed-at=/,
  )
  assert.deepEqual(field('X-CJSM-Mapped-Marking'), ['GSC OFFICIAL-SENSITIVE'])
  assert.ok(texts[0]!.startsWith('RESTRICTED - STAFF\r\n\r\nSee below.'), texts[0])
})

test('a marking of a field is written to the subject and the text, and the subject as it was is kept (G06)', async () => {
  const subject = ['Subject: =?utf-8?Q?Dienstplan_f=C3=BCr?=', ' =?utf-8?Q?_Mai?=']
  const { raw, field, carriers } = await delivered(orla, [
    ...head(orla, ...subject, 'SIO-Label: marking="UK PROTECT"'),
    text,
    '',
    'See below.',
    ...closing,
  ])
  assert.deepEqual(carriers, all('PROTECT'))
  assert.ok(raw.includes('\r\nSubject: [PROTECT]\r\n =?utf-8?Q?Dienstplan_f=C3=BCr?=\r\n =?utf-8?Q?_Mai?=\r\n'))
  assert.ok(raw.includes('\r\nX-Original-Subject: =?utf-8?Q?Dienstplan_f=C3=BCr?=\r\n =?utf-8?Q?_Mai?=\r\n'))
  assert.deepEqual(field('SIO-Label'), ['marking="UK PROTECT"'])
  assert.deepEqual(field('SIO-Label-History'), [])
})

test('a field that says less than the subject is written anew, and kept as it was (G06)', async () => {
  const fields = [
    'Subject: RESTRICTED: rota',
    'X-Protective-Marking: VER=2018.4, NS=x.test, SEC=PROTECT',
    'SIO-Label: marking="PROTECT"',
  ]
  const { field, carriers } = await delivered(orla, [
    ...head(orla, ...fields),
    text,
    '',
    'RESTRICTED',
    '',
    'See below.',
    ...closing,
  ])
  assert.deepEqual(carriers, all('RESTRICTED'))
  assert.deepEqual(field('X-Original-X-Protective-Marking'), ['VER=2018.4, NS=x.test, SEC=PROTECT'])
  assert.deepEqual(field('X-Original-SIO-Label'), ['marking="PROTECT"'])
  assert.match(field('SIO-Label-History')[0]!, /^marking="PROTECT"; new-marking="RESTRICTED"; change=replace/)
})

test('an unmarked message, and one with a marking of its own, get nothing (G06, G07)', async () => {
  for (const subject of ['Rota', 'CONFIDENTIAL: medical report']) {
    const { field, raw } = await delivered(miriam, [...head(miriam, `Subject: ${subject}`), text, '', 'See below.', ...closing])
    for (const name of ['X-Protective-Marking', 'SIO-Label', 'X-Original-Subject', 'X-CJSM-Mapped-Marking'])
      assert.deepEqual(field(name), [])
    assert.ok(raw.endsWith('\r\n\r\nSee below.\r\n\r\nJane Hart, 020 7946 0018\r\n'))
  }
})

const bodies: [string, string[], number][] = [
  ['quoted-printable', [`${text}\r\nContent-Transfer-Encoding: quoted-printable`, '', 'f=C3=BCr 020 7946 0018 =', 'on'], 1],
  [
    'base64',
    [`${text}\r\nContent-Transfer-Encoding: base64`, '', Buffer.from('für\r\nJane Hart, 020 7946 0018\r\n').toString('base64')],
    1,
  ],
  [
    'HTML and text',
    [
      'Content-Type: multipart/alternative; boundary=b\r\n',
      `--b\r\n${text}\r\n\r\nPlain.\r\nJane Hart, 020 7946 0018\r\n--b`,
      'Content-Type: text/html; charset=iso-8859-1\r\n',
      '<!DOCTYPE html><html><head><title>x</title></head><BODY bgcolor="a>b"><p>Rich.</p><p>Jane Hart, 020 7946 0018</p></body></html>\r\n--b--',
    ],
    2,
  ],
  [
    'quoted-printable HTML without a body tag',
    [
      'Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable',
      '',
      '<p>Rich=20=',
      'text</p><p>020 7946 0018 Jane</p>',
    ],
    1,
  ],
]
for (const [name, body, texts] of bodies) {
  test(`the line above a text in ${name} changes nothing else (G06, RFC 2045)`, async () => {
    const lines = [...head(orla, 'Subject: [PROTECT] Rota', 'MIME-Version: 1.0'), ...body]
    const before = await inspect(octetsOf(Buffer.from(messageOf(...lines))))
    const { carriers, inspected } = await delivered(orla, lines)
    assert.deepEqual(carriers, all('PROTECT', texts))
    const shape = (part: typeof before.structure.root): unknown => [part.type, part.subtype, part.parts.map(shape)]
    assert.deepEqual(shape(inspected.structure.root), shape(before.structure.root))
    const own = (one: string) => one.replace(/^\s*PROTECT\s*/, '').trimStart()
    const beginning = (one: string) => one.slice(0, 12)
    assert.deepEqual(
      inspected.texts.map((one) => beginning(own(one))),
      before.texts.map((one) => beginning(one.trimStart())),
    )
  })
}

test('a signed message keeps its parts and its subject octet for octet: only fields are added (G06, G12)', async () => {
  const signed = [
    'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary=s\r\n',
    `--s\r\n${text}\r\n\r\nSigned text.\r\nJane Hart, 020 7946 0018\r\n--s`,
    'Content-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\nMIIB\r\n--s--',
  ]
  const label = 'SIO-Label: marking="PROTECT"'
  const { raw, field } = await delivered(orla, [...head(orla, 'Subject: Rota', label, 'MIME-Version: 1.0'), ...signed])
  assert.ok(raw.endsWith(`\r\n\r\n${signed.slice(1).join('\r\n')}\r\n`))
  assert.deepEqual([field('Subject'), field('X-Original-Subject')], [['Rota'], []])
  assert.match(field('X-Protective-Marking')[0]!, /SEC=PROTECT/)
})

const quoting = ['', 'Thanks.', ...closing, '', 'On Monday, PC Lowe wrote:', '> RESTRICTED', '>', '> The rota.']
const answer = (...more: string[]) => [
  ...head(miriam, 'Subject: Re: Rota', 'In-Reply-To: <a@example.test>', ...more),
  text,
  ...quoting,
]

test('an answer carries the marking that it quotes, whoever writes it (G06, G07)', async () => {
  const { carriers } = await delivered(miriam, answer())
  assert.deepEqual(carriers, all('RESTRICTED'))
})

test('a marking is lowered by an act with a reason: recorded, written down, and its field taken out (G06, RFC 7444)', async () => {
  const { carriers, field } = await delivered(
    miriam,
    answer('X-CJSM-Lower-Marking: The rota was =?utf-8?Q?ver=C3=B6ffentlicht?='),
  )
  assert.deepEqual(carriers, [])
  assert.deepEqual(field('X-CJSM-Lower-Marking'), [])
  const [record] = (await allRecords(service)).filter(({ leaf }) => leaf.event === 'SubmissionAcceptance').slice(-1)
  const { marking, loweredFrom, loweringReason } = record!.openings[0]!.detail
  assert.deepEqual([marking, loweredFrom, loweringReason], [null, 'RESTRICTED', 'The rota was veröffentlicht'])
  const lower = await delivered(miriam, answer('X-CJSM-Lower-Marking: The annex is gone', 'X-Protective-Marking: SEC=PROTECT'))
  assert.deepEqual(lower.carriers, all('PROTECT'))
  assert.match(
    lower.field('SIO-Label-History')[0]!,
    /^marking="RESTRICTED"; new-marking="PROTECT"; change=replace.*lowered by the sender/,
  )
  assert.equal((await refused(miriam, answer('X-CJSM-Lower-Marking: -'))).clause, 'G06')
})

test('handling that a sender asks for is kept in the message and its summary, and named readers are held to (G09)', async () => {
  const asked = `X-CJSM-Handling: no-forwarding, reader=${miriam.address}, until=2099-12-31`
  const lines = [...head(orla, `To: ${miriam.address}`, 'Subject: Rota', asked), text, '', 'See below.', ...closing]
  const { field } = await delivered(orla, lines)
  assert.deepEqual(field('X-CJSM-Handling'), [asked.slice('X-CJSM-Handling: '.length)])
  const who = await doors.signIn(miriam)
  const reader = { holder: who.account, computer: who.computer, address: who.address }
  const { status, copies } = (await doors.mailboxes.select(reader, 'INBOX'))!
  const summaries = await Array.fromAsync(doors.mailboxes.fetchSummaries(reader, status.id, [copies.at(-1)!.uid]))
  assert.equal(summaries[0]!.handling, `no-forwarding, reader=${miriam.address}, until=2099-12-31T23:59:59Z`)
  const other = await refused(orla, lines, [priya.address])
  assert.deepEqual([other.clause, other.reason], ['G09', 'recipient-is-not-a-named-reader'])
  assert.equal(
    (await refused(orla, [...head(orla, 'X-CJSM-Handling: burn'), '', 'x', ...closing])).reason,
    'handling-is-not-understood',
  )
  const attached = ['Content-Type: message/rfc822', '', ...lines]
  const forward = [...head(miriam, 'Subject: Fwd: Rota', 'MIME-Version: 1.0'), ...attached]
  assert.equal((await refused(miriam, forward, [priya.address])).reason, 'forwarding-was-not-allowed')
})

test('a forwarded message brings the marking of the one that is attached to it (G06)', async () => {
  const original = [...head(orla, 'Subject: Rota [RESTRICTED]'), text, '', 'See below.', ...closing]
  const parts = [
    `--m\r\n${text}\r\n\r\nFor you.\r\nJane Hart, 020 7946 0018\r\n--m\r\nContent-Type: message/rfc822\r\n`,
    ...original,
    '--m--',
  ]
  const { carriers } = await delivered(miriam, [
    ...head(miriam, 'Subject: Fwd: Rota', 'MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=m\r\n'),
    ...parts,
  ])
  assert.deepEqual(carriers, all('RESTRICTED'))
})

test('an organisation’s own scheme is read, judged and written in its own mail, by the operator’s table mapped to others (G06, G07)', async () => {
  const own = {
    id: 'HP',
    title: 'Ours',
    levels: [
      { name: 'PUPILS ONLY', rank: 15 },
      { name: 'PARTNERS', rank: 40, aboveCeiling: true },
    ],
  }
  const markings = readMarkingSet([
    { name: 'own.json', data: { ...own, organisations: [miriam.organisation] } },
    { name: 'mapping.json', data: [{ from: 'HP/PUPILS ONLY', to: 'GPMS/PROTECT' }] },
  ])
  const theirs = await openTestDoors(service, { markings })
  const submit = (person: DemoPerson, subject: string) =>
    theirs.submit(person, [priya.address], messageOf(...head(person, `Subject: ${subject}`), text, '', 'See below.', ...closing))
  assert.equal((await submit(miriam, 'PUPILS ONLY: rota')).kind, 'accepted')
  const got = (await theirs.read(priya)).at(-1)!
  assert.match(got, /^X-Protective-Marking: VER=2018\.4, NS=cjsm, SEC=PUPILS ONLY, NOTE=scheme:HP/m)
  assert.match(got, /^X-CJSM-Mapped-Marking: GPMS PROTECT/m)
  assert.match(got, /\r\n\r\nPUPILS ONLY\r\n\r\nSee below/)
  const refusal = await submit(miriam, 'PARTNERS: rota')
  assert.equal(refusal.kind === 'refused' && refusal.clause, 'G05')
  assert.equal((await submit(orla, 'PARTNERS: rota')).kind, 'accepted')
  await theirs.close()
})
