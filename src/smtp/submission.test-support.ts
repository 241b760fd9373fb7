// A submission port for tests: memory doors, short limits, a certificate made for the run.
import { systemClock } from '#base/clock.ts'
import { refused } from '#base/faults.ts'
import { newLog, type Log } from '#base/log.ts'
import { newMetrics } from '#base/metrics.ts'
import { netLimits } from '#net/limits.ts'
import type { Listener } from '#net/listener.ts'
import { serverContext } from '#net/tls.ts'
import { MemoryDoors } from '#smtp/doors.test-support.ts'
import { smtpLimits, type SmtpLimits } from '#smtp/limits.ts'
import { listenForSubmission } from '#smtp/server.ts'

export interface TestPort {
  readonly port: number
  readonly doors: MemoryDoors
  readonly listener: Listener
}

export interface TestPortOptions {
  readonly certificate: { readonly certificate: Buffer; readonly key: Buffer }
  readonly tls?: 'implicit' | 'starttls'
  readonly admit?: boolean
  readonly limits?: Partial<SmtpLimits>
  readonly log?: Log
}

/** Opens a port on loopback; the caller closes it. */
export async function openTestPort({
  certificate,
  tls = 'implicit',
  admit = true,
  limits = {},
  log,
}: TestPortOptions): Promise<TestPort> {
  const doors = new MemoryDoors()
  const context = serverContext(certificate.certificate, certificate.key)
  const outside = (address: string) =>
    refused('T21', 'connection-is-from-outside', `Your address is ${address}, which is not in the UK`, 'Connect from the UK')
  const listener = await listenForSubmission({
    at: { host: '127.0.0.1', port: 0 },
    tls,
    tlsContext: () => context,
    admit: (address) => (admit ? null : outside(address)),
    doors,
    hostName: 'mail.cjsm.test',
    helpdesk: '0300 000',
    rulesUrl: 'https://mail.cjsm.test/rules',
    limits: { ...smtpLimits, signInFailureDelayMs: 5, ...limits },
    netLimits,
    clock: systemClock,
    log: log ?? newLog('silent', {}),
    metrics: newMetrics({}),
  })
  return { port: listener.port, doors, listener }
}
