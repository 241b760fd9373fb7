// Finds clamd and freshclam, or gets them through apt: installed by root, unpacked under the data folder by an ordinary user.
import { existsSync, writeFileSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { proxyEnv, runToEnd } from '#host/children.ts'
import { aptMs, askProgramMs } from '#host/limits.ts'

export interface ClamavPrograms {
  readonly clamd: string
  readonly freshclam: string | null
  /** What they need in their environment. */
  readonly env: Readonly<Record<string, string>>
}

const packages = ['clamav-daemon', 'clamav-freshclam']
const remedy = `On Debian or Ubuntu:  apt-get install -y --no-install-recommends ${packages.join(' ')}  (as root, or with sudo).`

/** Programs that are there, or are now; says by `tell` what it does. Throws a sentence with the command that installs them. */
export async function clamavPrograms(unpackFolder: string, tell: (text: string) => void): Promise<ClamavPrograms> {
  const there = (await usable(installed())) ?? (await usable(unpackedIn(unpackFolder)))
  if (there !== null) return there
  if (!existsSync('/usr/bin/apt-get'))
    throw new Error('ClamAV is missing, and there is no apt-get to get it: install clamd and freshclam.')
  if (process.getuid?.() === 0) {
    tell('Installing ClamAV (apt-get install) ...')
    await installByApt()
    const now = await usable(installed())
    if (now !== null) return now
  }
  tell('Getting ClamAV (apt-get download) ...')
  await unpackByApt(unpackFolder)
  const unpacked = await usable(unpackedIn(unpackFolder))
  if (unpacked === null) throw new Error(`ClamAV was unpacked in ${unpackFolder}, but does not run. ${remedy}`)
  return unpacked
}

function installed(): ClamavPrograms | null {
  const find = (name: string) =>
    ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin'].map((at) => join(at, name)).find(existsSync)
  const clamd = find('clamd')
  return clamd === undefined ? null : { clamd, freshclam: find('freshclam') ?? null, env: {} }
}

/** The programs that were unpacked in a folder, with what they need to find their libraries; null when there are none. */
export function unpackedIn(folder: string): ClamavPrograms | null {
  const clamd = join(folder, 'usr/sbin/clamd')
  if (!existsSync(clamd)) return null
  const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'
  const libraries = [`usr/lib/${triplet}`, `lib/${triplet}`, 'usr/lib'].map((at) => join(folder, at))
  return { clamd, freshclam: join(folder, 'usr/bin/freshclam'), env: { LD_LIBRARY_PATH: libraries.join(':') } }
}

/** Asks the program itself, since unpacked ones break when the machine's libraries move on. */
async function usable(programs: ClamavPrograms | null): Promise<ClamavPrograms | null> {
  if (programs === null) return null
  const asked = await runToEnd({ program: programs.clamd, args: ['--version'], user: null, env: programs.env }, askProgramMs)
  return asked.code === 0 ? programs : null
}

async function apt(args: readonly string[]): Promise<{ code: number | null; said: string }> {
  return runToEnd(
    { program: '/usr/bin/apt-get', args, user: null, env: { DEBIAN_FRONTEND: 'noninteractive', ...proxyEnv() } },
    aptMs,
  )
}

async function installByApt(): Promise<void> {
  const install = ['install', '-y', '--no-install-recommends', ...packages]
  let done = await apt(install)
  if (done.code !== 0) {
    await apt(['update']) // a fresh machine has no lists, or old ones
    done = await apt(install)
  }
  if (done.code !== 0) return // what follows tries without root's rights, and says what fails
  // The package starts a clamd of its own where systemd runs: ours is the supervisor's child.
  if (existsSync('/run/systemd/system')) {
    const args = ['disable', '--now', 'clamav-daemon.socket', 'clamav-daemon.service']
    await runToEnd({ program: '/usr/bin/systemctl', args, user: null }, aptMs)
  }
}

/** Fetches what `status` (dpkg's list of what the machine has) lacks, with lists and cache of our own, which needs no rights; unpacks each package, installs none. */
export async function unpackByApt(folder: string, status = '/var/lib/dpkg/status'): Promise<void> {
  const work = `${folder}.apt`
  const fresh = `${folder}.new`
  for (const at of [work, fresh]) await rm(at, { recursive: true, force: true })
  for (const at of ['lists/partial', 'cache/archives/partial']) await mkdir(join(work, at), { recursive: true })
  const conf = join(work, 'apt.conf')
  const settings = {
    'Dir::State::lists': join(work, 'lists'),
    'Dir::Cache': join(work, 'cache'),
    'Dir::State::status': status,
    'Debug::NoLocking': '1',
  }
  writeFileSync(
    conf,
    Object.entries({ ...settings, 'APT::Sandbox::User': '' })
      .map(([name, value]) => `${name} "${value}";\n`)
      .join(''),
  )
  const updated = await apt(['-c', conf, 'update'])
  const got = await apt(['-c', conf, 'install', '-y', '--download-only', '--no-install-recommends', ...packages])
  const archives = join(work, 'cache/archives')
  const debs = (await readdir(archives)).filter((name) => name.endsWith('.deb'))
  if (got.code !== 0 || debs.length === 0)
    throw new Error(`ClamAV cannot be had from apt: ${got.said || updated.said}. ${remedy}`)
  for (const deb of debs) {
    const unpacked = await runToEnd({ program: '/usr/bin/dpkg', args: ['-x', join(archives, deb), fresh], user: null }, aptMs)
    if (unpacked.code !== 0) throw new Error(`${deb} cannot be unpacked: ${unpacked.said}`)
  }
  await rm(folder, { recursive: true, force: true })
  await rename(fresh, folder)
  await rm(work, { recursive: true, force: true })
}
