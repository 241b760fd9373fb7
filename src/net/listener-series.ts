// The listeners' counters; several listeners of one process share them.
import type { Counter } from 'prom-client'
import type { Metrics } from '#base/metrics.ts'

export interface ListenerSeries {
  readonly connections: Counter
  readonly handshakes: Counter
}

/** The counters of connections and TLS handshakes by outcome, made at the first call for this registry. */
export function listenerSeries(metrics: Metrics): ListenerSeries {
  return {
    connections: counter(metrics, 'cjsm_connections_total', 'Connections by outcome: taken, refused, too-many'),
    handshakes: counter(
      metrics,
      'cjsm_tls_handshakes_total',
      'TLS handshakes on implicit-TLS ports by outcome: done, failed, too-many',
    ),
  }
}

function counter(metrics: Metrics, name: string, help: string): Counter {
  return (metrics.registry.getSingleMetric(name) as Counter | undefined) ?? metrics.counter(name, help, ['outcome'])
}
