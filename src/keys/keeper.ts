// The keeper of epoch keys: makes, reads and destroys them with root key and keyring. Lives in the key process; a test may hold one itself.
import { createSecretKey } from 'node:crypto'
import { randomOctets } from '#base/ids.ts'
import type { Epoch, EpochKey } from '#keys/epoch.ts'
import type { Keyring } from '#keys/keyring.ts'
import type { RootKey } from '#keys/root.ts'

export interface Keeper {
  /** For each, the key of the latest generation that is not destroyed, made durably when there is none. */
  current(wanted: readonly Omit<Epoch, 'generation'>[]): Promise<EpochKey[]>
  /** For each, the key, or null when it was destroyed. */
  read(wanted: readonly Epoch[]): Promise<(EpochKey | null)[]>
  /** Destroys a key for good; durable when it returns. */
  destroy(epoch: Epoch): Promise<void>
}

export function newKeeper(root: RootKey, keyring: Keyring): Keeper {
  const open = (epoch: Epoch, wrapped: Buffer): EpochKey => ({ ...epoch, key: createSecretKey(root.unwrap(epoch, wrapped)) })
  const readOne = async (epoch: Epoch) => {
    const wrapped = await keyring.read(epoch)
    return wrapped === null ? null : open(epoch, wrapped)
  }
  return {
    current: (wanted) =>
      Promise.all(
        wanted.map(async (epoch) => {
          const latest = await keyring.latestGeneration(epoch)
          const found = latest === 0 ? null : await readOne({ ...epoch, generation: latest })
          if (found !== null) return found
          const next = { holder: epoch.holder, purpose: epoch.purpose, month: epoch.month, generation: latest + 1 }
          return open(next, await keyring.createIfAbsent(next, root.wrap(next, randomOctets(32))))
        }),
      ),
    read: (wanted) => Promise.all(wanted.map(readOne)),
    destroy: (epoch) => keyring.destroy(epoch),
  }
}
