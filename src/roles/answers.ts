// What the supervisor answers: status over its socket, metrics and readiness on the operations port; and the virus signatures it keeps fresh. T20
import type { Server } from 'node:net'
import { join } from 'node:path'
import type { Log } from '#base/log.ts'
import type { Config } from '#config.ts'
import type { PreparedClamav } from '#host/clamav.ts'
import { refreshSignatures, reloadSignatures, signaturesOf } from '#host/clamav-signatures.ts'
import type { ClamdWatch } from '#host/clamd-watch.ts'
import { newBallast } from '#host/ballast.ts'
import { spaceEveryMs } from '#host/limits.ts'
import { descriptorLimit, descriptorWarning } from '#host/descriptors.ts'
import { type OperationsFile, serveOperations } from '#host/operations.ts'
import { type SpaceWatch, watchSpace } from '#host/space.ts'
import { serveStatus } from '#host/status-socket.ts'
import { reasonsIn, type Supervisor } from '#host/supervisor.ts'
import { floorOf, placesOf } from '#roles/places.ts'
import { spamEngineOf } from '#roles/spam-engine.ts'
import { version } from '#roles/version.ts'

const answerMs = 2_000
const certificateWarnMs = 30 * 24 * 3_600_000
const refreshEveryMs = 6 * 3_600_000

/** Serves status and operations until the servers are closed; `given` are processes that are not ours. */
export async function serveAnswers(
  config: Config,
  supervisor: Supervisor,
  clamav: PreparedClamav | null,
  given: readonly ClamdWatch[],
  log: Log,
): Promise<Server[]> {
  const space = await watchSpace(placesOf(config).written, floorOf(config), log)
  const record = await watchRecord(supervisor)
  const others = () => given.map((one) => one.status())
  const reasons = () => [...supervisor.reasons(), ...reasonsIn(others()), ...space.reasons(), ...record.reasons()]
  const status = await serveStatus(placesOf(config).statusSocket, async () => ({
    version,
    dataFolder: config.dataFolder,
    ports: config.ports,
    ready: reasons().length === 0,
    warnings: [...record.reasons(), ...record.witnesses(), ...(await warnings(config, supervisor, clamav, space))],
    processes: [ownStatus(), ...supervisor.status(), ...others()],
  }))
  const doors = { log, reasons, metrics: () => gatherMetrics(supervisor), published: publishedBy(supervisor) }
  const operations = await serveOperations(doors, '127.0.0.1', config.ports.operations)
  status.once('close', record.close)
  if (config.databaseUrl === '') keepBallast(config, log, [status, operations])
  if (clamav !== null) keepSignaturesFresh(supervisor, clamav, [status, operations])
  return [status, operations]
}

function ownStatus() {
  const sinceMs = Math.round(Date.now() - process.uptime() * 1000)
  return { kind: 'supervisor', name: 'supervisor', pid: process.pid, sinceMs, healthy: true, why: null, restarts: 0 }
}

/** What the jobs say of the record: why no mail is accepted, and which witness does not cosign. */
async function watchRecord(supervisor: Supervisor) {
  type Said = { readonly why: string | null; readonly witnesses: readonly string[] }
  let said: Said = { why: null, witnesses: [] }
  const look = async () => {
    const [answer] = (await supervisor.ask(['jobs'], 'record', answerMs)) as (Said | undefined)[]
    said = answer ?? said
  }
  await look()
  const timer = setInterval(() => void look(), answerMs)
  return {
    reasons: () => (said.why === null ? [] : [`No mail is accepted: ${said.why}`]),
    witnesses: () => said.witnesses,
    close: () => clearInterval(timer),
  }
}

/** What an operator should know of and can mend, a sentence each. */
async function warnings(
  config: Config,
  supervisor: Supervisor,
  clamav: PreparedClamav | null,
  space: SpaceWatch,
): Promise<string[]> {
  const [notAfterMs] = (await supervisor.ask(['worker'], 'certificate', answerMs)) as number[]
  const [clock = null] = (await supervisor.ask(['jobs'], 'clock', answerMs)) as (string | null)[]
  const [helpdesk = null] = (await supervisor.ask(['jobs'], 'helpdesk', answerMs)) as (string | null)[]
  const said: (string | null)[] = [
    clock,
    helpdesk,
    ...space.reasons().map((reason) => `${reason}: no mail is accepted until there is room.`),
    clamav === null ? null : signaturesOf(clamav).warning,
    notAfterMs !== undefined && notAfterMs - Date.now() < certificateWarnMs
      ? `The certificate ends on ${new Date(notAfterMs).toISOString().slice(0, 10)}: replace its files, no restart is needed.`
      : null,
    descriptorWarning(descriptorLimit()),
    (await spamEngineOf(config)?.isThere()) === false
      ? `The spam engine does not answer at ${config.spamEngineAddress}: the limits of volume count without it.`
      : null,
    config.tlsCertificate === '' ? 'The certificate is a self-signed development certificate.' : null,
    'A 250 is durable on one machine: there is no synchronous standby.',
  ]
  return said.filter((sentence) => sentence !== null)
}

/** The series of all our processes in one text; each bears the name of its process. */
async function gatherMetrics(supervisor: Supervisor): Promise<string> {
  const { AggregatorRegistry } = await import('prom-client')
  const found = await supervisor.ask(['worker', 'jobs'], 'metrics', answerMs)
  return AggregatorRegistry.aggregate(found as object[]).metrics()
}

/** Files of the record, from the jobs process, which alone has the database; one at a time. */
function publishedBy(supervisor: Supervisor): (path: string) => Promise<OperationsFile | null | undefined> {
  type Said = { readonly type: string; readonly octets: string; readonly lasting: boolean } | null
  let turn: Promise<unknown> = Promise.resolve()
  return (path) => {
    const asked = turn.then(async () => {
      const [said] = (await supervisor.ask(['jobs'], `published ${path}`, answerMs)) as (Said | undefined)[]
      return said && { ...said, octets: Buffer.from(said.octets, 'base64') }
    })
    turn = asked.catch(() => {})
    return asked
  }
}

/** The ballast is a quarter of the floor: given back, it brings free space to half the floor, where mail is still refused. */
function keepBallast(config: Config, log: Log, until: readonly Server[]): void {
  const octets = Math.floor(config.diskFloorOctets / 4)
  const settle = newBallast({
    file: join(config.dataFolder, 'ballast'),
    octets,
    giveBackBelow: octets,
    makeAbove: config.diskFloorOctets,
    log,
  })
  let looking = false
  const look = async () => {
    if (looking) return
    looking = true
    await settle()
    looking = false
  }
  void look()
  const timer = setInterval(look, spaceEveryMs)
  for (const server of until) server.once('close', () => clearInterval(timer))
}

function keepSignaturesFresh(supervisor: Supervisor, clamav: PreparedClamav, until: readonly Server[]): void {
  const timer = setInterval(async () => {
    const changed = await refreshSignatures(clamav)
    const pid = supervisor.status().find((one) => one.kind === 'clamd')?.pid
    if (changed && pid != null) reloadSignatures(pid)
  }, refreshEveryMs)
  for (const server of until) server.once('close', () => clearInterval(timer))
}
