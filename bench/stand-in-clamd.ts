// A stand-in for clamd that finds everything clean at once: a measurement with it shows our own cost. INSTREAM, alone or in sessions, on a Unix socket.
import { rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { isMain, readOptions } from './support/options.ts'

const lengthOctets = 4
const maxCommandOctets = 64

/** Listens on a Unix socket that everybody may open; returns once it does. */
export async function serveStandIn(path: string): Promise<Server> {
  rmSync(path, { force: true })
  const server = createServer(serve)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    // The service drops root: its workers connect as another user.
    server.listen({ path, readableAll: true, writableAll: true }, resolve)
  })
  return server
}

/** One connection: commands end with NUL; behind INSTREAM come chunks, each with its length before it, until one of length 0. */
function serve(socket: Socket): void {
  let waiting: Buffer = Buffer.alloc(0)
  let inStream = false
  let inSession = false
  let chunkLeft = 0
  let count = 0
  const answer = (text: string) => {
    socket.write(`${inSession ? `${++count}: ` : ''}${text}\0`)
    if (!inSession) socket.end()
  }
  const hearCommand = (): boolean => {
    const end = waiting.indexOf(0)
    if (end < 0) {
      if (waiting.length > maxCommandOctets) socket.destroy()
      return false
    }
    const command = waiting.toString('latin1', 0, end)
    waiting = waiting.subarray(end + 1)
    if (command === 'zIDSESSION') inSession = true
    else if (command === 'zINSTREAM') inStream = true
    else if (command === 'zEND') socket.end()
    else answer(command === 'zPING' ? 'PONG' : command === 'zVERSION' ? 'ClamAV 1.4.3/0/stand-in' : 'UNKNOWN COMMAND')
    return true
  }
  const hearChunk = (): boolean => {
    if (chunkLeft > 0) {
      const passed = Math.min(chunkLeft, waiting.length)
      chunkLeft -= passed
      waiting = waiting.subarray(passed)
      return chunkLeft === 0
    }
    if (waiting.length < lengthOctets) return false
    chunkLeft = waiting.readUInt32BE()
    waiting = waiting.subarray(lengthOctets)
    if (chunkLeft === 0) {
      inStream = false
      answer('stream: OK')
    }
    return true
  }
  socket.on('error', () => {})
  socket.on('data', (octets: Buffer) => {
    waiting = waiting.length === 0 ? octets : Buffer.concat([waiting, octets])
    while (waiting.length > 0 && (inStream ? hearChunk() : hearCommand()));
  })
}

if (isMain(import.meta.url)) {
  const { socket } = readOptions('Serves a clamd that finds everything clean, for CJSM_CLAMD_SOCKET.', {
    socket: { default: '/tmp/stand-in-clamd.sock', says: 'the Unix socket to serve on' },
  })
  await serveStandIn(socket)
  process.stdout.write(`CJSM_CLAMD_SOCKET=${socket}\n`)
}
