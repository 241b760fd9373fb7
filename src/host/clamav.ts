// clamd as a child of the supervisor: its programs, signatures and settings, and how to tell that it answers (T19).
import type { ChildProcess } from 'node:child_process'
import { chownSync, existsSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Log } from '#base/log.ts'
import { followOutput, hasEnded, startChild } from '#host/children.ts'
import { clamdConf, freshclamConf, testSet, testSetFile } from '#host/clamav-config.ts'
import { type ClamavPrograms, clamavPrograms } from '#host/clamav-programs.ts'
import {
  refreshSignatures,
  type Signatures,
  signaturesIn,
  signaturesOf,
  takeMachinesSignatures,
} from '#host/clamav-signatures.ts'
import { ownFolder } from '#host/folders.ts'
import type { ProcessSpec } from '#host/kept-process.ts'
import { clamdAnswerMs, clamdReadyMs, clamdStopMs, firstSignaturesMs, pollMs } from '#host/limits.ts'
import { serviceUserName, type UnixUser } from '#host/privileges.ts'
import { pidsIn, processorTicksOf, signalPid, waitUntil } from '#host/proc.ts'

/** A clamd that is stopped or deadlocked uses less between two checks. */
const idleTicks = 10

export interface ClamavOptions {
  /** `DATA/clamav`: settings and signatures; programs, when they had to be unpacked. */
  readonly folder: string
  /** Where the socket stands. */
  readonly runFolder: string
  /** Where it keeps what it scans; cleared at every start. In memory, if possible (scratchFolder). */
  readonly scratch: string
  readonly user: UnixUser | null
  readonly log: Log
  /** Is told each step that takes long. */
  tell(text: string): void
}

export interface PreparedClamav {
  readonly program: string
  readonly env: Readonly<Record<string, string>>
  readonly freshclam: string | null
  readonly folder: string
  readonly socket: string
  readonly scratch: string
  readonly user: UnixUser | null
  readonly log: Log
}

/** Gets programs, signatures and settings ready. On the very first start it waits for freshclam as long as that gets on; later ones never wait. */
export async function prepareClamav(options: ClamavOptions): Promise<PreparedClamav & Signatures> {
  const { folder, user, log } = options
  for (const at of [folder, signaturesIn(folder), options.runFolder, options.scratch]) ownFolder(at, user)
  const programs: ClamavPrograms = await clamavPrograms(join(folder, 'programs'), options.tell)
  const socket = join(options.runFolder, 'clamd.sock')
  const places = { signatures: signaturesIn(folder), socket, scratch: options.scratch }
  writeOwned(join(folder, 'clamd.conf'), clamdConf(places), user)
  writeOwned(join(folder, 'freshclam.conf'), freshclamConf({ ...places, owner: user === null ? null : serviceUserName }), user)
  writeOwned(join(places.signatures, testSetFile), testSet, user)
  const { clamd, freshclam, env } = programs
  const prepared = { program: clamd, freshclam, env, folder: realpathSync(folder), socket, scratch: options.scratch, user, log }
  await takeMachinesSignatures(places.signatures, user)
  const tried = join(folder, 'signatures-tried')
  if (signaturesOf(prepared).signatures === 'test-set' && !existsSync(tried)) {
    options.tell('Getting virus signatures (freshclam) ...')
    await refreshSignatures(prepared, firstSignaturesMs)
    writeOwned(tried, '', user)
  }
  return { ...prepared, ...signaturesOf(prepared) }
}

/** A folder in memory for what is being scanned, when there is room for it; else one under the data folder. */
export function scratchFolder(folder: string, name: string, freeOctets: (at: string) => number, leastOctets: number): string {
  return freeOctets('/dev/shm') >= leastOctets ? join('/dev/shm', name) : join(folder, 'scratch')
}

/** clamd as a process for the supervisor; the service starts without waiting for it, since real signatures take long to load. Started again when it answers no PING for so long. */
export function clamdSpec(
  prepared: PreparedClamav,
  restartAfterMs = Number.POSITIVE_INFINITY,
  readyMs: number = clamdReadyMs,
): ProcessSpec {
  return {
    kind: 'clamd',
    name: 'clamd',
    required: false,
    start: () => launchClamd(prepared),
    ready: (child) => clamdReady(prepared, child, readyMs),
    check: async () => ((await pingClamd(prepared.socket, clamdAnswerMs)) ? null : 'it does not answer'),
    restartAfterMs,
    isBusy: newIsBusy(),
    stop: { signals: ['SIGTERM', 'SIGKILL'], withinMs: clamdStopMs },
  }
}

/** While clamd loads signatures it answers nothing, and computes: told by the time that it used since the last call. */
function newIsBusy(): (child: ChildProcess) => boolean {
  let before = 0
  return ({ pid }) => {
    const now = pid === undefined ? 0 : processorTicksOf(pid)
    const busy = now - before > idleTicks
    before = now
    return busy
  }
}

async function launchClamd(prepared: PreparedClamav): Promise<ChildProcess> {
  const { program, env, folder, scratch, user, socket } = prepared
  // One that outlived its supervisor holds the socket. It is known by its working folder.
  const left = () => pidsIn('clamd', folder)
  for (const pid of left()) signalPid(pid, 'SIGKILL')
  await waitUntil(() => left().length === 0, clamdStopMs)
  rmSync(socket, { force: true })
  rmSync(scratch, { recursive: true, force: true })
  ownFolder(scratch, user)
  const args = ['--foreground', `--config-file=${join(folder, 'clamd.conf')}`]
  return startChild({ program, args, user, env, cwd: folder, endsWithUs: 'KILL' })
}

async function clamdReady({ socket, log }: PreparedClamav, child: ChildProcess, readyMs: number): Promise<void> {
  const said = followOutput(child, log, 'debug') // it says thirty lines at each start
  const until = performance.now() + readyMs
  while (!(await pingClamd(socket, clamdAnswerMs))) {
    if (hasEnded(child)) throw new Error(`clamd did not start: ${said()}`)
    if (performance.now() > until) throw new Error(`clamd did not become ready in ${readyMs / 1000} s`)
    await wait(pollMs)
  }
}

/** True when a clamd answers PONG on that socket within the time. */
export function pingClamd(socket: string, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const link = connect(socket)
    let heard = ''
    const finish = (answered: boolean) => {
      link.destroy()
      resolve(answered)
    }
    link.setTimeout(limitMs, () => finish(false))
    link.once('error', () => finish(false))
    link.once('close', () => finish(false))
    link.once('connect', () => link.write('zPING\0'))
    link.on('data', (chunk) => {
      heard += chunk.toString('latin1')
      if (heard.length >= 5) finish(heard === 'PONG\0')
    })
  })
}

function writeOwned(file: string, text: string, user: UnixUser | null): void {
  writeFileSync(file, text, { mode: 0o600 })
  if (user !== null) chownSync(file, user.uid, user.gid)
}
