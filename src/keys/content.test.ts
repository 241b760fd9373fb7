// Sealed content and summaries: every range opens, every change is found. docs/flow.md, At rest.
import assert from 'node:assert/strict'
import { type KeyObject, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { newId } from '#base/ids.ts'
import {
  type Identity,
  type ReadAt,
  newDataKey,
  pieceOctets,
  sealPiece,
  sealSummary,
  unsealRange,
  unsealSummary,
} from '#keys/content.ts'
import { SealBroken, aesGcmZstd, nonceOctets } from '#keys/sealing.ts'

const identity: Identity = { month: 24_300, id: newId(1_700_000_000_000) }
const dataKey = newDataKey()

function piecesOf(content: Buffer, sealedAs = identity): Buffer[] {
  const count = Math.max(1, Math.ceil(content.length / pieceOctets))
  return Array.from({ length: count }, (_, index) =>
    sealPiece(
      aesGcmZstd,
      dataKey,
      sealedAs,
      index,
      index === count - 1,
      content.subarray(index * pieceOctets, (index + 1) * pieceOctets),
    ),
  )
}
const readerOf =
  (sealed: Buffer): ReadAt =>
  async (from, length) =>
    sealed.subarray(from, from + length)

async function opened(
  sealed: Buffer,
  octets: number,
  from = 0,
  to = octets,
  as = identity,
  key = dataKey,
  readAt = readerOf(sealed),
) {
  const pieces: Buffer[] = []
  for await (const piece of unsealRange(aesGcmZstd, key, as, octets, readAt, from, to)) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** Half of it compresses, so that both kinds of piece are there. */
function contentOf(octets: number): Buffer {
  return Buffer.concat([randomBytes(Math.ceil(octets / 2)), Buffer.alloc(Math.floor(octets / 2), 'abcdefg')])
}
const three = contentOf(3 * 1024 * 1024)
const sealedThree = Buffer.concat(piecesOf(three))

test('content of every size around a piece opens whole', async () => {
  for (const octets of [1, 2, pieceOctets - 1, pieceOctets, pieceOctets + 1, 2 * pieceOctets, 3 * 1024 * 1024]) {
    const content = contentOf(octets)
    assert.ok((await opened(Buffer.concat(piecesOf(content)), octets)).equals(content), `${octets} octets`)
  }
  assert.equal((await opened(Buffer.concat(piecesOf(Buffer.alloc(0))), 0)).length, 0)
})

test('any range opens to the same octets, and reads no piece that it does not need', async () => {
  const at = fc.integer({ min: 0, max: three.length })
  const edges: [number, number][] = [
    [0, 0],
    [0, 1],
    [pieceOctets - 1, pieceOctets + 1],
    [pieceOctets, 2 * pieceOctets],
    [three.length - 1, three.length],
  ]
  await fc.assert(
    fc.asyncProperty(at, at, async (one, other) => {
      const [from, to] = one < other ? [one, other] : [other, one]
      let read = 0
      const counting: ReadAt = async (start, length) => {
        read += length
        return sealedThree.subarray(start, start + length)
      }
      assert.ok((await opened(sealedThree, three.length, from, to, identity, dataKey, counting)).equals(three.subarray(from, to)))
      assert.ok(read <= to - from + 2 * (pieceOctets + 1024) + 12 * 4, `${read} octets read for ${to - from}`)
    }),
    { seed: 1, numRuns: 60, examples: edges },
  )
})

test('every single octet changed in sealed content is found', async () => {
  const content = Buffer.from('A short message, of which every octet counts.')
  const sealed = Buffer.concat(piecesOf(content))
  for (let at = 0; at < sealed.length; at++) {
    for (const bit of [1, 0x80]) {
      const changed = Buffer.from(sealed)
      changed[at]! ^= bit
      await assert.rejects(opened(changed, content.length), SealBroken, `octet ${at}`)
    }
  }
  for (const at of [0, 1, 2, 3, 4, 1000, sealedThree.length - 1]) {
    const changed = Buffer.from(sealedThree)
    changed[at]! ^= 0x40
    await assert.rejects(opened(changed, three.length), SealBroken, `octet ${at}`)
  }
})

test('a length that no piece has is found before anything of that size is read', async () => {
  let asked = 0
  const hostile: ReadAt = async (_, length) => {
    asked = Math.max(asked, length)
    return Buffer.alloc(Math.min(length, 4), 0xff)
  }
  await assert.rejects(opened(Buffer.alloc(0), 1000, 0, 1000, identity, dataKey, hostile), SealBroken)
  assert.ok(asked <= 2 * pieceOctets, `${asked} octets were asked for`)
})

test('swapped, reordered, repeated, cut and foreign pieces are found', async () => {
  const octets = 3 * pieceOctets + 10
  const content = contentOf(octets)
  const [a, b, c, d] = piecesOf(content) as [Buffer, Buffer, Buffer, Buffer]
  const foreign = piecesOf(contentOf(octets), { ...identity, id: newId(1_700_000_000_000) })
  const wrong: Record<string, Buffer[]> = {
    swapped: [b, a, c, d],
    repeated: [a, a, c, d],
    'the last one gone': [a, b, c],
    'one gone from within': [a, c, d],
    'the last one in mid-content': [a, d, c, b],
    'a piece of another message': [a, foreign[1]!, c, d],
    nothing: [],
  }
  for (const [name, pieces] of Object.entries(wrong))
    await assert.rejects(opened(Buffer.concat(pieces), octets), SealBroken, name)
  const sealed = Buffer.concat([a, b, c, d])
  for (const length of [1, 3, 4, 5, a.length - 1, a.length, sealed.length - 1])
    await assert.rejects(opened(sealed.subarray(0, length), octets), SealBroken, `cut to ${length}`)
})

test('content does not open as shorter or longer than it is, nor with a whole piece taken off', async () => {
  const octets = pieceOctets + 10
  const content = contentOf(octets)
  const sealed = Buffer.concat(piecesOf(content))
  for (const claimed of [octets - 1, octets + 1, pieceOctets, 10, octets + pieceOctets])
    await assert.rejects(opened(sealed, claimed), SealBroken, `claimed ${claimed}`)
})

test('content opens for its own message and key alone', async () => {
  const content = contentOf(1000)
  const sealed = Buffer.concat(piecesOf(content))
  await assert.rejects(opened(sealed, 1000, 0, 1000, { ...identity, month: 24_301 }), SealBroken)
  await assert.rejects(opened(sealed, 1000, 0, 1000, { ...identity, id: newId(1) }), SealBroken)
  await assert.rejects(opened(sealed, 1000, 0, 1000, identity, newDataKey()), SealBroken)
})

test('a summary opens for its own message alone, and never as content nor content as a summary', async () => {
  const summary = Buffer.from('{"v":1}')
  const sealed = sealSummary(aesGcmZstd, dataKey, identity, summary)
  assert.deepEqual(unsealSummary(aesGcmZstd, dataKey, identity, sealed), summary)
  assert.throws(() => unsealSummary(aesGcmZstd, dataKey, { ...identity, id: newId(1) }, sealed), SealBroken)
  assert.throws(() => unsealSummary(aesGcmZstd, newDataKey(), identity, sealed), SealBroken)
  const [piece] = piecesOf(summary)
  assert.throws(() => unsealSummary(aesGcmZstd, dataKey, identity, piece!.subarray(4)), SealBroken)
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed)
    changed[at]! ^= 1
    assert.throws(() => unsealSummary(aesGcmZstd, dataKey, identity, changed), SealBroken)
  }
  assert.throws(() => unsealSummary(aesGcmZstd, dataKey, identity, sealed.subarray(0, 15)), SealBroken)
})

test('under one data key no nonce is used twice: summary, each piece, last or not', () => {
  const nonces: string[] = []
  const noting = {
    ...aesGcmZstd,
    seal(key: KeyObject, nonce: Buffer, associated: Buffer, plain: Buffer, before?: Buffer) {
      assert.equal(nonce.length, nonceOctets)
      nonces.push(nonce.toString('hex'))
      return aesGcmZstd.seal(key, nonce, associated, plain, before)
    },
  }
  sealSummary(noting, dataKey, identity, Buffer.alloc(1))
  for (const index of [0, 1, 2, 255, 256, 65_536, 2 ** 32 - 1])
    for (const last of [true, false]) sealPiece(noting, dataKey, identity, index, last, Buffer.alloc(1))
  assert.equal(new Set(nonces).size, nonces.length)
})

test('what expands to more than a piece is refused before it is held', () => {
  const bomb = aesGcmZstd.compress(Buffer.alloc(64 * 1024 * 1024))
  assert.throws(() => aesGcmZstd.decompress(bomb, pieceOctets), SealBroken)
  assert.throws(() => aesGcmZstd.decompress(Buffer.from('not zstd'), pieceOctets), SealBroken)
  assert.equal(aesGcmZstd.decompress(aesGcmZstd.compress(Buffer.alloc(pieceOctets)), pieceOctets).length, pieceOctets)
})
