// The root key: wraps every epoch key, and never leaves the key process. By default a file outside the data folder. It can be replaced while it is in use.
import { createSecretKey, type KeyObject } from 'node:crypto'
import { fsyncSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { mkdir, open, readFile, rename, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { OperatorFault } from '#base/faults.ts'
import { faultPoint } from '#base/fault-point.ts'
import { randomOctets } from '#base/ids.ts'
import { replaceFile, syncFolder } from '#keys/durable.ts'
import type { KeptEpoch } from '#keys/epoch.ts'
import { type Sealing, SealBroken, nonceOctets } from '#keys/sealing.ts'

export interface RootKey {
  wrap(epoch: KeptEpoch, key: Buffer): Buffer
  /** Throws SealBroken when neither this root key nor, in a rotation, the one before wrapped it. */
  unwrap(epoch: KeptEpoch, wrapped: Buffer): Buffer
  /** A folder beside the root key that only the key process reaches, as a path that stays good when privileges are dropped. */
  readonly ownFolder: string
  /** True from the beginning of a rotation to its end: old and new are both accepted, the new one wraps. */
  isRotating(): boolean
  /** Makes the next root key, durably; nothing when a rotation is under way. */
  beginRotation(): Promise<void>
  /** What an old root key wrapped, wrapped by the new one; null when it is already. Throws SealBroken. */
  rewrap(epoch: KeptEpoch, wrapped: Buffer): Buffer | null
  /** Puts the new key in the old one's place. Call it when nothing is wrapped by the old one any more. */
  endRotation(): Promise<void>
}

const rootOctets = 32
const nextName = 'root.key.next'
const place = (epoch: KeptEpoch) => Buffer.from(`root/${epoch.holder}/${epoch.purpose}/${epoch.month}.${epoch.generation}`)
const newText = () => `${randomOctets(rootOctets).toString('hex')}\n`
const keyOf = (text: string | null): KeyObject | null =>
  text !== null && /^[0-9a-f]{64}\s*$/.test(text) ? createSecretKey(text.trim(), 'hex') : null

const readIfThere = (file: string): Promise<string | null> =>
  readFile(file, 'utf8').catch((fault: NodeJS.ErrnoException) => {
    if (fault.code !== 'ENOENT') throw fault
    return null
  })

/**
 * Reads the root key from `folder`/root.key; makes one (mode 0600, durable) only when `mayCreate`, since a lost root key must be noticed and not replaced.
 * The file and `folder`/service are opened here, so that a rotation reaches them after privileges were dropped.
 */
export async function openRootKey(sealing: Sealing, folder: string, mayCreate: boolean): Promise<RootKey> {
  const file = join(folder, 'root.key')
  mkdirSync(join(folder, 'service'), { recursive: true, mode: 0o700 })
  const ownFolder = `/proc/self/fd/${openSync(join(folder, 'service'), 'r')}`
  const text = (await readIfThere(file)) ?? (await makeRootKey(folder, file, mayCreate))
  let next = keyOf(await readIfThere(join(ownFolder, nextName)))
  // A rotation that was cut while it overwrote the file: the next key wraps everything by then.
  let root = keyOf(text) ?? next
  if (root === null)
    throw new OperatorFault(`The root key file ${file} does not hold 64 hexadecimal digits. Put it back from its back-up.`)
  const held = openSync(file, 'r+')

  const wrapWith = (key: KeyObject, epoch: KeptEpoch, octets: Buffer): Buffer => {
    const nonce = randomOctets(nonceOctets)
    return Buffer.concat([nonce, sealing.seal(key, nonce, place(epoch), octets)])
  }
  const unwrapWith = (key: KeyObject, epoch: KeptEpoch, wrapped: Buffer): Buffer =>
    sealing.unseal(key, wrapped.subarray(0, nonceOctets), place(epoch), wrapped.subarray(nonceOctets))
  const isNew = (epoch: KeptEpoch, wrapped: Buffer): boolean => {
    try {
      unwrapWith(next!, epoch, wrapped)
      return true
    } catch (fault) {
      if (fault instanceof SealBroken) return false
      throw fault
    }
  }
  return {
    ownFolder,
    wrap: (epoch, key) => wrapWith(next ?? root!, epoch, key),
    unwrap: (epoch, wrapped) => unwrapWith(next !== null && isNew(epoch, wrapped) ? next : root!, epoch, wrapped),
    isRotating: () => next !== null,
    async beginRotation() {
      if (next !== null) return
      const made = newText()
      await replaceFile(ownFolder, nextName, made)
      faultPoint('root-key-made')
      next = keyOf(made)
    },
    rewrap: (epoch, wrapped) =>
      next === null || isNew(epoch, wrapped) ? null : wrapWith(next, epoch, unwrapWith(root!, epoch, wrapped)),
    async endRotation() {
      if (next === null) return
      // In place, since the folder is not ours any more; overwritten, so that the old key is gone from the file's own blocks.
      writeSync(held, `${next.export().toString('hex')}\n`, 0)
      ftruncateSync(held, rootOctets * 2 + 1)
      fsyncSync(held)
      faultPoint('root-key-replaced')
      root = next
      next = null
      await unlink(join(ownFolder, nextName))
      await syncFolder(ownFolder)
    },
  }
}

async function makeRootKey(folder: string, file: string, mayCreate: boolean): Promise<string> {
  if (!mayCreate)
    throw new OperatorFault(
      `The root key is missing from ${file}, but there is data that needs it. Put it back from its back-up.`,
    )
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const made = newText()
  const handle = await open(`${file}.new`, 'w', 0o600)
  await handle.writeFile(made)
  await handle.sync().finally(() => handle.close())
  await rename(`${file}.new`, file)
  for (const path of [folder, dirname(folder)]) await syncFolder(path)
  return made
}
