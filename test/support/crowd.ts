// A crowd at one port: idle connections and dribbling ones from many addresses, and one address that connects all the time. For bench/crowd.ts and its short form in the suite.
import { Worker } from 'node:worker_threads'

export interface CrowdOptions {
  /** Of submissions: TLS from the first octet. */
  readonly port: number
  readonly idle: number
  /** One octet a second each, of a line that does not end. */
  readonly dribbling: number
  readonly connectsPerSecond: number
  readonly seconds: number
}

export type CrowdReport =
  | { readonly kind: 'held'; readonly idle: number; readonly dribbling: number }
  | { readonly kind: 'flooded'; readonly knocked: number; readonly stillThere: number }

export interface Crowd {
  /** How many of the quiet ones were let in; the flood begins then. */
  readonly held: Promise<Extract<CrowdReport, { kind: 'held' }>>
  /** How many connections were tried, and how many of the quiet ones were still there at the end; all are closed then. */
  readonly flooded: Promise<Extract<CrowdReport, { kind: 'flooded' }>>
}

/** Lets a crowd in, in a thread of its own. */
export function startCrowd(options: CrowdOptions): Crowd {
  const thread = new Worker(new URL('./crowd-thread.ts', import.meta.url), { workerData: options })
  const heard = <Kind extends CrowdReport['kind']>(kind: Kind) =>
    new Promise<Extract<CrowdReport, { kind: Kind }>>((resolve, reject) => {
      thread.on('message', (report: CrowdReport) => {
        if (report.kind === kind) resolve(report as Extract<CrowdReport, { kind: Kind }>)
      })
      thread.once('error', reject)
    })
  return { held: heard('held'), flooded: heard('flooded') }
}
