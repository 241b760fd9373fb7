// One running instance a data folder: its pid file, how it is stopped, and how it is started in the background.
import { spawn } from 'node:child_process'
import {
  closeSync,
  openSync,
  mkdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { unusable } from '#host/folders.ts'
import { instanceGuardMs, instanceStopMs, pollMs } from '#host/limits.ts'
import { signalPid, startTimeOf, waitUntil } from '#host/proc.ts'

export interface Instance {
  readonly pid: number
  /** From /proc: with the pid it names one process, also after a reboot. */
  readonly startTime: string
}

/** The instance that runs on a data folder, or null; a pid file whose process is gone counts for nothing. Throws a sentence when it may not look. */
export function runningInstance(runFolder: string): Instance | null {
  let text: string
  try {
    text = readFileSync(pidFileIn(runFolder), 'utf8')
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw unusable(runFolder, fault)
  }
  const [pid, startTime] = text.trim().split(' ')
  return startTime !== undefined && startTimeOf(Number(pid)) === startTime ? { pid: Number(pid), startTime } : null
}

export type Unanswered = 'not-running' | 'not-permitted' | 'not-answering'

/** Why nobody answered who asked the instance of a data folder. */
export function whyUnanswered(runFolder: string): Unanswered {
  const instance = runningInstance(runFolder)
  if (instance === null) return 'not-running'
  try {
    process.kill(instance.pid, 0)
    return 'not-answering'
  } catch (fault) {
    return (fault as NodeJS.ErrnoException).code === 'EPERM' ? 'not-permitted' : 'not-running'
  }
}

export type Claim =
  | { readonly kind: 'claimed'; release(): void }
  | { readonly kind: 'running'; readonly pid: number; readonly sentence: string }

/** Claims a data folder for this process, or says who has it; the commands that it then shows bear `named` behind them. */
export async function claimInstance(runFolder: string, named = ''): Promise<Claim> {
  const leave = await enterGuard(runFolder)
  try {
    const other = runningInstance(runFolder)
    if (other !== null && other.pid !== process.pid) {
      const sentence = `It is running already on this data folder, as process ${other.pid}: ./cjsm status${named} shows it, ./cjsm down${named} stops it.`
      return { kind: 'running', pid: other.pid, sentence }
    }
    const own = { pid: process.pid, startTime: startTimeOf(process.pid) }
    const fresh = `${pidFileIn(runFolder)}.new`
    writeFileSync(fresh, `${own.pid} ${own.startTime}\n`, { mode: 0o644 })
    renameSync(fresh, pidFileIn(runFolder)) // whole for whoever looks
    return { kind: 'claimed', release: () => rmSync(pidFileIn(runFolder), { force: true }) }
  } finally {
    leave()
  }
}

/** Between looking at the pid file and writing it there is one starter only; a guard that is older than it can be was left by a crash. */
async function enterGuard(runFolder: string): Promise<() => void> {
  const guard = join(runFolder, 'supervisor.guard')
  for (;;) {
    try {
      mkdirSync(guard)
      return () => rmdirSync(guard)
    } catch (fault) {
      if ((fault as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable(runFolder, fault)
    }
    const made = statSync(guard, { throwIfNoEntry: false })?.mtimeMs
    if (made !== undefined && Math.abs(Date.now() - made) > instanceGuardMs) rmSync(guard, { recursive: true, force: true })
    else await wait(pollMs)
  }
}

export type Stopped = 'not-running' | 'stopped' | 'not-permitted' | 'still-running'

/** Asks the instance of a data folder to stop and waits until it is gone; `tell` hears what is done. */
export async function stopInstance(
  runFolder: string,
  tell: (text: string) => void,
  limitMs: number = instanceStopMs,
): Promise<Stopped> {
  const instance = runningInstance(runFolder)
  if (instance === null) return 'not-running'
  const lives = () => startTimeOf(instance.pid) === instance.startTime
  tell(`Stopping process ${instance.pid} ...`)
  if (!signalPid(instance.pid, 'SIGTERM')) return lives() ? 'not-permitted' : 'stopped'
  return (await waitUntil(() => !lives(), limitMs)) ? 'stopped' : 'still-running'
}

export interface Detached {
  readonly program: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** Takes its output, appended. */
  readonly logFile: string
  readonly readyWithinMs: number
  /** Hears what it says on the way. */
  tell(text: string): void
}

/** Stands before the sentence that a process ends with (main.ts). */
export const sentencePrefix = 'cjsm: '
/** So much of a log is looked through for them. */
const maxSentenceOctets = 64 * 1024

type DetachedMessage = { readonly said: string } | { readonly ready: string } | { readonly failed: string }

/** Starts an instance in a session of its own and waits until it says that it is ready; returns its pid and what it said, or throws why not. */
export async function detach(detached: Detached): Promise<{ pid: number; ready: string }> {
  const log = openSync(detached.logFile, 'a', 0o600)
  const from = statSync(detached.logFile).size
  const child = spawn(detached.program, [...detached.args], {
    detached: true,
    cwd: '/',
    env: detached.env,
    stdio: ['ignore', log, log, 'ipc'],
  })
  closeSync(log)
  const outcome = await new Promise<DetachedMessage>((resolve) => {
    const timer = setTimeout(() => resolve({ failed: 'it was not ready in time' }), detached.readyWithinMs)
    const finish = (message: DetachedMessage) => {
      clearTimeout(timer)
      resolve(message)
    }
    child.on('message', (message) => {
      const heard = message as DetachedMessage
      if ('said' in heard) detached.tell(heard.said)
      else finish(heard)
    })
    child.once('error', (fault) => finish({ failed: fault.message }))
    child.once('exit', (code, signal) => finish({ failed: `it ended with ${signal ?? `code ${code}`}` }))
  })
  if (child.connected) child.disconnect()
  child.unref()
  if ('ready' in outcome) return { pid: child.pid!, ready: outcome.ready }
  child.kill('SIGTERM')
  const why = ['failed' in outcome ? outcome.failed : '', ...sentencesIn(detached.logFile, from)]
  throw new Error(`It did not start: ${why.join('; ')} (more in ${detached.logFile})`)
}

/** What our own processes said of their end, from there on in a log; each sentence once, and none where the log cannot be read. */
function sentencesIn(logFile: string, from: number): string[] {
  const octets = Buffer.alloc(maxSentenceOctets)
  try {
    const log = openSync(logFile, 'r')
    const read = readSync(log, octets, 0, octets.length, from)
    closeSync(log)
    const lines = octets.toString('utf8', 0, read).split('\n')
    return [...new Set(lines.filter((line) => line.startsWith(sentencePrefix)))].map((line) =>
      line.slice(sentencePrefix.length).replace(/\.$/, ''),
    )
  } catch {
    return []
  }
}

/** The other end of detach: what a detached instance tells the command that started it. Without one, nothing happens. */
export function tellStarter(message: DetachedMessage): void {
  if (process.connected) process.send?.(message, () => {})
}

function pidFileIn(runFolder: string): string {
  return join(runFolder, 'supervisor.pid')
}
