// What the service holds in memory when idle, as PSS: supervisor, key process, workers and jobs together at most 400 MiB (postgres and clamd apart).
import { printFigures, tableOf } from './support/figures.ts'
import { readOptions } from './support/options.ts'
import { pssOf } from './support/processes.ts'
import { machine, serviceOptionTable, withService } from './support/service.ts'

const MiB = 1024 * 1024
const counted = new Set(['supervisor', 'keys', 'worker', 'jobs'])

const o = readOptions('Starts the service in a scratch folder, leaves it alone, and measures the memory of its processes.', {
  ...serviceOptionTable,
  seconds: { default: 30, says: 'how long it is left alone' },
  'most-mib': { default: 400, says: 'the budget' },
  json: { default: false, says: 'print JSON' },
})
await withService({ portOffset: o['port-offset'], scanner: o.scanner, workers: o.workers }, async (service) => {
  const processes = (await service.processes()).filter((one) => counted.has(one.kind))
  await new Promise((resolve) => setTimeout(resolve, o.seconds * 1000))
  const rows = processes.map(({ name, pid }) => ({ name, mib: Math.round((pssOf(pid) / MiB) * 10) / 10 }))
  const total = Math.round(rows.reduce((sum, one) => sum + one.mib, 0))
  const table = tableOf(['process', 'PSS MiB'], [...rows.map((one) => [one.name, one.mib]), ['together', total]])
  printFigures(o.json, { machine: machine(), processes: rows, totalMiB: total, budgetMiB: o['most-mib'] }, table)
  if (total > o['most-mib']) process.exitCode = 1
})
