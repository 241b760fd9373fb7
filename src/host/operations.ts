// The operations listener: /metrics (Prometheus), /healthz (this process runs), /readyz (the service can be relied on), and what is published of the record, over plain HTTP on loopback.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { describeFault, type Log } from '#base/log.ts'
import { operationsLimits } from '#host/limits.ts'

/** A file that is served as it is. */
export interface OperationsFile {
  readonly type: string
  readonly octets: Buffer
  /** It never changes, and may be kept by who fetched it. */
  readonly lasting: boolean
}

export interface OperationsDoors {
  readonly log: Log
  /** All series in Prometheus' text form. */
  metrics(): Promise<string>
  /** Why the service cannot be relied on; empty when it can. */
  reasons(): string[]
  /** A file of the record by its path; null when there is none, undefined when nobody can say now. */
  published(path: string): Promise<OperationsFile | null | undefined>
}

const compress = promisify(gzip)
const lastingSeconds = 31_536_000

/** Listens on a loopback address and port (0: one that is free); resolves when it does. */
export async function serveOperations(doors: OperationsDoors, host: string, port: number): Promise<Server> {
  const server = createServer({ maxHeaderSize: operationsLimits.headerOctets }, (request, response) => {
    answer(doors, request, response).catch((fault: unknown) => {
      doors.log.error({ fault: describeFault(fault) }, 'operations: a request failed')
      if (!response.headersSent) reply(response, 500, 'text/plain', 'failed\n')
      else response.destroy()
    })
  })
  server.maxConnections = operationsLimits.connections
  server.headersTimeout = operationsLimits.requestMs
  server.requestTimeout = operationsLimits.requestMs
  server.keepAliveTimeout = operationsLimits.requestMs
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return server
}

async function answer(doors: OperationsDoors, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return reply(response, 405, 'text/plain', 'GET only\n')
  switch (request.url) {
    case '/metrics':
      return reply(response, 200, 'text/plain; version=0.0.4; charset=utf-8', await doors.metrics())
    case '/healthz':
      return reply(response, 200, 'application/json', '{"status":"ok"}\n')
    case '/readyz': {
      const reasons = doors.reasons()
      const ready = reasons.length === 0
      return reply(response, ready ? 200 : 503, 'application/json', `${JSON.stringify({ ready, reasons })}\n`)
    }
    default:
      return replyWithFile(response, await doors.published(request.url ?? ''))
  }
}

async function replyWithFile(response: ServerResponse, file: OperationsFile | null | undefined): Promise<void> {
  if (file === undefined) return reply(response, 503, 'text/plain', 'not now\n')
  if (file === null) return reply(response, 404, 'text/plain', 'not found\n')
  const zipped = /\bgzip\b/.test(String(response.req.headers['accept-encoding'] ?? ''))
  reply(response, 200, file.type, zipped ? await compress(file.octets) : file.octets, {
    vary: 'accept-encoding',
    ...(zipped ? { 'content-encoding': 'gzip' } : {}),
    ...(file.lasting ? { 'cache-control': `public, max-age=${lastingSeconds}, immutable` } : {}),
  })
}

function reply(
  response: ServerResponse,
  code: number,
  type: string,
  body: string | Buffer,
  more: Readonly<Record<string, string>> = {},
): void {
  const length = Buffer.byteLength(body)
  response.writeHead(code, { 'content-type': type, 'content-length': length, 'cache-control': 'no-store', ...more })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}
