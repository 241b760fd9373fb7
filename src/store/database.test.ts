// The database: transactions, its faults as the domains see them, listening, octets there and back, migrations.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type Server, type Socket, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { after, test } from 'node:test'
import { Unavailable } from '#base/faults.ts'
import { newLog } from '#base/log.ts'
import { type Database, openDatabase } from '#store/database.ts'
import { migrate } from '#store/migrate.ts'
import { pack, sql } from '#store/sql.ts'
import { testDatabase } from '#test/support/database.ts'

const log = newLog('silent', {})
const { database, connectionString } = await testDatabase()
await database.run(sql`create table thing (id int primary key, octets bytea, note_text text)`)
const isAway = (fault: unknown) => fault instanceof Unavailable && fault.part === 'database'
const ids = async () => (await database.rows<{ id: number }>(sql`select id from thing order by id`)).map((row) => row.id)

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const endMs = performance.now() + 10_000; performance.now() < endMs; await wait(20)) if (await holds()) return
  assert.fail('it did not come to hold within 10 s')
}

interface Door {
  readonly url: string
  shut(): Promise<void>
  open(): Promise<void>
  close(): Promise<void>
  /** What comes in waits for this. */
  hold: Promise<void>
}

/** A door in front of the database that can be shut: what it lets through is cut, and nothing new comes in. */
async function newDoor(): Promise<Door> {
  const folder = decodeURIComponent(new URL(connectionString).hostname)
  const sockets = new Set<Socket>()
  let server: Server
  let port = 0
  const start = () =>
    new Promise<void>((resolve) => {
      server = createServer(async (near) => {
        await door.hold
        const far = connect(join(folder, '.s.PGSQL.5432'))
        for (const [one, other] of [
          [near, far],
          [far, near],
        ] as const) {
          sockets.add(one)
          one.on('error', () => {})
          one.on('close', () => {
            sockets.delete(one)
            other.destroy()
          })
          one.pipe(other)
        }
      }).listen(port, '127.0.0.1', () => {
        const address = server.address()
        port = typeof address === 'object' && address !== null ? address.port : 0
        resolve()
      })
    })
  const shut = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  const door: Door = { url: '', hold: Promise.resolve(), shut, open: start, close: shut }
  await start()
  const url = new URL(connectionString)
  return Object.assign(door, { url: `postgresql://${url.username}@127.0.0.1:${port}${url.pathname}` })
}
const doors: { close(): Promise<void> }[] = []
async function behindDoor(): Promise<{ database: Database; door: Door }> {
  const door = await newDoor()
  const opened = openDatabase({ connectionString: door.url, connections: 3, waitMs: 1_000, log })
  doors.push({ close: () => opened.close().catch(() => {}) }, door)
  return { database: opened, door }
}
after(async () => {
  for (const door of doors) await door.close().catch(() => {})
})

test('columns come back in camel case, bigint as numbers, and what is not there as null', async () => {
  const rows = await database.rows(
    sql`select 7::bigint as big_count, 'x'::text as note_text, null::text as none_here, true as stored`,
  )
  assert.deepEqual(rows, [{ bigCount: 7, noteText: 'x', noneHere: null, stored: true }])
  assert.equal(await database.run(sql`select from generate_series(1, 3)`), 3)
})

test('octets go there and back unchanged, alone and packed', async () => {
  const all = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
  for (const octets of [Buffer.alloc(0), all, randomBytes(300_000)]) {
    const [row] = await database.rows<{ back: Buffer }>(sql`select ${octets}::bytea as back`)
    assert.ok(Buffer.isBuffer(row!.back) && row!.back.equals(octets))
  }
  const pieces = [all, null, Buffer.alloc(0), randomBytes(70_000), Buffer.from('\\x41')]
  const { octets, starts, lengths } = pack(pieces)
  const rows = await database.rows<{ piece: Buffer | null }>(sql`
    select substring(${octets}::bytea from start for length) as piece
      from unnest(${starts}::int[], ${lengths}::int[]) with ordinality as one (start, length, at) order by at`)
  assert.deepEqual(
    rows.map((row) => row.piece),
    pieces,
  )
})

test('a hostile value stays a value', async () => {
  const hostile = `x'); drop table thing; -- \\ " $1`
  await database.run(sql`insert into thing (id, note_text) values (1, ${hostile})`)
  const [row] = await database.rows<{ noteText: string }>(sql`select note_text from thing where id = 1`)
  assert.equal(row!.noteText, hostile)
})

test('a transaction is committed when its work returns, and leaves nothing when it throws', async () => {
  const result = await database.transaction(async (tx) => {
    await tx.run(sql`insert into thing (id) values (2)`)
    assert.deepEqual(await ids(), [1])
    return 'done'
  })
  assert.equal(result, 'done')
  const ours = new Error('ours')
  await assert.rejects(
    database.transaction(async (tx) => {
      await tx.run(sql`insert into thing (id) values (3)`)
      throw ours
    }),
    ours,
  )
  assert.deepEqual(await ids(), [1, 2])
})

test('a fault of the statement rolls back, keeps its own kind, and the connection is used again', async () => {
  for (let times = 0; times < 20; times++) {
    await assert.rejects(
      database.transaction(async (tx) => {
        await tx.run(sql`insert into thing (id) values (4)`)
        await tx.run(sql`insert into thing (id) values (4)`)
      }),
      (fault: Error & { code?: string }) => !(fault instanceof Unavailable) && fault.code === '23505',
    )
  }
  assert.deepEqual(await ids(), [1, 2])
})

test('a back end that is killed in mid-transaction makes it unavailable, ends nothing else, and the next one works', async () => {
  for (const during of ['between', 'within'] as const) {
    const killed = database.transaction(async (tx) => {
      await tx.run(sql`insert into thing (id) values (5)`)
      const [row] = await tx.rows<{ pid: number }>(sql`select pg_backend_pid() as pid`)
      if (during === 'within') setTimeout(() => void database.run(sql`select pg_terminate_backend(${row!.pid}::int)`), 50)
      else await database.run(sql`select pg_terminate_backend(${row!.pid}::int)`)
      if (during === 'within') await tx.run(sql`select pg_sleep(20)`)
      else await wait(100)
      await tx.run(sql`insert into thing (id) values (6)`)
    })
    await assert.rejects(killed, isAway, during)
  }
  assert.deepEqual(await ids(), [1, 2])
})

test('a database that is away is unavailable, for a query and for a transaction, and is used again once it is back', async () => {
  const { database: far, door } = await behindDoor()
  assert.equal((await far.rows(sql`select 1`)).length, 1)
  await door.shut()
  await assert.rejects(far.rows(sql`select 1`), isAway)
  await assert.rejects(
    far.transaction((tx) => tx.run(sql`select 1`)),
    isAway,
  )
  await door.open()
  await until(() =>
    far.rows(sql`select 1`).then(
      () => true,
      () => false,
    ),
  )
  assert.equal(await far.transaction((tx) => tx.run(sql`select 1`)), 1)
})

test('when every connection is taken, one that waits too long is told that the database is unavailable', async () => {
  const narrow = openDatabase({ connectionString, connections: 1, waitMs: 100, log })
  let release = () => {}
  const held = narrow.transaction(() => new Promise<void>((resolve) => (release = resolve)))
  await assert.rejects(narrow.rows(sql`select 1`), isAway)
  await assert.rejects(
    narrow.transaction((tx) => tx.run(sql`select 1`)),
    isAway,
  )
  release()
  await held
  assert.equal(await narrow.run(sql`select 1`), 1)
  await narrow.close()
})

test('who listens hears every payload of the channel and none of another', async () => {
  const heard: (string | null)[] = []
  const listening = await database.listen('Our "channel"', (payload) => heard.push(payload))
  await database.notify('another', ['no'])
  await database.notify('Our "channel"', [])
  await database.notify('Our "channel"', ['one', 'two'])
  await until(() => heard.length >= 3)
  assert.deepEqual(heard, [null, 'one', 'two'])
  await listening.close()
})

test('who listens is told of each new connection, since hints may have been lost, and hears again after it', async () => {
  const { database: far, door } = await behindDoor()
  const heard: (string | null)[] = []
  const listening = await far.listen('again', (payload) => heard.push(payload))
  assert.deepEqual(heard, [null])
  await door.shut()
  await wait(700)
  await door.open()
  await until(() => heard.length === 2)
  await database.notify('again', ['after'])
  await until(() => heard.length === 3)
  assert.deepEqual(heard, [null, null, 'after'])
  await listening.close()
})

test('a listener that is closed while it is cut off stays closed', async () => {
  const { database: far, door } = await behindDoor()
  const heard: (string | null)[] = []
  const listening = await far.listen('closed', (payload) => heard.push(payload))
  await door.shut()
  await listening.close()
  await door.open()
  await wait(600)
  assert.deepEqual(heard, [null])
})

test('a listener that is closed while it comes back leaves no connection behind', async () => {
  const { database: far, door } = await behindDoor()
  const listening = await far.listen('held', () => {})
  await door.shut()
  let open = () => {}
  door.hold = new Promise((resolve) => {
    open = resolve
  })
  await door.open()
  await wait(400)
  await listening.close()
  open()
  await wait(100)
  await until(async () => (await database.rows(sql`select from pg_stat_activity where query = 'listen "held"'`)).length === 0)
})

test('to migrate a second time changes nothing', async () => {
  const shape = async () => [
    await database.rows(
      sql`select table_name, column_name, data_type from information_schema.columns where table_schema = 'public' order by 1, 2`,
    ),
    await database.rows(sql`select * from schema_migration`),
  ]
  const before = await shape()
  assert.deepEqual(await migrate(connectionString, log), [])
  // It does not wait for the end of its connection, which the end of this file would cut.
  await until(async () => {
    const others = await database.rows(
      sql`select from pg_stat_activity where datname = current_database() and application_name <> 'cjsm' and backend_type = 'client backend'`,
    )
    return others.length === 0
  })
  assert.deepEqual(await shape(), before)
  assert.ok(JSON.stringify(before).includes('0001_'))
})
