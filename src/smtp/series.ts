// The submission face's counters.
import type { Counter } from 'prom-client'
import type { Metrics } from '#base/metrics.ts'

export interface SmtpSeries {
  readonly replies: Counter
}

const replies = 'cjsm_smtp_replies_total'

/** The counters, made at the first call for this registry, since two ports of one process share them. */
export function smtpSeries(metrics: Metrics): SmtpSeries {
  const known = metrics.registry.getSingleMetric(replies) as Counter | undefined
  return { replies: known ?? metrics.counter(replies, 'Replies to SMTP commands by verb and code', ['verb', 'code']) }
}
