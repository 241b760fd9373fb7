// Our own Node processes as the supervisor keeps them: forks of one module, some of which inherit its bound ports.
import { type ChildProcess, fork } from 'node:child_process'
import type { ProcessKind, ProcessSpec } from '#host/kept-process.ts'
import { roleAnswerMs, roleReadyMs } from '#host/limits.ts'
import { askRole, roleReady } from '#host/role-messages.ts'

export interface RoleProcess {
  /** The module's path. */
  readonly module: string
  readonly args: readonly string[]
  readonly execArgv?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Descriptors of ours that it inherits, from 4 on (`inheritedPort`). */
  readonly inherits?: readonly number[]
  /** A little more than the role's own `drainWithinMs`; SIGKILL after it. */
  readonly stopWithinMs: number
  /** It is started again when it does not answer for so long; when left out, never. */
  readonly restartAfterMs?: number
}

/** A Node process of ours. */
export function forkSpec(kind: ProcessKind, name: string, role: RoleProcess): ProcessSpec {
  return {
    ...common(kind, name, role),
    start: () =>
      fork(role.module, [...role.args], {
        env: { ...process.env, ...role.env },
        execArgv: [...(role.execArgv ?? [])],
        stdio: ['inherit', 'inherit', 'inherit', 'ipc', ...(role.inherits ?? [])],
      }),
  }
}

/** So many face workers, which share the ports that they inherit: a connection goes to one that is free to take it. */
export function workerSpecs(count: number, role: RoleProcess): ProcessSpec[] {
  return Array.from({ length: count }, (_, index) => forkSpec('worker', `worker-${index + 1}`, role))
}

function common(kind: ProcessKind, name: string, role: RoleProcess): Omit<ProcessSpec, 'start'> {
  return {
    kind,
    name,
    ready: (child) => roleReady(child, roleReadyMs),
    check: (child: ChildProcess) =>
      askRole(child, 'ping', roleAnswerMs).then(
        () => null,
        () => `it does not answer within ${roleAnswerMs / 1000} s`,
      ),
    ...(role.restartAfterMs === undefined ? {} : { restartAfterMs: role.restartAfterMs }),
    stop: { signals: ['SIGTERM', 'SIGKILL'], withinMs: role.stopWithinMs },
  }
}
