// The web face on its ports: HTTPS, and HTTP that only redirects. Connections are counted and limited as on every face; TLS is ours, so that a renewed certificate is used at once. RFC 9110, T14, T21
import { type RequestListener, type Server as HttpServer, createServer as createHttpServer } from 'node:http'
import { type Socket, createServer } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import type { Refused } from '#base/faults.ts'
import type { Metrics } from '#base/metrics.ts'
import { Arrivals } from '#net/arrivals.ts'
import { Crowd } from '#net/crowd.ts'
import type { NetLimits } from '#net/limits.ts'
import { listenerSeries } from '#net/listener-series.ts'
import { type ListenAt, type Listener, openAt } from '#net/listener.ts'
import { networkOf, remoteAddressOf } from '#net/remote-address.ts'
import { type AppParts, newApp } from '#web/app.ts'
import { headerMs, keepAliveMs, maxRequestHeaderOctets, requestMs, requestsPerConnection } from '#web/limits.ts'
import { redirectToHttps } from '#web/redirect.ts'
import type { FastifyInstance } from 'fastify'

/** While the service closes, connections whose request has ended are looked for this often. */
const lookForIdleMs = 100

export interface WebServerOptions extends Omit<AppParts, 'lobby'> {
  readonly at: { readonly https: ListenAt; readonly http: ListenAt }
  readonly tlsContext: () => SecureContext
  readonly admit: (remoteAddress: string) => Refused | null
  readonly netLimits: NetLimits
  /** Other times than those of limits.ts, and how often they are looked at. */
  readonly times?: Partial<HttpTimes>
}

/** How long a request's header, the whole of it, and the next one on its connection are waited for. */
interface HttpTimes {
  readonly headerMs: number
  readonly requestMs: number
  readonly keepAliveMs: number
  readonly lookMs: number
}

export interface WebServer {
  readonly https: Listener
  readonly http: Listener
  /** The application, for tests that need no connection. */
  readonly app: FastifyInstance
}

/** A server of HTTP/1.1 that is handed its connections; the limits of time hold for them too. */
function unboundHttpServer(handler: RequestListener, given: Partial<HttpTimes> = {}): HttpServer {
  const times = { headerMs, requestMs, keepAliveMs, lookMs: 5_000, ...given }
  const server = createHttpServer(
    {
      maxHeaderSize: maxRequestHeaderOctets,
      headersTimeout: times.headerMs,
      requestTimeout: times.requestMs,
      keepAliveTimeout: times.keepAliveMs,
      connectionsCheckingInterval: times.lookMs,
    },
    handler,
  )
  server.maxRequestsPerSocket = requestsPerConnection
  // Node begins to look after these times when a server listens. This one never does.
  server.emit('listening')
  return server
}

/** Opens both ports and resolves once browsers can connect; throws when a port cannot be had. */
export async function startWeb(options: WebServerOptions): Promise<WebServer> {
  const closing = new AbortController()
  const refusals = new WeakMap<Socket, Refused>()
  const guests = new WeakMap<Socket, () => void>()
  const lobby = {
    refusalOf: (socket: Socket) => refusals.get(socket) ?? null,
    signedIn: (socket: Socket) => {
      guests.get(socket)?.()
      guests.delete(socket)
    },
    closing: closing.signal,
  }
  let made: HttpServer | undefined
  const app = await newApp({ ...options, lobby }, (handler) => (made = unboundHttpServer(handler, options.times)))
  const secure = newTalks(made!)
  const plain = newTalks(
    unboundHttpServer(
      redirectToHttps(() => https.port),
      options.times,
    ),
  )
  const http = await openPort(options, options.at.http, (socket) => plain.begin(socket))
  const https = await openPort(options, options.at.https, (socket, guest) => {
    const secured = new TLSSocket(socket, {
      isServer: true,
      secureContext: options.tlsContext(),
      ALPNProtocols: ['http/1.1'],
    })
    secured.on('error', () => {})
    const refusal = options.admit(remoteAddressOf(socket))
    if (refusal !== null) refusals.set(secured, refusal)
    guests.set(secured, guest.signedIn)
    guest.handshake(secured, () => secure.begin(secured))
  })
  const drained = (port: Port, talks: Talks): Listener => ({
    port: port.port,
    async close(graceMs) {
      closing.abort()
      const gone = port.close(graceMs)
      talks.endIdle()
      const timer = setInterval(() => talks.endIdle(), lookForIdleMs)
      await gone
      clearInterval(timer)
    },
  })
  return { https: drained(https, secure), http: drained(http, plain), app }
}

/** The connections that a server of HTTP has been handed. */
export interface Talks {
  begin(socket: Socket): void
  /** Ends those that have no request under way. Node's own closeIdleConnections spares the ones that never made one. */
  endIdle(): void
}

/** Hands connections to a server of HTTP, and keeps in mind which of them have requests under way. */
export function newTalks(server: HttpServer): Talks {
  const open = new Set<Socket>()
  // Counted: a browser may send its next requests before it has the first answer (RFC 9112 §9.3.2).
  const busy = new Map<Socket, number>()
  server.on('request', ({ socket }, response) => {
    busy.set(socket, (busy.get(socket) ?? 0) + 1)
    response.once('close', () => {
      const left = (busy.get(socket) ?? 1) - 1
      if (left > 0) busy.set(socket, left)
      else busy.delete(socket)
    })
  })
  return {
    begin(socket) {
      open.add(socket)
      socket.once('close', () => {
        open.delete(socket)
        busy.delete(socket)
      })
      server.emit('connection', socket)
    },
    endIdle() {
      for (const socket of open) if (!busy.has(socket)) socket.destroySoon()
    },
  }
}

/** What a port tells of a connection to whoever takes it. */
interface Guest {
  signedIn(): void
  /** Counts the handshake, ends one that takes too long, and calls when it is done. */
  handshake(secured: TLSSocket, done: () => void): void
}

interface Port {
  readonly port: number
  close(graceMs: number): Promise<void>
}

/** Listens, counts who comes as every face does, and hands on those for whom there is room. */
async function openPort(
  { netLimits, metrics }: { netLimits: NetLimits; metrics: Metrics },
  at: ListenAt,
  take: (socket: Socket, guest: Guest) => void,
): Promise<Port> {
  const series = listenerSeries(metrics)
  const crowd = new Crowd(netLimits.connections, netLimits.connectionsPerNetwork)
  const handshakes = new Crowd(netLimits.handshakes, netLimits.handshakesPerNetwork)
  const arrivals = new Arrivals(netLimits)
  const open = new Set<Socket>()

  function shakeHands(network: string, secured: TLSSocket, done: () => void): void {
    if (!handshakes.enter(network)) {
      series.handshakes.inc({ outcome: 'too-many' })
      secured.destroy()
      return
    }
    const timer = setTimeout(() => secured.destroy(), netLimits.handshakeMs)
    let outcome = 'failed'
    const ended = () => {
      clearTimeout(timer)
      handshakes.leave(network)
      series.handshakes.inc({ outcome })
      secured.off('close', ended)
    }
    secured.once('close', ended)
    secured.once('secure', () => {
      outcome = 'done'
      ended()
      done()
    })
  }

  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 120_000 }, (socket) => {
    socket.on('error', () => {})
    const address = remoteAddressOf(socket)
    const network = networkOf(address)
    if (address === '' || !arrivals.enter(network, performance.now()) || !crowd.enter(network)) {
      series.connections.inc({ outcome: 'too-many' })
      socket.destroy()
      return
    }
    series.connections.inc({ outcome: 'taken' })
    open.add(socket)
    socket.once('close', () => {
      open.delete(socket)
      crowd.leave(network)
    })
    take(socket, {
      signedIn: () => arrivals.giveBack(network, performance.now()),
      handshake: (secured, done) => shakeHands(network, secured, done),
    })
  })
  const port = await openAt(server, at)
  return {
    port,
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      const timer = setTimeout(() => {
        for (const socket of open) socket.destroy()
      }, graceMs)
      await closed
      clearTimeout(timer)
    },
  }
}
