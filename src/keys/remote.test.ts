// The key process's socket: service and remote keeper together, away and back.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { type Server, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecretKey } from 'node:crypto'
import { after, test } from 'node:test'
import { Unavailable } from '#base/faults.ts'
import { newId } from '#base/ids.ts'
import { newLog } from '#base/log.ts'
import { type Keeper, newKeeper } from '#keys/keeper.ts'
import { openKeyring } from '#keys/keyring.ts'
import { openKeys } from '#keys/keys.ts'
import { newRemoteKeeper } from '#keys/remote.ts'
import { openRootKey } from '#keys/root.ts'
import { SealBroken, aesGcmZstd } from '#keys/sealing.ts'
import { serveKeys } from '#keys/service.ts'

const folder = await mkdtemp(join(tmpdir(), 'cjsm-keys-'))
const path = join(folder, 'keys.sock')
const log = newLog('silent', {})
await mkdir(join(folder, 'keyring'))
const near = newKeeper(await openRootKey(aesGcmZstd, join(folder, 'root'), true), openKeyring(join(folder, 'keyring')))
const far = newRemoteKeeper(path, 2_000)
const sockets = new Set<{ destroy(): void }>()
async function serve(keeper: Keeper = near): Promise<Server> {
  const server = await serveKeys(keeper, path, log)
  server.on('connection', (socket) => sockets.add(socket))
  return server
}
async function end(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  for (const socket of sockets) socket.destroy()
  await closed
}
let server = await serve()
after(async () => {
  far.close()
  await end(server)
  await rm(folder, { recursive: true })
})
const wanted = () => ({ holder: newId(Date.now()), purpose: 'mailbox' as const, month: 24_300 })
const isAway = (fault: unknown) => fault instanceof Unavailable && fault.part === 'keys'

test('over the socket the same keys come as from the keeper itself, and a destroyed one as null', async () => {
  const [one, two] = [wanted(), wanted()]
  const keys = await far.current([one, two])
  assert.deepEqual(keys, await near.current([one, two]))
  assert.deepEqual(await far.read(keys), keys)
  await far.destroy(keys[0]!)
  assert.deepEqual(await far.read(keys), [null, keys[1]])
  assert.equal((await far.current([one]))[0]!.generation, 2)
})

test('the socket is for the service’s own user alone', async () => {
  assert.equal((await stat(path)).mode & 0o777, 0o600)
})

test('many requests at once get their own answers', async () => {
  const all = Array.from({ length: 50 }, wanted)
  const keys = await Promise.all(all.map(async (one) => (await far.current([one]))[0]!))
  assert.deepEqual(
    keys.map((key) => key.holder),
    all.map((one) => one.holder),
  )
  assert.deepEqual(keys, await near.current(all))
})

test('more keys than one request may ask for come in several', async () => {
  const made: Keeper = {
    ...near,
    current: async (epochs) => epochs.map((epoch) => ({ ...epoch, generation: 1, key: createSecretKey(Buffer.alloc(32)) })),
  }
  await end(server)
  server = await serve(made)
  const all = Array.from({ length: 2_500 }, wanted)
  assert.deepEqual(
    (await far.current(all)).map((key) => key.holder),
    all.map((one) => one.holder),
  )
  await end(server)
  server = await serve()
})

test('without the key process keys are unavailable at once, and come again once it is back', async () => {
  await far.current([wanted()])
  await end(server)
  for (let times = 0; times < 3; times++) await assert.rejects(far.current([wanted()]), isAway)
  server = await serve()
  assert.equal((await far.current([wanted()])).length, 1)
})

test('a key process that ends in mid-request makes those asked unavailable, and one that is silent does within the limit', async () => {
  await end(server)
  const silent: Keeper = { ...near, current: () => new Promise(() => {}) }
  server = await serve(silent)
  const asked = far.current([wanted()])
  asked.catch(() => {})
  await new Promise((resolve) => setTimeout(resolve, 50))
  await end(server)
  await assert.rejects(asked, isAway)
  server = await serve(silent)
  const hurried = newRemoteKeeper(path, 100)
  await assert.rejects(hurried.current([wanted()]), isAway)
  hurried.close()
  await end(server)
  server = await serve()
})

test('a fault of the keeper is an answer, without its text, and the next request works', async () => {
  await end(server)
  let fails = true
  server = await serve({
    ...near,
    current: (epochs) => (fails ? Promise.reject(new Error('secret text')) : near.current(epochs)),
  })
  const startMs = performance.now()
  await assert.rejects(far.current([wanted()]), (fault: unknown) => isAway(fault) && !JSON.stringify(fault).includes('secret'))
  assert.ok(performance.now() - startMs < 1_500, 'it was not an answer but the time limit')
  fails = false
  assert.equal((await far.current([wanted()])).length, 1)
})

test('what is no request is answered as a fault under its own number, and harms nobody', async () => {
  const socket = connect(path)
  const lines: string[] = []
  socket.setEncoding('utf8').on('data', (text: string) => lines.push(...text.trim().split('\n')))
  const requests = [
    'not json',
    '[]',
    '{"n":7,"ask":"current","wanted":[{"holder":"../../etc","purpose":"mailbox","month":1}]}',
    '{"n":8,"ask":"current","wanted":[{"holder":"00000000-0000-0000-0000-000000000000","purpose":"../x","month":1}]}',
    '{"n":9,"ask":"steal","wanted":[]}',
    '{"n":10,"ask":"current","wanted":[]}',
  ]
  socket.write(`${requests.join('\n')}\n`)
  for (const endMs = performance.now() + 5_000; lines.length < requests.length && performance.now() < endMs; )
    await new Promise(setImmediate)
  socket.destroy()
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)).sort((a, b) => a.n - b.n),
    [
      { n: -1, fault: true },
      { n: -1, fault: true },
      { n: 7, fault: true },
      { n: 8, fault: true },
      { n: 9, fault: true },
      { n: 10, keys: [] },
    ],
  )
})

test('keys are kept for a while, then asked for again; a destroyed one is unusable then', async () => {
  let monotonicMs = 0
  let asked = 0
  const counting: Keeper = {
    ...far,
    current(epochs) {
      asked++
      return far.current(epochs)
    },
    read(epochs) {
      asked++
      return far.read(epochs)
    },
  }
  const keys = openKeys(counting, aesGcmZstd, { now: () => Date.UTC(2026, 5, 1), monotonic: () => monotonicMs })
  const { holder } = wanted()
  const [epoch] = await keys.currentFor([holder, holder], 'mailbox')
  const sealed = keys.seal(epoch!, 'a', Buffer.from('plain'))
  for (let times = 0; times < 3; times++) {
    await keys.currentFor([holder], 'mailbox')
    assert.equal((await keys.unseal(holder, 'mailbox', 'a', sealed)).toString(), 'plain')
  }
  assert.equal(asked, 2)
  await far.destroy(epoch!)
  monotonicMs += 11 * 60_000
  await assert.rejects(keys.unseal(holder, 'mailbox', 'a', sealed), SealBroken)
  assert.equal((await keys.currentFor([holder], 'mailbox'))[0]!.generation, 2)
})

test('each month has its own key, and what an older one sealed still opens', async () => {
  let nowMs = Date.UTC(2026, 0, 31, 23, 59, 59)
  const keys = openKeys(far, aesGcmZstd, { now: () => nowMs, monotonic: () => 0 })
  const { holder } = wanted()
  const [january] = await keys.currentFor([holder], 'mailbox')
  const lasting = await keys.lasting(holder, 'registers')
  const hash = await keys.hashFor(holder, 'a use')
  const items = [{ about: 'a', sealed: keys.seal(january!, 'a', Buffer.from('january')) }]
  nowMs += 2_000
  const [february] = await keys.currentFor([holder], 'mailbox')
  assert.deepEqual([february!.month - january!.month, february!.key.equals(january!.key)], [1, false])
  items.push({ about: 'b', sealed: keys.seal(february!, 'b', Buffer.from('february')) })
  assert.deepEqual((await keys.unsealAll(holder, 'mailbox', items)).map(String), ['january', 'february'])
  assert.deepEqual(await keys.lasting(holder, 'registers'), lasting)
  assert.deepEqual((await keys.hashFor(holder, 'a use'))('x'), hash('x'))
})
