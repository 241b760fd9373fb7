// What a message costs: user and system CPU over all our processes and postgres, the load program and clamd apart. The budget is 0.8 ms at 4 KiB.
import { runSmtpLoad, smtpLoadDefaults } from './smtp-load.ts'
import { medianOf, printFigures, round, tableOf } from './support/figures.ts'
import { listOf, readOptions } from './support/options.ts'
import { type Cpu, cpuOf } from './support/processes.ts'
import { machine, type Service, serviceOptionTable, type StatusProcess, withService } from './support/service.ts'

const counted = ['supervisor', 'keys', 'worker', 'jobs', 'postgres'] as const
type Counted = (typeof counted)[number]

interface Cost {
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

async function measure(service: Service, octets: number, connections: number, messages: number, seed: number): Promise<Cost> {
  const processes = await service.processes()
  let before = cpuByKind(processes)
  const figures = await runSmtpLoad(
    {
      ...smtpLoadDefaults,
      server: service.smtp,
      from: service.sender.address,
      to: service.others.map((person) => person.address),
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

/** How many messages give a steady figure without taking long. */
const messagesFor = (octets: number) => Math.max(150, Math.min(4000, Math.floor((200 * 1024 * 1024) / (octets + 46 * 1024))))

const o = readOptions('Starts the service in a scratch folder and measures what a message costs.', {
  ...serviceOptionTable,
  octets: { default: '4096,51200,1048576', says: 'sizes of messages' },
  connections: { default: '1,10,50', says: 'numbers of connections' },
  messages: { default: 0, says: 'messages a measurement; 0 lets it choose' },
  runs: { default: 3, says: 'measurements of each, of which the median (by total) is printed' },
  json: { default: false, says: 'print JSON' },
})
await withService({ portOffset: o['port-offset'], scanner: o.scanner, workers: o.workers }, async (service) => {
  await measure(service, 4096, 10, 1500, 0)
  const costs: Cost[] = []
  for (const octets of listOf(o.octets).map(Number)) {
    for (const connections of listOf(o.connections).map(Number)) {
      const runs: Cost[] = []
      for (let run = 1; run <= o.runs; run++)
        runs.push(await measure(service, octets, connections, o.messages || messagesFor(octets), run))
      const middle = medianOf(runs.map((run) => run.totalMs))
      costs.push(runs.toSorted((a, b) => Math.abs(a.totalMs - middle) - Math.abs(b.totalMs - middle))[0]!)
    }
  }
  const columns = ['octets', 'connections', 'accepted/s', 'p50 ms', 'p99 ms', ...counted, 'user', 'system', 'ms a message']
  const rows = costs.map((one) => [
    one.octets,
    one.connections,
    one.acceptedPerSecond,
    one.p50Ms,
    one.p99Ms,
    ...counted.map((kind) => one.ms[kind]),
    one.userMs,
    one.systemMs,
    one.totalMs,
  ])
  printFigures(o.json, { machine: machine(), costs }, `${machine()}\n${tableOf(columns, rows)}`)
})
