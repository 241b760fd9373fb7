// A listener for the tests of connections and listeners: on a free port, with a certificate, closed at the end of the file.
import { after } from 'node:test'
import { refused } from '#base/faults.ts'
import { newLog } from '#base/log.ts'
import { newMetrics } from '#base/metrics.ts'
import { Draining, TimedOut, type Connection } from '#net/connection.ts'
import { netLimits, type NetLimits } from '#net/limits.ts'
import { listen, type Listener, type ListenOptions } from '#net/listener.ts'
import { serverContext } from '#net/tls.ts'
import { makeCertificate } from '#test/support/certificate.ts'

const files = makeCertificate()
export const context = serverContext(files.certificate, files.key)
const log = newLog('silent', {})
export const outsideUk = refused('T21', 'connection-is-from-outside', 'Seen: 192.0.2.1', 'Connect from the UK')
const opened: Listener[] = []
after(async () => {
  await Promise.all(opened.map((listener) => listener.close(0)))
  files.remove()
})

type Extra = Partial<Omit<ListenOptions, 'limits'>> & { limits?: Partial<NetLimits> }

export async function open(
  serve: (connection: Connection) => Promise<void>,
  { limits, ...extra }: Extra = {},
): Promise<Listener> {
  const listener = await listen({
    at: { host: '127.0.0.1', port: 0 },
    tls: 'none',
    tlsContext: () => context,
    admit: () => null,
    greetRefusal: (refusal) => `no ${refusal.clause}\r\n`,
    serve,
    limits: { ...netLimits, ...limits },
    log,
    metrics: newMetrics({}),
    ...extra,
  })
  opened.push(listener)
  return listener
}

export const line = { maxOctets: 64, timeoutMs: 20_000 }

/** Answers each line with its length and end, or with the name of what reading threw. */
export async function echo(connection: Connection): Promise<void> {
  for (;;) {
    const octets = await connection.readLine(line).catch((fault: Error) => fault)
    if (octets === null) return
    await connection.write(octets instanceof Error ? `${octets.name}\r\n` : `${octets.length} ${octets.toString()}\r\n`)
    if (octets instanceof Draining || octets instanceof TimedOut) return
  }
}
