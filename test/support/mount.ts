// Small file systems in memory for tests of full disks; only root can make them.
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'

/** Mounts a file system of that size on a folder; returns what gives it other options, and what takes it away. */
export function mountSmall(folder: string, options: string): { remount(options: string): void; unmount(): void } {
  mkdirSync(folder, { recursive: true })
  run('mount', '-t', 'tmpfs', '-o', options, 'tmpfs', folder)
  return {
    remount: (changed) => run('mount', '-o', `remount,${changed}`, folder),
    unmount: () => run('umount', '-l', folder),
  }
}

function run(program: string, ...args: string[]): void {
  const done = spawnSync(program, args, { encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`${program} failed: ${done.stderr}`)
}

/** `skip` for tests that mount: false for root. */
export const needsRoot = { skip: process.getuid?.() === 0 ? false : 'only root can mount file systems' } as const
