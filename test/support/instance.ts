// A real instance: `./cjsm up --detach` on a data folder and ports of its own, stopped and removed at the end of the test file.
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { DemoPerson } from '#cli/demonstration.ts'
import { type Config, readConfig } from '#config.ts'

const launcher = fileURLToPath(new URL('../../cjsm', import.meta.url))

export interface Instance {
  readonly data: string
  /** The settings it runs with, as its own processes read them. */
  readonly config: Config
  readonly ports: { https: number; http: number; submissions: number; submission: number; imaps: number; operations: number }
  readonly people: readonly DemoPerson[]
  /** The person of the demonstration with that role. */
  person(role: string): DemoPerson
  cjsm(...args: string[]): SpawnSyncReturns<string>
  /** The same beside what this process does; resolves with the exit code and what it said. */
  cjsmBeside(...args: string[]): Promise<{ status: number | null; said: string }>
  /** What `up` said. */
  readonly said: string
  /** The options of `up`, so that a test can start it again. */
  readonly up: readonly string[]
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer()
  return new Promise((resolve) => {
    probe.once('error', () => resolve(false))
    probe.listen({ port, host: '127.0.0.1' }, () => probe.close(() => resolve(true)))
  })
}

/** Holds a port as long as this process lives; false when another has it. */
async function hold(port: number): Promise<boolean> {
  const guard = createServer().listen({ port, host: '127.0.0.1' }).unref()
  return once(guard, 'listening').then(
    () => true,
    () => false,
  )
}

/**
 * A port offset whose ports are all free now; below the range from which the kernel takes the ports of clients. One port that no face has is held,
 * since between its choice and its listening another test would find the same ones free.
 */
async function freeOffset(): Promise<number> {
  for (;;) {
    const offset = 10_000 + Math.floor(Math.random() * 200) * 100
    if (!(await hold(offset + 99))) continue
    const free = await Promise.all([443, 80, 465, 587, 993, 100].map((port) => isFree(offset + port)))
    if (free.every(Boolean)) return offset
  }
}

/** Starts an instance and waits until it serves; throws with what `up` printed when it does not. */
export async function startInstance(
  options: {
    environment?: Record<string, string>
    args?: readonly string[]
    /** Called with the data folder before the start; what it returns, when the instance has ended and before its folders are removed. */
    prepare?: (data: string) => () => void
  } = {},
): Promise<Instance> {
  const folder = mkdtempSync(join(tmpdir(), 'cjsm-instance-'))
  chmodSync(folder, 0o711)
  const data = join(folder, 'data')
  // One person of the demonstration sends what thousands would.
  const limits = { CJSM_SENDING_PER_HOUR: '1000000000', CJSM_SENDING_PER_DAY: '1000000000' }
  const env = { ...process.env, ...limits, ...options.environment }
  const cjsm = (...args: string[]) => spawnSync(launcher, [...args, '--data', data], { encoding: 'utf8', env })
  const cjsmBeside = async (...args: string[]) => {
    const child = spawn(launcher, [...args, '--data', data], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const ended = once(child, 'close')
    const [out, fault] = await Promise.all([text(child.stdout), text(child.stderr), ended])
    return { status: child.exitCode, said: out + fault }
  }
  const up = ['up', '--detach', '--port-offset', String(await freeOffset()), ...(options.args ?? [])]
  const undo = options.prepare?.(data)
  after(() => {
    cjsm('down')
    undo?.()
    rmSync(folder, { recursive: true, force: true })
  })
  const started = cjsm(...up)
  if (started.status !== 0) throw new Error(`./cjsm up failed: ${started.stdout}${started.stderr}`)
  const { ports } = JSON.parse(cjsm('status', '--json').stdout) as Instance
  const people = JSON.parse(cjsm('demo', '--json').stdout || '[]') as DemoPerson[]
  const config = readConfig({ ...options.environment, CJSM_DATA_FOLDER: data })
  return {
    data,
    config,
    ports,
    people,
    cjsm,
    cjsmBeside,
    up,
    said: started.stdout,
    person: (role) => people.find((one) => one.role === role)!,
  }
}

/** Whether a program is installed; tests that need one that only root can install are left out otherwise. */
function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
}

/** `skip` for a test that needs a program: false when it is there; as root it is never skipped. */
export function needs(program: string): { skip: string | false } {
  return { skip: isInstalled(program) || process.getuid?.() === 0 ? false : `${program} is not installed, and only root can` }
}
