// Sealed content: plaintext in pieces of 256 KiB, each compressed and sealed by itself, so that any range can be read and a swapped, cut or reordered piece is found.
import { createSecretKey, type KeyObject } from 'node:crypto'
import { randomOctets } from '#base/ids.ts'
import { letGoResult } from '#base/octets.ts'
import { type Sealing, SealBroken, nonceOctets, tagOctets } from '#keys/sealing.ts'

/** Which message some octets belong to: associated data of everything sealed under its data key. */
export interface Identity {
  readonly month: number
  readonly id: string
}

export const pieceOctets = 256 * 1024
export const dataKeyOctets = 32
const lengthOctets = 4
/** What zstd and the tag can add to a piece that does not compress is well below the difference. */
const maxSealedOctets = pieceOctets + 4096
const uses = { content: 1, summary: 2 } as const

/** A fresh data key: one per message, never used for another. */
export function newDataKey(): KeyObject {
  return createSecretKey(randomOctets(dataKeyOctets))
}

/** The data key whose octets were wrapped. */
export function dataKeyOf(octets: Buffer): KeyObject {
  return createSecretKey(octets)
}

// A data key is used once for each (use, index, last): so the nonce can be told from them, as in STREAM (Hoang and others, 2015).
function nonceFor(use: keyof typeof uses, index: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(nonceOctets)
  nonce[0] = uses[use]
  nonce[1] = last ? 1 : 0
  nonce.writeUInt32BE(index, nonceOctets - 4)
  return nonce
}

const associated = (identity: Identity) => Buffer.from(`${identity.month}/${identity.id}`)

/** Seals the message's summary under its data key. */
export function sealSummary(sealing: Sealing, dataKey: KeyObject, identity: Identity, summary: Buffer): Buffer {
  return sealing.seal(dataKey, nonceFor('summary', 0, true), associated(identity), summary)
}

export function unsealSummary(sealing: Sealing, dataKey: KeyObject, identity: Identity, sealed: Buffer): Buffer {
  return sealing.unseal(dataKey, nonceFor('summary', 0, true), associated(identity), sealed)
}

/** Seals one piece: its length (4 octets, big endian), then the sealed octets. Pieces stand one behind the other; the last one says so. */
export function sealPiece(
  sealing: Sealing,
  dataKey: KeyObject,
  identity: Identity,
  index: number,
  last: boolean,
  plain: Buffer,
): Buffer {
  const small = sealing.compress(plain)
  const head = Buffer.allocUnsafe(lengthOctets)
  head.writeUInt32BE(small.length + tagOctets)
  const piece = sealing.seal(dataKey, nonceFor('content', index, last), associated(identity), small, head)
  if (small.buffer !== plain.buffer) letGoResult(small)
  return piece
}

/** Reads sealed octets at a place: the inline column or a file. */
export type ReadAt = (from: number, length: number) => Promise<Buffer>

/** Opens the range [from, to) of content whose plaintext has `octets` octets, piece by piece; throws SealBroken. `opened` is told of each sealed piece that is not needed any more. */
export async function* unsealRange(
  sealing: Sealing,
  dataKey: KeyObject,
  identity: Identity,
  octets: number,
  readAt: ReadAt,
  from: number,
  to: number,
  opened: (sealed: Buffer) => void = () => {},
): AsyncGenerator<Buffer> {
  const count = Math.max(1, Math.ceil(octets / pieceOctets))
  const end = Math.min(to, octets)
  let at = 0
  for (let index = 0; index < count && index * pieceOctets < end; index++) {
    const head = await readAt(at, lengthOctets)
    if (head.length < lengthOctets) throw new SealBroken('content is truncated')
    const length = head.readUInt32BE()
    if (length > maxSealedOctets) throw new SealBroken('a piece is longer than any')
    if ((index + 1) * pieceOctets > from) {
      const sealed = await readAt(at + lengthOctets, length)
      if (sealed.length < length) throw new SealBroken('content is truncated')
      const expected = Math.min(pieceOctets, octets - index * pieceOctets)
      const plain = sealing.decompress(
        sealing.unseal(dataKey, nonceFor('content', index, index === count - 1), associated(identity), sealed),
        expected,
      )
      opened(sealed)
      if (plain.length !== expected) throw new SealBroken('content has another length than its row says')
      yield plain.subarray(Math.max(0, from - index * pieceOctets), end - index * pieceOctets)
    }
    at += lengthOctets + length
  }
}
