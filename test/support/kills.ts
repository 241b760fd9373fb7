// Ends processes of one instance by SIGKILL: those that its own status names, back ends of its own PostgreSQL, and whoever reaches an armed fault point.
import { chmodSync, existsSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { FaultPoint } from '#base/fault-point.ts'
import { pidsIn, runsIn, signalPid, startTimeOf } from '#host/proc.ts'
import { askStatus } from '#host/status-socket.ts'
import { placesOf } from '#roles/places.ts'
import type { Instance } from '#test/support/instance.ts'
import { isRotationPoint, rotateAround, rotationPoints } from '#test/support/rotations.ts'

export const faultPoints: readonly FaultPoint[] = [
  'end-of-data',
  'content-stored',
  'before-commit',
  'after-commit',
  'checkpoint-signed',
  ...rotationPoints,
]

type Kind = 'supervisor' | 'keys' | 'postgres' | 'clamd' | 'worker' | 'jobs'
export type Kill = FaultPoint | Exclude<Kind, 'supervisor' | 'postgres'> | 'postgres back end' | 'postmaster'

interface Process {
  readonly kind: Kind
  readonly name: string
  readonly why: string | null
  readonly pid: number | null
  readonly healthy: boolean
}

const deadlineMs = 60_000
const pollMs = 20

/** A folder for CJSM_TEST_FAULT_POINTS, where the service's user may take files away. */
export function faultPointFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cjsm-fault-points-'))
  chmodSync(folder, 0o777)
  return folder
}

/** The processes that the supervisor names; none while it does not answer. */
export async function processesOf(instance: Instance): Promise<readonly Process[]> {
  const status = (await askStatus(placesOf(instance.config).statusSocket)) as { processes: Process[] } | null
  return status?.processes ?? []
}

/** Waits until a condition holds; throws, naming it, after a minute. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + deadlineMs
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`)
    await wait(pollMs)
  }
}

/** Waits until every process serves; throws, saying which does not and why, after a minute. */
export async function allServe(instance: Instance): Promise<void> {
  let why = ['the supervisor does not answer']
  const serve = async () => {
    const all = await processesOf(instance)
    if (all.length > 0) why = all.filter((one) => !one.healthy).map((one) => `${one.name}: ${one.why}`)
    return why.length === 0
  }
  await until('every process serves', serve).catch((cause: unknown) => {
    throw new Error(why.join('; '), { cause })
  })
}

const clusterOf = (instance: Instance) => realpathSync(join(instance.data, 'postgres'))

/** The pids of its PostgreSQL, the postmaster among them. */
export function postgresPids(instance: Instance): number[] {
  return pidsIn('postgres', clusterOf(instance))
}

function backEnds(instance: Instance): number[] {
  const serves = (pid: number) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith('postgres: cjsm cjsm')
    } catch {
      return false
    }
  }
  return postgresPids(instance).filter(serves)
}

/** Ends one process of that kind, or the next that reaches that fault point, and returns when it is gone. `choose` takes one of so many. */
export async function kill(instance: Instance, folder: string, what: Kill, choose: (count: number) => number): Promise<void> {
  if (isRotationPoint(what)) return rotateAround(instance, what, () => reachFaultPoint(folder, what))
  if (faultPoints.includes(what as FaultPoint)) return reachFaultPoint(folder, what as FaultPoint)
  let ended = { pid: 0, startTime: null as ReturnType<typeof startTimeOf> }
  // One that starts while PostgreSQL recovers may end by itself just then: its successor is taken.
  await until(`there is ${what} to be ended`, async () => {
    const pids = await pidsOf(instance, what)
    const pid = pids[choose(Math.max(1, pids.length))]
    if (pid === undefined) return false
    ended = { pid, startTime: startTimeOf(pid) }
    return signalPid(pid, 'SIGKILL')
  })
  await until(`${what} is gone`, () => startTimeOf(ended.pid) !== ended.startTime)
}

async function pidsOf(instance: Instance, what: Kill): Promise<number[]> {
  if (what === 'postgres back end') return backEnds(instance)
  const kind = what === 'postmaster' ? 'postgres' : what
  return (await processesOf(instance)).flatMap((one) => (one.kind === kind && one.pid !== null ? [one.pid] : []))
}

async function reachFaultPoint(folder: string, point: FaultPoint): Promise<void> {
  const file = join(folder, point)
  writeFileSync(file, '', { mode: 0o666 })
  await until(`a process reaches ${point}`, () => !existsSync(file))
}

/** Ends every process of the instance in one go, supervisor and postmaster first, so that none acts on another's end; resolves when all are gone. */
export async function killEverything(instance: Instance): Promise<void> {
  const named = (await processesOf(instance)).flatMap((one) => (one.pid === null ? [] : [{ kind: one.kind, pid: one.pid }]))
  const first = (kind: Kind) => named.filter((one) => one.kind === kind).map((one) => one.pid)
  const folder = clusterOf(instance)
  const all = [...first('supervisor'), ...first('postgres'), ...postgresPids(instance), ...named.map((one) => one.pid)]
  for (const pid of new Set(all)) signalPid(pid, 'SIGKILL')
  for (const pid of pidsIn('postgres', folder)) if (runsIn(pid, 'postgres', folder)) signalPid(pid, 'SIGKILL')
  await until('all are gone', () => [...all, ...postgresPids(instance)].every((pid) => startTimeOf(pid) === null))
}
