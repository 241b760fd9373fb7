// The crowd itself, in a thread of its own so that it does not slow whoever measures: see crowd.ts.
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { parentPort, workerData } from 'node:worker_threads'
import type { CrowdOptions, CrowdReport } from '#test/support/crowd.ts'

const options = workerData as CrowdOptions
const held: Socket[] = []
const opensAtOnce = 20
const openWithinMs = 10_000
const ticksPerSecond = 100

/** One connection under TLS that says nothing more; resolves to null when it is not let in. */
function openOne(localAddress: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connectTls({
      socket: connect({ port: options.port, host: '127.0.0.1', localAddress }),
      rejectUnauthorized: false,
    })
    const timer = setTimeout(() => socket.destroy(), openWithinMs)
    socket.on('error', () => {})
    socket.once('secureConnect', () => {
      clearTimeout(timer)
      resolve(socket)
    })
    socket.once('close', () => {
      clearTimeout(timer)
      resolve(null)
    })
    socket.resume()
  })
}

async function open(count: number): Promise<Socket[]> {
  const opened: Socket[] = []
  for (let n = 0; n < count; n += opensAtOnce) {
    const size = Math.min(opensAtOnce, count - n)
    const wave = await Promise.all(Array.from({ length: size }, (_, index) => openOne(`127.0.1.${((n + index) % 20) + 1}`)))
    opened.push(...wave.filter((socket) => socket !== null))
  }
  held.push(...opened)
  return opened
}

/** Connects so often from one address, for so long; each is left to the server, and closed after a second at the latest. */
async function flood(perSecond: number, seconds: number): Promise<number> {
  let begun = 0
  const startMs = performance.now()
  const knocking = new Set<Socket>()
  while (performance.now() - startMs < seconds * 1000) {
    const due = Math.floor(((performance.now() - startMs) / 1000) * perSecond)
    for (; begun < due; begun++) {
      const socket = connect({ port: options.port, host: '127.0.0.1', localAddress: '127.0.0.1' })
      knocking.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => knocking.delete(socket))
      socket.setTimeout(1000, () => socket.destroy())
      socket.resume()
    }
    await new Promise((resolve) => setTimeout(resolve, 1000 / ticksPerSecond))
  }
  for (const socket of knocking) socket.destroy()
  return begun
}

const idle = await open(options.idle)
const dribbling = await open(options.dribbling)
const dribble = setInterval(() => {
  for (const socket of dribbling) socket.write('x')
}, 1000)
parentPort!.postMessage({ kind: 'held', idle: idle.length, dribbling: dribbling.length } satisfies CrowdReport)
const knocked = await flood(options.connectsPerSecond, options.seconds)
const stillThere = held.filter((socket) => !socket.destroyed).length
parentPort!.postMessage({ kind: 'flooded', knocked, stillThere } satisfies CrowdReport)
clearInterval(dribble)
for (const socket of held) socket.destroy()
