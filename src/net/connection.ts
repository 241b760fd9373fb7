// One TCP or TLS connection: reading is pulled and bounded, writing feels back-pressure, and TLS can begin in mid-stream (RFC 3207).
import type { Socket } from 'node:net'
import { TLSSocket, type SecureContext } from 'node:tls'
import { randomOctets } from '#base/ids.ts'
import { Allowance } from '#net/allowance.ts'
import { netLimits, type NetLimits } from '#net/limits.ts'
import { remoteAddressOf } from '#net/remote-address.ts'
import { OctetQueue } from '#net/octet-queue.ts'

/** A line was longer than the caller allows; what there was of it, to its end, has been thrown away. */
export class LineTooLong extends Error {
  override name = 'LineTooLong'
}
/** The peer did not send, or did not take what was written, in time. */
export class TimedOut extends Error {
  override name = 'TimedOut'
}
/** The service is closing: thrown by readLine in place of waiting, when no part of a line has come. The face says so and ends. */
export class Draining extends Error {
  override name = 'Draining'
}
/** The peer sends in pieces so small that they cost more than what is in them; or there is no room for one more handshake. The face ends. */
export class TooMany extends Error {
  override name = 'TooMany'
}
/** The peer is gone: thrown by write, so that a long answer stops. */
export class ConnectionLost extends Error {
  override name = 'ConnectionLost'
}

export interface ReadLine {
  /** Octets of the line with its CRLF, as RFC 5321 §4.5.3.1.4 counts. */
  readonly maxOctets: number
  /** For the whole line, however slowly it dribbles in. */
  readonly timeoutMs: number
  readonly allowBareLf?: boolean
}

export interface ReadSome {
  readonly maxOctets: number
  readonly timeoutMs: number
}

interface Waiter {
  resolve(): void
  reject(reason: Error): void
}

/** What the listener that took a connection counts of it. */
export interface Usher {
  /** Counts a handshake in and returns what counts it out, or returns null when there is no room for it. */
  beginHandshake(): (() => void) | null
  signedIn(): void
}

const done = Promise.resolve()
const ignore = () => {}
const noUsher: Usher = { beginHandshake: () => ignore, signedIn: ignore }

export class Connection {
  readonly id = randomOctets(8).toString('hex')
  /** The peer's address; an IPv4 address that came mapped into IPv6 is given as IPv4. */
  readonly remoteAddress: string
  readonly localPort: number
  readonly closed: Promise<void>
  readonly #limits: NetLimits
  readonly #queue = new OctetQueue()
  readonly #usher: Usher
  readonly #pieces: Allowance
  #socket: Socket
  #ended = false
  #tooMany = false
  #draining = false
  #corked = false
  #waiter: Waiter | null = null
  #drained: Promise<void> | null = null

  constructor(socket: Socket, limits: NetLimits = netLimits, usher: Usher = noUsher) {
    this.#socket = socket
    this.#limits = limits
    this.#usher = usher
    this.#pieces = new Allowance(limits.smallPieces, limits.smallPiecesPerSecond, performance.now())
    this.remoteAddress = remoteAddressOf(socket)
    this.localPort = socket.localPort ?? 0
    this.closed = new Promise((resolve) => {
      socket.once('close', () => resolve())
    })
    this.#listen()
  }

  get secure(): boolean {
    return this.#socket instanceof TLSSocket
  }

  /** `TLSv1.2`, `TLSv1.3`, or null in plain text. */
  get tlsProtocol(): string | null {
    return this.#socket instanceof TLSSocket ? this.#socket.getProtocol() : null
  }

  /** Octets that have come in and that nobody has read. */
  get bufferedOctets(): number {
    return this.#queue.octets
  }

  /** The service is closing: the face ends at its next wait for a line. */
  get draining(): boolean {
    return this.#draining
  }

  /** To be called when somebody has signed in over it: its network is not held to account for it. */
  signedIn(): void {
    this.#usher.signedIn()
  }

  /** The next line without its CRLF, or null at the end of the stream (an unfinished line is dropped). Throws LineTooLong, TimedOut, TooMany or Draining. */
  async readLine(options: ReadLine): Promise<Buffer | null> {
    const queue = this.#queue
    const clock = new ReadClock(options.timeoutMs)
    let tooLong = false
    try {
      for (;;) {
        const line = queue.takeLine(options.allowBareLf ?? false)
        if (line !== null) {
          if (tooLong || line.length + 2 > options.maxOctets) throw new LineTooLong()
          return line
        }
        if (queue.octets > options.maxOctets) {
          tooLong = true
          queue.dropScanned()
        }
        if (this.#tooMany) throw new TooMany()
        if (this.#ended) return null
        if (this.#draining && queue.octets === 0 && !tooLong) throw new Draining()
        await this.#more(clock)
      }
    } finally {
      clock.stop()
    }
  }

  /** Whatever is there, between one and `maxOctets` octets, or null at the end of the stream. Throws TimedOut or TooMany. */
  async readSome(options: ReadSome): Promise<Buffer | null> {
    const clock = new ReadClock(options.timeoutMs)
    try {
      for (;;) {
        if (this.#tooMany) throw new TooMany()
        const octets = this.#queue.takeSome(options.maxOctets)
        if (octets !== null || this.#ended) return octets
        await this.#more(clock)
      }
    } finally {
      clock.stop()
    }
  }

  /** Puts octets back in front of what is read next. */
  unread(octets: Buffer): void {
    this.#queue.unread(octets)
  }

  /** Sends octets; those of one turn of the event loop go out together. Resolves at once unless the peer lags behind. Throws ConnectionLost or TimedOut. */
  write(octets: string | Buffer): Promise<void> {
    const socket = this.#socket
    if (socket.destroyed || socket.writableEnded) return Promise.reject(new ConnectionLost())
    if (!this.#corked) {
      this.#corked = true
      socket.cork()
      process.nextTick(() => {
        this.#corked = false
        socket.uncork()
      })
    }
    if (socket.write(octets)) return done
    this.#drained ??= this.#waitForDrain(socket).finally(() => {
      this.#drained = null
    })
    return this.#drained
  }

  /**
   * Begins TLS as its server, after sending `goAhead` in plain text. What the peer sent before that is thrown away, so that
   * nothing injected before TLS is taken as said under it (CVE-2011-0411). Throws TimedOut or ConnectionLost, the connection then being closed;
   * or TooMany, before anything is said or done.
   */
  async startTls(context: SecureContext, goAhead?: string): Promise<void> {
    const ended = this.#usher.beginHandshake()
    if (ended === null) throw new TooMany()
    try {
      await this.#secure(context, goAhead)
    } finally {
      ended()
    }
  }

  async #secure(context: SecureContext, goAhead: string | undefined): Promise<void> {
    const plain = this.#socket
    plain.removeAllListeners('data').removeAllListeners('end').pause()
    while (plain.read() !== null);
    this.#queue.clear()
    if (goAhead !== undefined) await this.#writeAlone(plain, goAhead)
    if (plain.destroyed) throw new ConnectionLost()
    const secured = new TLSSocket(plain, { isServer: true, secureContext: context })
    secured.on('error', ignore)
    await this.#handshake(secured)
    this.#socket = secured
    this.#listen()
  }

  /** Sends what is written, closes, and resolves when closed; reads on for a moment so that the last reply is not lost in a reset. */
  async end(): Promise<void> {
    const socket = this.#socket
    if (socket.destroyed) return this.closed
    this.#queue.clear()
    let left = this.#limits.lingerOctets
    socket.removeAllListeners('data').on('data', (octets: Buffer) => {
      left -= octets.length
      if (left < 0) socket.destroy()
    })
    socket.resume()
    socket.end()
    if (this.#ended) socket.destroySoon()
    else socket.once('end', () => socket.destroySoon())
    const timer = setTimeout(() => socket.destroy(), this.#limits.lingerMs)
    await this.closed
    clearTimeout(timer)
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Only the listener calls this, when the service closes: waits for a new line end with Draining. */
  drain(): void {
    this.#draining = true
    this.#wake()
  }

  #listen(): void {
    const socket = this.#socket
    socket.on('error', ignore)
    socket.on('data', (octets: Buffer) => {
      this.#queue.push(octets)
      this.#tooMany ||= !this.#pieces.take(1 - octets.length / this.#limits.octetsPerPiece, performance.now())
      if (this.#tooMany || this.#queue.octets >= this.#limits.readAheadOctets) socket.pause()
      this.#wake()
    })
    const ended = () => {
      this.#ended = true
      this.#wake()
    }
    socket.once('end', ended)
    socket.once('close', ended)
  }

  #wake(): void {
    const waiter = this.#waiter
    this.#waiter = null
    waiter?.resolve()
  }

  /** Resolves when more has come, the stream has ended or the service is closing. There is one reader at a time. */
  #more(clock: ReadClock): Promise<void> {
    if (this.#waiter !== null) return Promise.reject(new Error('two readers on one connection'))
    if (this.#socket.isPaused()) this.#socket.resume()
    return new Promise<void>((resolve, reject) => {
      this.#waiter = { resolve, reject }
      clock.start(() => {
        this.#waiter = null
        reject(new TimedOut())
      })
    })
  }

  #waitForDrain(socket: Socket): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const settle = (outcome: Error | null) => {
        clearTimeout(timer)
        socket.off('drain', drained).off('close', lost)
        if (outcome === null) resolve()
        else reject(outcome)
      }
      const drained = () => settle(null)
      const lost = () => settle(new ConnectionLost())
      const timer = setTimeout(() => {
        settle(new TimedOut())
        socket.destroy()
      }, this.#limits.writeMs)
      socket.on('drain', drained).on('close', lost)
    })
  }

  #writeAlone(socket: Socket, text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      socket.write(text, (fault) => (fault ? reject(new ConnectionLost()) : resolve()))
      while (socket.writableCorked > 0) socket.uncork()
    })
  }

  #handshake(socket: TLSSocket): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new TimedOut())
        socket.destroy()
      }, this.#limits.handshakeMs)
      socket.once('secure', () => {
        clearTimeout(timer)
        resolve()
      })
      socket.once('close', () => {
        clearTimeout(timer)
        reject(new ConnectionLost())
      })
    })
  }
}

/** One time limit for a whole read: it begins with the first wait, so that what is already there costs no timer. */
class ReadClock {
  readonly #timeoutMs: number
  #timer: NodeJS.Timeout | null = null
  #expired: () => void = ignore

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  start(expired: () => void): void {
    this.#expired = expired
    this.#timer ??= setTimeout(() => this.#expired(), Math.max(0, this.#timeoutMs))
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
  }
}
