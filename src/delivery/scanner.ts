// clamd over its Unix socket: INSTREAM in sessions that are kept and used again. No scanner, no acceptance. T19
import { createConnection, type Socket } from 'node:net'
import { Unavailable } from '#base/faults.ts'

export type ScanResult =
  | { readonly kind: 'clean' }
  | { readonly kind: 'found'; readonly signature: string }
  /** What the content itself makes impossible: encrypted, over a limit of the scanner's or our own, or an archive made so that nobody can say what it holds. */
  | { readonly kind: 'unscannable'; readonly why: 'encrypted' | 'too-large' | 'malformed' }

export interface Scanner {
  /** Scans the octets that `chunks` gives; it is called again when they must be sent again. Throws Unavailable('scanner') when there is no answer in time. */
  scan(chunks: () => Scanned): Promise<ScanResult>
  close(): void
}

/** All octets in one buffer, or piece by piece. */
export type Scanned = Buffer | AsyncIterable<Buffer>

const sessionsKept = 32
const chunkOctets = 128 * 1024
const command = Buffer.from('zINSTREAM\0')
const end = Buffer.alloc(4)

/** One connection to clamd in session mode, used for one scan at a time. */
class Session {
  readonly socket: Socket
  #said = ''
  #answer: { resolve(line: string): void; reject(fault: Error): void } | null = null
  /** Gone, or of no further use. */
  ended = false

  constructor(path: string) {
    this.socket = createConnection(path)
    this.socket.on('data', (octets) => this.#hear(octets.toString('latin1')))
    this.socket.on('error', (fault) => this.#end(fault))
    this.socket.on('close', () => this.#end(new Error('clamd closed the connection')))
    this.socket.write('zIDSESSION\0')
  }

  #hear(text: string): void {
    this.#said += text.slice(0, 4096)
    const end = this.#said.indexOf('\0')
    if (end < 0) return
    const line = this.#said.slice(0, end)
    this.#said = this.#said.slice(end + 1)
    this.#answer?.resolve(line)
    this.#answer = null
  }

  #end(fault: Error): void {
    this.ended = true
    this.#answer?.reject(fault)
    this.#answer = null
  }

  async ask(chunks: Scanned): Promise<string> {
    const answer = new Promise<string>((resolve, reject) => {
      this.#answer = { resolve, reject }
    })
    answer.catch(() => {})
    if (Buffer.isBuffer(chunks)) {
      this.socket.write(Buffer.concat([command, lengthOf(chunks), chunks, end]))
      return answer
    }
    this.socket.cork()
    this.socket.write(command)
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length && this.#answer !== null; at += chunkOctets) {
        await this.#send(chunk.subarray(at, at + chunkOctets), answer)
      }
      if (this.#answer === null) break
    }
    // An answer before the end of the octets: what clamd has not read would stand in the way of the next scan.
    if (this.#answer === null) this.ended = true
    else this.socket.write(end)
    this.socket.uncork()
    return answer
  }

  async #send(piece: Buffer, answer: Promise<string>): Promise<void> {
    this.socket.write(lengthOf(piece))
    if (this.socket.write(piece)) return
    this.socket.uncork()
    await Promise.race([new Promise((resolve) => this.socket.once('drain', resolve)), answer])
    this.socket.cork()
  }
}

function lengthOf(piece: Buffer): Buffer {
  const length = Buffer.allocUnsafe(4)
  length.writeUInt32BE(piece.length)
  return length
}

class TooLate extends Error {}

/** A scanner over clamd's socket; each scan ends within `timeoutMs`. */
export function clamdScanner(path: string, timeoutMs: number): Scanner {
  const idle: Session[] = []

  async function scanIn(session: Session, chunks: Scanned, late: Promise<never>): Promise<string> {
    try {
      const answer = await Promise.race([session.ask(chunks), late])
      if (!session.ended && idle.length < sessionsKept) idle.push(session)
      else session.socket.destroy()
      return answer
    } catch (fault) {
      session.socket.destroy()
      throw fault
    }
  }

  /** A session that clamd closed while it was idle says nothing about clamd: once more, on a new one, unless the time is over. */
  async function answerTo(chunks: () => Scanned, late: Promise<never>): Promise<string> {
    let kept: Session | undefined
    do kept = idle.pop()
    while (kept?.ended)
    if (kept !== undefined) {
      try {
        return await scanIn(kept, chunks(), late)
      } catch (fault) {
        if (fault instanceof TooLate) throw fault
      }
    }
    return scanIn(new Session(path), chunks(), late)
  }

  return {
    async scan(chunks) {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new TooLate('clamd did not answer in time')), timeoutMs)
      })
      try {
        return resultOf(await answerTo(chunks, late))
      } catch (cause) {
        throw new Unavailable('scanner', { cause })
      } finally {
        clearTimeout(timer)
      }
    },
    close() {
      for (const session of idle.splice(0)) session.socket.destroy()
    },
  }
}

/** Reads `1: stream: OK`, `1: stream: Name FOUND`, `1: INSTREAM size limit exceeded. ERROR`. */
function resultOf(line: string): ScanResult {
  const answer = line.replace(/^\d+: /, '').replace(/^stream: /, '')
  if (answer === 'OK') return { kind: 'clean' }
  const found = /^(\S{1,200}) FOUND$/.exec(answer)?.[1]
  if (found?.startsWith('Heuristics.Encrypted')) return { kind: 'unscannable', why: 'encrypted' }
  if (found?.startsWith('Heuristics.Limits.Exceeded')) return { kind: 'unscannable', why: 'too-large' }
  if (found !== undefined) return { kind: 'found', signature: found }
  if (/size limit exceeded/.test(answer)) return { kind: 'unscannable', why: 'too-large' }
  throw new Error('clamd gave an answer that is none')
}
