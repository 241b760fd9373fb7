// Listens on one port for a face: counts, admits (T21), brings up TLS, hands over the connection, and drains when the service closes.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import type { Refused } from '#base/faults.ts'
import { describeFault, type Log } from '#base/log.ts'
import type { Metrics } from '#base/metrics.ts'
import { Arrivals } from '#net/arrivals.ts'
import { Connection, TooMany } from '#net/connection.ts'
import { Crowd } from '#net/crowd.ts'
import { listenBacklog, type NetLimits } from '#net/limits.ts'
import { listenerSeries, type ListenerSeries } from '#net/listener-series.ts'
import { networkOf, remoteAddressOf } from '#net/remote-address.ts'

/** Where to listen: a port of our own, or the descriptor of a socket that is bound already. */
export type ListenAt = { readonly host: string; readonly port: number } | { readonly fd: number }

export interface ListenOptions {
  readonly at: ListenAt
  readonly tls: 'implicit' | 'starttls' | 'none'
  /** Asked for each handshake, so that a renewed certificate is used at once. */
  readonly tlsContext: () => SecureContext
  /** Asked before anything is said, with the peer's address: null lets it in. */
  readonly admit: (remoteAddress: string) => Refused | null
  /** What the face's protocol says to one that is not let in; on an implicit-TLS port it is said after the handshake. */
  readonly greetRefusal: (refusal: Refused) => string | Buffer
  /** What a port without implicit TLS says to one too many; on one with it, such a connection is only closed, since a handshake is what is being spared. */
  readonly greetTooMany?: string | Buffer
  readonly serve: (connection: Connection) => Promise<void>
  readonly limits: NetLimits
  readonly log: Log
  readonly metrics: Metrics
}

export interface Listener {
  readonly port: number
  /** Stops accepting, tells the faces (Draining), waits up to `graceMs` for running connections, then destroys them. */
  close(graceMs: number): Promise<void>
}

/** Opens the port and resolves once connections can come in; throws when the port cannot be had. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const door = new Door(options)
  const server = createServer(
    { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 120_000 },
    (socket) => {
      door.take(socket)
    },
  )
  const port = await openAt(server, options.at)
  return {
    port,
    close: async (graceMs) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await door.empty(graceMs)
      await closed
    },
  }
}

/** Lets connections in; returns the port. Throws when it cannot be had. */
export async function openAt(server: Server, at: ListenAt): Promise<number> {
  server.listen({ ...at, backlog: listenBacklog })
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

class Door {
  readonly #options: ListenOptions
  readonly #series: ListenerSeries
  readonly #crowd: Crowd
  readonly #handshakes: Crowd
  readonly #arrivals: Arrivals
  readonly #open = new Set<Connection>()
  #closing = false

  constructor(options: ListenOptions) {
    const { limits } = options
    this.#options = options
    this.#series = listenerSeries(options.metrics)
    this.#crowd = new Crowd(limits.connections, limits.connectionsPerNetwork)
    this.#handshakes = new Crowd(limits.handshakes, limits.handshakesPerNetwork)
    this.#arrivals = new Arrivals(limits)
  }

  take(socket: Socket): void {
    socket.on('error', () => {})
    const remoteAddress = remoteAddressOf(socket)
    const network = networkOf(remoteAddress)
    if (remoteAddress === '' || this.#closing || !this.#hasRoom(network)) {
      this.#turnAway(socket)
      return
    }
    socket.once('close', () => this.#crowd.leave(network))
    this.#series.connections.inc({ outcome: 'taken' })
    const connection = new Connection(socket, this.#options.limits, {
      beginHandshake: () => this.#beginHandshake(network),
      signedIn: () => this.#arrivals.giveBack(network, performance.now()),
    })
    this.#open.add(connection)
    connection.closed.then(() => this.#open.delete(connection))
    void this.#attend(connection)
  }

  #hasRoom(network: string): boolean {
    return this.#arrivals.enter(network, performance.now()) && this.#crowd.enter(network)
  }

  #beginHandshake(network: string): (() => void) | null {
    return this.#handshakes.enter(network) ? () => this.#handshakes.leave(network) : null
  }

  async empty(graceMs: number): Promise<void> {
    this.#closing = true
    for (const connection of this.#open) connection.drain()
    const timer = setTimeout(() => {
      for (const connection of this.#open) connection.destroy()
    }, graceMs)
    await Promise.all([...this.#open].map((connection) => connection.closed))
    clearTimeout(timer)
  }

  #turnAway(socket: Socket): void {
    this.#series.connections.inc({ outcome: 'too-many' })
    const { tls, greetTooMany } = this.#options
    if (tls !== 'implicit' && greetTooMany !== undefined) socket.end(greetTooMany)
    socket.destroySoon()
  }

  async #attend(connection: Connection): Promise<void> {
    const { tls, admit, greetRefusal, serve, log } = this.#options
    try {
      const refusal = admit(connection.remoteAddress)
      if (refusal !== null) {
        this.#series.connections.inc({ outcome: 'refused' })
        log.info(
          { connection: connection.id, remoteAddress: connection.remoteAddress, clause: refusal.clause },
          'connection refused',
        )
      }
      if (tls === 'implicit' && !(await this.#secure(connection))) return
      if (refusal !== null) await connection.write(greetRefusal(refusal))
      else await serve(connection)
    } catch (fault) {
      log.error({ connection: connection.id, fault: describeFault(fault) }, 'connection ended by a fault')
    } finally {
      await connection.end()
    }
  }

  async #secure(connection: Connection): Promise<boolean> {
    try {
      await connection.startTls(this.#options.tlsContext())
      this.#series.handshakes.inc({ outcome: 'done' })
      return true
    } catch (fault) {
      this.#series.handshakes.inc({ outcome: fault instanceof TooMany ? 'too-many' : 'failed' })
      connection.destroy()
      return false
    }
  }
}
