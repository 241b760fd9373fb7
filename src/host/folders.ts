// The data folder and what stands in it: who owns each folder, and where sockets stand when its path is too long for them.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { OperatorFault } from '#base/faults.ts'
import { maxSocketFolderOctets } from '#host/limits.ts'
import type { UnixUser } from '#host/privileges.ts'

export interface Folders {
  readonly data: string
  readonly postgres: string
  readonly content: string
  readonly spool: string
  readonly keyring: string
  readonly clamav: string
  readonly log: string
  readonly tls: string
  /** Holds supervisor.pid; the supervisor's own. */
  readonly run: string
  /** Sockets: `run`, or a short folder elsewhere. */
  readonly sockets: { readonly status: string; readonly postgres: string; readonly clamd: string; readonly keys: string }
}

// What stands in our folders, also when a first start was cut short or a back-up is put back; lost+found is a file system's own.
const inDataFolder = 'content keyring postgres tls spool run log clamav programs ballast demo.json lost+found'.split(' ')
const inKeyFolder = 'root.key root.key.new service lost+found'.split(' ')

/** Throws a sentence when the data folder or the key folder is there already and holds what is not ours; changes nothing. */
export function refuseFoldersOfOthers({
  dataFolder,
  keyFolder,
}: {
  readonly dataFolder: string
  readonly keyFolder: string
}): void {
  refuseFolderOfOthers(dataFolder, 'data folder', ['content', 'keyring'], inDataFolder)
  refuseFolderOfOthers(keyFolder, 'key folder', ['root.key'], inKeyFolder)
}

/** Ours is a folder that holds all of `signs`, or nothing beside `ours`. */
function refuseFolderOfOthers(folder: string, kind: string, signs: readonly string[], ours: readonly string[]): void {
  const found = namesIn(folder)
  if (signs.every((name) => found.includes(name)) || found.every((name) => ours.includes(name))) return
  throw new OperatorFault(
    `${folder} is not empty, and is no ${kind} of this service. Give an empty folder, or one that does not exist.`,
  )
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw unusable(folder, fault)
  }
}

/** The sentence for a folder that cannot be made, entered or written. */
export function unusable(folder: string, fault: unknown): OperatorFault {
  const { code } = fault as NodeJS.ErrnoException
  const why: Record<string, string> = {
    EACCES: 'this user may not enter or write it, or a folder above it',
    EPERM: 'this user may not change it',
    EROFS: 'its file system is read-only',
    EEXIST: 'it is a file, and no folder',
    ENOTDIR: 'it, or what stands above it, is no folder, or is a link',
    ENOSPC: 'its file system is full',
    ENAMETOOLONG: 'its name is too long',
  }
  return new OperatorFault(`The folder ${folder} cannot be used: ${why[code ?? ''] ?? code ?? 'it fails'}.`, { cause: fault })
}

/** Makes the data folder and its parts with their owners and modes; throws a sentence when it cannot be used. Doing it twice changes nothing. */
export function prepareFolders(dataFolder: string, user: UnixUser | null): Folders {
  ownFolder(dataFolder, null, user === null ? 0o700 : 0o711)
  const data = realpathSync(dataFolder)
  if (user !== null && spawnSync('/usr/bin/test', ['-x', data], { cwd: '/', uid: user.uid, gid: user.gid }).status !== 0) {
    throw new OperatorFault(
      `The data folder ${data} cannot be reached by the service's user: a folder above it is closed to others. Choose another with --data.`,
    )
  }
  const run = ownFolder(join(data, 'run'), null, 0o711)
  const sockets = socketsFolder(data, run)
  return {
    data,
    postgres: join(data, 'postgres'), // made by its own start, whole or not at all
    content: ownFolder(join(data, 'content'), user),
    spool: ownFolder(join(data, 'spool'), user),
    keyring: ownFolder(join(data, 'keyring'), user),
    clamav: ownFolder(join(data, 'clamav'), user),
    log: ownFolder(join(data, 'log'), null),
    tls: ownFolder(join(data, 'tls'), user),
    run,
    sockets: {
      status: join(sockets, 'status.sock'),
      postgres: ownFolder(join(sockets, 'postgres'), user),
      clamd: ownFolder(join(sockets, 'clamd'), user),
      keys: ownFolder(join(sockets, 'keys'), user),
    },
  }
}

/** Where a data folder's sockets stand, without making anything: the same for every process, whoever it runs as and by whatever links it was told of the folder. */
export function socketsFolderOf(dataFolder: string): string {
  const data = realpathOf(dataFolder)
  const own = join(data, 'run')
  if (Buffer.byteLength(join(own, 'postgres')) <= maxSocketFolderOctets) return own
  return join(shortFolder(data), shortName(data))
}

/** Removes what stands outside the data folder while the service runs: sockets, and what was being scanned. */
export function removeShortFolders({ data, run, sockets }: Folders): void {
  const short = dirname(sockets.status)
  if (short !== run) rmSync(short, { recursive: true, force: true })
  rmSync(join('/dev/shm', shortName(data)), { recursive: true, force: true })
}

/** A folder that is not there, or that we may not see, is taken by the name that was given. */
function realpathOf(folder: string): string {
  try {
    return realpathSync(folder)
  } catch {
    return folder
  }
}

/** A name for a data folder's things elsewhere (`/run`, `/dev/shm`), the same at every start. */
export function shortName(data: string): string {
  return `cjsm-${createHash('sha256').update(data).digest('hex').slice(0, 16)}`
}

function socketsFolder(data: string, run: string): string {
  const folder = socketsFolderOf(data)
  return folder === run ? run : ownFolder(folder, null, 0o711)
}

/** Told by who has the data folder, since that is the supervisor: a process that gave up root must look where root put them. */
function shortFolder(data: string): string {
  const us = process.getuid?.()
  const owner = ownerOf(data) ?? us
  if (owner === 0) return '/run'
  const own = owner === us ? process.env.XDG_RUNTIME_DIR : undefined
  return own?.startsWith('/') && Buffer.byteLength(own) <= 40 ? own : '/tmp'
}

function ownerOf(folder: string): number | undefined {
  try {
    return statSync(folder).uid
  } catch {
    return undefined
  }
}

/**
 * Makes a folder, or takes one that is there, and gives it that owner (null: us) and mode; returns its path. Throws when it belongs to
 * somebody else or is a link: in /tmp and /dev/shm anyone may have been there first, and root must not be led to chown elsewhere.
 */
export function ownFolder(folder: string, user: UnixUser | null, mode = 0o700): string {
  const us = process.getuid?.() ?? 0
  const handle = openFolder(folder, mode)
  try {
    const found = fstatSync(handle)
    if (found.uid !== us && found.uid !== user?.uid) throw new OperatorFault(`The folder ${folder} belongs to somebody else.`)
    const owner = user ?? { uid: us, gid: process.getgid?.() ?? 0 }
    if (found.uid !== owner.uid || found.gid !== owner.gid) fchownSync(handle, owner.uid, owner.gid)
    if ((found.mode & 0o7777) !== mode) fchmodSync(handle, mode)
  } finally {
    closeSync(handle)
  }
  return folder
}

function openFolder(folder: string, mode: number): number {
  try {
    mkdirSync(folder, { recursive: true, mode })
    return openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  } catch (fault) {
    throw unusable(folder, fault)
  }
}
