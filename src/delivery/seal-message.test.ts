// What is sealed opens to the same octets, inline and in the content store, on both sides of every limit.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { pieceOctets, unsealRange } from '#keys/content.ts'
import { aesGcmZstd } from '#keys/sealing.ts'
import { parseHeader } from '#mail/header.ts'
import { StructureScan } from '#mail/structure.ts'
import { octetsOf, type Octets } from '#delivery/inspect.ts'
import { inlineOctets, newSealMessage } from '#delivery/seal-message.ts'
import { openContentStore } from '#store/content-store.ts'

const folder = await mkdtemp(join(tmpdir(), 'cjsm-seal-'))
after(() => rm(folder, { recursive: true }))
const contentStore = openContentStore(folder)
const sealMessage = newSealMessage({
  keys: { sealing: aesGcmZstd, hashFor: () => assert.fail('there is no Message-ID') },
  contentStore,
  clock: systemClock,
})
const head = Buffer.from('From: a@b.test\r\n\r\n')

/** Octets that are not in one piece of memory, as those of a long message. */
const inPieces = (whole: Buffer): Octets => ({ ...octetsOf(whole), whole: () => null })

for (const [why, body] of [
  ['nothing', Buffer.alloc(0)],
  ['a little', Buffer.from('Hello\r\n')],
  ['what compresses, of one piece', Buffer.alloc(pieceOctets - head.length, 'words and words ')],
  ['what compresses, of one octet more', Buffer.alloc(pieceOctets - head.length + 1, 'words and words ')],
  ['what does not compress, just inline', randomBytes(inlineOctets - 200)],
  ['what does not compress, above it', randomBytes(inlineOctets)],
  ['what does not compress, of one piece', randomBytes(pieceOctets - head.length)],
  ['what does not compress, of one octet more', randomBytes(pieceOctets - head.length + 1)],
  ['several pieces', randomBytes(3 * pieceOctets)],
] as const) {
  for (const [how, octets] of [
    ['in memory', octetsOf(Buffer.concat([head, body]))],
    ['in pieces', inPieces(Buffer.concat([head, body]))],
  ] as const) {
    test(`${why}, ${how}`, async () => {
      const whole = Buffer.concat([head, body])
      const scan = new StructureScan()
      scan.push(whole)
      const sealed = await sealMessage({
        head: Buffer.from(head),
        header: parseHeader(head),
        octets,
        bodyStart: head.length,
        root: scan.end().root,
        marking: null,
      })
      const { month, id, content, octets: size } = sealed.message
      assert.equal(size, whole.length)
      assert.ok(sealed.digest.equals(createHash('sha256').update(whole).digest()))
      const readAt = async (from: number, length: number) =>
        content === null ? contentStore.readAt(month, id, from, length) : content.subarray(from, from + length)
      const pieces: Buffer[] = []
      for await (const piece of unsealRange(aesGcmZstd, sealed.dataKey, { month, id }, size, readAt, 0, size)) pieces.push(piece)
      assert.ok(Buffer.concat(pieces).equals(whole))
    })
  }
}
