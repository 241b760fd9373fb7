// What is published of the log, read as a monitor reads it, from a real database. C2SP tlog-tiles
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { indexPath, publishedFile } from '#evidence/publish.ts'
import { openEvidence } from '#evidence/record.ts'
import { sequence } from '#evidence/sequencer.ts'
import { theService } from '#keys/epoch.ts'
import { openKeys } from '#keys/keys.ts'
import { aesGcmZstd } from '#keys/sealing.ts'
import { testDatabase } from '#test/support/database.ts'
import { testLogKeeper, testOrigin } from '#test/support/log-keeper.ts'
import { readWholeLog } from '#test/support/monitor.ts'

const clock = systemClock
const { database } = await testDatabase()
const { logKeeper, keeper } = await testLogKeeper()
const evidence = openEvidence(database, database, openKeys(keeper, aesGcmZstd, clock), clock)
await evidence.introduce([theService])

const file = (path: string) => publishedFile(database, path, { verifiers: () => logKeeper.verifiers(), witnesses: [] })
const octetsOf = async (path: string) => (await file(path))?.octets ?? null

async function write(count: number): Promise<void> {
  await database.transaction(async (tx) => {
    for (let at = 0; at < count; at++)
      await evidence.write(tx, { event: 'SignIn', actor: theService, about: theService, details: [{ at }] })
  })
  await sequence({ database, logKeeper, origin: testOrigin, clock })
}

test('an empty log has no checkpoint and no tile', async () => {
  for (const path of ['/checkpoint', '/tile/0/000', '/tile/0/000.p/1', '/tile/entries/000.p/1'])
    assert.equal(await file(path), null)
})

test('checkpoint, tiles and entries of every size of the log fit together, and it only ever grows (RFC 6962 §2.1)', async () => {
  let before: readonly Buffer[] = []
  for (const [count, size] of [
    [1, 1],
    [254, 255],
    [1, 256],
    [1, 257],
    [400, 657],
  ] as const) {
    await write(count)
    const seen = await readWholeLog(octetsOf)
    assert.equal(seen.size, size)
    assert.ok(before.every((leaf, at) => leaf.equals(seen.leaves[at]!)))
    before = seen.leaves
  }
})

test('a partial tile of an older checkpoint is still there, and one beyond the end or of no hashes is not', async () => {
  const full = (await octetsOf('/tile/0/001'))!
  assert.equal(full.length, 256 * 32)
  assert.ok((await octetsOf('/tile/0/001.p/1'))!.equals(full.subarray(0, 32)))
  assert.equal((await file('/tile/0/001.p/1'))!.lasting, true)
  assert.equal((await file('/checkpoint'))!.lasting, false)
  for (const path of [
    '/tile/0/002',
    '/tile/0/002.p/146',
    '/tile/1/000.p/3',
    '/tile/2/000.p/1',
    '/tile/entries/002',
    '/tile/entries/002.p/146',
  ])
    assert.equal(await file(path), null, path)
  assert.equal((await octetsOf('/tile/1/000.p/2'))!.length, 64)
})

test('an index is written in elements of three digits, and a path that is written otherwise names nothing', async () => {
  const written = [0, 7, 999, 1000, 1_234_067].map(indexPath)
  assert.deepEqual(written, ['000', '007', '999', 'x001/000', 'x001/x234/067'])
  const wrong = [
    '0/0',
    '0/x000/000',
    '00/000',
    '0/000.p/0',
    '0/000.p/256',
    '0/000.p/01',
    '64/000',
    'entries/1',
    '0/000/',
    '-1/000',
    '0/000?x',
  ]
  for (const path of wrong) assert.equal(await file(`/tile/${path}`), null, path)
  for (const path of ['', '/', '/checkpoint/', '/tile', `/tile/0/${'x000/'.repeat(400)}000`])
    assert.equal(await file(path), null, path)
})
