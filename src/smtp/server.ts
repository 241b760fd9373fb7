// The submission face on one port: implicit TLS (RFC 8314 §3.3) or STARTTLS (RFC 6409, 3207).
import type { SecureContext } from 'node:tls'
import type { Clock } from '#base/clock.ts'
import type { Refused } from '#base/faults.ts'
import type { Log } from '#base/log.ts'
import type { Metrics } from '#base/metrics.ts'
import type { NetLimits } from '#net/limits.ts'
import { listen, type ListenAt, type Listener } from '#net/listener.ts'
import type { SmtpDoors } from '#smtp/doors.ts'
import type { SmtpLimits } from '#smtp/limits.ts'
import { serveConnection, type LoopOptions } from '#smtp/loop.ts'
import { formatReply, reply, replyToRefusal } from '#smtp/replies.ts'
import { smtpSeries } from '#smtp/series.ts'

export interface SubmissionOptions {
  readonly at: ListenAt
  /** `implicit` for submissions (465), `starttls` for submission (587). */
  readonly tls: 'implicit' | 'starttls'
  readonly tlsContext: () => SecureContext
  /** Asked before the greeting, with the peer's address (T21). */
  readonly admit: (remoteAddress: string) => Refused | null
  readonly doors: SmtpDoors
  /** Our name in the greeting. */
  readonly hostName: string
  /** How to reach the Helpdesk, as refusals say it. */
  readonly helpdesk: string
  /** The page of the rules. */
  readonly rulesUrl: string
  readonly limits: SmtpLimits
  readonly netLimits: NetLimits
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

/** Opens the port; throws when it cannot be had. */
export function listenForSubmission(options: SubmissionOptions): Promise<Listener> {
  const { doors, limits, netLimits, hostName, helpdesk, rulesUrl, tlsContext, clock, metrics, ...net } = options
  const log = options.log.child({ face: 'submission' })
  const loop: LoopOptions = { doors, limits, hostName, helpdesk, rulesUrl, tlsContext, clock, log, series: smtpSeries(metrics) }
  return listen({
    ...net,
    tlsContext,
    metrics,
    log,
    limits: netLimits,
    // RFC 5321 §3.1: 554 in place of the greeting.
    greetRefusal: (refusal) => formatReply({ ...replyToRefusal(refusal, { helpdesk, rulesUrl }), code: 554, status: '5.7.1' }),
    greetTooMany: formatReply(reply(421, '4.7.0', 'Too many connections from your network')),
    serve: (connection) => serveConnection(connection, loop),
  })
}
