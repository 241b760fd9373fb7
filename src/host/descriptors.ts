// How many files and connections a process may have open: raised where we may, and told, so that a crowd meets our limit and not the kernel's.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { wantedDescriptors } from '#host/limits.ts'

/** How many descriptors this process may have. Node raises the soft limit to the hard one when it starts. */
export function descriptorLimit(): number {
  const [, soft] = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? []
  return soft === undefined || soft === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(soft)
}

/** Raises the limit of this process and of those that it starts from now on, which only root may; returns what it then is. */
export function raiseDescriptorLimit(): number {
  if (process.getuid?.() === 0 && descriptorLimit() < wantedDescriptors)
    spawnSync('prlimit', ['--pid', String(process.pid), `--nofile=${wantedDescriptors}:${wantedDescriptors}`])
  return descriptorLimit()
}

/** What an operator is to be told of the limit, or null when it is large enough. */
export function descriptorWarning(limit: number): string | null {
  if (limit >= wantedDescriptors) return null
  return `A process may have ${limit} files and connections open: fewer people can be on at once. Raise it to ${wantedDescriptors} (ulimit -n, LimitNOFILE).`
}
