// A disk that can lose its power: ext4 on a loop image. What the kernel has not written to the image is not in a copy of it. Root only.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface LoopDisk {
  /** Writes everything to the disk. */
  sync(): void
  /** Goes on with what was on the disk at this moment, and forgets what was in memory only. No process may have a file of it open. */
  losePower(): void
  remove(): void
}

const imageOctets = 2 * 1024 ** 3
/**
 * A journal commit comes when somebody asks for it with fsync, not by a timer, so that nothing becomes durable by luck; and a
 * rename does not write the renamed file's content, as other file systems do not either.
 */
const mountOptions = 'loop,commit=600,noauto_da_alloc'

/** Makes a disk and mounts it on `folder`, which is made. */
export function makeLoopDisk(folder: string): LoopDisk {
  const scratch = mkdtempSync(join(tmpdir(), 'cjsm-loop-disk-'))
  const image = join(scratch, 'image')
  const mount = () => execFileSync('mount', ['-t', 'ext4', '-o', mountOptions, image, folder])
  const unmount = () => execFileSync('umount', [folder])
  writeFileSync(image, '')
  truncateSync(image, imageOctets)
  execFileSync('mkfs.ext4', ['-q', image])
  mkdirSync(folder)
  mount()
  let mounted = true
  return {
    sync: () => void execFileSync('sync', ['-f', folder]),
    losePower() {
      const copy = `${image}.copy`
      execFileSync('cp', ['--sparse=always', '--reflink=never', image, copy])
      unmount() // writes what was in memory to the image, which is thrown away
      mounted = false
      renameSync(copy, image)
      mount()
      mounted = true
    },
    remove() {
      if (mounted) unmount()
      rmSync(scratch, { recursive: true, force: true })
    },
  }
}
