// `status`: what the supervisor says of itself and its processes, as JSON or in words.
import { table } from '#cli/table.ts'
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

/** Prints the status; returns 0 when the service runs and is healthy, 1 when something is wrong, 3 when it does not run. */
export async function showStatus(socket: string, json: boolean, print: (text: string) => void): Promise<number> {
  const status = (await askStatus(socket)) as Status | null
  if (status === null) {
    print(json ? JSON.stringify({ running: false }) : 'It is not running. ./cjsm up starts it.')
    return 3
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
