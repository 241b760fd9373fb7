// Loaded into the service's processes (NODE_OPTIONS=--import): how long their event loops are held, from SIGUSR2 until they end. In milliseconds, a file a process.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'

const folder = process.env.BENCH_LOOP_DELAY
const role = process.argv[2] ?? ''
if (folder !== undefined && role === 'worker') {
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  process.on('SIGUSR2', () => delay.reset())
  process.on('exit', () => {
    const ms = (nanoseconds: number) => Math.round(nanoseconds / 1e4) / 100
    const figures = { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), most: ms(delay.max) }
    writeFileSync(join(folder, `${process.pid}.json`), JSON.stringify(figures))
  })
}
