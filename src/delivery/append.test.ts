// APPEND: the second door: scanned, sealed, recorded, counted, octet for octet. T19, G20, RFC 3501 §6.3.11
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { after, afterEach, test } from 'node:test'
import { type Refused, Unavailable } from '#base/faults.ts'
import { sql } from '#store/sql.ts'
import { allRecords, messageOf, openTestDoors } from '#test/support/acceptance.ts'
import { eicar } from '#test/support/clamd.ts'
import { testService } from '#test/support/service.ts'

const service = await testService()
const { database } = service.domains
const doors = await openTestDoors(service)
after(async () => {
  await doors.close()
  await service.close()
})
afterEach(() => {
  service.clamd.mode = 'finds-eicar'
})
const miriam = service.person('solicitor')
const who = await doors.signIn(miriam)

async function* chunksOf(raw: string | Buffer) {
  const octets = Buffer.from(raw)
  for (let at = 0; at < octets.length; at += 50_000) yield octets.subarray(at, at + 50_000)
}
const append = (mailbox: string, raw: string | Buffer, more: { flags?: string[]; internalDateMs?: number } = {}, by = doors) =>
  by.append(
    who,
    mailbox,
    { flags: more.flags ?? [], internalDateMs: more.internalDateMs ?? null, octets: raw.length },
    chunksOf(raw),
  )
const reasonOf = (reply: object) => (reply as Refused).reason
const copies = async () => (await database.rows<{ count: number }>(sql`select count(*) as count from copy`))[0]!.count

test('what is appended is in the mailbox octet for octet, no field added or taken, Bcc too, with its flags and date', async () => {
  const raw = messageOf('From: x@y.test', 'Bcc: kept@y.test', 'Subject: draft', '', 'body')
  const placed = await append('Drafts', raw, { flags: ['\\Draft', '\\Seen'], internalDateMs: 1_000_000_000_000 })
  assert.ok('uid' in placed && placed.uid === 1)
  assert.deepEqual(await doors.read(miriam, 'Drafts'), [raw])
  const [row] = await database.rows<{ flags: string; internalDateMs: number }>(
    sql`select array_to_string(flags, ' ') as flags, internal_date_ms from copy where holder = ${who.account}`,
  )
  assert.deepEqual([row!.flags.split(' ').sort(), row!.internalDateMs], [['\\Draft', '\\Seen'], 1_000_000_000_000])
  assert.equal(doors.announced.length, 1)
})

test('large and odd content goes in and comes back octet for octet', async () => {
  for (const raw of [
    '',
    'no header at all',
    '\r\n',
    'Subject: only a header\r\n',
    `Subject: large\r\n\r\n${randomBytes(400_000).toString('base64')}`,
  ]) {
    assert.ok('uid' in (await append('Archive', raw)), JSON.stringify(raw.slice(0, 20)))
    assert.equal((await doors.read(miriam, 'Archive')).at(-1), raw)
  }
  assert.deepEqual(await readdir(service.folders.spool), [])
})

test('it is recorded, with a commitment to its content and none of its words (T03)', async () => {
  await append('Drafts', messageOf('Subject: canary-subject', '', 'x'))
  const records = (await allRecords(service)).filter(({ leaf }) => leaf.event === 'MailboxAppend')
  const { detail } = records.at(-1)!.openings[0]!
  assert.equal(detail.computer, who.computer)
  assert.deepEqual(Object.keys(detail.content as object).sort(), ['salt', 'sha256'])
  assert.equal(JSON.stringify(records).includes('canary'), false)
})

test('malicious content and content that cannot be scanned are refused, and a clamd that is away makes it unavailable (T19)', async () => {
  const before = await copies()
  assert.equal(reasonOf(await append('Drafts', messageOf('Subject: x', '', eicar))), 'content-is-malicious')
  service.clamd.mode = 'encrypted'
  assert.equal(reasonOf(await append('Drafts', messageOf('Subject: x', '', 'zip'))), 'content-cannot-be-scanned')
  service.clamd.mode = 'closes'
  await assert.rejects(append('Drafts', messageOf('Subject: x', '', 'away')), Unavailable)
  assert.equal(await copies(), before)
})

test('a mailbox that is not there and a quota that is full refuse it, before and under the lock (G20)', async () => {
  const before = await copies()
  assert.equal(reasonOf(await append('Nowhere', 'x')), 'mailbox-does-not-exist')
  const [{ used }] = (await database.rows<{ used: number }>(
    sql`select sum(octets)::bigint as used from mailbox where holder = ${who.account}`,
  )) as [{ used: number }]
  const raw = messageOf('Subject: fits', '', 'exactly')
  await database.run(sql`update holder set quota_octets = ${used + raw.length - 1} where id = ${who.account}`)
  const hasty = await openTestDoors(service, { roomOf: async () => 1e9 })
  assert.equal(reasonOf(await append('Drafts', raw, {}, hasty)), 'over-quota')
  assert.equal(await copies(), before)
  await database.run(sql`update holder set quota_octets = ${used + raw.length} where id = ${who.account}`)
  assert.ok('uid' in (await append('Drafts', raw, {}, hasty)))
  const full = await openTestDoors(service, { roomOf: async () => 0 })
  assert.equal(reasonOf(await append('Drafts', 'x', {}, full)), 'over-quota')
  await full.close()
  await hasty.close()
  await database.run(sql`update holder set quota_octets = 100000000 where id = ${who.account}`)
})

test('what cannot be recorded is not appended: no record, no act', async () => {
  const evidence = { ...service.domains.evidence, write: () => Promise.reject(new Error('evidence is away')) }
  const broken = await openTestDoors(service, { evidence })
  const before = await copies()
  await assert.rejects(append('Drafts', 'Subject: x\r\n\r\nx', {}, broken), /evidence is away/)
  assert.equal(await copies(), before)
  await broken.close()
})

test('a client that goes away in the middle leaves nothing, in no folder either', async () => {
  const before = await copies()
  const ending = async function* () {
    yield randomBytes(300_000)
    throw new Error('the client went away')
  }
  await assert.rejects(doors.append(who, 'Drafts', { flags: [], internalDateMs: null, octets: 1_000_000 }, ending()), /went away/)
  assert.equal(await copies(), before)
  assert.deepEqual(await readdir(service.folders.spool), [])
})
