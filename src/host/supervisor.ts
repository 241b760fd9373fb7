// The supervisor: starts the processes in order, keeps them running, says how they are, and drains them in the opposite order.
import { type Clock, systemClock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { KeptProcess, type ProcessKind, type ProcessSpec, type ProcessStatus } from '#host/kept-process.ts'
import { askRole } from '#host/role-messages.ts'

export type { ProcessKind, ProcessSpec, ProcessStatus } from '#host/kept-process.ts'

/** A sentence for each process that is not healthy. */
export const reasonsIn = (processes: readonly ProcessStatus[]): string[] =>
  processes.filter((status) => !status.healthy).map((status) => `${status.name}: ${status.why}`)

export class Supervisor {
  readonly #log: Log
  readonly #clock: Clock
  #stages: KeptProcess[][] = []
  #stopping: Promise<void> | null = null

  constructor(log: Log, clock: Clock = systemClock) {
    this.#log = log
    this.#clock = clock
  }

  /** Starts stage after stage, the processes of a stage together; resolves when all required ones serve. Rejects, with all stopped, when one does not. */
  async start(stages: readonly (readonly ProcessSpec[])[]): Promise<void> {
    try {
      for (const specs of stages) {
        if (this.#stopping !== null) throw new Error('stopped while starting')
        const stage = specs.map((spec) => new KeptProcess(spec, this.#log, this.#clock))
        this.#stages.push(stage)
        await Promise.all(stage.map((kept) => kept.started))
      }
    } catch (fault) {
      await this.stop('a process did not start')
      throw fault
    }
  }

  /** How each process is, in the order of starting. */
  status(): ProcessStatus[] {
    return this.#stages.flat().map((kept) => kept.status())
  }

  /** Why the service cannot be relied on, a sentence a process; empty when all is well. */
  reasons(): string[] {
    if (this.#stopping !== null) return ['the service is stopping']
    return reasonsIn(this.status())
  }

  /** Asks every running process of these kinds; returns the answers of those that gave one in time. */
  async ask(kinds: readonly ProcessKind[], what: string, limitMs: number): Promise<unknown[]> {
    const asked = this.#stages
      .flat()
      .flatMap((kept) => (kept.child !== null && kinds.includes(kept.spec.kind) ? [askRole(kept.child, what, limitMs)] : []))
    return (await Promise.allSettled(asked)).flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
  }

  /** Ends all, the last stage first; a second call waits for the first. */
  stop(reason: string): Promise<void> {
    this.#stopping ??= this.#stop(reason)
    return this.#stopping
  }

  async #stop(reason: string): Promise<void> {
    this.#log.info({}, `stopping: ${reason}`)
    for (const stage of this.#stages.toReversed()) await Promise.all(stage.map((kept) => kept.stop()))
    this.#log.info({}, 'stopped')
  }
}
