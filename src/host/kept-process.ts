// One process that the supervisor keeps running: started, waited for, watched, started again with growing delays, and ended.
import type { ChildProcess } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { ended, hasEnded } from '#host/children.ts'
import { calmAfterMs, checkEveryMs, firstRestartDelayMs, mostRestartDelayMs } from '#host/limits.ts'

export type ProcessKind = 'postgres' | 'clamd' | 'keys' | 'worker' | 'jobs'

export interface ProcessSpec {
  readonly kind: ProcessKind
  readonly name: string
  start(): ChildProcess | Promise<ChildProcess>
  /** Resolves when it serves; rejects, with a sentence, when it will not. */
  ready(child: ChildProcess): Promise<void>
  /** Asked again and again while it runs: null when all is well, else a sentence. */
  check?(child: ChildProcess): Promise<string | null>
  /** It is ended, and so started again, when every check of so many milliseconds found fault; when left out, never. */
  readonly restartAfterMs?: number
  /** Asked before that: true for what answers nothing, but is busy with what it must do. */
  isBusy?(child: ChildProcess): boolean
  /** The signals that end it, one after the other, each given this time. */
  readonly stop: { readonly signals: readonly NodeJS.Signals[]; readonly withinMs: number }
  /** False for what the service can start without (it is unhealthy until then); true when left out. */
  readonly required?: boolean
}

export interface ProcessStatus {
  readonly kind: ProcessKind
  readonly name: string
  readonly pid: number | null
  /** When the present process was started, or the last one ended; milliseconds since 1970. */
  readonly sinceMs: number
  readonly healthy: boolean
  /** Why it is not healthy; null when it is. */
  readonly why: string | null
  readonly restarts: number
}

export class KeptProcess {
  readonly spec: ProcessSpec
  /** Settles when the first start has: rejects when a required process did not come up. */
  readonly started: Promise<void>
  child: ChildProcess | null = null
  #why: string | null = 'starting'
  #sinceMs: number
  #restarts = 0
  #failures = 0
  #stopping = false
  readonly #wake = new AbortController()
  readonly #log: Log
  readonly #clock: Clock
  readonly #running: Promise<void>

  constructor(spec: ProcessSpec, log: Log, clock: Clock) {
    this.spec = spec
    this.#log = log.child({ child: spec.name }) // `process` is the one that writes the line
    this.#clock = clock
    this.#sinceMs = clock.now()
    const first = Promise.withResolvers<void>()
    this.started = first.promise
    this.started.catch(() => {}) // may reject before anyone waits for it
    if (spec.required === false) first.resolve()
    this.#running = this.#run(first)
  }

  status(): ProcessStatus {
    const pid = this.child?.pid ?? null
    return {
      kind: this.spec.kind,
      name: this.spec.name,
      pid,
      sinceMs: this.#sinceMs,
      healthy: this.#why === null,
      why: this.#why,
      restarts: this.#restarts,
    }
  }

  /** Ends it for good; resolves when it is gone. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#why = 'stopping'
    this.#wake.abort()
    if (this.child !== null) await this.#end(this.child)
    await this.#running
  }

  async #run(first: PromiseWithResolvers<void>): Promise<void> {
    let everReady = this.spec.required === false
    while (!this.#stopping) {
      const why = await this.#live(() => {
        everReady = true
        first.resolve()
      })
      this.child = null
      this.#sinceMs = this.#clock.now()
      if (this.#stopping) break
      this.#why = why
      this.#log.error({ failures: this.#failures }, why)
      if (!everReady) {
        first.reject(new Error(`${this.spec.name}: ${why}`))
        return
      }
      await this.#pause()
    }
    first.reject(new Error(`${this.spec.name} was stopped before it was ready`))
  }

  /** One life, from start to end; returns why it ended. */
  async #live(becameReady: () => void): Promise<string> {
    let readyAt: number | null = null
    try {
      const child = await this.spec.start()
      child.on('error', () => {}) // its end is heard of by `exit`, or by its having no pid
      this.child = child
      this.#sinceMs = this.#clock.now()
      const gone = endOf(child)
      if (this.#stopping) await this.#end(child)
      else await Promise.race([this.spec.ready(child), gone.then((how) => Promise.reject(new Error(how)))])
      if (this.#stopping) return 'stopped'
      if (hasEnded(child)) return await gone
      readyAt = this.#clock.monotonic()
      this.#why = null
      this.#log.info({ pid: child.pid }, 'ready')
      becameReady()
      return await this.#watch(child, gone)
    } catch (fault) {
      if (this.child !== null) await this.#end(this.child)
      return fault instanceof Error ? fault.message : 'it did not start'
    } finally {
      if (readyAt !== null && this.#clock.monotonic() - readyAt >= calmAfterMs) this.#failures = 0
      this.#failures++
    }
  }

  async #watch(child: ChildProcess, gone: Promise<string>): Promise<string> {
    const over = new AbortController()
    const end = gone.finally(() => over.abort())
    const isHung = newPatience(this.spec.restartAfterMs ?? Number.POSITIVE_INFINITY)
    while (this.spec.check !== undefined && !hasEnded(child)) {
      await wait(checkEveryMs, undefined, { signal: over.signal }).catch(() => {})
      if (hasEnded(child) || this.#stopping) break
      const askedMs = this.#clock.monotonic()
      const why = await Promise.race([this.spec.check(child), gone]).catch(() => 'it cannot be asked how it is')
      if (this.#stopping) break
      if (why !== null && this.#why === null) this.#log.warn({ pid: child.pid }, why)
      this.#why = why
      if (!isHung(why === null, askedMs, this.#clock.monotonic()) || this.spec.isBusy?.(child) === true) continue
      child.kill('SIGKILL') // what is stopped heeds no other
      await end
      return `it was ended, since ${why}`
    }
    return end
  }

  async #pause(): Promise<void> {
    this.#restarts++
    await wait(restartDelayMs(this.#failures), undefined, { signal: this.#wake.signal }).catch(() => {})
  }

  async #end(child: ChildProcess): Promise<void> {
    const { signals, withinMs } = this.spec.stop
    for (const signal of signals) {
      if (hasEnded(child)) return
      child.kill(signal)
      if (await ended(child, withinMs)) return
      this.#log.warn({ pid: child.pid }, `not gone ${withinMs} ms after ${signal}`)
    }
    child.kill('SIGKILL')
    await ended(child, withinMs)
  }
}

/** How long to wait after so many failures in a row: not at all after the first, then 100 ms, doubled each time, up to 5 s. */
export function restartDelayMs(failures: number): number {
  return failures < 2 ? 0 : Math.min(firstRestartDelayMs * 2 ** (failures - 2), mostRestartDelayMs)
}

/** Tells of each check whether all since some time before it found fault. One alone proves nothing: we may have stood still ourselves. */
function newPatience(limitMs: number): (well: boolean, askedMs: number, answeredMs: number) => boolean {
  let sinceMs = 0
  let checks = 0
  return (well, askedMs, answeredMs) => {
    if (checks === 0) sinceMs = askedMs
    checks = well ? 0 : checks + 1
    return checks > 1 && answeredMs - sinceMs >= limitMs
  }
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    const tell = () =>
      resolve(child.signalCode === null ? `it ended with code ${child.exitCode}` : `it was ended by ${child.signalCode}`)
    if (child.pid === undefined) resolve('it could not be started')
    else if (hasEnded(child)) tell()
    else child.once('exit', tell)
  })
}
