// The service under measurement: starts ./cjsm in a scratch folder with the stand-in for clamd (or the real one), and says whom to sign in. Removes it all afterwards.
import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { serveStandIn } from '../stand-in-clamd.ts'
import type { SmtpServer } from './smtp-client.ts'

const run = promisify(execFile)
const launcher = fileURLToPath(new URL('../../cjsm', import.meta.url))
const startWithinMs = 300_000

export interface Person {
  readonly address: string
  readonly userName: string
  readonly password: string
  readonly devicePassword: string
  readonly adopter: boolean
}

export interface StatusProcess {
  readonly kind: string
  readonly name: string
  readonly pid: number
}

export interface Service {
  readonly dataFolder: string
  /** Who sends: not of an adopter, so that mail needs no marking. */
  readonly sender: Person
  /** Everybody else. */
  readonly others: readonly Person[]
  readonly smtp: SmtpServer
  imapOf(person: Person): SmtpServer
  processes(): Promise<StatusProcess[]>
  /** Stops it, but keeps its folder. */
  down(): Promise<void>
}

export interface ServiceOptions {
  readonly portOffset: number
  /** `stand-in`, or `clamd` for the service's own. */
  readonly scanner: string
  readonly workers: number
  /** More environment for the service, such as NODE_OPTIONS. */
  readonly environment?: Readonly<Record<string, string>>
}

export const serviceOptionTable = {
  'port-offset': { default: 21_000, says: 'of the service that is started' },
  scanner: { default: 'stand-in', says: 'stand-in, or clamd for the real one' },
  workers: { default: 0, says: 'worker processes of the service; 0: as many as it takes by itself' },
} as const

/** Starts the service on an empty data folder, calls `work`, stops it and removes the folder. */
export async function withService<T>(o: ServiceOptions, work: (service: Service) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'cjsm-bench-'))
  // The service's own user must reach its folders.
  chmodSync(folder, 0o755)
  const socket = join(folder, 'clamd.sock')
  const standIn = o.scanner === 'stand-in' ? await serveStandIn(socket) : null
  const dataFolder = join(folder, 'data')
  const environment = {
    ...process.env,
    ...(standIn === null ? {} : { CJSM_CLAMD_SOCKET: socket }),
    CJSM_WORKERS: String(o.workers),
    CJSM_SENDING_PER_HOUR: '1000000000',
    CJSM_SENDING_PER_DAY: '1000000000',
    ...o.environment,
  }
  const cjsm = async (words: readonly string[], env: NodeJS.ProcessEnv = process.env) =>
    (await run(launcher, [...words, '--data', dataFolder], { env, timeout: startWithinMs, maxBuffer: 16 * 1024 * 1024 })).stdout
  const down = async () => {
    await cjsm(['down']).catch(() => {})
  }
  try {
    await cjsm(['up', '--detach', '--port-offset', String(o.portOffset)], environment)
    const people = JSON.parse(await cjsm(['demo', '--json'])) as Person[]
    const sender = people.find((person) => !person.adopter)!
    const imapOf = (person: Person): SmtpServer => serverOf(person, 993 + o.portOffset)
    return await work({
      dataFolder,
      sender,
      others: people.filter((person) => person !== sender),
      smtp: serverOf(sender, 465 + o.portOffset),
      imapOf,
      processes: async () => (JSON.parse(await cjsm(['status', '--json'])) as { processes: StatusProcess[] }).processes,
      down,
    })
  } finally {
    await down()
    standIn?.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function serverOf(person: Person, port: number): SmtpServer {
  return { host: '127.0.0.1', port, tls: 'implicit', user: person.userName, password: person.devicePassword }
}

/** What machine this is, in one line. */
export function machine(): string {
  const cpu = readFileSync('/proc/cpuinfo', 'utf8')
  const model = /model name\s*:\s*(.*)/.exec(cpu)?.[1] ?? 'an unnamed processor'
  const cores = cpu.match(/^processor\s*:/gm)?.length ?? 0
  const memory = Number(/MemTotal:\s*(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0)
  const kernel = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim()
  return `${cores} cores (${model}), ${Math.round(memory / 1024 / 1024)} GiB, Linux ${kernel}, Node ${process.version}`
}
