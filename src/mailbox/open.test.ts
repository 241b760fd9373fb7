// Opening copies: the octets, the hand-over in the evidence (G14, T03), and what is sealed; summaries, which touch no content.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import type { Act } from '#evidence/record.ts'
import { openGround } from '#mailbox/ground.test-support.ts'
import {
  maxMessagesPerRecord,
  maxReadAheadCopies,
  maxReadAheadOctets,
  maxSummaryBatchOctets,
  summaryBatch,
} from '#mailbox/limits.ts'
import type { Reader } from '#mailbox/means.ts'
import { openMailboxes } from '#mailbox/open-mailboxes.ts'
import { type Content, openCopies } from '#mailbox/open.ts'
import { newId } from '#base/ids.ts'
import { type Query, sql } from '#store/sql.ts'
import { testDatabase } from '#test/support/database.ts'

// Registered before the database's own, so that it is there until the last listener has gone.
after(() => ground.close())
const { database } = await testDatabase()
const ground = await openGround(database)
const { mailboxes } = ground

const message = 'Subject: a\r\n\r\nbody\r\n'
async function octetsOf(content: Content | null, from = 0, to = content?.octets ?? 0): Promise<Buffer> {
  assert.ok(content)
  const pieces: Buffer[] = []
  for await (const piece of content.range(from, to)) pieces.push(piece)
  return Buffer.concat(pieces)
}
const rowsOf = (table: 'hand_over' | 'evidence_record') =>
  database.rows<{ n: number }>(
    table === 'hand_over' ? sql`select count(*) as n from hand_over` : sql`select count(*) as n from evidence_record`,
  )
const inboxOf = (who: Reader) => ground.mailboxId(who, 'INBOX')

test('content comes octet for octet and by range, inline and from the content store (RFC 3501 §6.4.5)', async () => {
  const who = await ground.newReader()
  const large = Buffer.concat([Buffer.from('Subject: large\r\n\r\n'), randomBytes(700 * 1024)])
  await ground.deliver([{ who }], Buffer.from(message))
  await ground.deliver([{ who }], large)
  const opened = await mailboxes.open(who, await inboxOf(who), [1, 2, 9])
  assert.equal((await octetsOf(await opened.content(1))).toString(), message)
  const content = await opened.content(2)
  assert.ok((await octetsOf(content)).equals(large))
  for (const [from, to] of [
    [0, 5],
    [256 * 1024 - 1, 256 * 1024 + 1],
    [large.length - 3, large.length],
    [7, 7],
  ] as const) {
    assert.ok((await octetsOf(content, from, to)).equals(large.subarray(from, to)), `${from} to ${to}`)
  }
  assert.throws(() => content!.range(0, large.length + 1), RangeError)
  assert.equal(await opened.content(9), null)
})

test('the first hand-over of a message to a computer is recorded, a repeat is not, another computer’s first is (G14)', async () => {
  const who = await ground.newReader()
  await ground.deliver([{ who }], message)
  await ground.deliver([{ who }], message)
  const inbox = await inboxOf(who)
  await mailboxes.open(who, inbox, [1])
  await mailboxes.open(who, inbox, [1])
  await mailboxes.open(who, inbox, [1, 2])
  const messages = await database.rows<{ message: string }>(
    sql`select message from copy where holder = ${who.holder} order by uid`,
  )
  const expected = (index: number) => ({
    message: messages[index]!.message,
    mailbox: inbox,
    uid: index + 1,
    computer: who.computer,
    address: who.address,
  })
  assert.deepEqual(await ground.records(who), [
    { event: 'ContentHandover', details: [expected(0)] },
    { event: 'ContentHandover', details: [expected(1)] },
  ])
  const elsewhere = { ...who, computer: newId(Date.now()) }
  await mailboxes.open(elsewhere, inbox, [1, 2])
  assert.equal((await ground.records(elsewhere))[0]!.details.length, 2)
})

test('what is shown to its reader is recorded as opened, once a message and computer, also after a program fetched it (G14)', async () => {
  const who = await ground.newReader()
  await ground.deliver([{ who }], message)
  await ground.deliver([{ who }], message)
  const inbox = await inboxOf(who)
  await mailboxes.open(who, inbox, [1])
  await mailboxes.openToRead(who, inbox, [1])
  await mailboxes.openToRead(who, inbox, [1])
  await mailboxes.openToRead(who, inbox, [2])
  await mailboxes.open(who, inbox, [1, 2])
  assert.deepEqual(
    (await ground.records(who)).map(({ event, details }) => [event, ...details.map((detail) => detail['uid'])]),
    [
      ['ContentHandover', 1],
      ['MessageOpened', 1],
      ['ContentHandover', 2],
      ['MessageOpened', 2],
    ],
  )
  const elsewhere = { ...who, computer: newId(Date.now()) }
  await Promise.all([1, 2, 3].map(() => mailboxes.openToRead(elsewhere, inbox, [1])))
  const there = (await ground.records(elsewhere)).map(({ event }) => event)
  assert.deepEqual(there.sort(), ['ContentHandover', 'MessageOpened'])
})

test('two connections of one computer that open the same copies at once make one record', async () => {
  const who = await ground.newReader()
  for (let index = 0; index < 5; index++) await ground.deliver([{ who }], message)
  const inbox = await inboxOf(who)
  await Promise.all([1, 2, 3, 4].map(() => mailboxes.open(who, inbox, [1, 2, 3, 4, 5])))
  const records = await ground.records(who)
  assert.equal(records.flatMap((record) => record.details).length, 5)
})

test('a copy of a message that the computer has had is no new hand-over, also when the first copy has gone', async () => {
  const who = await ground.newReader()
  await ground.deliver([{ who, flags: ['\\Deleted'] }], message)
  const inbox = await inboxOf(who)
  await mailboxes.open(who, inbox, [1])
  await mailboxes.copy(who, inbox, [1], 'Archive')
  await mailboxes.expunge(who, inbox, null)
  await mailboxes.open(who, await ground.mailboxId(who, 'Archive'), [1])
  assert.deepEqual(
    (await ground.records(who)).map((record) => record.event),
    ['ContentHandover', 'MailboxCopy', 'MailboxExpunge'],
  )
})

test('one command on more messages than a record holds makes several records, with one commitment a message', async () => {
  const who = await ground.newReader()
  const acts: Act[] = []
  const { evidence } = ground.means
  const watched = openMailboxes({
    ...ground.means,
    evidence: {
      ...evidence,
      prepare(act) {
        acts.push(act)
        return evidence.prepare(act)
      },
    },
  })
  const count = maxMessagesPerRecord + 1
  for (let index = 0; index < count; index++) await ground.deliver([{ who }], message)
  await watched.open(
    who,
    await inboxOf(who),
    Array.from({ length: count }, (_, index) => index + 1),
  )
  assert.deepEqual(
    acts.map((act) => act.details.length),
    [maxMessagesPerRecord, 1],
  )
})

test('no record, no content: a fault in evidence refuses the opening and leaves no row', async () => {
  const who = await ground.newReader()
  await ground.deliver([{ who }], message)
  const before = [await rowsOf('hand_over'), await rowsOf('evidence_record')]
  ground.evidenceFails.now = true
  try {
    await assert.rejects(mailboxes.open(who, await inboxOf(who), [1]), /evidence is away/)
  } finally {
    ground.evidenceFails.now = false
  }
  assert.deepEqual([await rowsOf('hand_over'), await rowsOf('evidence_record')], before)
})

test('opening for a search hands nothing over', async () => {
  const who = await ground.newReader()
  await ground.deliver([{ who }], message)
  const opened = await openCopies(ground.means, who, await inboxOf(who), [1], 'search')
  assert.equal((await octetsOf(await opened.content(1))).toString(), message)
  assert.deepEqual(await ground.records(who), [])
})

test('content of another holder is not opened (T06)', async () => {
  const [who, other] = [await ground.newReader(), await ground.newReader()]
  await ground.deliver([{ who }], message)
  const opened = await mailboxes.open(other, await inboxOf(who), [1])
  assert.equal(await opened.content(1), null)
  assert.deepEqual(await ground.records(other), [])
})

test('a copy that is expunged after it was opened gives null, whatever is read ahead for others', async () => {
  const who = await ground.newReader()
  const half = Buffer.concat([Buffer.from('Subject: a\r\n\r\n'), Buffer.alloc(maxReadAheadOctets / 2, 'x')])
  for (let index = 0; index < 3; index++) await ground.deliver([{ who, flags: ['\\Deleted'] }], half)
  const inbox = await inboxOf(who)
  const opened = await mailboxes.open(who, inbox, [1, 2, 3])
  assert.equal((await octetsOf(await opened.content(1))).length, half.length)
  await mailboxes.expunge(who, inbox, [3])
  assert.equal(await opened.content(3), null)
})

test('copies are given in any order, more often than once, and past what is read ahead', async () => {
  const who = await ground.newReader()
  const count = maxReadAheadCopies + 2
  for (let index = 1; index <= count; index++) await ground.deliver([{ who }], `Subject: ${index}\r\n\r\n`)
  const uids = Array.from({ length: count }, (_, index) => index + 1)
  const opened = await mailboxes.open(who, await inboxOf(who), uids)
  for (const uid of [...uids, ...uids.toReversed(), 1, 1]) {
    assert.equal((await octetsOf(await opened.content(uid))).toString(), `Subject: ${uid}\r\n\r\n`)
  }
})

test('summaries give envelope, structure and sizes in the order of UIDs, past a batch, and record nothing (RFC 3501 §7.4.2)', async () => {
  const who = await ground.newReader()
  await ground.deliver([{ who, flags: ['\\Seen'] }], 'Subject: first\r\nContent-Type: text/html\r\n\r\nbody\r\n')
  for (let index = 0; index < summaryBatch; index++) await ground.deliver([{ who }], message)
  const uids = Array.from({ length: summaryBatch + 5 }, (_, index) => index + 1)
  const summaries = await Array.fromAsync(mailboxes.fetchSummaries(who, await inboxOf(who), uids))
  assert.deepEqual(
    summaries.map((one) => one.uid),
    uids.slice(0, summaryBatch + 1),
  )
  const [first] = summaries
  assert.deepEqual(
    [first!.envelope.subject, first!.structure.subtype, first!.flags, first!.internalDateMs, first!.modseq],
    ['first', 'html', ['\\Seen'], 1_700_000_000_000, 2n],
  )
  assert.equal(summaries[1]!.octets, message.length)
  assert.deepEqual(await ground.records(who), [])
})

test('summaries of messages with many parts are read a few at a time, and all come', async () => {
  const who = await ground.newReader()
  const parts = Array.from(
    { length: 900 },
    (_, index) => `--b\r\nContent-Type: text/plain; name="${index}${'n'.repeat(700)}"\r\n\r\n`,
  )
  const raw = `Subject: many\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${parts.join('')}--b--\r\n`
  const count = 7
  for (let index = 0; index < count; index++) await ground.deliver([{ who }], raw)
  const read: number[] = []
  const { database: own } = ground.means
  const rows = async <Row>(query: Query) => {
    const found = await own.rows<Row & { summary?: Buffer | null }>(query)
    read.push(found.reduce((sum, row) => sum + (row.summary?.length ?? 0), 0))
    return found
  }
  const watched = openMailboxes({ ...ground.means, database: { ...own, rows } })
  const uids = Array.from({ length: count }, (_, index) => index + 1)
  const summaries = await Array.fromAsync(watched.fetchSummaries(who, await inboxOf(who), uids))
  assert.deepEqual(
    summaries.map((one) => [one.uid, one.structure.parts.length]),
    uids.map((uid) => [uid, 900]),
  )
  const each = read.reduce((sum, octets) => sum + octets, 0) / count
  assert.ok(each * count > maxSummaryBatchOctets, 'the test has enough summaries to fill more than one batch')
  assert.ok(read.every((octets) => octets < maxSummaryBatchOctets + each + 100))
})

test('subject, body and attachment name are not readable in the rows, nor does a swapped summary or content open (G20)', async () => {
  const who = await ground.newReader()
  await ground.deliver([{ who }], 'Subject: CanarySubject\r\nContent-Type: text/plain; name="CanaryName"\r\n\r\nCanaryBody\r\n')
  await ground.deliver([{ who }], message)
  const rows = await database.rows<{ all: string }>(sql`
    select concat(copy::text, message::text) as all from copy join message on message.id = copy.message where holder = ${who.holder}`)
  const text = rows.map((row) => row.all).join('\n')
  assert.ok(text.length > 200 && !text.includes(Buffer.from('Canary').toString('hex')) && !text.includes('Canary'))
  const inbox = await inboxOf(who)
  await database.run(sql`
    update message set summary = other.summary, content = other.content from message other
     where message.id in (select message from copy where holder = ${who.holder} and uid = 1)
       and other.id in (select message from copy where holder = ${who.holder} and uid = 2)`)
  await assert.rejects(Array.fromAsync(mailboxes.fetchSummaries(who, inbox, [1])), { name: 'SealBroken' })
  await assert.rejects(async () => octetsOf(await (await mailboxes.open(who, inbox, [1])).content(1)), { name: 'SealBroken' })
})
