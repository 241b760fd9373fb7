// clamd's signatures: the official ones by freshclam where the network allows, and the warning while there is the built-in test set only (T19).
import { chownSync, existsSync, readdirSync, statSync } from 'node:fs'
import { copyFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '#base/log.ts'
import { ended, followOutput, hasEnded, proxyEnv, startChild } from '#host/children.ts'
import { signaturesMs, stalledSignaturesMs } from '#host/limits.ts'
import type { UnixUser } from '#host/privileges.ts'
import { signalPid } from '#host/proc.ts'

const machinesSignatures = '/var/lib/clamav'

export type Signatures = { readonly signatures: 'official' | 'test-set'; readonly warning: string | null }

/** What freshclam is run with. */
export interface Freshclam {
  /** The program, or null when there is none. */
  readonly freshclam: string | null
  readonly folder: string
  readonly user: UnixUser | null
  readonly env: Readonly<Record<string, string>>
  readonly log: Log
}

/** Where they stand, under clamd's folder. */
export function signaturesIn(folder: string): string {
  return join(folder, 'signatures')
}

/** The machine's own freshclam may have got them already: then ours begins from a copy. */
export async function takeMachinesSignatures(signatures: string, user: UnixUser | null): Promise<void> {
  for (const name of ['main', 'daily', 'bytecode'].flatMap((base) => [`${base}.cvd`, `${base}.cld`])) {
    const theirs = join(machinesSignatures, name)
    const ours = join(signatures, name)
    if (!existsSync(theirs) || readdirSync(signatures).some((have) => have.startsWith(name.slice(0, -3)))) continue
    await copyFile(theirs, `${ours}.part`)
    if (user !== null) chownSync(`${ours}.part`, user.uid, user.gid)
    await rename(`${ours}.part`, ours)
  }
}

/** Which signatures there are now, and the warning that stands until there are real ones. */
export function signaturesOf({ folder }: Pick<Freshclam, 'folder'>): Signatures {
  const official = readdirSync(signaturesIn(folder)).some((name) => /^(main|daily)\.c[vl]d$/.test(name))
  if (official) return { signatures: 'official', warning: null }
  const warning =
    'Virus signatures are the built-in TEST SET, which knows the EICAR test file only. freshclam could not get the real ones.'
  return { signatures: 'test-set', warning }
}

/**
 * Runs freshclam once; true when the signatures changed, and clamd should be told (reloadSignatures). It is given up when nothing arrives
 * for a while; never throws, since a machine without a way to the mirror is a case of its own.
 */
export async function refreshSignatures(
  prepared: Freshclam,
  limitMs: number = signaturesMs,
  stalledMs: number = stalledSignaturesMs,
): Promise<boolean> {
  const { freshclam, folder, user, env, log } = prepared
  if (freshclam === null) return false
  const before = newest(signaturesIn(folder))
  const args = [`--config-file=${join(folder, 'freshclam.conf')}`, '--stdout']
  const child = startChild({ program: freshclam, args, user, env: { ...proxyEnv(), ...env }, endsWithUs: 'KILL' })
  const said = followOutput(child, null)
  const until = performance.now() + limitMs
  let octets = -1
  while (!hasEnded(child) && performance.now() < until) {
    const arrived = octetsIn(signaturesIn(folder))
    if (arrived === octets) break
    octets = arrived
    await ended(child, Math.min(stalledMs, limitMs))
  }
  child.kill('SIGKILL')
  if (child.exitCode !== 0) log.warn({}, `signatures were not updated: ${said() || 'nothing arrived in time'}`)
  return newest(signaturesIn(folder)) > before
}

/** Tells a running clamd to load its signatures anew. */
export function reloadSignatures(pid: number): void {
  signalPid(pid, 'SIGUSR2')
}

/** freshclam fills temporary folders beside its files first: what shows that it gets on. */
function octetsIn(folder: string): number {
  return sizes(folder).reduce((sum, { size }) => sum + size, 0)
}

function newest(folder: string): number {
  return Math.max(
    0,
    ...sizes(folder)
      .filter(({ name }) => /\.c[vlu]d$/.test(name))
      .map(({ at }) => at),
  )
}

function sizes(folder: string): { name: string; size: number; at: number }[] {
  return (readdirSync(folder, { recursive: true }) as string[]).flatMap((name) => {
    const stat = statSync(join(folder, name), { throwIfNoEntry: false })
    return stat === undefined ? [] : [{ name, size: stat.size, at: stat.mtimeMs }]
  })
}
