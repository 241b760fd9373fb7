// The keyring: wrapped epoch keys as files, with three acts, create-if-absent, read and destroy, each durable before it returns. Only the key process touches it.
import { link, mkdir, open, readFile, readdir, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { randomId } from '#base/ids.ts'
import type { Epoch } from '#keys/epoch.ts'

export interface Keyring {
  /** Keeps `wrapped` for an epoch unless there is one; returns what is there now. */
  createIfAbsent(epoch: Epoch, wrapped: Buffer): Promise<Buffer>
  /** The wrapped key, or null when it was never made or was destroyed. */
  read(epoch: Epoch): Promise<Buffer | null>
  /** Destroys a key for good; the generation is never made again. */
  destroy(epoch: Epoch): Promise<void>
  /** The highest generation of a holder's purpose and month, destroyed ones included; 0 when there is none. */
  latestGeneration(epoch: Omit<Epoch, 'generation'>): Promise<number>
}

const absent = (fault: unknown) => fault instanceof Error && 'code' in fault && fault.code === 'ENOENT'
const exists = (fault: unknown) => fault instanceof Error && 'code' in fault && fault.code === 'EEXIST'

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  await handle.sync().finally(() => handle.close())
}

/** Makes a folder, and it and everything above it up to `root` durable; always, since another may have made it an instant ago and not synced it yet. */
async function makeFolder(root: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (let at = folder; at.length >= root.length; at = dirname(at)) await syncFolder(at)
}

/** A keyring in a folder, a file a key: `ab/<holder>/<purpose>-<month>-<generation>`. A destroyed key leaves an empty file that holds its generation. */
export function openKeyring(root: string): Keyring {
  const folderOf = (epoch: Omit<Epoch, 'generation'>) => join(root, epoch.holder.slice(-2), epoch.holder)
  const fileOf = (epoch: Epoch) => join(folderOf(epoch), `${epoch.purpose}-${epoch.month}-${epoch.generation}`)
  const read = async (epoch: Epoch): Promise<Buffer | null> => {
    const octets = await readFile(fileOf(epoch)).catch((fault: unknown) => {
      if (absent(fault)) return null
      throw fault
    })
    // Zeros alone: destroyed, and a crash came before it was made empty.
    return octets === null || octets.every((octet) => octet === 0) ? null : octets
  }
  return {
    read,
    async createIfAbsent(epoch, wrapped) {
      const folder = folderOf(epoch)
      await makeFolder(root, folder)
      const draft = join(folder, `.${randomId()}`)
      const handle = await open(draft, 'wx', 0o600)
      await handle.writeFile(wrapped)
      await handle.sync().finally(() => handle.close())
      await link(draft, fileOf(epoch)).catch((fault: unknown) => {
        if (!exists(fault)) throw fault
      })
      await unlink(draft)
      await syncFolder(folder)
      const kept = await read(epoch)
      if (kept === null) throw new Error('an epoch key was destroyed while it was made')
      return kept
    },
    async destroy(epoch) {
      const file = fileOf(epoch)
      const handle = await open(file, 'r+').catch((fault: unknown) => {
        if (absent(fault)) return null
        throw fault
      })
      if (handle === null) return
      const { size } = await handle.stat()
      await handle.write(Buffer.alloc(size), 0, size, 0)
      await handle.sync()
      await handle.truncate(0)
      await handle.sync().finally(() => handle.close())
      await syncFolder(folderOf(epoch))
    },
    async latestGeneration(epoch) {
      const names = await readdir(folderOf(epoch)).catch((fault: unknown) => {
        if (absent(fault)) return []
        throw fault
      })
      const start = `${epoch.purpose}-${epoch.month}-`
      return Math.max(0, ...names.filter((name) => name.startsWith(start)).map((name) => Number(name.slice(start.length))))
    },
  }
}
