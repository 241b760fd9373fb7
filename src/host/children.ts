// Starting and ending children: under another user, bound to our life, with their words led to the log.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import type { Log } from '#base/log.ts'
import { maxKeptLines, maxLineCharacters, pollMs } from '#host/limits.ts'
import type { UnixUser } from '#host/privileges.ts'

const setpriv = '/usr/bin/setpriv'

export interface Child {
  readonly program: string
  readonly args: readonly string[]
  readonly user: UnixUser | null
  readonly env?: Record<string, string>
  readonly cwd?: string
  /** The signal that it gets when we die, SIGKILL included, so that nothing is left behind. */
  readonly endsWithUs?: 'INT' | 'TERM' | 'KILL'
}

/** The variables that tell programs which fetch things of a proxy. */
export function proxyEnv(): Record<string, string> {
  const names = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()])
  return Object.fromEntries(names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])))
}

/** Starts a program. Where util-linux is there, the kernel signals it when we die (PR_SET_PDEATHSIG); its environment holds only what is given and PATH. */
export function startChild(child: Child, stdio: SpawnOptions['stdio'] = ['ignore', 'pipe', 'pipe']): ChildProcess {
  const bound = child.endsWithUs !== undefined && existsSync(setpriv)
  const program = bound ? setpriv : child.program
  const args = bound ? ['--pdeathsig', child.endsWithUs!, '--', child.program, ...child.args] : [...child.args]
  const started = spawn(program, args, {
    stdio,
    detached: true, // Ctrl-C at the terminal is for the supervisor alone: it stops its children in order
    cwd: child.cwd ?? '/',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', ...child.env },
    ...(child.user === null ? {} : { uid: child.user.uid, gid: child.user.gid }),
  })
  started.on('error', () => {}) // who waits for it sees that it has no pid
  return started
}

/** Leads what a child says to the log (if any), a line a record, and returns a function that gives its last lines. */
export function followOutput(child: ChildProcess, log: Log | null, level: 'info' | 'debug' = 'info'): () => string {
  const kept: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue
    createInterface({ input: stream }).on('line', (line) => {
      const said = line.slice(0, maxLineCharacters)
      if (said.trim() === '') return
      kept.push(said)
      if (kept.length > maxKeptLines) kept.shift()
      log?.[level]({ pid: child.pid }, said)
    })
  }
  return () => kept.join('; ')
}

/** True once a child has ended or could not be started. */
export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined
}

/** Waits until a child has ended; true when it did within the time. */
export async function ended(child: ChildProcess, limitMs: number): Promise<boolean> {
  const until = performance.now() + limitMs
  while (!hasEnded(child) && performance.now() < until) await wait(pollMs)
  return hasEnded(child)
}

/** Runs a program to its end and returns its exit code and the last lines it said; null for the code when a signal or the time limit ended it. */
export async function runToEnd(child: Child, limitMs: number): Promise<{ code: number | null; said: string }> {
  const started = startChild(child)
  const said = followOutput(started, null)
  const fault = await new Promise<Error | null>((resolve) => {
    const timer = setTimeout(() => started.kill('SIGKILL'), limitMs)
    started.once('error', resolve)
    started.once('close', () => {
      clearTimeout(timer)
      resolve(null)
    })
  })
  return { code: started.exitCode, said: fault?.message ?? said() }
}
