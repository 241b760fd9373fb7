// What processes cost, from /proc: CPU time with that of children that ended, and memory as the proportional set size (PSS).
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

export interface Cpu {
  readonly userMs: number
  readonly systemMs: number
}

interface Stat {
  readonly pid: number
  readonly parent: number
  readonly cpu: Cpu
  readonly endedChildren: Cpu
}

function statOf(pid: number): Stat | null {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return null
  }
  // The name, in parentheses, may hold anything; what follows it is numbers. proc_pid_stat(5) counts from 1, this from the third.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const ms = (field: number) => (Number(fields[field - 3]) * 1000) / ticksPerSecond
  return {
    pid,
    parent: Number(fields[1]),
    cpu: { userMs: ms(14), systemMs: ms(15) },
    endedChildren: { userMs: ms(16), systemMs: ms(17) },
  }
}

/** The process and everything below it. */
export function withDescendants(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : null
    if (stat !== null) children.set(stat.parent, [...(children.get(stat.parent) ?? []), stat.pid])
  }
  const found = [pid]
  for (let at = 0; at < found.length; at++) found.push(...(children.get(found[at]!) ?? []))
  return found
}

/** CPU time of a process so far; with `family` that of everything below it too, also of what has ended. */
export function cpuOf(pid: number, family: boolean): Cpu {
  const stats = (family ? withDescendants(pid) : [pid]).map(statOf).filter((stat) => stat !== null)
  const parts = stats.flatMap((stat) => (family ? [stat.cpu, stat.endedChildren] : [stat.cpu]))
  return parts.reduce((sum, one) => ({ userMs: sum.userMs + one.userMs, systemMs: sum.systemMs + one.systemMs }), {
    userMs: 0,
    systemMs: 0,
  })
}

/** The proportional set size of a process, in octets. */
export function pssOf(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')
  return Number(/^Pss:\s*(\d+) kB/m.exec(rollup)?.[1] ?? Number.NaN) * 1024
}
