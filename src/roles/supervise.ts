// `up`: prepares the machine, starts every process in order, says what one can do now, and drains them all at the end.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { statfsSync } from 'node:fs'
import type { Server } from 'node:net'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import type { Log } from '#base/log.ts'
import { readDemonstration } from '#cli/demonstration.ts'
import { welcome } from '#cli/welcome.ts'
import { type Config, environmentOf } from '#config.ts'
import { type BoundPorts, bindPorts } from '#host/bound-ports.ts'
import { clamdSpec, type PreparedClamav, prepareClamav, scratchFolder } from '#host/clamav.ts'
import { type ClamdWatch, watchClamd } from '#host/clamd-watch.ts'
import { signaturesOf } from '#host/clamav-signatures.ts'
import { raiseDescriptorLimit } from '#host/descriptors.ts'
import { developmentCertificate } from '#host/development-certificate.ts'
import { type Folders, ownFolder, prepareFolders, refuseFoldersOfOthers, removeShortFolders, shortName } from '#host/folders.ts'
import { claimInstance, tellStarter } from '#host/instance.ts'
import { clamdAnswerMs } from '#host/limits.ts'
import { checkExternalDatabase, postgresSpec } from '#host/postgres.ts'
import { preparePostgres } from '#host/postgres-cluster.ts'
import { serviceUser, type UnixUser } from '#host/privileges.ts'
import { forkSpec, type RoleProcess, workerSpecs } from '#host/role-specs.ts'
import { type ProcessSpec, reasonsIn, Supervisor } from '#host/supervisor.ts'
import { serveAnswers } from '#roles/answers.ts'
import { portsAreFree } from '#roles/free-ports.ts'
import { withLogOrigin } from '#roles/log-origin.ts'
import { markingSetIn } from '#roles/marking-files.ts'
import { facePorts, placesOf, workersOf } from '#roles/places.ts'
import { checkKeys, openLogFile } from '#roles/setting-files.ts'

const mainModule = fileURLToPath(new URL('../main.ts', import.meta.url))
/** glibc raises this by itself when large pieces are freed, and keeps them from then on: many large messages at once would leave their memory with us. */
const memoryGivenBack = { MALLOC_MMAP_THRESHOLD_: String(128 * 1024) }
/**
 * What a message leaves behind is dead within milliseconds: a larger young generation is collected less often, and one thread does it for less than the several of which
 * all but one mostly wait on a machine that is busy.
 */
const shortLived = ['--min-semi-space-size=8', '--max-semi-space-size=32', '--no-parallel-scavenge']
/** V8 lets the heap grow by a tenth or so before it marks all of it again where little else is kept; doubled, that is every few seconds under load instead of every one. */
const growsFreely = '--heap-growing-percent=100'
/** Octets outside the heap count like those in it: their own limit has all of it marked twice a second. Of several workers each would keep more of them than is given for all. */
const outsideCounts = '--external-memory-accounted-in-global-limit'
/** A scan keeps what it unpacks in memory: so much must be free there. */
const scratchOctets = 512 * 1024 * 1024

/** More than the process that asks clamd gives it. */
const scannerAnswerMs = clamdAnswerMs + 1_000

/** Starts the service and stays until it is stopped; returns the exit code. `named` is what commands need behind them to find it. */
export async function supervise(config: Config, named: string, say: (text: string) => void): Promise<number> {
  refuseFoldersOfOthers(config)
  markingSetIn(config.markingsFolder) // what is wrong with it is told before anything starts
  checkKeys(config)
  const user = serviceUser()
  const folders = prepareFolders(config.dataFolder, user)
  ownFolder(config.keyFolder, null)
  const log = openLogFile(config, { process: 'supervisor' })
  const claim = await claimInstance(folders.run, named)
  if (claim.kind === 'running') {
    say(claim.sentence)
    tellStarter({ failed: claim.sentence })
    return 1
  }
  raiseDescriptorLimit()
  const supervisor = new Supervisor(log)
  let ports: BoundPorts | null = null
  const stopped = onStopSignal((signal) => {
    ports?.close() // from now on callers are refused
    return supervisor.stop(signal)
  })
  const answering: Server[] = []
  const given: ClamdWatch[] = []
  try {
    await portsAreFree(config)
    ports = await bindPorts(
      config.host,
      facePorts.map((name) => config.ports[name]),
    )
    const clamav = await start(config, folders, user, supervisor, ports, log, say)
    if (clamav === null) given.push(await watchGivenClamd(config, supervisor, log))
    answering.push(...(await serveAnswers(config, supervisor, clamav, given, log)))
    const warning = clamav === null ? silenceOf(given) : signaturesOf(clamav).warning
    const people = config.demo ? readDemonstration(placesOf(config).demoFile) : null
    say(welcome({ config, people, warning, named }))
    tellStarter({ ready: 'It serves.' })
    await stopped
    say('Stopped.')
    return 0
  } catch (fault) {
    await supervisor.stop('it did not start')
    const sentence = fault instanceof Error ? fault.message : 'It did not start.'
    say(`${sentence}\nMore may stand in ${config.logFile}`)
    tellStarter({ failed: sentence })
    return 1
  } finally {
    for (const server of answering) server.close()
    for (const watch of given) watch.close()
    removeShortFolders(folders)
    claim.release()
  }
}

/** Stops at each signal that asks for it; resolves when that is done. */
function onStopSignal(stop: (signal: string) => Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void stop(signal).then(resolve))
  return promise
}

async function start(
  config: Config,
  folders: Folders,
  user: UnixUser | null,
  supervisor: Supervisor,
  ports: BoundPorts,
  log: Log,
  say: (text: string) => void,
): Promise<PreparedClamav | null> {
  if (config.tlsCertificate === '') developmentCertificate(folders.tls, config.hostName, user)
  const clamav = config.clamdSocket === '' ? await prepareScanner(folders, user, log, say) : null
  say('Starting the database, the key process and the virus scanner ...')
  const first: ProcessSpec[] = []
  if (config.databaseUrl === '')
    first.push(postgresSpec(await preparePostgres({ folder: folders.postgres, runFolder: folders.sockets.postgres, user, log })))
  else await externalDatabaseIsFit(config.databaseUrl)
  if (clamav !== null) first.push(clamdSpec(clamav, config.unansweredMs))
  await supervisor.start([first])
  const settled = await withLogOrigin(config, log)
  const role = (name: string, stopWithinMs: number): RoleProcess => ({
    module: mainModule,
    args: [name],
    env: { ...environmentOf(settled), ...memoryGivenBack },
    stopWithinMs,
    restartAfterMs: config.unansweredMs,
  })
  await supervisor.start([[forkSpec('keys', 'keys', role('keys', 5_000))]])
  await setUp(settled)
  say('Starting the mail service ...')
  const workers = workersOf(config)
  const execArgv = [...shortLived, growsFreely, ...(workers === 1 ? [outsideCounts] : [])]
  const worker = { ...role('worker', 20_000), execArgv, inherits: ports.descriptors }
  await supervisor.start([[...workerSpecs(workers, worker), forkSpec('jobs', 'jobs', role('jobs', 20_000))]])
  return clamav
}

/** Watches the clamd of `clamdSocket`, which is asked by a process of the service's own user. */
function watchGivenClamd(config: Config, supervisor: Supervisor, log: Log): Promise<ClamdWatch> {
  const answers = async () => (await supervisor.ask(['jobs'], 'scanner', scannerAnswerMs))[0] as boolean | undefined
  return watchClamd(config.clamdSocket, answers, log)
}

/** What is to be said at the start of a clamd that does not answer; null where all do. */
function silenceOf(given: readonly ClamdWatch[]): string | null {
  const [reason] = reasonsIn(given.map((one) => one.status()))
  return reason === undefined ? null : `${reason}: no mail is accepted until it does.`
}

async function prepareScanner(
  folders: Folders,
  user: UnixUser | null,
  log: Log,
  say: (text: string) => void,
): Promise<PreparedClamav> {
  const scratch = scratchFolder(folders.clamav, shortName(folders.data), freeOctets, scratchOctets)
  return prepareClamav({ folder: folders.clamav, runFolder: folders.sockets.clamd, scratch, user, log, tell: say })
}

function freeOctets(folder: string): number {
  try {
    const found = statfsSync(folder)
    return found.bavail * found.bsize
  } catch {
    return 0
  }
}

/** Runs the set-up process to its end. */
async function setUp(config: Config): Promise<void> {
  const child = fork(mainModule, ['setup'], { env: { ...process.env, ...environmentOf(config) } })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error('The database could not be set up.')
}

async function externalDatabaseIsFit(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (fault) {
    throw new Error(
      `The database named by databaseUrl cannot be reached (${(fault as NodeJS.ErrnoException).code ?? 'no answer'}).`,
    )
  }
  try {
    const wrong = await checkExternalDatabase(client)
    if (wrong.length > 0) throw new Error(wrong.join(' '))
  } finally {
    await client.end()
  }
}
