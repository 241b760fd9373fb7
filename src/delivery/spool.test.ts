// The spool: what came in comes back by any range, small in memory, large sealed on disk, nothing left behind.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { type Spool, spoolsIn } from '#delivery/spool.ts'
import { pieceOctets } from '#keys/content.ts'
import { SealBroken, aesGcmZstd } from '#keys/sealing.ts'

const folder = await mkdtemp(join(tmpdir(), 'cjsm-spool-'))
after(() => rm(folder, { recursive: true }))
const newSpool = spoolsIn(folder, aesGcmZstd, 0)
const files = () => readdir(folder)

async function filled(octets: Buffer, chunkOctets: number): Promise<Spool> {
  const spool = newSpool()
  for (let at = 0; at < octets.length; at += chunkOctets) await spool.write(Buffer.from(octets.subarray(at, at + chunkOctets)))
  return spool
}
async function rangeOf(spool: Spool, from: number, to: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of spool.range(from, to)) {
    assert.ok(piece.length <= pieceOctets)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

test('sizes around the memory limit come back whole, in memory up to it and from a file above', async () => {
  for (const octets of [0, 1, pieceOctets - 1, pieceOctets, pieceOctets + 1, 2 * pieceOctets, 2 * pieceOctets + 1, 3_000_000]) {
    const content = randomBytes(octets)
    for (const chunkOctets of [16_384, 100_003, 4_000_000]) {
      const spool = await filled(content, chunkOctets)
      assert.equal(spool.size, octets)
      assert.equal((await files()).length, octets > pieceOctets ? 1 : 0, `${octets} octets`)
      assert.ok((await rangeOf(spool, 0, octets)).equals(content), `${octets} octets`)
      assert.ok((await rangeOf(spool, 0, octets + 99)).equals(content))
      if (octets > pieceOctets) assert.equal(spool.whole(), null)
      else assert.ok(spool.whole()!.equals(content))
      await spool.abandon()
      await spool.abandon()
      assert.deepEqual(await files(), [])
    }
  }
})

test('any range is the same octets as of a plain buffer, however they came in', async () => {
  const content = randomBytes(2 * pieceOctets + 12_345)
  const spool = await filled(content, 50_021)
  const at = fc.integer({ min: 0, max: content.length + 5 })
  await fc.assert(
    fc.asyncProperty(at, at, async (one, other) => {
      const [from, to] = one < other ? [one, other] : [other, one]
      assert.ok((await rangeOf(spool, from, to)).equals(content.subarray(from, to)))
    }),
    {
      seed: 1,
      numRuns: 100,
      examples: [
        [pieceOctets, pieceOctets],
        [pieceOctets - 1, pieceOctets + 1],
        [0, 0],
        [pieceOctets, 2 * pieceOctets],
      ],
    },
  )
  await spool.abandon()
})

test('an octet a packet comes back whole, and does not cost an object an octet', async () => {
  const content = randomBytes(pieceOctets + 5)
  const spool = await filled(content, 1)
  assert.ok((await rangeOf(spool, 0, content.length)).equals(content))
  await spool.abandon()
})

test('a file of the spool is sealed, for its owner alone, and one octet changed in it is found', async () => {
  const word = 'the quick brown canary '
  const content = Buffer.from(word.repeat(30_000))
  const spool = await filled(content, 65_536)
  const [name] = await files()
  const path = join(folder, name!)
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  const sealed = await readFile(path)
  assert.equal(sealed.includes('canary'), false)
  sealed[100]! ^= 1
  await writeFile(path, sealed)
  await assert.rejects(rangeOf(spool, 0, content.length), SealBroken)
  await spool.abandon()
})

test('two spools have keys of their own: the same octets make different files', async () => {
  const content = Buffer.alloc(pieceOctets * 2, 'x')
  const spools = [await filled(content, 65_536), await filled(content, 65_536)]
  const [one, two] = await Promise.all((await files()).map((name) => readFile(join(folder, name))))
  assert.notDeepEqual(one, two)
  for (const spool of spools) await spool.abandon()
})

test('when the folder cannot be written to, write throws, and abandon still works', async () => {
  const spool = spoolsIn(join(folder, 'missing'), aesGcmZstd, 0)()
  await assert.rejects(spool.write(Buffer.alloc(pieceOctets * 2)), { code: 'ENOENT' })
  await spool.abandon()
})

test('a few full pieces are held in memory; one more puts them all into the file, and any range is the same', async () => {
  const held = 3
  const make = spoolsIn(folder, aesGcmZstd, held)
  for (const [octets, inFile] of [
    [pieceOctets * held + 7, 0],
    [pieceOctets * (held + 1), 0],
    [pieceOctets * (held + 1) + 1, 1],
    [pieceOctets * (held + 3) + 1, 1],
  ] as const) {
    const content = randomBytes(octets)
    const spool = make()
    for (let at = 0; at < octets; at += 60_001) await spool.write(Buffer.from(content.subarray(at, at + 60_001)))
    assert.equal((await files()).length, inFile, `${octets} octets`)
    for (const [from, to] of [
      [0, octets],
      [1, pieceOctets + 1],
      [pieceOctets, 2 * pieceOctets],
      [octets - 5, octets],
    ] as const)
      assert.ok((await rangeOf(spool, from, to)).equals(content.subarray(from, to)), `${from} to ${to} of ${octets}`)
    await spool.abandon()
    assert.deepEqual(await files(), [])
  }
})
