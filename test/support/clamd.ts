// A stand-in for clamd on a Unix socket: speaks zIDSESSION, zINSTREAM and zPING, and misbehaves when told to. For tests of what T19 asks.
import { rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'

/**
 * How it answers from now on:
 * `finds-eicar`: OK, or FOUND for octets that hold the EICAR test string in plain (it decodes nothing);
 * `clean`: OK at once, whatever it is given; `in-turn`: the same, one stream after another, `slowMs` for each; `slow`: like `finds-eicar`, but only after `slowMs`; `silent`: reads everything, answers nothing;
 * `closes`: closes the connection in mid-stream; `closes-used`: closes a session that asks a second time, as clamd does with one it finds idle;
 * `encrypted`, `exceeds`, `limit`: says that it cannot scan; `nonsense`: an answer that is none.
 */
export type ClamdMode =
  | 'finds-eicar'
  | 'clean'
  | 'in-turn'
  | 'slow'
  | 'silent'
  | 'closes'
  | 'closes-used'
  | 'encrypted'
  | 'exceeds'
  | 'limit'
  | 'nonsense'

export interface TestClamd {
  readonly path: string
  mode: ClamdMode
  slowMs: number
  /** Connections that were opened, and streams that were read to their end, so far. */
  readonly seen: { connections: number; streams: number }
  /** The octets of the last stream that ended. */
  last(): Buffer
  close(): Promise<void>
}

/** The EICAR test string, put together so that no scanner finds it in this file. */
export const eicar = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}', '$EICAR-STANDARD-ANTIVIRUS-TEST-FILE', '!$H+H*'].join('')

/** Serves on `path` until closed. */
export async function startTestClamd(path: string): Promise<TestClamd> {
  const sockets = new Set<Socket>()
  let freeAtMs = 0
  let last: Buffer = Buffer.alloc(0)
  rmSync(path, { force: true })
  const server = createServer((socket) => {
    clamd.seen.connections++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    const heard = (octets: Buffer) => {
      last = octets
    }
    const waitMs = () => {
      freeAtMs = Math.max(freeAtMs, performance.now()) + clamd.slowMs
      return freeAtMs - performance.now()
    }
    serve(socket, clamd, heard, waitMs)
  })
  const clamd: TestClamd = {
    path,
    mode: 'finds-eicar',
    slowMs: 0,
    seen: { connections: 0, streams: 0 },
    last: () => last,
    close() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
  return clamd
}

function answerFor(mode: ClamdMode, octets: Buffer): string {
  if (mode === 'encrypted') return 'stream: Heuristics.Encrypted.Zip FOUND'
  if (mode === 'exceeds') return 'stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND'
  if (mode === 'limit') return 'INSTREAM size limit exceeded. ERROR'
  if (mode === 'nonsense') return 'stream: what?'
  return mode !== 'clean' && octets.includes(eicar) ? 'stream: Eicar-Test-Signature FOUND' : 'stream: OK'
}

/** One connection in session mode: commands end with NUL; a stream is chunks with their lengths before them, until one of length 0. */
function serve(socket: Socket, clamd: TestClamd, heard: (octets: Buffer) => void, waitMs: () => number): void {
  let waiting: Buffer[] = []
  let octetsWaiting = 0
  let stream: Buffer[] | null = null
  let asked = 0
  const take = (count: number): Buffer => {
    const all = Buffer.concat(waiting)
    const rest = all.subarray(count)
    waiting = [rest]
    octetsWaiting = rest.length
    return all.subarray(0, count)
  }
  const hearCommand = (): boolean => {
    const end = Buffer.concat(waiting).indexOf(0)
    if (end < 0) return false
    const command = take(end + 1).toString('latin1', 0, end)
    if (command === 'zPING' && clamd.mode !== 'silent') socket.end('PONG\0')
    if (command !== 'zINSTREAM') return true
    stream = []
    asked++
    if (clamd.mode === 'closes-used' && asked > 1) socket.destroy()
    return true
  }
  const hearChunk = (chunks: Buffer[]): boolean => {
    if (octetsWaiting < 4) return false
    const all = Buffer.concat(waiting)
    const length = all.readUInt32BE()
    if (octetsWaiting < 4 + length) return false
    take(4)
    chunks.push(take(length))
    if (clamd.mode === 'closes') socket.destroy()
    if (length > 0) return true
    stream = null
    const octets = Buffer.concat(chunks)
    clamd.seen.streams++
    heard(octets)
    if (clamd.mode === 'silent') return true
    const answer = () => socket.write(`${asked}: ${answerFor(clamd.mode, octets)}\0`)
    if (clamd.mode === 'slow') setTimeout(answer, clamd.slowMs).unref()
    else if (clamd.mode === 'in-turn') setTimeout(answer, waitMs()).unref()
    else answer()
    if (clamd.mode === 'limit') socket.end()
    return true
  }
  socket.on('data', (octets: Buffer) => {
    waiting.push(octets)
    octetsWaiting += octets.length
    while (octetsWaiting > 0 && !socket.destroyed && (stream === null ? hearCommand() : hearChunk(stream)));
  })
}
