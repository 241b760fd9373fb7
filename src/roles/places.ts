// Where things stand for every role of one instance: told from the settings alone, so that each process finds the same.
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Config } from '#config.ts'
import { socketsFolderOf } from '#host/folders.ts'
import type { SpaceFloor } from '#host/space.ts'

/** The ports that workers serve, in the order in which they inherit them. */
export const facePorts = ['submissions', 'submission', 'imaps', 'https', 'http'] as const
export type FacePort = (typeof facePorts)[number]

/** How many workers there are. Without a number PostgreSQL has a core to itself: with fewer workers more messages share a transaction. */
export const workersOf = ({ workers }: Config): number => (workers === 0 ? Math.max(1, availableParallelism() - 1) : workers)

export interface Places {
  readonly content: string
  readonly spool: string
  readonly keyring: string
  readonly rootKey: string
  readonly demoFile: string
  readonly statusSocket: string
  readonly keysSocket: string
  readonly clamdSocket: string
  readonly connectionString: string
  /** The folders whose disks must have room before mail is accepted; the log's is none of them. */
  readonly written: readonly string[]
}

/** What must be free there. */
export const floorOf = (config: Config): SpaceFloor => ({ octets: config.diskFloorOctets, inodes: config.diskFloorInodes })

export function placesOf(config: Config): Places {
  const sockets = socketsFolderOf(config.dataFolder)
  return {
    content: join(config.dataFolder, 'content'),
    spool: join(config.dataFolder, 'spool'),
    keyring: join(config.dataFolder, 'keyring'),
    rootKey: config.keyFolder,
    demoFile: join(config.dataFolder, 'demo.json'),
    statusSocket: join(sockets, 'status.sock'),
    keysSocket: join(sockets, 'keys', 'keys.sock'),
    clamdSocket: config.clamdSocket === '' ? join(sockets, 'clamd', 'clamd.sock') : config.clamdSocket,
    connectionString:
      config.databaseUrl === ''
        ? `postgresql://cjsm@${encodeURIComponent(join(sockets, 'postgres'))}:5432/cjsm`
        : config.databaseUrl,
    written: ['', 'content', 'spool', 'keyring', ...(config.databaseUrl === '' ? ['postgres', 'postgres/pg_wal'] : [])].map(
      (name) => join(config.dataFolder, name),
    ),
  }
}
