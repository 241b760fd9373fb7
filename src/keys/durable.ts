// Small files that are whole and durable: written beside, synced, renamed, and the folder synced.
import { open, rename } from 'node:fs/promises'
import { join } from 'node:path'

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  await handle.sync().finally(() => handle.close())
}

/** Replaces (or makes) a file of a folder, mode 0600; durable when it returns, the old or the new one whenever it is read. */
export async function replaceFile(folder: string, name: string, content: string | Buffer): Promise<void> {
  const draft = join(folder, `.${name}.new`)
  const handle = await open(draft, 'w', 0o600)
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(draft, join(folder, name))
  await syncFolder(folder)
}
