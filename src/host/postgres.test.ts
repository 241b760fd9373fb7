// The embedded PostgreSQL on a real folder: made, started twice, recovered from SIGKILL and from a killed supervisor.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { newLog } from '#base/log.ts'
import { checkExternalDatabase, postgresSpec, startPostgres } from '#host/postgres.ts'
import { type PostgresOptions, preparePostgres } from '#host/postgres-cluster.ts'
import { serviceUser } from '#host/privileges.ts'
import { startTimeOf, waitUntil } from '#host/proc.ts'
import { Supervisor } from '#host/supervisor.ts'

const base = mkdtempSync(join(tmpdir(), 'cjsm-postgres-'))
chmodSync(base, 0o711) // the service's user walks through it
after(() => rmSync(base, { recursive: true, force: true }))

const log = newLog('silent', {})
const options: PostgresOptions = { folder: join(base, 'postgres'), runFolder: join(base, 'run'), user: serviceUser(), log }

async function query<T extends pg.QueryResultRow>(connectionString: string, text: string): Promise<T[]> {
  const client = new pg.Client({ connectionString })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query<T>(text)).rows
  } finally {
    await client.end().catch(() => {})
  }
}

before(async () => {
  const server = await startPostgres(options)
  await query(server.connectionString, 'create table kept as select 7 as number')
  await server.stop()
})

test('a new cluster is UTF-8 with the builtin C.UTF-8 locale and checksums, listens on no TCP port, and keeps its rows over a second start', async () => {
  const first = await startPostgres(options)
  const [facts] = await query(
    first.connectionString,
    `select pg_encoding_to_char(encoding) as encoding, datlocprovider as provider, datlocale as locale, datname as name,
            current_setting('data_checksums') as checksums, current_setting('listen_addresses') as addresses,
            current_setting('fsync') as fsync, current_setting('wal_init_zero') as zero
       from pg_database where datname = current_database()`,
  )
  const expected = { encoding: 'UTF8', provider: 'b', locale: 'C.UTF-8', name: 'cjsm', checksums: 'on', addresses: '' }
  assert.deepEqual(facts, { ...expected, fsync: 'on', zero: 'off' })
  await first.stop()
  assert.equal(startTimeOf(first.pid), null)
  const second = await startPostgres(options)
  assert.deepEqual(await query(second.connectionString, 'select number from kept'), [{ number: 7 }])
  await second.stop()
})

test('settings given stand over ours, and quotes in them do no harm', async () => {
  const server = await startPostgres({ ...options, settings: { cluster_name: "a'b", max_connections: '20' } })
  const rows = await query(
    server.connectionString,
    "select current_setting('max_connections') as most, setting from pg_settings where name = 'application_name'",
  )
  assert.equal(rows[0]?.most, '20')
  await server.stop()
})

test('what a statement or row holds never reaches the log, not even by an error', async () => {
  const lines: string[] = []
  const told = { info: (_: unknown, message: string) => lines.push(message) }
  const server = await startPostgres({
    ...options,
    log: { ...log, ...told, warn: told.info, error: told.info, child: () => log },
  })
  for (const text of [
    "select 'canary-one'::int",
    "create temp table t (word text primary key); insert into t values ('canary-two'), ('canary-two')",
    'select canary_three()',
    "do $$ begin raise warning 'canary-four'; end $$",
  ]) {
    await query(server.connectionString, text).catch(() => {})
  }
  await server.stop()
  assert.ok(lines.some((line) => line.includes('ready to accept connections')))
  assert.deepEqual(
    lines.filter((line) => line.includes('canary')),
    [],
  )
})

test('a postmaster that is killed is started again within 10 s, its rows there', async () => {
  const supervisor = new Supervisor(log)
  const prepared = await preparePostgres(options)
  await supervisor.start([[postgresSpec(prepared)]])
  try {
    const before = supervisor.status()[0]!
    assert.equal(before.healthy, true)
    process.kill(before.pid!, 'SIGKILL')
    const back = () => supervisor.status()[0]!.healthy && supervisor.status()[0]!.pid !== before.pid
    assert.ok(await waitUntil(back, 10_000), 'not ready again')
    assert.equal(supervisor.status()[0]!.restarts, 1)
    assert.deepEqual(await query(prepared.connectionString, 'select number from kept'), [{ number: 7 }])
  } finally {
    await supervisor.stop('end of the test')
  }
  assert.equal(supervisor.status()[0]!.pid, null)
})

/** A starter of its own; it prints the postmaster's pid. */
async function startElsewhere(): Promise<{ starter: ReturnType<typeof spawn>; postmaster: number }> {
  const script = join(base, 'starter.ts')
  const host = JSON.stringify(new URL('./postgres.ts', import.meta.url).href)
  const logModule = JSON.stringify(new URL('../base/log.ts', import.meta.url).href)
  writeFileSync(
    script,
    `import { startPostgres } from ${host}
     import { newLog } from ${logModule}
     const server = await startPostgres({ ...${JSON.stringify({ ...options, log: undefined })}, log: newLog('silent', {}) })
     console.log(server.pid)
     setInterval(() => {}, 1000)`,
  )
  const starter = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [printed] = await once(starter.stdout!, 'data')
  return { starter, postmaster: Number(printed) }
}

test('a postmaster ends when its supervisor is killed, and the next start finds its rows', async () => {
  const { starter, postmaster } = await startElsewhere()
  starter.kill('SIGKILL')
  await once(starter, 'exit')
  assert.ok(await waitUntil(() => startTimeOf(postmaster) === null, 10_000), 'the postmaster was left behind')
  const server = await startPostgres(options)
  assert.deepEqual(await query(server.connectionString, 'select number from kept'), [{ number: 7 }])
  await server.stop()
})

test('a postmaster that lives on is stopped by the next start, within 10 s', async () => {
  const { starter, postmaster } = await startElsewhere()
  const began = performance.now()
  const server = await startPostgres(options)
  assert.ok(performance.now() - began < 10_000)
  assert.equal(startTimeOf(postmaster), null)
  assert.notEqual(server.pid, postmaster)
  assert.deepEqual(await query(server.connectionString, 'select number from kept'), [{ number: 7 }])
  await server.stop()
  starter.kill('SIGKILL')
})

test('a lock file whose pid belongs to another program now is no hindrance', async () => {
  const stranger = spawn('sleep', ['60'], { ...(options.user ?? {}), stdio: 'ignore' })
  const pidFile = join(options.folder, 'postmaster.pid')
  writeFileSync(pidFile, `${stranger.pid}\n${options.folder}\n1\n5432\n${options.runFolder}\n\n0 0\nready\n`, { mode: 0o644 })
  const server = await startPostgres(options)
  assert.match(readFileSync(pidFile, 'utf8'), new RegExp(`^${server.pid}\n`))
  await server.stop()
  assert.notEqual(startTimeOf(stranger.pid!), null)
  stranger.kill('SIGKILL')
})

test('a cluster whose making was cut short is made anew', async () => {
  const folder = join(base, 'short')
  writeFileSync(`${folder}.new`, 'half a cluster')
  const server = await startPostgres({ ...options, folder })
  assert.deepEqual(await query(server.connectionString, 'select 1 as one'), [{ one: 1 }])
  await server.stop('immediate')
  assert.equal(existsSync(`${folder}.new`), false)
})

test('what does not start says why', async () => {
  await assert.rejects(
    startPostgres({ ...options, settings: { shared_buffers: 'plenty' } }),
    /PostgreSQL did not start: .*shared_buffers/,
  )
})

test('an external database that could lose a 250, or is too old, is refused with a sentence each', async () => {
  const fit = {
    server_version_num: '150004',
    server_encoding: 'UTF8',
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'remote_apply',
  }
  const look = (over: Record<string, string>) => checkExternalDatabase({ query: async () => ({ rows: [{ ...fit, ...over }] }) })
  assert.deepEqual(await look({}), [])
  for (const name of ['fsync', 'full_page_writes', 'synchronous_commit']) {
    const wrong = await look({ [name]: 'off' })
    assert.equal(wrong.length, 1)
    assert.match(wrong[0]!, new RegExp(`${name}=off`))
  }
  assert.match((await look({ server_version_num: '140011' }))[0]!, /PostgreSQL 14: it must be 15 or later/)
  assert.match((await look({ server_encoding: 'SQL_ASCII' }))[0]!, /SQL_ASCII/)
})

test('the check asks the real server, and sees what it runs with', async () => {
  const server = await startPostgres({ ...options, settings: { fsync: 'off', synchronous_commit: 'off' } })
  const client = new pg.Client({ connectionString: server.connectionString })
  await client.connect()
  assert.equal((await checkExternalDatabase(client)).length, 2)
  await client.end()
  await server.stop()
})
