// Free space: octets and inodes of the file systems that we write to, looked at now and then against a floor.
import { statfs } from 'node:fs/promises'
import { describeFault, type Log } from '#base/log.ts'
import { spaceEveryMs } from '#host/limits.ts'

export interface Space {
  readonly freeOctets: number
  /** Infinity where the file system makes inodes as needed. */
  readonly freeInodes: number
}

/** What an unprivileged process may still use in a folder's file system. */
export async function spaceOf(folder: string): Promise<Space> {
  const found = await statfs(folder)
  return { freeOctets: found.bavail * found.bsize, freeInodes: found.files === 0 ? Number.POSITIVE_INFINITY : found.ffree }
}

export interface SpaceFloor {
  readonly octets: number
  readonly inodes: number
}

export interface SpaceWatch {
  /** A sentence for each folder below the floor at the last look; empty when there is room. */
  reasons(): string[]
  /** Looks now, and again later. */
  look(): Promise<void>
  stop(): void
}

/** Looks at folders every `everyMs` and keeps what was found; the first look is done when it resolves. A folder that cannot be looked at counts as full. */
export async function watchSpace(
  folders: readonly string[],
  floor: SpaceFloor,
  log: Log,
  everyMs: number = spaceEveryMs,
  look: (folder: string) => Promise<Space> = spaceOf,
): Promise<SpaceWatch> {
  let reasons: string[] = []
  const lookAtAll = async () => {
    const found = await Promise.all(folders.map((folder) => lookAt(folder, floor, log, look)))
    const now = found.filter((reason) => reason !== null)
    if (now.join() !== reasons.join()) log.warn({ full: now.length }, now.length === 0 ? 'there is room again' : now.join('; '))
    reasons = now
  }
  await lookAtAll()
  const timer = setInterval(lookAtAll, everyMs)
  timer.unref()
  return { reasons: () => reasons, look: lookAtAll, stop: () => clearInterval(timer) }
}

async function lookAt(
  folder: string,
  floor: SpaceFloor,
  log: Log,
  look: (folder: string) => Promise<Space>,
): Promise<string | null> {
  try {
    const { freeOctets, freeInodes } = await look(folder)
    if (freeOctets < floor.octets) return `${folder} is below its floor of ${floor.octets} free octets`
    if (freeInodes < floor.inodes) return `${folder} is below its floor of ${floor.inodes} free inodes`
    return null
  } catch (fault) {
    log.error({ fault: describeFault(fault) }, 'free space cannot be told')
    return `${folder} cannot be looked at`
  }
}
