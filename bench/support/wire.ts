// A client's end of a line protocol over TCP or TLS: as little as a load program needs, so that its own cost stays small.
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** A server that says nothing for so long is taken for lost. */
const silenceMs = 60_000

export type Tls = 'implicit' | 'starttls' | 'none'

export interface Server {
  readonly host: string
  readonly port: number
  readonly tls: Tls
}

export class Wire {
  #socket: Socket
  #waiting: { resolve(line: string): void; reject(fault: Error): void } | null = null
  #fault: Error | null = null
  #octets: Buffer = Buffer.alloc(0)
  #at = 0
  /** Octets of literals that the next read passes over. */
  #skip = 0
  /** Octets received since the connection opened. */
  received = 0

  constructor(socket: Socket) {
    this.#socket = socket
    this.#listen(socket)
  }

  #listen(socket: Socket): void {
    socket.setNoDelay(true)
    socket.setTimeout(silenceMs, () => socket.destroy(new Error('the server said nothing for a minute')))
    socket.on('data', (octets: Buffer) => this.#hear(octets))
    socket.on('error', (fault) => this.#end(fault))
    socket.on('close', () => this.#end(new Error('the server closed the connection')))
  }

  #hear(octets: Buffer): void {
    this.received += octets.length
    this.#octets = this.#at === this.#octets.length ? octets : Buffer.concat([this.#octets.subarray(this.#at), octets])
    this.#at = 0
    this.#give()
  }

  #give(): void {
    if (this.#waiting === null) return
    const line = this.#takeLine()
    if (line === null) return
    const { resolve } = this.#waiting
    this.#waiting = null
    resolve(line)
  }

  #takeLine(): string | null {
    if (this.#skip > 0) {
      const passed = Math.min(this.#skip, this.#octets.length - this.#at)
      this.#at += passed
      this.#skip -= passed
      if (this.#skip > 0) return null
    }
    const end = this.#octets.indexOf(10, this.#at)
    if (end < 0) return null
    const line = this.#octets.toString('latin1', this.#at, end - 1)
    this.#at = end + 1
    return line
  }

  #end(fault: Error): void {
    this.#fault ??= fault
    this.#waiting?.reject(this.#fault)
    this.#waiting = null
  }

  /** The next line, without its CRLF. There is one reader at a time; rejects when the connection has ended. */
  line(): Promise<string> {
    const line = this.#takeLine()
    if (line !== null) return Promise.resolve(line)
    if (this.#fault !== null) return Promise.reject(this.#fault)
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  /** Passes over so many octets before the next line. */
  skip(octets: number): void {
    this.#skip += octets
  }

  /** Sends text or octets as one write to the network. */
  send(...pieces: readonly (string | Buffer)[]): void {
    if (pieces.length === 1) {
      this.#socket.write(pieces[0]!)
      return
    }
    this.#socket.cork()
    for (const piece of pieces) this.#socket.write(piece)
    this.#socket.uncork()
  }

  /** Begins TLS on the open connection (STARTTLS). */
  async startTls(): Promise<void> {
    const plain = this.#socket
    plain.removeAllListeners()
    // A server under measurement has a certificate of its own making.
    const secured = connectTls({ socket: plain, rejectUnauthorized: false })
    await new Promise<void>((resolve, reject) => secured.once('secureConnect', resolve).once('error', reject))
    this.#socket = secured
    this.#listen(secured)
  }

  close(): void {
    this.#fault ??= new Error('closed')
    this.#socket.end()
    this.#socket.destroySoon()
  }
}

/** Opens a connection; implicit TLS is there when it resolves. */
export async function openWire({ host, port, tls }: Server): Promise<Wire> {
  const socket = tls === 'implicit' ? connectTls({ host, port, rejectUnauthorized: false }) : connectTcp({ host, port })
  const ready = tls === 'implicit' ? 'secureConnect' : 'connect'
  const wire = new Wire(socket)
  await new Promise<void>((resolve, reject) => socket.once(ready, resolve).once('error', reject))
  return wire
}
