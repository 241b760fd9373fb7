// How octets are sealed and made small: AES-256-GCM and zstd. An interface only so that the canary test can wire one that does neither, and go red.
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { letGo } from '#base/octets.ts'

/** Keys are KeyObjects: an octet string as key costs 11 µs more at each use, which is most of a small seal. */
export interface Sealing {
  /** Ciphertext and 16 octets of tag, behind `before` where it is given. A (key, nonce) pair is used once. */
  seal(key: KeyObject, nonce: Buffer, associated: Buffer, plain: Buffer, before?: Buffer): Buffer
  /** The plaintext; throws SealBroken when key, nonce, associated data or octets are not those that were sealed. */
  unseal(key: KeyObject, nonce: Buffer, associated: Buffer, sealed: Buffer): Buffer
  compress(octets: Buffer): Buffer
  /** Throws SealBroken past `maxOctets`. */
  decompress(octets: Buffer, maxOctets: number): Buffer
}

/** What was stored is not what was sealed: changed, swapped, truncated, or under another key. */
export class SealBroken extends Error {
  override name = 'SealBroken'
}

export const tagOctets = 16
export const nonceOctets = 12
const fast = { [constants.ZSTD_c_compressionLevel]: 1 }
const leastOctets = 1024
const smallOctets = 64 * 1024
/** The memory for what comes out, in one piece so that it need not be put together: for small octets as much as those that compress need. */
const roomFor = (octets: number) =>
  octets < smallOctets ? Math.max(leastOctets, octets >> 1) : octets + (octets >> 8) + leastOctets

const nothing = Buffer.alloc(0)

export const aesGcmZstd: Sealing = {
  seal(key, nonce, associated, plain, before = nothing) {
    const cipher = createCipheriv('aes-256-gcm', key, nonce)
    cipher.setAAD(associated)
    const body = cipher.update(plain)
    cipher.final()
    const sealed = Buffer.concat([before, body, cipher.getAuthTag()])
    letGo(body)
    return sealed
  },
  unseal(key, nonce, associated, sealed) {
    if (sealed.length < tagOctets) throw new SealBroken('sealed octets are truncated')
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagOctets })
      decipher.setAAD(associated)
      decipher.setAuthTag(sealed.subarray(sealed.length - tagOctets))
      const plain = decipher.update(sealed.subarray(0, sealed.length - tagOctets))
      decipher.final()
      return plain
    } catch (cause) {
      throw new SealBroken('sealed octets do not open', { cause })
    }
  },
  compress: (octets) =>
    zstdCompressSync(octets, { params: fast, pledgedSrcSize: octets.length, chunkSize: roomFor(octets.length) }),
  decompress(octets, maxOctets) {
    try {
      // One output buffer with a little room to spare: by default it is put together from many small ones, which is twice the memory.
      return zstdDecompressSync(octets, { maxOutputLength: Math.max(maxOctets, 1), chunkSize: maxOctets + 64 })
    } catch (cause) {
      throw new SealBroken('sealed octets do not expand', { cause })
    }
  },
}
