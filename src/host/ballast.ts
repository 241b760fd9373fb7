// A file that only takes up room: given back when space is nearly gone, so that PostgreSQL, which ends itself on a full disk, can go on. G20
import { randomFillSync } from 'node:crypto'
import { existsSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describeFault, type Log } from '#base/log.ts'
import { ballastPieceOctets } from '#host/limits.ts'
import { type Space, spaceOf } from '#host/space.ts'

export interface BallastOptions {
  readonly file: string
  readonly octets: number
  /** It is given back when less than this is free, and made when this is free behind it. */
  readonly giveBackBelow: number
  readonly makeAbove: number
  readonly log: Log
  readonly look?: (folder: string) => Promise<Space>
}

/** Makes the function that looks at the file's disk and gives the ballast back, or makes it (again); true when the ballast is there afterwards. */
export function newBallast(options: BallastOptions): () => Promise<boolean> {
  const { file, octets, log } = options
  const look = options.look ?? spaceOf
  return async () => {
    const there = existsSync(file)
    try {
      const { freeOctets } = await look(dirname(file))
      if (there && freeOctets < options.giveBackBelow) {
        await rm(file)
        log.error({ freeOctets }, 'space is nearly gone: the ballast was given back')
        return false
      }
      if (there || freeOctets < options.makeAbove + octets) return there
      await make(file, octets)
      log.info({ octets }, 'the ballast was made')
      return true
    } catch (fault) {
      log.error({ fault: describeFault(fault) }, 'the ballast cannot be looked after')
      return there
    }
  }
}

/** Random, so that no file system keeps it smaller than it is; under its name only when it is whole. */
async function make(file: string, octets: number): Promise<void> {
  const draft = `${file}.draft`
  const piece = randomFillSync(Buffer.alloc(ballastPieceOctets))
  const handle = await open(draft, 'w', 0o600)
  try {
    for (let at = 0; at < octets; at += piece.length) await handle.writeFile(piece.subarray(0, octets - at))
    await handle.close()
    await rename(draft, file)
  } catch (fault) {
    await handle.close().catch(() => {})
    await rm(draft, { force: true })
    throw fault
  }
}
