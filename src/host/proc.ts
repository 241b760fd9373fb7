// What /proc tells of other processes: whether a pid still is the process that we mean (proc(5)).
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pollMs } from '#host/limits.ts'

/** When a process started, in clock ticks since boot, or null when there is none (a zombie counts as none): with the pid, its identity. */
export function startTimeOf(pid: number): string | null {
  const fields = statOf(pid)
  return fields === null || fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null)
}

/** The processor's time that a process has used, in clock ticks (mostly 100 a second); 0 when there is none. */
export function processorTicksOf(pid: number): number {
  const fields = statOf(pid)
  return fields === null ? 0 : Number(fields[11]) + Number(fields[12])
}

function statOf(pid: number): string[] | null {
  const stat = readProc(pid, 'stat')
  // The name stands in parentheses and may hold anything; the fields after the last one are plain.
  return stat === null ? null : stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** The arguments that a process was started with; none when it is gone or out of our sight. */
export function argumentsOf(pid: number): string[] {
  return (
    readProc(pid, 'cmdline')
      ?.split('\0')
      .filter((word) => word !== '') ?? []
  )
}

/** True when a process runs a program of that name with that working folder: how a database's processes are told from a stranger with a reused pid. */
export function runsIn(pid: number, program: string, folder: string): boolean {
  try {
    return (
      startTimeOf(pid) !== null &&
      basename(readlinkSync(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, '') === program &&
      readlinkSync(`/proc/${pid}/cwd`) === folder
    )
  } catch {
    return false
  }
}

/** The pids of all processes that run a program of that name in that working folder. */
export function pidsIn(program: string, folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => runsIn(pid, program, folder))
}

/** Signals a process; false when it is gone. */
export function signalPid(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch {
    return false
  }
}

/** Waits until `gone` holds; true when it did within the time. */
export async function waitUntil(holds: () => boolean, limitMs: number): Promise<boolean> {
  const until = performance.now() + limitMs
  while (!holds() && performance.now() < until) await wait(pollMs)
  return holds()
}

function readProc(pid: number, name: string): string | null {
  const path = `/proc/${pid}/${name}`
  if (!existsSync(path)) return null
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
