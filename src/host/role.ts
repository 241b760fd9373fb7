// The child's side of the supervisor: a Node process with one role, that says when it is ready, answers, drains on SIGTERM, and never outlives its supervisor.
import { describeFault, type Log } from '#base/log.ts'
import { isRoleMessage, type RoleMessage } from '#host/role-messages.ts'

export interface RoleOptions {
  readonly log: Log
  /** Ends what is under way and takes nothing new; called once, on SIGTERM. */
  drain(): Promise<void>
  /** After this the process ends whatever is left. */
  readonly drainWithinMs: number
  /** What the supervisor may ask (`metrics`), by name; what stands behind a space is passed on. */
  readonly answers: ReadonlyMap<string, (about: string) => unknown>
}

/** Binds this process to its supervisor; returns what says that it is ready. Faults that nobody met are logged without their text and end the process. */
export function startRole(options: RoleOptions): { ready(): void } {
  const { log } = options
  endWithSupervisor(log)
  drainOnTerm(options)
  answerQuestions(options)
  return { ready: () => tell({ cjsm: 'ready' }) }
}

function tell(message: RoleMessage): void {
  if (process.connected) process.send?.(message, () => {})
}

function endWithSupervisor(log: Log): void {
  // Ctrl-C and the end of a terminal reach the whole group: what they mean is the supervisor's to say.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {})
  process.on('disconnect', () => process.exit(1))
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (fault: unknown) => {
      // The fault's own text may hold what a peer sent: Node would print it.
      log.error({ fault: describeFault(fault) }, 'a fault that nobody met')
      process.exit(1)
    })
  }
}

function drainOnTerm({ log, drain, drainWithinMs }: RoleOptions): void {
  process.once('SIGTERM', () => {
    process.on('SIGTERM', () => {}) // one drain is enough
    setTimeout(() => {
      log.warn({}, 'not drained in time')
      process.exit(1)
    }, drainWithinMs)
    drain().then(
      () => process.exit(0),
      (fault: unknown) => {
        log.error({ fault: describeFault(fault) }, 'draining failed')
        process.exit(1)
      },
    )
  })
}

function answerQuestions({ log, answers }: RoleOptions): void {
  process.on('message', (message: unknown) => {
    if (!isRoleMessage(message) || message.cjsm !== 'ask') return
    const { id, what } = message
    const [name = '', about = ''] = what.split(' ', 2)
    const answer = name === 'ping' ? () => null : answers.get(name)
    if (answer === undefined) return
    Promise.try(answer, about).then(
      (value) => tell({ cjsm: 'answer', id, value }),
      (fault: unknown) => log.error({ fault: describeFault(fault) }, 'a question was not answered'),
    )
  })
}
