// The embedded PostgreSQL: starts it on a Unix socket of our own, waits for it and stops it; and what we ask of an external one.
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { ended, followOutput, hasEnded, startChild } from '#host/children.ts'
import { pollMs, postgresAnswerMs, postgresReadyMs, postgresStopMs } from '#host/limits.ts'
import {
  clearOrphan,
  type Connection,
  database,
  type PostgresOptions,
  type PreparedPostgres,
  preparePostgres,
} from '#host/postgres-cluster.ts'
import type { ProcessSpec } from '#host/kept-process.ts'

export type StopMode = 'smart' | 'fast' | 'immediate'

export interface EmbeddedPostgres {
  readonly process: ChildProcess
  readonly pid: number
  readonly connection: Connection
  readonly connectionString: string
  /** Stops it: `fast` ends sessions and writes a checkpoint; resolves when it is gone. */
  stop(mode?: StopMode): Promise<void>
}

/** Prepares, starts and waits for a PostgreSQL of our own; throws an Error whose text says why it did not come up. */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const prepared = await preparePostgres(options)
  const child = await launchPostgres(prepared)
  await postgresReady(prepared, child)
  return {
    process: child,
    pid: child.pid!,
    connection: prepared.connection,
    connectionString: prepared.connectionString,
    stop: (mode = 'fast') => stopPostgres(child, mode),
  }
}

/** Starts the postmaster, after stopping any that an earlier run left on this cluster. */
export async function launchPostgres(prepared: PreparedPostgres): Promise<ChildProcess> {
  await clearOrphan(prepared)
  const program = join(prepared.programs, 'bin', 'postgres')
  return startChild({ program, args: ['-D', prepared.folder], user: prepared.user, endsWithUs: 'INT' })
}

/** Waits until it takes connections and holds our database; throws with its last words when it ends or takes too long. */
export async function postgresReady(
  prepared: PreparedPostgres,
  child: ChildProcess,
  limitMs: number = postgresReadyMs,
): Promise<void> {
  const said = followOutput(child, prepared.log)
  const until = performance.now() + limitMs
  let spawnFault: Error | null = null
  child.once('error', (fault) => {
    spawnFault = fault
  })
  for (;;) {
    if (await haveDatabase(prepared.connection)) return
    if (hasEnded(child) || spawnFault !== null) throw new Error(`PostgreSQL did not start: ${said()}`, { cause: spawnFault })
    if (performance.now() > until) throw new Error(`PostgreSQL did not become ready in ${limitMs / 1000} s: ${said()}`)
    await wait(pollMs)
  }
}

/** Makes our database when it is missing; false while the server does not take connections. */
async function haveDatabase(connection: Connection, answerMs: number = postgresAnswerMs): Promise<boolean> {
  const client = new pg.Client({
    ...connection,
    database: 'postgres',
    connectionTimeoutMillis: answerMs,
    query_timeout: answerMs,
  })
  client.on('error', () => {}) // a server that ends meanwhile is seen by the query, or by the next try
  try {
    await client.connect()
    const found = await client.query('select from pg_database where datname = $1', [database])
    if (found.rowCount === 0) await client.query(`create database ${database}`)
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

/** Stops a postmaster that is our child; harder when it takes too long. */
export async function stopPostgres(child: ChildProcess, mode: StopMode, limitMs: number = postgresStopMs): Promise<void> {
  const first = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' }[mode] as NodeJS.Signals
  for (const signal of [first, 'SIGQUIT', 'SIGKILL'] as const) {
    if (hasEnded(child)) return
    child.kill(signal)
    if (await ended(child, limitMs)) return
  }
}

/** The embedded PostgreSQL as a process for the supervisor. */
export function postgresSpec(prepared: PreparedPostgres, answerMs: number = postgresAnswerMs): ProcessSpec {
  return {
    kind: 'postgres',
    name: 'postgres',
    start: () => launchPostgres(prepared),
    ready: (child) => postgresReady(prepared, child),
    check: async () => ((await haveDatabase(prepared.connection, answerMs)) ? null : 'it does not take connections'),
    stop: { signals: ['SIGINT', 'SIGQUIT', 'SIGKILL'], withinMs: postgresStopMs },
  }
}

/** What a check of an external database needs of a client: `pg`'s query. */
export interface Queries {
  query(text: string): Promise<{ rows: unknown[] }>
}

const leastVersion = 15

/** Looks at an external database through our own session; returns a sentence for each thing that makes it unfit, none when it may be used. */
export async function checkExternalDatabase(client: Queries): Promise<string[]> {
  const names = ['server_version_num', 'server_encoding', 'fsync', 'full_page_writes', 'synchronous_commit']
  const answer = await client.query(`select ${names.map((name) => `current_setting('${name}') as ${name}`).join(', ')}`)
  const found = answer.rows[0] as Record<string, string>
  const major = Math.trunc(Number(found.server_version_num) / 10_000)
  const wrong: string[] = []
  if (!(major >= leastVersion)) wrong.push(`The database is PostgreSQL ${major}: it must be ${leastVersion} or later.`)
  if (found.server_encoding !== 'UTF8') wrong.push(`The database's encoding is ${found.server_encoding}: it must be UTF8.`)
  for (const name of ['fsync', 'full_page_writes', 'synchronous_commit']) {
    if (found[name] === 'off')
      wrong.push(`The database runs with ${name}=off: what is answered 250 could be lost, so it must be on.`)
  }
  return wrong
}
