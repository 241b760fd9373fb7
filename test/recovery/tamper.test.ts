// What is stored, changed in one place: `verify --all` finds it and names it. 25 places, by CJSM_LONG=1 300. design.md, Evidence; G14
import assert from 'node:assert/strict'
import { readFile, rename, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { leafHash } from '#evidence/merkle.ts'
import { sequence } from '#evidence/sequencer.ts'
import { theService } from '#keys/epoch.ts'
import { auditIn } from '#roles/prove.ts'
import type { Transaction } from '#store/database.ts'
import { type Query, sql } from '#store/sql.ts'
import { messageOf, openTestDoors } from '#test/support/acceptance.ts'
import { testLogKeeper, testOrigin } from '#test/support/log-keeper.ts'
import { testService } from '#test/support/service.ts'

const places = process.env.CJSM_LONG === '1' ? 300 : 25
const service = await testService()
const { domains, folders } = service
const { database, evidence } = domains
const doors = await openTestDoors(service)
const { logKeeper } = await testLogKeeper({ folders: { root: folders.keys, keyring: folders.keyring } })
const [sender, to] = [service.person('prosecutor'), service.person('solicitor')]
const head = [`From: ${sender.address}`, `To: ${to.address}`]

async function fill(): Promise<void> {
  const parts = { ...domains, logKeeper, origin: testOrigin }
  await sequence(parts)
  for (let at = 0; at < 6; at++) {
    const reply = await doors.submit(
      sender,
      [to.address, sender.address],
      messageOf(...head, `Subject: ${at}`, '', `Message ${at}`),
    )
    assert.equal(reply.kind, 'accepted')
  }
  const noise = () => Array.from({ length: 60 }, () => Math.random().toString(36))
  for (let at = 0; at < 2; at++) {
    const lines = Array.from({ length: 300 }, () => noise().join(''))
    const reply = await doors.submit(sender, [to.address], messageOf(...head, `Subject: large ${at}`, '', ...lines))
    assert.equal(reply.kind, 'accepted')
  }
  // One recipient refused among good ones: a notice of ours is delivered too.
  const noticed = await doors.submit(
    sender,
    [to.address, `nobody@${to.address.split('@')[1]}`],
    messageOf(...head, 'Subject: partly', '', 'x'),
  )
  assert.deepEqual(noticed.kind === 'accepted' && [noticed.delivered, noticed.refused], [1, 1])
  // Some more copies, some fewer.
  const who = await doors.signIn(to)
  const reader = { holder: who.account, computer: who.computer, address: who.address }
  const { mailboxes } = doors
  const draft = Buffer.from(messageOf(...head, 'Subject: appended', '', 'x'))
  await doors.append(
    who,
    'INBOX',
    { flags: [], internalDateMs: null, octets: draft.length },
    (async function* () {
      yield draft
    })(),
  )
  await mailboxes.createMailbox(reader, 'Cases')
  const inbox = (await mailboxes.select(reader, 'INBOX'))!.status
  await mailboxes.copy(reader, inbox.id, [1, 2], 'Cases')
  await mailboxes.move(reader, inbox.id, [3], 'Cases')
  await mailboxes.store(reader, inbox.id, [1, 4], { mode: 'add', flags: ['\\Deleted'] })
  await mailboxes.expunge(reader, inbox.id, null)
  for (let at = 0; at < 30; at++) {
    await database.transaction(async (tx) => {
      for (let one = 0; one < 20; one++)
        await evidence.write(tx, { event: 'SignIn', actor: theService, about: theService, details: [{ at, one }] })
    })
    if (at % 7 === 0) await sequence(parts)
  }
  await sequence(parts)
}

async function audit(tx: Transaction): Promise<string[]> {
  const found: string[] = []
  await auditIn(tx, domains, { logKeeper, origin: testOrigin, witnesses: [], find: (sentence) => found.push(sentence) })
  return found
}

/** A generator of numbers below a bound, the same at every run. */
let seed = 20_260_701
function below(bound: number): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((seed / 2 ** 32) * bound)
}

class Undo extends Error {}

/** Audits with a change in place, then takes the change back. */
async function foundWith(change: (tx: Transaction) => Promise<void>): Promise<string[]> {
  let found: string[] = []
  await database
    .transaction(async (tx) => {
      await change(tx)
      found = await audit(tx)
      throw new Undo()
    })
    .catch((fault: unknown) => {
      if (!(fault instanceof Undo)) throw fault
    })
  return found
}

interface Target {
  readonly what: string
  /** The rows that may be hit: their names, as a finding gives them. */
  readonly rows: Query
  /** The change, for a name and a random number; a file's gives what takes it back. */
  change(tx: Transaction, name: string, random: number): Promise<unknown>
}

const flip = (length: number, random: number) => random % Math.max(1, length)
const lengthOf = async (tx: Transaction, query: Query) => (await tx.rows<{ length: number }>(query))[0]!.length
const records = sql`select id::text as name from evidence_record order by id`
const messages = sql`select id::text as name from message order by id`
const copies = sql`select message || ' ' || holder || ' ' || mailbox || ' ' || uid as name from copy order by 1`
const tiles = sql`select level || '/' || index as name from evidence_tile order by level, index`
const parties = sql`select id::text as name from evidence_party order by id`

const targets: Target[] = [
  {
    what: 'record: leaf',
    rows: records,
    async change(tx, id, random) {
      const at = flip(await lengthOf(tx, sql`select length(leaf) from evidence_record where id = ${id}`), random)
      await tx.run(
        sql`update evidence_record set leaf = set_byte(leaf, ${at}::int, get_byte(leaf, ${at}::int) # 1) where id = ${id}`,
      )
    },
  },
  {
    what: 'record: details',
    rows: records,
    async change(tx, id, random) {
      const at = flip(await lengthOf(tx, sql`select length(sealed_detail) from evidence_record where id = ${id}`), random)
      await tx.run(
        sql`update evidence_record set sealed_detail = set_byte(sealed_detail, ${at}::int, get_byte(sealed_detail, ${at}::int) # 1) where id = ${id}`,
      )
    },
  },
  {
    what: 'record: details gone',
    rows: records,
    change: (tx, id) => tx.run(sql`update evidence_record set sealed_detail = null where id = ${id}`),
  },
  {
    what: 'record: place',
    rows: sql`select leaf_index::text as name from evidence_record order by leaf_index`,
    change: (tx, index) => tx.run(sql`update evidence_record set leaf_index = 90000 where leaf_index = ${index}::bigint`),
  },
  {
    what: 'record: gone',
    rows: sql`select leaf_index::text as name from evidence_record order by leaf_index`,
    change: (tx, index) => tx.run(sql`delete from evidence_record where leaf_index = ${index}::bigint`),
  },
  {
    what: 'record: id',
    rows: sql`select leaf_index::text as name from evidence_record order by leaf_index`,
    // Named by the id that it has now.
    change: (tx, index) =>
      tx.run(sql`update evidence_record set id = '01a00000-0000-7000-8000-000000000000' where leaf_index = ${index}::bigint`),
  },
  { what: 'party: gone', rows: parties, change: (tx, id) => tx.run(sql`delete from evidence_party where id = ${id}`) },
  {
    what: 'party: meaning',
    rows: parties,
    async change(tx, id, random) {
      const at = flip(await lengthOf(tx, sql`select length(sealed_meaning) from evidence_party where id = ${id}`), random)
      await tx.run(
        sql`update evidence_party set sealed_meaning = set_byte(sealed_meaning, ${at}::int, get_byte(sealed_meaning, ${at}::int) # 1) where id = ${id}`,
      )
    },
  },
  {
    what: 'party: hash',
    rows: parties,
    change: (tx, id, random) =>
      tx.run(
        sql`update evidence_party set subject_hash = set_byte(subject_hash, ${random % 32}::int, get_byte(subject_hash, ${random % 32}::int) # 1) where id = ${id}`,
      ),
  },
  {
    what: 'tile: hashes',
    rows: tiles,
    async change(tx, name, random) {
      const at = flip(
        await lengthOf(tx, sql`select length(hashes) from evidence_tile where level || '/' || index = ${name}`),
        random,
      )
      await tx.run(
        sql`update evidence_tile set hashes = set_byte(hashes, ${at}::int, get_byte(hashes, ${at}::int) # 1) where level || '/' || index = ${name}`,
      )
    },
  },
  {
    what: 'tile: gone',
    rows: tiles,
    change: (tx, name) => tx.run(sql`delete from evidence_tile where level || '/' || index = ${name}`),
  },
  {
    what: 'tile: narrower',
    rows: tiles,
    change: (tx, name) =>
      tx.run(
        sql`update evidence_tile set width = width - 1, hashes = substring(hashes for (width - 1) * 32) where width > 1 and level || '/' || index = ${name}`,
      ),
  },
  {
    what: 'checkpoint: root',
    rows: sql`select size::text as name from evidence_checkpoint order by size`,
    change: (tx, size, random) =>
      tx.run(
        sql`update evidence_checkpoint set root = set_byte(root, ${random % 32}::int, get_byte(root, ${random % 32}::int) # 1) where size = ${size}::bigint`,
      ),
  },
  {
    what: 'checkpoint: note',
    rows: sql`select size::text as name from evidence_checkpoint order by size`,
    change: (tx, size, random) =>
      tx.run(
        sql`update evidence_checkpoint set note = overlay(note placing '#' from ${(random % 60) + 1}::int for 1) where size = ${size}::bigint`,
      ),
  },
  {
    what: 'summary',
    rows: messages,
    async change(tx, id, random) {
      const at = flip(await lengthOf(tx, sql`select length(summary) from message where id = ${id}`), random)
      await tx.run(
        sql`update message set summary = set_byte(summary, ${at}::int, get_byte(summary, ${at}::int) # 1) where id = ${id}`,
      )
    },
  },
  {
    what: 'message: name',
    rows: sql`select id::text as name from message where name_hash is not null order by id`,
    change: (tx, id, random) =>
      tx.run(
        sql`update message set name_hash = set_byte(name_hash, ${random % 16}::int, get_byte(name_hash, ${random % 16}::int) # 1) where id = ${id}`,
      ),
  },
  {
    what: 'content in the row',
    rows: sql`select id::text as name from message where not stored order by id`,
    async change(tx, id, random) {
      const at = flip(await lengthOf(tx, sql`select length(content) from message where id = ${id}`), random)
      await tx.run(
        sql`update message set content = set_byte(content, ${at}::int, get_byte(content, ${at}::int) # 1) where id = ${id}`,
      )
    },
  },
  {
    what: 'content in the row: longer',
    rows: sql`select id::text as name from message where not stored order by id`,
    change: (tx, id) => tx.run(sql`update message set content = content || '\\x00'::bytea where id = ${id}`),
  },
  { what: 'message: gone', rows: messages, change: (tx, id) => tx.run(sql`delete from message where id = ${id}`) },
  {
    what: 'message: size',
    rows: messages,
    change: (tx, id, random) => tx.run(sql`update message set octets = octets + ${(random % 2) * 2 - 1}::int where id = ${id}`),
  },
  {
    what: 'message: count',
    rows: messages,
    change: (tx, id) => tx.run(sql`update message set copies = copies + 1 where id = ${id}`),
  },
  {
    what: 'copy: key',
    rows: copies,
    async change(tx, name, random) {
      const [message, holder, mailbox, uid] = name.split(' ')
      const at = flip(
        await lengthOf(
          tx,
          sql`select length(wrapped_key) from copy where holder = ${holder} and mailbox = ${mailbox} and uid = ${uid} and message = ${message}`,
        ),
        random,
      )
      await tx.run(
        sql`update copy set wrapped_key = set_byte(wrapped_key, ${at}::int, get_byte(wrapped_key, ${at}::int) # 1) where holder = ${holder} and mailbox = ${mailbox} and uid = ${uid}`,
      )
    },
  },
  {
    what: 'copy: gone, and the count with it',
    rows: copies,
    async change(tx, name) {
      const [message, holder, mailbox, uid] = name.split(' ')
      await tx.run(sql`delete from copy where holder = ${holder} and mailbox = ${mailbox} and uid = ${uid}`)
      await tx.run(sql`update message set copies = copies - 1 where id = ${message}`)
      await tx.run(sql`delete from message where id = ${message} and copies = 0`)
    },
  },
]

const nameIn = (target: Target, name: string) =>
  target.what === 'record: id'
    ? '01a00000-0000-7000-8000-000000000000'
    : target.what.startsWith('copy')
      ? name.split(' ')[0]!
      : name

test('what nobody changed is found whole', async () => {
  await fill()
  assert.deepEqual(await database.transaction(audit), [])
})

test(`one octet changed or one row taken away, in ${places} random places of evidence, summaries and content: each is found and named`, async () => {
  const missed: string[] = []
  for (let at = 0; at < places; at++) {
    const target = targets[at % targets.length]!
    const rows = await database.rows<{ name: string }>(target.rows)
    const { name } = rows[below(rows.length)]!
    const random = below(2 ** 31)
    const found = await foundWith(async (tx) => void (await target.change(tx, name, random)))
    if (!found.some((sentence) => sentence.includes(nameIn(target, name))))
      missed.push(`${target.what} ${name} ${random}: ${found.join('; ')}`)
  }
  assert.deepEqual(missed, [])
})

test('a record rewritten in good form, with every hash of its own tile made anew, is found and named all the same', async () => {
  const [row] = await database.rows<{ id: string; leaf: Buffer }>(sql`select id, leaf from evidence_record where leaf_index = 20`)
  const { id, leaf } = row!
  const later = Buffer.from(leaf.toString().replace(/"atMs":(\d+)/, (_, atMs: string) => `"atMs":${Number(atMs) + 60_000}`))
  const rewrite = (tx: Transaction) => tx.run(sql`update evidence_record set leaf = ${later} where id = ${id}`)
  const record = await foundWith(async (tx) => void (await rewrite(tx)))
  assert.deepEqual(record, [`record ${id}: it is not what entry 20 of tile 0/0 was made from`])
  const tile = await foundWith(async (tx) => {
    await rewrite(tx)
    await tx.run(
      sql`update evidence_tile set hashes = overlay(hashes placing ${leafHash(later)} from ${20 * 32 + 1}::int for 32) where level = 0 and index = 0`,
    )
  })
  assert.ok(tile.includes('tile 1/0: entry 0 is not the hash of tile 0/0'), tile.join('; '))
})

test('stored files, changed, cut, longer or gone, are found and named', async () => {
  const stored = await database.rows<{ month: number; id: string }>(sql`select month, id from message where stored`)
  assert.equal(stored.length, 2)
  for (const { month, id } of stored) {
    const file = join(folders.content, String(month), id.slice(-2), id)
    const whole = await readFile(file)
    const flipped = Buffer.from(whole)
    flipped[below(whole.length)]! ^= 1
    const changes: (() => Promise<unknown>)[] = [
      () => writeFile(file, flipped),
      () => truncate(file, whole.length - 1),
      () => writeFile(file, Buffer.concat([whole, Buffer.of(0)])),
      () => rename(file, `${file}.gone`),
    ]
    for (const change of changes) {
      await change()
      const found = await database.transaction(audit)
      assert.ok(
        found.some((sentence) => sentence.startsWith(`message ${id}: its content`)),
        found.join('; '),
      )
      await writeFile(file, whole)
    }
  }
  assert.deepEqual(await database.transaction(audit), [])
})
