// What messages cost that are made to be dear: CPU of the workers for 4 MB of each kind against plain text of that size (the budget is 3 times), and how long the event loop is held while the whole corpus runs (p99 at most 100 ms).
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type HostileKind, hostileKinds, hostileMessage, plainText } from '../test/support/hostile.ts'
import { printFigures, round, tableOf } from './support/figures.ts'
import { readOptions } from './support/options.ts'
import { cpuOf } from './support/processes.ts'
import { machine, type Service, serviceOptionTable, withService } from './support/service.ts'
import { openSmtp, type SmtpClient } from './support/smtp-client.ts'

const maxRatio = 3
const maxHeldMs = 100

const o = readOptions('Starts the service and measures what 4 MB of each hostile kind cost, against plain text.', {
  ...serviceOptionTable,
  octets: { default: 4_000_000, says: 'octets of a message' },
  runs: { default: 5, says: 'messages of each kind, of which the cheapest counts' },
  json: { default: false, says: 'print JSON' },
})

interface Cost {
  readonly name: string
  readonly ms: number
  readonly ratio: number
  readonly reply: string
}

let count = 0

/** The least CPU of the workers that a message of this kind cost, in milliseconds. */
async function costOf(service: Service, client: SmtpClient, kind: HostileKind, pids: readonly number[]) {
  let least = Number.POSITIVE_INFINITY
  let reply = ''
  const spent = () => pids.map((pid) => cpuOf(pid, false)).reduce((sum, one) => sum + one.userMs + one.systemMs, 0)
  for (let run = 0; run < o.runs; run++) {
    const octets = hostileMessage(kind, o.octets, service.sender.address, `bench-${count++}`)
    const stuffed = Buffer.from(octets.toString('latin1').replace(/(^|\r\n)\./g, '$1..'), 'latin1')
    const before = spent()
    const to = service.others[count % service.others.length]!.address
    const sent = await client.send(service.sender.address, [to], { head: Buffer.alloc(0), body: stuffed, messageId: '' }, false)
    least = Math.min(least, spent() - before)
    reply = sent.text.slice(0, 9)
    // A full mailbox would make the rest cheap.
    if (sent.code === 452) throw new Error('the mailboxes are full: fewer runs or octets')
  }
  return { ms: least, reply }
}

const folder = mkdtempSync(join(tmpdir(), 'cjsm-loop-delay-'))
chmodSync(folder, 0o777)
try {
  const environment = {
    NODE_OPTIONS: `--import=${fileURLToPath(new URL('./support/loop-delay.ts', import.meta.url))}`,
    BENCH_LOOP_DELAY: folder,
    CJSM_QUOTA_OCTETS: String(20e9),
  }
  const costs: Cost[] = []
  await withService({ portOffset: o['port-offset'], scanner: o.scanner, workers: 1, environment }, async (service) => {
    const pids = (await service.processes()).filter(({ kind }) => kind === 'worker').map(({ pid }) => pid)
    const client = await openSmtp(service.smtp)
    for (let n = 0; n < 3; n++) await costOf(service, client, plainText, pids)
    const plain = await costOf(service, client, plainText, pids)
    for (const pid of pids) process.kill(pid, 'SIGUSR2')
    for (const kind of [plainText, ...hostileKinds]) {
      const { ms, reply } = await costOf(service, client, kind, pids)
      costs.push({ name: kind.name, ms: round(ms), ratio: round(ms / plain.ms), reply })
    }
    await client.quit()
    await service.down()
  })
  const held = readdirSync(folder).map(
    (name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as { p99: number; most: number },
  )
  const p99 = Math.max(...held.map((one) => one.p99))
  const most = Math.max(...held.map((one) => one.most))
  const rows = costs.toSorted((a, b) => b.ratio - a.ratio).map(({ name, ms, ratio, reply }) => [name, ms, ratio, reply])
  const table = tableOf(['kind', 'ms of CPU', 'times plain text', 'reply'], rows)
  const text = `${machine()}\n${table}\nevent loop held: p99 ${p99} ms, most ${most} ms`
  printFigures(o.json, { machine: machine(), octets: o.octets, costs, heldMs: { p99, most } }, text)
  if (p99 > maxHeldMs || costs.some(({ ratio }) => ratio > maxRatio)) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
