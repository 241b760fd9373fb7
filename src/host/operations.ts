// The operations listener: /metrics (Prometheus), /healthz (this process runs) and /readyz (the service can be relied on), over plain HTTP on loopback.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { describeFault, type Log } from '#base/log.ts'
import { operationsLimits } from '#host/limits.ts'

export interface OperationsDoors {
  readonly log: Log
  /** All series in Prometheus' text form. */
  metrics(): Promise<string>
  /** Why the service cannot be relied on; empty when it can. */
  reasons(): string[]
}

/** Listens on a loopback address and port (0: any); resolves when it does. */
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
      return reply(response, 404, 'text/plain', 'not found\n')
  }
}

function reply(response: ServerResponse, code: number, type: string, body: string): void {
  response.writeHead(code, { 'content-type': type, 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store' })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}
