// Background jobs by graphile-worker: tasks by name, some on a timetable. Never add a job inside acceptance: it notifies, which serialises commits.
import { Logger, parseCronItems, type CronItem, type JobHelpers, run, type TaskList } from 'graphile-worker'
import type { Pool } from 'pg'
import { describeFault, type Log } from '#base/log.ts'
import { jobsPollMs } from '#host/limits.ts'

export type Task = (payload: unknown, helpers: JobHelpers) => Promise<void>

export interface JobsOptions {
  readonly pool: Pool
  readonly tasks: ReadonlyMap<string, Task>
  /** When tasks run by themselves: `match` is a crontab's five fields, in UTC. */
  readonly timetable?: readonly CronItem[]
  readonly concurrency?: number
  readonly log: Log
}

/**
 * Runs jobs until stopped; `stop` lets those under way end. The schema `graphile_worker` is made or brought up to date first.
 * The pool and its clients must have listeners for `error`.
 */
export async function startJobs(options: JobsOptions): Promise<{ stop(): Promise<void> }> {
  const { pool, log } = options
  const taskList: TaskList = Object.fromEntries([...options.tasks].map(([name, task]) => [name, withoutText(task, log)]))
  const runner = await run({
    pgPool: pool,
    taskList,
    parsedCronItems: parseCronItems([...(options.timetable ?? [])]),
    concurrency: options.concurrency ?? 1,
    pollInterval: jobsPollMs,
    noHandleSignals: true, // the role's own SIGTERM drains
    logger: quietLogger(log),
  })
  return { stop: () => runner.stop() }
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
