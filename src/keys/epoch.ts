// Epoch keys: each belongs to a holder, a purpose, a month and a generation, wraps data keys and seals small things. docs/flow.md, At rest.
import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { randomOctets } from '#base/ids.ts'
import { type Sealing, SealBroken, nonceOctets } from '#keys/sealing.ts'

export const purposes = ['mailbox', 'held', 'queue', 'spool', 'registers', 'evidence', 'search'] as const
export type Purpose = (typeof purposes)[number]

/** Names one epoch key. Month 0 is the holder's whole life: for what must be found again for as long as they are. */
export interface Epoch {
  readonly holder: string
  readonly purpose: Purpose
  readonly month: number
  readonly generation: number
}

/** An epoch of the keyring: also the log's signing keys, which are never asked for and never handed out. */
export type KeptEpoch = Omit<Epoch, 'purpose'> & { readonly purpose: Purpose | 'log' }

export interface EpochKey extends Epoch {
  readonly key: KeyObject
}

/** The service itself, as the holder of keys that are nobody's own. */
export const theService = '00000000-0000-0000-0000-000000000000'

const version = 1
const headOctets = 5

/** Seals a small thing under an epoch key: version, month, generation, nonce, ciphertext, tag. `about` binds it to its place. */
export function sealUnder(sealing: Sealing, epoch: EpochKey, about: string, plain: Buffer): Buffer {
  const head = Buffer.allocUnsafe(headOctets)
  head[0] = version
  head.writeUInt16BE(epoch.month, 1)
  head.writeUInt16BE(epoch.generation, 3)
  const nonce = randomOctets(nonceOctets)
  return Buffer.concat([head, nonce, sealing.seal(epoch.key, nonce, associated(epoch, about), plain)])
}

/** Which epoch key opens what sealUnder made; throws SealBroken when it is not such a thing. */
export function epochOf(sealed: Buffer): Pick<Epoch, 'month' | 'generation'> {
  if (sealed.length < headOctets + nonceOctets || sealed[0] !== version)
    throw new SealBroken('not a sealed thing of a known version')
  return { month: sealed.readUInt16BE(1), generation: sealed.readUInt16BE(3) }
}

/** Opens what sealUnder sealed with the same epoch key and place; throws SealBroken. */
export function unsealUnder(sealing: Sealing, epoch: EpochKey, about: string, sealed: Buffer): Buffer {
  const nonce = sealed.subarray(headOctets, headOctets + nonceOctets)
  return sealing.unseal(epoch.key, nonce, associated(epoch, about), sealed.subarray(headOctets + nonceOctets))
}

const associated = (epoch: Epoch, about: string) =>
  Buffer.from(`${epoch.holder}/${epoch.purpose}/${epoch.month}.${epoch.generation}/${about}`)

/** A keyed hash of its own for each use: `hash(text)` is HMAC-SHA-256 under a key derived from the epoch key and the label. */
export function keyedHash(epoch: EpochKey, label: string): (input: string | Buffer) => Buffer {
  const key = createSecretKey(Buffer.from(hkdfSync('sha256', epoch.key, Buffer.alloc(0), `cjsm keyed hash: ${label}`, 32)))
  return (input) => createHmac('sha256', key).update(input).digest()
}
