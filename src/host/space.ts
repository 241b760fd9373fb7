// Free space: octets and inodes of the file systems that we write to, looked at now and then against a floor.
import { stat, statfs } from 'node:fs/promises'
import { describeFault, type Log } from '#base/log.ts'
import { spaceEveryMs } from '#host/limits.ts'

export interface Space {
  /** Which file system it is, by its device. */
  readonly device?: number
  readonly freeOctets: number
  /** Infinity where the file system makes inodes as needed. */
  readonly freeInodes: number
}

/** What an unprivileged process may still use in a folder's file system. */
export async function spaceOf(folder: string): Promise<Space> {
  const found = await statfs(folder)
  const { dev: device } = await stat(folder)
  return {
    device,
    freeOctets: found.bavail * found.bsize,
    freeInodes: found.files === 0 ? Number.POSITIVE_INFINITY : found.ffree,
  }
}

export interface SpaceFloor {
  readonly octets: number
  readonly inodes: number
}

export interface SpaceWatch {
  /** A sentence for each file system below the floor at the last look, by its first folder; empty when there is room. */
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
    const seen = new Set<number>()
    const now: string[] = []
    for (const folder of folders) {
      const reason = await lookAt(folder, floor, log, look, seen)
      if (reason !== null) now.push(reason)
    }
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
  seen: Set<number>,
): Promise<string | null> {
  try {
    const { device, freeOctets, freeInodes } = await look(folder)
    if (device !== undefined && seen.has(device)) return null
    if (device !== undefined) seen.add(device)
    if (freeOctets < floor.octets) return `${folder} is below its floor of ${floor.octets} free octets`
    if (freeInodes < floor.inodes) return `${folder} is below its floor of ${floor.inodes} free inodes`
    return null
  } catch (fault) {
    log.error({ fault: describeFault(fault) }, 'free space cannot be told')
    return `${folder} cannot be looked at`
  }
}
