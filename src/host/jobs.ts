// Background jobs by graphile-worker: tasks by name, some on a timetable. Never add a job inside acceptance: it notifies, which serialises commits.
import { Logger, type JobHelpers, run, type TaskList } from 'graphile-worker'
import type { Pool } from 'pg'
import { describeFault, type Log } from '#base/log.ts'
import { firstJobAfterMs, jobsPollMs } from '#host/limits.ts'

export type Task = (payload: unknown, helpers: JobHelpers) => Promise<void>

export interface JobsOptions {
  readonly pool: Pool
  readonly tasks: ReadonlyMap<string, Task>
  /** Which tasks run by themselves, and how often: by monotonic time, so that no clock that is set holds them up or hurries them. */
  readonly timetable?: readonly { readonly task: string; readonly everyMs: number }[]
  /** When each of them runs first. */
  readonly firstAfterMs?: number
  readonly concurrency?: number
  readonly log: Log
}

/**
 * Runs jobs until stopped; `stop` lets those under way end. The schema `graphile_worker` is made or brought up to date first.
 * The pool and its clients must have listeners for `error`.
 */
export async function startJobs(options: JobsOptions): Promise<{ stop(): Promise<void> }> {
  const { pool, log } = options
  const unknown = options.timetable?.find((row) => !options.tasks.has(row.task))
  if (unknown !== undefined) throw new Error(`the timetable names no task: ${unknown.task}`)
  const taskList: TaskList = Object.fromEntries([...options.tasks].map(([name, task]) => [name, withoutText(task, log)]))
  const runner = await run({
    pgPool: pool,
    taskList,
    parsedCronItems: [],
    concurrency: options.concurrency ?? 1,
    pollInterval: jobsPollMs,
    noHandleSignals: true, // the role's own SIGTERM drains
    logger: quietLogger(log),
  })
  const timers = (options.timetable ?? []).map((row) => keepTime(options, row))
  return {
    stop: () => {
      for (const timer of timers) clearTimeout(timer.id)
      return runner.stop()
    },
  }
}

/** Puts a task in the queue, due at once by the database's own clock; it takes the place of one that still waits there. */
function keepTime(o: JobsOptions, { task, everyMs }: { task: string; everyMs: number }): { id?: NodeJS.Timeout } {
  const timer: { id?: NodeJS.Timeout } = {}
  const add = async () => {
    timer.id = setTimeout(add, everyMs)
    await o.pool
      .query('select graphile_worker.add_job($1, run_at := now(), job_key := $1)', [task])
      .catch((fault: unknown) => o.log.warn({ fault: describeFault(fault), job: task }, 'a job could not be queued'))
  }
  timer.id = setTimeout(add, Math.min(o.firstAfterMs ?? firstJobAfterMs, everyMs))
  return timer
}

/** A failed job's error text is kept in its row: it must not hold what a message or a peer said. */
function withoutText(task: Task, log: Log): Task {
  return async (payload, helpers) => {
    try {
      await task(payload, helpers)
    } catch (fault) {
      const described = describeFault(fault)
      log.error({ job: helpers.job.task_identifier, attempt: helpers.job.attempts, fault: described }, 'a job failed')
      const plain = new Error(described)
      plain.stack = described
      throw plain
    }
  }
}

/** Its own lines are about connections and timetables; faults in them are named without text. */
function quietLogger(log: Log): Logger {
  return new Logger(() => (level, message, meta) => {
    if (level === 'error') log.error({ fault: describeFault(meta?.error) }, 'the job runner has trouble')
    else if (level === 'warning') log.warn({}, 'the job runner warns')
    else log.debug({}, message)
  })
}
