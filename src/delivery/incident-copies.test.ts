// What the ceiling refused: which content is the same, how much of it is kept, and that it is nobody's orphan. G05, G20
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orphanGraceMs, sweepContent } from '#delivery/housekeeping.ts'
import { inspect, octetsOf } from '#delivery/inspect.ts'
import { maxIncidentCopiesPerDay, maxIncidentOctetsPerDay } from '#delivery/limits.ts'
import { sameContentHash } from '#delivery/same-content.ts'
import { sql } from '#store/sql.ts'
import { messageOf, openTestDoors } from '#test/support/acceptance.ts'
import { testService } from '#test/support/service.ts'

const service = await testService()
const doors = await openTestDoors(service)
const { domains } = service
const orla = service.person('detective sergeant')
const priya = service.person('prosecutor')
const who = await doors.signIn(orla)

async function hashOf(raw: string, submitter = who.account): Promise<string> {
  const octets = octetsOf(Buffer.from(raw))
  return (await sameContentHash(domains.keys, submitter, octets, await inspect(octets))).toString('hex')
}

interface Made {
  readonly fields?: readonly string[]
  readonly subject?: string
  readonly text?: string
  readonly charset?: string
  readonly encoding?: '8bit' | 'base64' | 'quoted-printable'
  readonly boundary?: string
  readonly file?: string
  readonly content?: string
}
function made({
  fields = [],
  subject = 'SECRET - plan',
  text = 'See the plan.',
  boundary = 'b',
  encoding = '8bit',
  charset = 'utf-8',
  ...more
}: Made) {
  const { file = 'plan.txt', content = 'The plan' } = more
  const written =
    encoding === 'base64' ? Buffer.from(text).toString('base64') : encoding === '8bit' ? text : text.replaceAll('e', '=65')
  return messageOf(
    ...fields,
    `Subject: ${subject}`,
    'MIME-Version: 1.0',
    `Content-Type: multipart/mixed; boundary=${boundary}`,
    '',
    `--${boundary}`,
    `Content-Type: text/plain; charset=${charset}`,
    `Content-Transfer-Encoding: ${encoding}`,
    '',
    written,
    `--${boundary}`,
    `Content-Disposition: attachment; filename="${file}"`,
    'Content-Type: application/octet-stream',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from(content).toString('base64'),
    `--${boundary}--`,
  )
}

test('G05 the same content is the same however a program writes it down and whoever it goes to', async () => {
  const first = await hashOf(made({}))
  const same: Made[] = [
    { fields: ['Date: Sun, 22 Nov 2026 10:00:00 +0000', 'Message-ID: <1@a.example>', 'To: a@b.example', 'User-Agent: One'] },
    { fields: ['Received: from a by b', 'X-Mailer: Two', 'From: c@d.example'] },
    { boundary: 'quite-another' },
    { encoding: 'base64' },
    { encoding: 'quoted-printable' },
    { subject: 'SECRET -\r\n plan' },
    { subject: '=?utf-8?Q?SECRET_-_plan?=' },
    { text: 'See the plan.\r\n\r\n' },
    { charset: '"UTF-8"' },
  ]
  for (const one of same) assert.equal(await hashOf(made(one)), first, JSON.stringify(one))
})

test('G05 a release of one content is none of another: subject, marking fields, text, names and files all count, and so does who sends it', async () => {
  const first = await hashOf(made({}))
  const others: Made[] = [
    { subject: 'SECRET - plans' },
    { fields: ['X-Protective-Marking: SEC=SECRET'] },
    { fields: ['SIO-Label: marking="SECRET"'] },
    { text: 'See the other plan.' },
    { text: 'See the\r\nplan.' },
    { charset: 'utf-16' },
    { file: 'SECRET plan.txt' },
    { content: 'The plan.' },
    { content: 'The plan\r\n' },
  ]
  for (const one of others) assert.notEqual(await hashOf(made(one)), first, JSON.stringify(one))
  assert.notEqual(await hashOf(made({}), (await doors.signIn(priya)).account), first)
  assert.notEqual(await hashOf(made({}).replace('--b--', '--b\r\n\r\nmore\r\n--b--')), first)
})

test('G05 the same content that comes twice at once is kept once', async () => {
  const send = (n: number) =>
    doors.submit(orla, [priya.address], made({ fields: [`From: ${orla.address}`, `Message-ID: <${n}@a.example>`] }))
  const replies = await Promise.all([1, 2, 3, 4].map(send))
  assert.ok(replies.every((one) => one.kind === 'refused' && one.clause === 'G05'))
  assert.equal((await domains.incidents.list()).length, 1)
  assert.equal((await domains.database.rows(sql`select from incident_copy`)).length, 1)
})

const lines = ['subject: SECRET']

test('G05 an account’s copies of a day hold so many octets, and no more', async () => {
  const account = (await doors.signIn(priya)).account
  const octets = octetsOf(Buffer.from(made({ subject: 'SECRET - octets' })))
  const inspected = await inspect(octets)
  const open = async (n: number, size: number) =>
    domains.database.transaction((tx) =>
      domains.incidents.openAbout(tx, `0190a000-0000-7000-8000-00000000000${n}`, {
        ...{ kind: 'above-ceiling', clause: 'G05', account, about: 'x', detail: 'x', message: null },
        ...{ hash: Buffer.from(`${n}`), octets: size },
      }),
    )
  await open(1, maxIncidentOctetsPerDay - octets.size)
  const hash = await domains.incidentCopies.hashOf(account, octets, inspected)
  const fits = await domains.incidentCopies.prepare(account, lines, hash, octets, inspected)
  assert.notEqual(fits, null)
  await fits!.abandon()
  await open(2, 1)
  assert.equal(await domains.incidentCopies.prepare(account, lines, hash, octets, inspected), null)
})

test('G20 the sweep leaves the file of a copy that waits, and takes one that was never kept', async () => {
  const text = Array.from({ length: 20_000 }, (_, n) => Math.sin(n).toString(16).slice(2)).join('\r\n')
  const raw = messageOf(`From: ${orla.address}`, 'Subject: SECRET - large', '', text)
  assert.equal((await doors.submit(orla, [priya.address], raw)).kind, 'refused')
  const octets = octetsOf(Buffer.from(raw.replace('large', 'never kept')))
  const inspected = await inspect(octets)
  const hash = await domains.incidentCopies.hashOf(who.account, octets, inspected)
  await domains.incidentCopies.prepare(who.account, lines, hash, octets, inspected)
  const { contentStore, database } = domains
  assert.equal((await Array.fromAsync(contentStore.list())).length, 2)
  const clock = { ...domains.clock, now: () => Date.now() + orphanGraceMs + 60_000 }
  assert.equal(await sweepContent({ database, contentStore, clock }), 1)
  const [kept] = await Array.fromAsync(contentStore.list())
  assert.equal((await database.rows(sql`select from incident_copy where id = ${kept!.id}`)).length, 1)
})

test('G05 an officer sees every line above the ceiling, in the message and in what is attached, since a release is of them all', async () => {
  const raw = messageOf(
    `From: ${orla.address}`,
    'Subject: SECRET - Santa',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain',
    '',
    'CONFIDENTIAL - STAFF',
    '',
    'zephyrine',
    '--b',
    'Content-Disposition: attachment; filename="TOP SECRET - annex.txt"',
    '',
    'zephyrine',
    '--b--',
  )
  const before = new Set((await domains.incidents.list()).map(({ id }) => id))
  const reply = await doors.submit(orla, [priya.address], raw)
  assert.equal(reply.kind === 'refused' && reply.about, 'subject: SECRET')
  const [opened] = (await domains.incidents.list()).filter(({ id }) => !before.has(id))
  const { detail } = (await domains.incidents.find(opened!.id))!
  assert.match(detail!, /^subject: SECRET\nbanner: CONFIDENTIAL[^\n]*\nTOP SECRET - annex\.txt, file name: TOP SECRET$/)
})

test('G20 a copy that cannot be destroyed keeps none of the others, and is not passed over in silence', async () => {
  const { database, incidents, incidentCopies } = domains
  const before = new Set((await incidents.list()).map(({ id }) => id))
  for (const subject of ['SECRET - damaged', 'SECRET - sound'])
    await doors.submit(orla, [priya.address], made({ subject, fields: [`From: ${orla.address}`] }))
  const [damaged, sound] = (await incidents.list()).filter(({ id }) => !before.has(id)).map(({ id }) => id)
  for (const id of [damaged!, sound!]) await database.transaction((tx) => incidents.decide(tx, who.account, id, 'destroyed', 'x'))
  const [row] = await database.rows<{ key: Buffer }>(
    sql`select wrapped_key as key from incident_copy where incident = ${damaged!}`,
  )
  await database.run(sql`update incident_copy set wrapped_key = ${Buffer.from('damaged')} where incident = ${damaged!}`)
  await assert.rejects(incidentCopies.destroyDecided())
  assert.notEqual(await incidentCopies.certificate(sound!), null)
  assert.equal(await incidentCopies.certificate(damaged!), null)
  await database.run(sql`update incident_copy set wrapped_key = ${row!.key} where incident = ${damaged!}`)
  assert.equal(await incidentCopies.destroyDecided(), 1)
})

test('G05 what comes at once stays within the copies of a day', async () => {
  const gareth = service.person('clerk')
  const { account } = await doors.signIn(gareth)
  const send = (n: number) =>
    doors.submit(gareth, [priya.address], made({ subject: `SECRET - ${n}`, fields: [`From: ${gareth.address}`] }))
  const replies = await Promise.all(Array.from({ length: maxIncidentCopiesPerDay + 10 }, (_, n) => send(n)))
  assert.ok(replies.every((one) => one.kind === 'refused' && one.clause === 'G05'))
  const opened = (await domains.incidents.list()).filter((one) => one.account === account)
  assert.equal(opened.length, maxIncidentCopiesPerDay)
})
