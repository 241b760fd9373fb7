// A good client beside a crowd: 1,000 idle and 200 dribbling connections from many addresses, and one address that connects 2,000 times a second. Its messages take less than 2 s (p99), and all descriptors come back within 60 s.
import { readdirSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { startCrowd } from '../test/support/crowd.ts'
import { openSmtpClient } from '../test/support/smtp-client.ts'
import { inWords, printFigures, spreadOf } from './support/figures.ts'
import { readOptions } from './support/options.ts'
import { machine, type Service, serviceOptionTable, withService } from './support/service.ts'

const maxP99Ms = 2000
const maxReturnMs = 60_000
const stillOpen = 20

const o = readOptions('Starts the service and measures how a good client fares beside a crowd.', {
  ...serviceOptionTable,
  idle: { default: 1000, says: 'connections that say nothing' },
  dribbling: { default: 200, says: 'connections that say an octet a second' },
  connects: { default: 2000, says: 'connections a second from one address' },
  seconds: { default: 20, says: 'how long it connects' },
  json: { default: false, says: 'print JSON' },
})

const descriptorsOf = (pids: readonly number[]) => pids.reduce((sum, pid) => sum + readdirSync(`/proc/${pid}/fd`).length, 0)

/** Sends one message after another, each over a connection of its own from another address, until `over` says so; how long each took. */
async function beGood(service: Service, over: () => boolean): Promise<number[]> {
  const { sender, others, smtp } = service
  const taken: number[] = []
  for (let n = 0; !over(); n++) {
    const startMs = performance.now()
    const client = await openSmtpClient(smtp.port, sender, '127.0.0.2')
    const octets = Buffer.from(`From: <${sender.address}>\r\nMessage-ID: <${n}@crowd.example>\r\n\r\ntext\r\n`)
    const { reply } = await client.submit({ from: sender.address, to: [others[0]!.address], octets })
    client.close()
    if (reply.code !== 250) throw new Error(`the good client was answered ${reply.code}`)
    taken.push(performance.now() - startMs)
    await wait(50)
  }
  return taken
}

await withService({ portOffset: o['port-offset'], scanner: o.scanner, workers: o.workers }, async (service) => {
  const pids = (await service.processes()).filter(({ kind }) => /^(worker|supervisor)$/.test(kind)).map(({ pid }) => pid)
  const before = descriptorsOf(pids)
  const { idle, dribbling, connects, seconds } = o
  const crowd = startCrowd({ port: service.smtp.port, idle, dribbling, connectsPerSecond: connects, seconds })
  const held = await crowd.held
  let over = false
  const flooded = crowd.flooded.finally(() => {
    over = true
  })
  const taken = spreadOf(await beGood(service, () => over))
  const { knocked, stillThere } = await flooded
  const endMs = performance.now()
  while (descriptorsOf(pids) > before + stillOpen && performance.now() < endMs + maxReturnMs) await wait(100)
  const returnedMs = Math.round(performance.now() - endMs)
  const figures = { machine: machine(), idle: held.idle, dribbling: held.dribbling, stillThere, knocked, taken, returnedMs }
  const text = `${figures.machine}\n${held.idle} idle and ${held.dribbling} dribbling connections, ${stillThere} still there at the end; ${knocked} knocked
a message of the good client, connecting and signing in with it: ${inWords(taken)}
descriptors came back in ${returnedMs} ms`
  printFigures(o.json, figures, text)
  if (taken.p99 > maxP99Ms || returnedMs >= maxReturnMs || stillThere < held.idle + held.dribbling) process.exitCode = 1
})
