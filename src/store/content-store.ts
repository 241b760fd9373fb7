// Large sealed content: local files, a folder a month, durable (file and folders) before put returns. Knows nothing of what it holds.
import { type FileHandle, mkdir, open, readdir, rename, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { letGo } from '#base/octets.ts'

export interface ContentStore {
  /** Writes the pieces, whose memory is its own from now on, as one object and returns its octets; nothing is there when it throws. */
  put(month: number, id: string, pieces: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<number>
  /** Octets at a place; fewer at the end; throws when the object is missing. */
  readAt(month: number, id: string, from: number, length: number): Promise<Buffer>
  /** Unlinks an object; no fault when it is gone already. */
  remove(month: number, id: string): Promise<void>
  /** Every object, and drafts that a crash left behind (`draft`), for the sweep. */
  list(): AsyncIterable<{ month: number; id: string; draft: boolean; remove(): Promise<void> }>
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r')
  await handle.sync().finally(() => handle.close())
}

/** Each write is a journey through the thread pool: few large ones are cheaper than many. */
const writeOctets = 1024 * 1024

async function* together(pieces: Iterable<Buffer> | AsyncIterable<Buffer>): AsyncGenerator<Buffer[]> {
  let waiting: Buffer[] = []
  let octets = 0
  for await (const piece of pieces) {
    waiting.push(piece)
    octets += piece.length
    if (octets < writeOctets) continue
    yield waiting
    waiting = []
    octets = 0
  }
  if (octets > 0) yield waiting
}

/** Writes all of them where the file is, and lets them go; returns their octets. */
async function write(handle: FileHandle, pieces: Buffer[]): Promise<number> {
  const octets = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const { bytesWritten } = await handle.writev(pieces)
  // A disk that is nearly full takes a part: then the rest, or the fault.
  if (bytesWritten < octets) await handle.writeFile(Buffer.concat(pieces).subarray(bytesWritten))
  pieces.forEach(letGo)
  return octets
}

const gone = (fault: NodeJS.ErrnoException) => {
  if (fault.code !== 'ENOENT') throw fault
}

/** A content store in a folder: `<month>/<last two digits of the id>/<id>`. */
export function openContentStore(root: string): ContentStore {
  const fileOf = (month: number, id: string) => join(root, String(month), id.slice(-2), id)
  /** Folders that this process has seen to be there, durably: a new object needs no others synced than its own. */
  const durable = new Set<string>()
  return {
    async put(month, id, pieces) {
      const file = fileOf(month, id)
      const folder = dirname(file)
      const isNew = !durable.has(folder)
      if (isNew) await mkdir(folder, { recursive: true, mode: 0o700 })
      const draft = `${file}.draft`
      let octets = 0
      try {
        const handle = await open(draft, 'wx', 0o600)
        try {
          for await (const some of together(pieces)) octets += await write(handle, some)
          await handle.sync()
        } finally {
          await handle.close()
        }
        await rename(draft, file)
      } catch (fault) {
        durable.delete(folder)
        await unlink(draft).catch(gone)
        throw fault
      }
      for (const path of isNew ? [folder, dirname(folder), root] : [folder]) await sync(path)
      durable.add(folder)
      return octets
    },
    async readAt(month, id, from, length) {
      const handle = await open(fileOf(month, id), 'r')
      try {
        const octets = Buffer.alloc(length)
        const { bytesRead } = await handle.read(octets, 0, length, from)
        return octets.subarray(0, bytesRead)
      } finally {
        await handle.close()
      }
    },
    remove: (month, id) => unlink(fileOf(month, id)).catch(gone),
    async *list() {
      const months = (await readdir(root)).filter((name) => /^\d+$/.test(name)) // not lost+found
      for (const month of months) {
        for (const shelf of await readdir(join(root, month))) {
          for (const name of await readdir(join(root, month, shelf))) {
            const file = join(root, month, shelf, name)
            yield {
              month: Number(month),
              id: name.replace(/\.draft$/, ''),
              draft: name.endsWith('.draft'),
              remove: () => unlink(file).catch(gone),
            }
          }
        }
      }
    },
  }
}
