// What a message costs: user and system CPU over all our processes and postgres, the load program and clamd apart.
import { runSmtpLoad, smtpLoadDefaults } from '../smtp-load.ts'
import { round } from './figures.ts'
import { type Cpu, cpuOf } from './processes.ts'
import type { Service, StatusProcess } from './service.ts'

/** The kinds of processes that count. */
export const counted = ['supervisor', 'keys', 'worker', 'jobs', 'postgres'] as const
type Counted = (typeof counted)[number]

export interface Cost {
  readonly octets: number
  readonly connections: number
  readonly acceptedPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Milliseconds of CPU a message, by kind of process. */
  readonly ms: Readonly<Record<Counted, number>>
  readonly userMs: number
  readonly systemMs: number
  readonly totalMs: number
}

/** The CPU of each kind so far. The supervisor is the parent of all the rest, so only postgres is asked with its children. */
function cpuByKind(processes: readonly StatusProcess[]): Map<Counted, Cpu> {
  const sums = new Map<Counted, Cpu>()
  for (const kind of counted) {
    const parts = processes.filter((one) => one.kind === kind).map(({ pid }) => cpuOf(pid, kind === 'postgres'))
    sums.set(kind, {
      userMs: parts.reduce((sum, one) => sum + one.userMs, 0),
      systemMs: parts.reduce((sum, one) => sum + one.systemMs, 0),
    })
  }
  return sums
}

/** Sends so many messages over so many connections, a tenth before the clock starts, and says what each cost. Throws when one was not accepted. */
export async function measureCost(
  service: Service,
  {
    octets,
    connections,
    messages,
    seed,
    to,
  }: { octets: number; connections: number; messages: number; seed: number; to?: readonly string[] },
): Promise<Cost> {
  const processes = await service.processes()
  let before = cpuByKind(processes)
  const figures = await runSmtpLoad(
    {
      ...smtpLoadDefaults,
      server: service.smtp,
      from: service.sender.address,
      to: to ?? service.others.map((person) => person.address),
      connections,
      messages,
      warmUp: Math.ceil(messages / 10),
      octets,
      seed,
    },
    () => {
      before = cpuByKind(processes)
    },
  )
  if (figures.accepted !== messages) throw new Error(`${messages - figures.accepted} messages were not accepted`)
  const after = cpuByKind(processes)
  const spent = (kind: Counted, part: keyof Cpu) => (after.get(kind)![part] - before.get(kind)![part]) / messages
  const sum = (part: keyof Cpu) => counted.reduce((all, kind) => all + spent(kind, part), 0)
  const ms = Object.fromEntries(counted.map((kind) => [kind, round(spent(kind, 'userMs') + spent(kind, 'systemMs'))]))
  return {
    octets,
    connections,
    acceptedPerSecond: figures.acceptedPerSecond,
    p50Ms: figures.dataTo250Ms.p50,
    p99Ms: figures.dataTo250Ms.p99,
    ms: ms as Cost['ms'],
    userMs: round(sum('userMs')),
    systemMs: round(sum('systemMs')),
    totalMs: round(sum('userMs') + sum('systemMs')),
  }
}
