// What a message costs: user and system CPU over all our processes and postgres, the load program and clamd apart. The budget is 0.8 ms at 4 KiB.
import { type Cost, counted, measureCost } from './support/cost.ts'
import { medianOf, printFigures, tableOf } from './support/figures.ts'
import { listOf, readOptions } from './support/options.ts'
import { referenceMs } from './support/reference.ts'
import { machine, serviceOptionTable, withService } from './support/service.ts'

/** How many messages give a steady figure without taking long. */
const messagesFor = (octets: number) => Math.max(150, Math.min(4000, Math.floor((200 * 1024 * 1024) / (octets + 46 * 1024))))

const o = readOptions('Starts the service in a scratch folder and measures what a message costs.', {
  ...serviceOptionTable,
  octets: { default: '4096,51200,1048576', says: 'sizes of messages' },
  connections: { default: '1,10,50', says: 'numbers of connections' },
  messages: { default: 0, says: 'messages a measurement; 0 lets it choose' },
  'warm-up': { default: 12_000, says: 'messages before all that' },
  runs: { default: 3, says: 'measurements of each, of which the median (by total) is printed' },
  json: { default: false, says: 'print JSON' },
})
await withService({ portOffset: o['port-offset'], scanner: o.scanner, workers: o.workers }, async (service) => {
  // V8 compiles what runs often: a service that has run for a minute is what is measured.
  await measureCost(service, { octets: 4096, connections: 50, messages: o['warm-up'], seed: 0 })
  const costs: (Cost & { readonly referenceMs: number })[] = []
  for (const octets of listOf(o.octets).map(Number)) {
    for (const connections of listOf(o.connections).map(Number)) {
      const runs: (typeof costs)[number][] = []
      for (let run = 1; run <= o.runs; run++) {
        const cost = await measureCost(service, { octets, connections, messages: o.messages || messagesFor(octets), seed: run })
        runs.push({ ...cost, referenceMs: referenceMs() })
      }
      const middle = medianOf(runs.map((run) => run.totalMs))
      costs.push(runs.toSorted((a, b) => Math.abs(a.totalMs - middle) - Math.abs(b.totalMs - middle))[0]!)
    }
  }
  const columns = [
    'octets',
    'connections',
    'accepted/s',
    'p50 ms',
    'p99 ms',
    ...counted,
    'user',
    'system',
    'ms a message',
    'reference ms',
  ]
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
    one.referenceMs,
  ])
  printFigures(o.json, { machine: machine(), costs }, `${machine()}\n${tableOf(columns, rows)}`)
})
