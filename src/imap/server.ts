// The IMAP face on its port: implicit TLS, each connection served by the loop. RFC 8314, T14, T21.
import type { SecureContext } from 'node:tls'
import type { Refused } from '#base/faults.ts'
import type { Log } from '#base/log.ts'
import type { Metrics } from '#base/metrics.ts'
import type { ImapDoors } from '#imap/doors.ts'
import { type ImapLimits, imapLimits } from '#imap/limits.ts'
import { serveImap } from '#imap/loop.ts'
import { byeLine, refusalText } from '#imap/responses.ts'
import { type NetLimits, netLimits } from '#net/limits.ts'
import { type ListenAt, type Listener, listen } from '#net/listener.ts'

export interface ImapServerOptions {
  readonly at: ListenAt
  readonly tlsContext: () => SecureContext
  /** Asked before sign-in, with the client's address: null lets it in. */
  readonly admit: (remoteAddress: string) => Refused | null
  readonly doors: ImapDoors
  readonly limits?: ImapLimits
  readonly netLimits?: NetLimits
  readonly log: Log
  readonly metrics: Metrics
}

/** Opens the port and resolves once clients can connect; throws when the port cannot be had. */
export function startImap(options: ImapServerOptions): Promise<Listener> {
  const { at, tlsContext, admit, doors, log, metrics } = options
  const commands = metrics.counter('cjsm_imap_commands_total', 'IMAP commands by verb and outcome', ['verb', 'outcome'])
  const sessions = metrics.gauge('cjsm_imap_sessions', 'IMAP sessions that are open')
  return listen({
    at,
    tls: 'implicit',
    tlsContext,
    admit,
    // ALERT: what a mail program must show (RFC 3501 §7.1).
    greetRefusal: (refusal) => byeLine(refusalText(refusal), 'ALERT'),
    async serve(connection) {
      sessions.inc()
      try {
        await serveImap(connection, { doors, limits: options.limits ?? imapLimits, log, commands })
      } finally {
        sessions.dec()
      }
    },
    limits: options.netLimits ?? netLimits,
    log,
    metrics,
  })
}
