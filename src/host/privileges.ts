// Who our processes run as: started by root, everything but the supervisor runs as the system user `cjsm`.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { flushCompileCache } from 'node:module'

export const serviceUserName = 'cjsm'

export interface UnixUser {
  readonly uid: number
  readonly gid: number
}

/** The user that our processes drop to: the system user `cjsm`, made when missing, for root; null for an ordinary user. Throws when it cannot be made. */
export function serviceUser(): UnixUser | null {
  if (process.getuid?.() !== 0) return null
  return findUser(serviceUserName) ?? createServiceUser()
}

/** A user of /etc/passwd by name, or null. */
export function findUser(name: string): UnixUser | null {
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const fields = line.split(':')
    if (fields[0] === name) return { uid: Number(fields[2]), gid: Number(fields[3]) }
  }
  return null
}

function createServiceUser(): UnixUser {
  const options = ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin']
  const made = spawnSync('useradd', [...options, serviceUserName], { encoding: 'utf8' })
  // Two starters may both find it missing: what counts is that it is there afterwards.
  const user = findUser(serviceUserName)
  if (user === null) {
    throw new Error(`The system user ${serviceUserName} cannot be made: ${made.error?.message ?? made.stderr.trim()}`)
  }
  return user
}

/** Gives up root for good: groups, then group, then user. Does nothing for null. A process calls it when its modules and secrets are read. */
export function dropPrivileges(user: UnixUser | null): void {
  if (user === null) return
  flushCompileCache() // its folder is root's
  process.setgroups?.([user.gid])
  process.setgid?.(user.gid)
  process.setuid?.(user.uid)
  if (process.getuid?.() !== user.uid || process.geteuid?.() !== user.uid) throw new Error('privileges were not dropped')
}
