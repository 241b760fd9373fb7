// The embedded PostgreSQL's cluster on disk: made once, its settings written at every start, cleared of what a killed run left.
import { chownSync, existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Log } from '#base/log.ts'
import { runToEnd } from '#host/children.ts'
import { ownFolder } from '#host/folders.ts'
import { maxSocketFolderOctets, orphanStopMs, postgresReadyMs } from '#host/limits.ts'
import { postgresPrograms } from '#host/postgres-programs.ts'
import { postgresConf } from '#host/postgres-settings.ts'
import type { UnixUser } from '#host/privileges.ts'
import { pidsIn, runsIn, signalPid, waitUntil } from '#host/proc.ts'

const port = 5432 // names the socket file only: nothing listens on TCP
const owner = 'cjsm'
/** The one database of the cluster. */
export const database = 'cjsm'

export interface PostgresOptions {
  /** The cluster's folder, `DATA/postgres`. */
  readonly folder: string
  /** Where the socket stands; mode 0700, and ours alone. */
  readonly runFolder: string
  /** Who it runs as: needed when we are root, null otherwise. */
  readonly user: UnixUser | null
  readonly log: Log
  /** Settings of postgresql.conf over ours. */
  readonly settings?: Readonly<Record<string, string>>
}

export interface Connection {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
}

/** A cluster that is ready to be started, as often as needed. */
export interface PreparedPostgres extends PostgresOptions {
  readonly programs: string
  readonly connection: Connection
  readonly connectionString: string
}

/** Finds the programs, makes the cluster when there is none, and writes postgresql.conf anew. Doing it twice changes nothing. */
export async function preparePostgres(options: PostgresOptions): Promise<PreparedPostgres> {
  const { folder, runFolder, user } = options
  if (user === null && process.getuid?.() === 0) throw new Error('PostgreSQL does not run as root: it needs a user to run as')
  if (Buffer.byteLength(runFolder) > maxSocketFolderOctets)
    throw new Error(`The folder ${runFolder} is too long for a socket's path`)
  const programs = await postgresPrograms(join(dirname(folder), 'programs'), user)
  ownFolder(runFolder, user)
  if (!existsSync(join(folder, 'PG_VERSION'))) await makeCluster(options, programs)
  const conf = join(folder, 'postgresql.conf')
  writeFileSync(conf, postgresConf(runFolder, port, options.settings ?? {}), { mode: 0o600 })
  if (user !== null) chownSync(conf, user.uid, user.gid)
  return {
    ...options,
    folder: realpathSync(folder), // as /proc shows it
    programs,
    connection: { host: runFolder, port, user: owner, database },
    connectionString: `postgresql://${owner}@${encodeURIComponent(runFolder)}:${port}/${database}`,
  }
}

/** Made beside its place and renamed, so that a start that was cut short is made anew and never taken for a cluster. */
async function makeCluster(options: PostgresOptions, programs: string): Promise<void> {
  const fresh = `${options.folder}.new`
  await rm(fresh, { recursive: true, force: true })
  ownFolder(fresh, options.user)
  const locale = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']
  const args = ['-D', fresh, '-U', owner, '--auth=trust', '--data-checksums', ...locale]
  const made = await runToEnd(
    { program: join(programs, 'bin', 'initdb'), args, user: options.user, endsWithUs: 'KILL' as const },
    postgresReadyMs,
  )
  if (made.code !== 0) throw new Error(`PostgreSQL's cluster cannot be made in ${options.folder}: ${made.said}`)
  await rename(fresh, options.folder)
}

/**
 * Stops a postmaster of this cluster that outlived its supervisor, then any back end that outlived its postmaster, and takes away their
 * lock files. Stopping and starting anew is surer than adopting: we are then the parent, hear of its end, and know its settings.
 */
export async function clearOrphan({ folder, runFolder, log }: PreparedPostgres): Promise<void> {
  const pidFile = join(folder, 'postmaster.pid')
  const pid = existsSync(pidFile) ? Number.parseInt(readFileSync(pidFile, 'utf8'), 10) : 0
  const lives = () => runsIn(pid, 'postgres', folder)
  if (pid > 0 && lives()) {
    log.warn({ pid }, 'stopping a PostgreSQL that an earlier run left')
    for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
      signalPid(pid, signal)
      if (await waitUntil(() => !lives(), orphanStopMs)) break
    }
  }
  const left = () => pidsIn('postgres', folder)
  if (!(await waitUntil(() => left().length === 0, 250))) {
    for (const backEnd of left()) signalPid(backEnd, 'SIGKILL')
    if (!(await waitUntil(() => left().length === 0, orphanStopMs)))
      throw new Error(`Processes of ${folder} do not end: ${left().join(' ')}`)
  }
  // After a reboot the pid in a lock file may belong to another program of this user, and PostgreSQL would refuse to start.
  for (const name of [pidFile, join(runFolder, `.s.PGSQL.${port}.lock`), join(runFolder, `.s.PGSQL.${port}`)])
    await rm(name, { force: true })
}
