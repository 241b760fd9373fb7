// `status`: what the supervisor says of itself and its processes, as JSON or in words.
import { table } from '#cli/table.ts'
import { type Unanswered, whyUnanswered } from '#host/instance.ts'
import { askStatus } from '#host/status-socket.ts'

interface Status {
  readonly version: string
  readonly dataFolder: string
  readonly ports: Readonly<Record<string, number>>
  readonly ready: boolean
  readonly warnings: readonly string[]
  readonly processes: readonly {
    kind: string
    name: string
    pid: number | null
    sinceMs: number
    healthy: boolean
    why: string | null
    restarts: number
  }[]
}

/** What is said when nobody answers, and the exit code; `named` is what commands need behind them to find it. */
export function unanswered(why: Unanswered, named: string): { sentence: string; code: number } {
  const sentences = {
    'not-running': `It is not running. ./cjsm up${named} starts it.`,
    'not-permitted': 'It runs as another user: ask as that user.',
    'not-answering': 'It runs, but does not answer: it is being started or stopped, or see its log.',
  }
  return { sentence: sentences[why], code: why === 'not-running' ? 3 : 1 }
}

/** Prints the status; returns 0 when the service runs and is healthy, 1 when something is wrong, 3 when it does not run. */
export async function showStatus(o: {
  socket: string
  runFolder: string
  named: string
  json: boolean
  print: (text: string) => void
}): Promise<number> {
  const { json, print } = o
  const status = (await askStatus(o.socket)) as Status | null
  if (status === null) {
    const why = whyUnanswered(o.runFolder)
    const { sentence, code } = unanswered(why, o.named)
    const data = why === 'not-running' ? { running: false } : { running: true, ready: false, why: sentence }
    print(json ? JSON.stringify(data) : sentence)
    return code
  }
  if (json) {
    const processes = status.processes.map(({ sinceMs, ...one }) => ({ ...one, since: new Date(sinceMs).toISOString() }))
    print(JSON.stringify({ running: true, ...status, processes }, null, 2))
    return status.ready ? 0 : 1
  }
  const rows = status.processes.map((one) => [
    one.name,
    String(one.pid ?? '-'),
    new Date(one.sinceMs).toISOString(),
    one.healthy ? 'healthy' : (one.why ?? 'not healthy'),
    String(one.restarts),
  ])
  const ports = Object.entries(status.ports).map(([name, port]) => `${name} ${port}`)
  print(
    [
      `CJSM ${status.version}, data in ${status.dataFolder}`,
      `Ports: ${ports.join(', ')}`,
      '',
      table(['process', 'pid', 'since', 'state', 'restarts'], rows),
      '',
      ...status.warnings.map((warning) => `Note: ${warning}`),
    ].join('\n'),
  )
  return status.ready ? 0 : 1
}
