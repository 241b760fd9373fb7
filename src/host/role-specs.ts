// Our own Node processes as the supervisor keeps them: forks of one module, and cluster workers that share its listening sockets.
import { type ChildProcess, fork } from 'node:child_process'
import cluster from 'node:cluster'
import type { ProcessKind, ProcessSpec } from '#host/kept-process.ts'
import { roleAnswerMs, roleReadyMs } from '#host/limits.ts'
import { askRole, roleReady } from '#host/role-messages.ts'

export interface RoleProcess {
  /** The module's path. */
  readonly module: string
  readonly args: readonly string[]
  readonly execArgv?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** A little more than the role's own `drainWithinMs`; SIGKILL after it. */
  readonly stopWithinMs: number
  /** It is started again when it does not answer for so long; when left out, never. */
  readonly restartAfterMs?: number
}

/** A process of its own (`keys`, `jobs`). */
export function forkSpec(kind: ProcessKind, name: string, role: RoleProcess): ProcessSpec {
  return {
    ...common(kind, name, role),
    start: () =>
      fork(role.module, [...role.args], { env: { ...process.env, ...role.env }, execArgv: [...(role.execArgv ?? [])] }),
  }
}

/** So many face workers under node:cluster, which hands them connections in turn. The calling process becomes the cluster's primary. */
export function workerSpecs(count: number, role: RoleProcess): ProcessSpec[] {
  cluster.schedulingPolicy = cluster.SCHED_RR
  cluster.setupPrimary({ exec: role.module, args: [...role.args], execArgv: [...(role.execArgv ?? [])] })
  return Array.from({ length: count }, (_, index) => ({
    ...common('worker', `worker-${index + 1}`, role),
    start: () => cluster.fork(role.env),
  }))
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
