// The system calls of running processes, by strace: when each began and ended, in which thread, with its arguments as strace prints them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SystemCall {
  readonly thread: number
  readonly name: string
  /** From the first argument on; a descriptor is followed by what it is, in angle brackets. */
  readonly text: string
  readonly result: number
  /** Wall milliseconds, with their fraction. */
  readonly beganMs: number
  readonly endedMs: number
}

export interface Trace {
  /** Lets the processes go and returns their calls, by the time of their beginning. */
  stop(): Promise<SystemCall[]>
}

/** What is printed of each buffer: enough for a whole packet of the database's protocol with its last message. */
const printedOctets = 4096
const attachWithinMs = 30_000

/** Traces some calls of processes, of all their threads and of the children that they start from now on. Resolves when all are attached. */
export async function traceSystemCalls(pids: readonly number[], names: readonly string[]): Promise<Trace> {
  const folder = mkdtempSync(join(tmpdir(), 'cjsm-trace-'))
  const options = ['-ff', '-ttt', '-T', '-yy', '-s', String(printedOctets), '-e', `trace=${names.join(',')}`]
  const strace = spawn('strace', [...options, '-o', join(folder, 'calls'), ...pids.flatMap((pid) => ['-p', String(pid)])], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(strace, 'exit')
  await attached(strace.stderr, pids.length)
  return {
    async stop() {
      strace.kill('SIGINT')
      await ended
      const calls = readdirSync(folder).flatMap((name) => callsIn(join(folder, name), Number(name.split('.').at(-1))))
      rmSync(folder, { recursive: true })
      return calls.sort((one, other) => one.beganMs - other.beganMs)
    },
  }
}

async function attached(stderr: NodeJS.ReadableStream, processes: number): Promise<void> {
  let heard = ''
  const all = Promise.withResolvers<void>()
  const timer = setTimeout(() => all.reject(new Error(`strace did not attach: ${heard.slice(0, 500)}`)), attachWithinMs)
  stderr.on('data', (octets: Buffer) => {
    heard += octets.toString()
    if ((heard.match(/Process \d+ attached/g) ?? []).length >= processes) all.resolve()
  })
  stderr.on('end', () => all.reject(new Error(`strace ended: ${heard.slice(0, 500)}`)))
  await all.promise.finally(() => clearTimeout(timer))
}

function callsIn(file: string, thread: number): SystemCall[] {
  const lines = readFileSync(file, 'latin1').split('\n')
  return lines.flatMap((line) => {
    const found = /^(\d+\.\d+) (\w+)\((.*)\) = (-?\d+).* <(\d+\.\d+)>$/.exec(line)
    if (found === null) return [] // a signal, or the call that the process was in at either end
    const beganMs = Number(found[1]) * 1000
    const endedMs = beganMs + Number(found[5]) * 1000
    return [{ thread, name: found[2]!, text: found[3]!, result: Number(found[4]), beganMs, endedMs }]
  })
}
