// Records: the leaf form, commitments, what is sealed, and that there is no act without a record. docs/flow.md, Evidence. G14, T03
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { after, test } from 'node:test'
import { Unavailable } from '#base/faults.ts'
import { newId } from '#base/ids.ts'
import { newLog } from '#base/log.ts'
import { type Leaf, commit, commitmentOf, contentCommitment, leafOctets, opens } from '#evidence/leaf.ts'
import { type Act, type PreparedRecord, openEvidence } from '#evidence/record.ts'
import { theService } from '#keys/epoch.ts'
import type { Keys } from '#keys/keys.ts'
import { openDatabase } from '#store/database.ts'
import { sql } from '#store/sql.ts'
import { testDatabase } from '#test/support/database.ts'
import { testKeys } from '#test/support/keys.ts'

const { database, connectionString } = await testDatabase()
const clock = { now: () => 1_782_000_000_000, monotonic: () => 0 }
const { keys } = await testKeys(clock)
const forParties = openDatabase({ connectionString, connections: 2, waitMs: 5_000, log: newLog('silent', {}) })
after(() => forParties.close())
const evidence = openEvidence(database, forParties, keys, clock)
const [orla, miriam] = [newId(1), newId(2)]
const act = (more: Partial<Act> = {}): Act => ({
  event: 'SignIn',
  actor: orla,
  about: miriam,
  details: [{ remoteAddress: '192.0.2.1' }],
  ...more,
})
const write = (one: Act) => database.transaction((tx) => evidence.write(tx, one))
const count = async () => (await database.rows<{ count: number }>(sql`select count(*) as count from evidence_record`))[0]!.count

test('a leaf is exactly these octets: RFC 8785, seven members, nothing else', () => {
  const leaf: Leaf = {
    v: 1,
    id: '019a0000-0000-7000-8000-000000000001',
    event: 'SubmissionAcceptance',
    atMs: 1_782_000_000_000,
    actor: '5f0c8b9e-6f0e-4b43-9d8b-2f1f0d1a7c11',
    about: '0d1f5e0a-93a1-4d9e-8f55-7a1e3a1b9c22',
    commitments: [commitmentOf(Buffer.alloc(32, 7), { recipient: 'a@b.test', outcome: 'delivered', octets: 12 })],
  }
  assert.equal(
    leafOctets(leaf).toString(),
    '{"about":"0d1f5e0a-93a1-4d9e-8f55-7a1e3a1b9c22","actor":"5f0c8b9e-6f0e-4b43-9d8b-2f1f0d1a7c11","atMs":1782000000000,' +
      `"commitments":["${hash('sha256', Buffer.concat([Buffer.alloc(32, 7), Buffer.from('{"octets":12,"outcome":"delivered","recipient":"a@b.test"}')]), 'base64')}"],` +
      '"event":"SubmissionAcceptance","id":"019a0000-0000-7000-8000-000000000001","v":1}',
  )
  assert.equal(leaf.commitments[0], 'nroJEpezX/Rp9cxLkYmG3Fgu51xHohS1KkPOhDkrpdw=')
})

test('a written record is that form in the row, and reads back with what opens it', async () => {
  const id = await write(act({ details: [{ one: 1 }, { two: 'zwei' }] }))
  const [row] = await database.rows<{ leaf: Buffer; leafIndex: number | null }>(
    sql`select leaf, leaf_index from evidence_record where id = ${id}`,
  )
  const leaf = JSON.parse(row!.leaf.toString()) as Leaf
  assert.deepEqual(Object.keys(leaf), ['about', 'actor', 'atMs', 'commitments', 'event', 'id', 'v'])
  assert.deepEqual(
    [leaf.v, leaf.id, leaf.event, leaf.atMs, leaf.commitments.length, row!.leafIndex],
    [1, id, 'SignIn', clock.now(), 2, null],
  )
  assert.ok(row!.leaf.equals(leafOctets(leaf)))
  const read = (await evidence.read(id))!
  assert.deepEqual(read.leaf, leaf)
  assert.deepEqual(
    read.openings!.map((opening) => opening.detail),
    [{ one: 1 }, { two: 'zwei' }],
  )
  assert.ok(read.openings!.every((opening) => opens(leaf, opening)))
  assert.equal(await evidence.read(newId(3)), null)
})

test('a commitment opens with its own salt and detail only', () => {
  const { commitment, opening } = commit({ recipient: 'a@b.test', octets: 5 })
  const leaf: Leaf = { v: 1, id: newId(1), event: 'SignIn', atMs: 1, actor: newId(1), about: newId(1), commitments: [commitment] }
  assert.equal(opens(leaf, opening), true)
  assert.equal(opens(leaf, { ...opening, detail: { octets: 5, recipient: 'a@b.test' } }), true)
  const salt = Buffer.from(opening.salt, 'base64')
  assert.equal(salt.length, 32)
  for (let at = 0; at < salt.length; at++) {
    const changed = Buffer.from(salt)
    changed[at]! ^= 1
    assert.equal(opens(leaf, { ...opening, salt: changed.toString('base64') }), false)
  }
  for (const detail of [
    { recipient: 'a@b.tesu', octets: 5 },
    { recipient: 'a@b.test', octets: 6 },
    { recipient: 'a@b.test' },
    {},
  ])
    assert.equal(opens(leaf, { ...opening, detail: detail as Record<string, string> }), false)
  assert.notEqual(commit({ recipient: 'a@b.test', octets: 5 }).commitment, commitment)
})

test('content is committed to without showing its digest', () => {
  const digest = Buffer.from(hash('sha256', 'content', 'hex'), 'hex')
  const one = contentCommitment(digest)
  assert.equal(one.sha256, hash('sha256', Buffer.concat([Buffer.from(one.salt, 'base64'), digest]), 'base64'))
  assert.equal(JSON.stringify(one).includes(digest.toString('base64')), false)
  assert.notEqual(contentCommitment(digest).sha256, one.sha256)
})

test('details and names are unreadable in every row', async () => {
  const id = await write(act({ details: [{ address: 'canary-detail@firm.test', name: 'Canary Näme' }] }))
  const rows = await database.rows<{ all: string }>(sql`
    select leaf::text || sealed_detail::text as all from evidence_record union all select id::text || subject_hash::text || sealed_meaning::text from evidence_party`)
  for (const { all } of rows) {
    const octets = Buffer.from(all.replaceAll('\\x', ''), 'hex').toString('latin1')
    for (const word of ['canary', 'Canary', orla, miriam]) assert.equal(`${all} ${octets}`.includes(word), false, word)
  }
  const [sealed] = await database.rows<{ sealedDetail: Buffer }>(sql`select sealed_detail from evidence_record where id = ${id}`)
  const other = await write(act())
  await database.run(sql`update evidence_record set sealed_detail = ${sealed!.sealedDetail} where id = ${other}`)
  await assert.rejects(evidence.read(other), /do not open/)
})

test('a record whose details were disposed of still has its leaf', async () => {
  const id = await write(act())
  await database.run(sql`update evidence_record set sealed_detail = null where id = ${id}`)
  const read = (await evidence.read(id))!
  assert.deepEqual([read.leaf.event, read.openings], ['SignIn', null])
})

test('ids of parties are random, the same at every act, and the same for another process that meets them at the same time', async () => {
  const newcomer = newId(99)
  const others = Array.from({ length: 10 }, () => openEvidence(database, forParties, keys, clock))
  const ids = await Promise.all(
    others.map((one) => database.transaction((tx) => one.write(tx, act({ actor: newcomer, about: newcomer })))),
  )
  const leaves = await Promise.all(ids.map(async (id) => (await evidence.read(id))!.leaf))
  assert.equal(new Set(leaves.flatMap(({ actor, about }) => [actor, about])).size, 1)
  const { leaf } = (await evidence.read(await write(act({ actor: newcomer, about: theService }))))!
  assert.equal(leaf.actor, leaves[0]!.actor)
  assert.notEqual(leaf.about, leaf.actor)
  assert.match(leaf.actor, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]/) // UUIDv4: tells nothing of when it was made
})

test('a record is gone with a transaction that is rolled back, and who it was the first to name has one id all the same', async () => {
  const newcomer = newId(100)
  const before = await count()
  await assert.rejects(
    database.transaction(async (tx) => {
      await evidence.write(tx, act({ actor: newcomer }))
      await evidence.write(tx, act({ actor: newcomer }))
      throw new Error('rolled back')
    }),
  )
  assert.equal(await count(), before)
  const { leaf } = (await evidence.read(await write(act({ actor: newcomer }))))!
  const parties = await database.rows(sql`select from evidence_party where id = ${leaf.actor}`)
  assert.equal(parties.length, 1)
})

test('a record that cannot be written refuses the act: keys away, a row refused, a row that is none', async () => {
  await database.run(sql`create table act_done (id int)`)
  const away: Keys = { ...keys, currentFor: () => Promise.reject(new Unavailable('keys')) }
  const failing = openEvidence(database, forParties, away, clock)
  const acts: ((tx: Parameters<Parameters<typeof database.transaction>[0]>[0]) => Promise<unknown>)[] = [
    (tx) => failing.write(tx, act()),
    async (tx) => {
      const record = await evidence.prepare(act())
      await evidence.writeAll(tx, [record])
      return evidence.writeAll(tx, [record])
    },
    async (tx) => evidence.writeAll(tx, [{ ...(await evidence.prepare(act())), id: 'none' }]),
  ]
  const before = await count()
  for (const one of acts) {
    await assert.rejects(
      database.transaction(async (tx) => {
        await tx.run(sql`insert into act_done values (1)`)
        await one(tx)
      }),
    )
  }
  assert.equal(await count(), before)
  assert.equal((await database.rows(sql`select from act_done`)).length, 0)
})

test('acts that hold every connection of their pool are recorded all the same, whoever they name', async () => {
  const narrow = openDatabase({ connectionString, connections: 2, waitMs: 1_000, log: newLog('silent', {}) })
  const one = openEvidence(narrow, forParties, keys, clock)
  const ids = await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      narrow.transaction((tx) => one.write(tx, act({ actor: newId(500 + index), about: theService }))),
    ),
  )
  assert.equal(new Set(ids).size, 12)
  await narrow.close()
})

test('prepared records ask no database once their holders were introduced, and are written in one statement', async () => {
  let queries = 0
  const counting = {
    ...database,
    rows: ((query) => {
      queries++
      return database.rows(query)
    }) as typeof database.rows,
    run: ((query) => {
      queries++
      return database.run(query)
    }) as typeof database.run,
  }
  const one = openEvidence(counting, counting, keys, clock)
  await one.introduce([orla, miriam])
  queries = 0
  const records: PreparedRecord[] = []
  for (let times = 0; times < 20; times++) records.push(await one.prepare(act({ details: [{ times }] })))
  assert.equal(queries, 0)
  let statements = 0
  await database.transaction(async (tx) => {
    const later: typeof tx.later = (query) => {
      statements++
      tx.later(query)
    }
    one.writeAll({ ...tx, later }, records)
  })
  assert.equal(statements, 1)
  for (const [index, { id }] of records.entries())
    assert.deepEqual((await evidence.read(id))!.openings![0]!.detail, { times: index })
})

test('a record of 500 recipients has a commitment for each among others that nothing opens, in an order that says nothing', async () => {
  const details = Array.from({ length: 500 }, (_, index) => ({
    recipient: `recipient-${index}@firm.cjsm.test`,
    outcome: 'delivered',
    octets: 4096,
    marking: null,
  }))
  const { leaf, openings } = (await evidence.read(await write(act({ event: 'SubmissionAcceptance', details }))))!
  assert.equal(new Set(leaf.commitments).size, 512)
  assert.deepEqual(leaf.commitments, [...leaf.commitments].sort())
  assert.ok(
    openings!.every((opening) => leaf.commitments.includes(commitmentOf(Buffer.from(opening.salt, 'base64'), opening.detail))),
  )
  assert.deepEqual(openings![499]!.detail, details[499])
  assert.equal(JSON.stringify(leaf).includes('recipient-'), false)
  // Who sees the leaf of one recipient's receipt cannot tell one recipient from four.
  for (const count of [1, 2, 4]) {
    const few = await write(act({ event: 'SubmissionAcceptance', details: details.slice(0, count) }))
    assert.equal((await evidence.read(few))!.leaf.commitments.length, 4)
  }
})
