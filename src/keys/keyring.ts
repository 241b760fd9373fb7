// The keyring: wrapped epoch keys as files, with three acts, create-if-absent, read and destroy, each durable before it returns. Only the key process touches it.
import { link, mkdir, open, readFile, readdir, rename, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { randomId } from '#base/ids.ts'
import { syncFolder } from '#keys/durable.ts'
import { type KeptEpoch, purposes } from '#keys/epoch.ts'

export interface Keyring {
  /** Keeps `wrapped` for an epoch unless there is one; returns what is there now. */
  createIfAbsent(epoch: KeptEpoch, wrapped: Buffer): Promise<Buffer>
  /** The wrapped key, or null when it was never made or was destroyed. */
  read(epoch: KeptEpoch): Promise<Buffer | null>
  /** Destroys a key for good; the generation is never made again. */
  destroy(epoch: KeptEpoch): Promise<void>
  /** The highest generation of a holder's purpose and month, destroyed ones included; 0 when there is none. */
  latestGeneration(epoch: Omit<KeptEpoch, 'generation'>): Promise<number>
  /** Resolves when every createIfAbsent that was begun before has ended. */
  settled(): Promise<void>
  /** Every key of a shelf (two hexadecimal digits), destroyed ones included. */
  epochs(shelf: string): AsyncIterable<KeptEpoch>
  /** Replaces a key by what `change` makes of it, durably; nothing when it is destroyed or `change` gives null. */
  rewrite(epoch: KeptEpoch, change: (wrapped: Buffer) => Buffer | null): Promise<void>
  /** Removes what a crash left half made on a shelf before a time. */
  removeDrafts(shelf: string, beforeMs: number): Promise<void>
}

const absent = (fault: unknown) => fault instanceof Error && 'code' in fault && fault.code === 'ENOENT'
const exists = (fault: unknown) => fault instanceof Error && 'code' in fault && fault.code === 'EEXIST'

/** Leaves a new file of mode 0600 with these octets, synced. */
async function writeDraft(folder: string, octets: Buffer): Promise<string> {
  const draft = join(folder, `.${randomId()}`)
  const handle = await open(draft, 'wx', 0o600)
  await handle.writeFile(octets)
  await handle.sync().finally(() => handle.close())
  return draft
}

/** One that is younger may be on its way to its own name, and gone by now. */
async function removeDraft(file: string, beforeMs: number): Promise<void> {
  try {
    if ((await stat(file)).mtimeMs < beforeMs) await unlink(file)
  } catch (fault) {
    if (!absent(fault)) throw fault
  }
}

const namesIn = (folder: string): Promise<string[]> =>
  readdir(folder).catch((fault: unknown) => {
    if (absent(fault)) return []
    throw fault
  })

/** What a file of the keyring holds, by its name; null for a draft. */
function epochNamed(holder: string, name: string): KeptEpoch | null {
  const [, found, month, generation] = /^([a-z]+)-(\d+)-(\d+)$/.exec(name) ?? []
  const purpose = found === 'log' ? found : purposes.find((one) => one === found)
  return purpose === undefined ? null : { holder, purpose, month: Number(month), generation: Number(generation) }
}

/** Makes a folder, and it and everything above it up to `root` durable; always, since another may have made it an instant ago and not synced it yet. */
async function makeFolder(root: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (let at = folder; at.length >= root.length; at = dirname(at)) await syncFolder(at)
}

/** A keyring in a folder, a file a key: `ab/<holder>/<purpose>-<month>-<generation>`. A destroyed key leaves an empty file that holds its generation. */
export function openKeyring(root: string): Keyring {
  const making = new Set<Promise<unknown>>()
  // A destruction and a replacement of one key exclude each other: the later rename would bring a destroyed key back.
  const turns = new Map<string, Promise<unknown>>()
  function inTurn<T>(file: string, work: () => Promise<T>): Promise<T> {
    const done = (turns.get(file) ?? Promise.resolve()).then(work)
    const settled = done
      .catch(() => {})
      .finally(() => {
        if (turns.get(file) === settled) turns.delete(file)
      })
    turns.set(file, settled)
    return done
  }
  const folderOf = (epoch: Omit<KeptEpoch, 'generation'>) => join(root, epoch.holder.slice(-2), epoch.holder)
  const fileOf = (epoch: KeptEpoch) => join(folderOf(epoch), `${epoch.purpose}-${epoch.month}-${epoch.generation}`)
  const read = async (epoch: KeptEpoch): Promise<Buffer | null> => {
    const octets = await readFile(fileOf(epoch)).catch((fault: unknown) => {
      if (absent(fault)) return null
      throw fault
    })
    // Zeros alone: destroyed, and a crash came before it was made empty.
    return octets === null || octets.every((octet) => octet === 0) ? null : octets
  }
  const create = async (epoch: KeptEpoch, wrapped: Buffer): Promise<Buffer> => {
    const folder = folderOf(epoch)
    await makeFolder(root, folder)
    const draft = await writeDraft(folder, wrapped)
    await link(draft, fileOf(epoch)).catch((fault: unknown) => {
      if (!exists(fault)) throw fault
    })
    await unlink(draft)
    await syncFolder(folder)
    const kept = await read(epoch)
    if (kept === null) throw new Error('an epoch key was destroyed while it was made')
    return kept
  }
  const destroy = async (epoch: KeptEpoch): Promise<void> => {
    const handle = await open(fileOf(epoch), 'r+').catch((fault: unknown) => {
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
  }
  return {
    read,
    createIfAbsent(epoch, wrapped) {
      const made = create(epoch, wrapped)
      making.add(made)
      made.catch(() => {}).finally(() => making.delete(made))
      return made
    },
    destroy: (epoch) => inTurn(fileOf(epoch), () => destroy(epoch)),
    async latestGeneration(epoch) {
      const names = await namesIn(folderOf(epoch))
      const start = `${epoch.purpose}-${epoch.month}-`
      return Math.max(0, ...names.filter((name) => name.startsWith(start)).map((name) => Number(name.slice(start.length))))
    },
    settled: async () => void (await Promise.allSettled([...making])),
    async *epochs(shelf) {
      for (const holder of await namesIn(join(root, shelf))) {
        for (const name of await namesIn(join(root, shelf, holder))) {
          const epoch = epochNamed(holder, name)
          if (epoch !== null) yield epoch
        }
      }
    },
    rewrite: (epoch, change) =>
      inTurn(fileOf(epoch), async () => {
        const wrapped = await read(epoch)
        const next = wrapped === null ? null : change(wrapped)
        if (next === null) return
        const folder = folderOf(epoch)
        await rename(await writeDraft(folder, next), fileOf(epoch))
        await syncFolder(folder)
      }),
    async removeDrafts(shelf, beforeMs) {
      for (const holder of await namesIn(join(root, shelf))) {
        for (const name of await namesIn(join(root, shelf, holder))) {
          if (name.startsWith('.')) await removeDraft(join(root, shelf, holder, name), beforeMs)
        }
      }
    },
  }
}
