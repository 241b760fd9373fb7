// The root key: wraps every epoch key, and never leaves the key process. By default a file outside the data folder.
import { createSecretKey } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { randomOctets } from '#base/ids.ts'
import type { Epoch } from '#keys/epoch.ts'
import { type Sealing, nonceOctets } from '#keys/sealing.ts'

export interface RootKey {
  wrap(epoch: Epoch, key: Buffer): Buffer
  /** Throws SealBroken when this root key did not wrap it. */
  unwrap(epoch: Epoch, wrapped: Buffer): Buffer
}

const rootOctets = 32
const place = (epoch: Epoch) => Buffer.from(`root/${epoch.holder}/${epoch.purpose}/${epoch.month}.${epoch.generation}`)

/** Reads the root key from `folder`/root.key; makes one (mode 0600, durable) only when `mayCreate`, since a lost root key must be noticed and not replaced. */
export async function openRootKey(sealing: Sealing, folder: string, mayCreate: boolean): Promise<RootKey> {
  const file = join(folder, 'root.key')
  const text = await readFile(file, 'utf8').catch(async (fault: NodeJS.ErrnoException) => {
    if (fault.code !== 'ENOENT') throw fault
    if (!mayCreate) throw new Error('the root key is missing, but there is data that needs it')
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const made = `${randomOctets(rootOctets).toString('hex')}\n`
    const handle = await open(`${file}.new`, 'w', 0o600)
    await handle.writeFile(made)
    await handle.sync().finally(() => handle.close())
    await rename(`${file}.new`, file)
    for (const path of [folder, dirname(folder)]) {
      const opened = await open(path, 'r')
      await opened.sync().finally(() => opened.close())
    }
    return made
  })
  if (!/^[0-9a-f]{64}\s*$/.test(text)) throw new Error('the root key file does not hold 64 hexadecimal digits')
  const root = createSecretKey(text.trim(), 'hex')
  return {
    wrap(epoch, key) {
      const nonce = randomOctets(nonceOctets)
      return Buffer.concat([nonce, sealing.seal(root, nonce, place(epoch), key)])
    },
    unwrap: (epoch, wrapped) =>
      sealing.unseal(root, wrapped.subarray(0, nonceOctets), place(epoch), wrapped.subarray(nonceOctets)),
  }
}
