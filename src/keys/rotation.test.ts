// The rotation of the root key: under load, resumed after kills at any point, and the old key opens nothing afterwards. design.md, At rest
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { newId, randomOctets } from '#base/ids.ts'
import type { EpochKey } from '#keys/epoch.ts'
import { newKeeper } from '#keys/keeper.ts'
import { openKeyring } from '#keys/keyring.ts'
import { openRootKey } from '#keys/root.ts'
import { newRotation } from '#keys/rotation.ts'
import { SealBroken, aesGcmZstd } from '#keys/sealing.ts'

const folder = await mkdtemp(join(tmpdir(), 'cjsm-rotation-'))
after(() => rm(folder, { recursive: true }))
const fail = (fault: unknown) => {
  throw fault
}
const wanted = (count: number) =>
  Array.from({ length: count }, () => ({ holder: newId(Date.now()), purpose: 'mailbox' as const, month: 24_300 }))
const textOf = (keys: readonly (EpochKey | null)[]) => keys.map((one) => one?.key.export().toString('hex') ?? null)

async function place(name: string) {
  const [root, keyring] = [join(folder, name, 'root'), join(folder, name, 'keyring')]
  await mkdir(keyring, { recursive: true })
  return { root, keyring }
}

async function oldOpensNothing(at: { root: string; keyring: string }, old: string): Promise<void> {
  const copy = join(at.root, '..', 'old')
  await mkdir(copy)
  await writeFile(join(copy, 'root.key'), old)
  const oldRoot = await openRootKey(aesGcmZstd, copy, false)
  const keyring = openKeyring(at.keyring)
  let looked = 0
  for (const shelf of await readdir(at.keyring)) {
    for await (const epoch of keyring.epochs(shelf)) {
      const wrapped = await keyring.read(epoch)
      if (wrapped === null) continue
      assert.throws(() => oldRoot.unwrap(epoch, wrapped), SealBroken)
      looked++
    }
  }
  assert.ok(looked > 0)
  for (const name of await readdir(at.root, { recursive: true }))
    assert.ok(!(await readFile(join(at.root, name)).catch(() => Buffer.alloc(0))).includes(old.trim()), name)
}

test('while keys are read, made and destroyed, every key is wrapped anew; the old root key opens nothing afterwards', async () => {
  const at = await place('load')
  const root = await openRootKey(aesGcmZstd, at.root, true)
  const keyring = openKeyring(at.keyring)
  const keeper = newKeeper(root, keyring)
  const old = await readFile(join(at.root, 'root.key'), 'utf8')
  const keys = await keeper.current(wanted(150))
  const destroyed = keys.splice(0, 20)
  const rotation = newRotation(root, keyring, fail)
  const making = keeper.current(wanted(50)) // begun under the old key
  await rotation.begin()
  const running = rotation.run()
  const load = (async () => {
    for (const one of destroyed) await keeper.destroy(one)
    const made: EpochKey[] = []
    while (root.isRotating()) {
      assert.deepEqual(textOf(await keeper.read(keys.slice(0, 40))), textOf(keys.slice(0, 40)))
      made.push(...(await keeper.current(wanted(5))))
    }
    return made
  })()
  await running
  const all = [...keys, ...(await making), ...(await load)]
  assert.deepEqual(textOf(await keeper.read(all)), textOf(all))
  assert.deepEqual(
    textOf(await keeper.read(destroyed)),
    destroyed.map(() => null),
  )
  assert.ok(rotation.state().rewrapped >= keys.length)
  const restarted = newKeeper(await openRootKey(aesGcmZstd, at.root, false), openKeyring(at.keyring))
  assert.deepEqual(textOf(await restarted.read(all)), textOf(all))
  await oldOpensNothing(at, old)
})

test('a rotation that is killed at any point goes on at the next start, and loses no key', async () => {
  const at = await place('kills')
  const root = await openRootKey(aesGcmZstd, at.root, true)
  const keys = await newKeeper(root, openKeyring(at.keyring)).current(wanted(150))
  const old = await readFile(join(at.root, 'root.key'), 'utf8')
  const script = `
    const [, rootFolder, keyringFolder] = process.argv
    const { openRootKey } = await import('#keys/root.ts')
    const { openKeyring } = await import('#keys/keyring.ts')
    const { newRotation } = await import('#keys/rotation.ts')
    const { aesGcmZstd } = await import('#keys/sealing.ts')
    const root = await openRootKey(aesGcmZstd, rootFolder, false)
    const rotation = newRotation(root, openKeyring(keyringFolder), (fault) => { throw fault })
    if (process.env.BEGIN === 'true') await rotation.begin()
    process.stdout.write('begun')
    await rotation.run()
    process.exit(0)`
  const rotate = (begin: boolean) =>
    spawn(process.execPath, ['--input-type=module', '-e', script, at.root, at.keyring], {
      env: { ...process.env, BEGIN: String(begin) },
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: new URL('../..', import.meta.url),
    })
  let kills = 0
  for (let begin = true; ; begin = false) {
    const child = rotate(begin)
    const ended = once(child, 'exit') as Promise<[number | null, string | null]>
    await Promise.race([once(child.stdout!, 'data'), ended])
    await Promise.race([wait(Math.random() * 20 * (kills + 1)), ended]) // the first while most keys are still to be done
    child.kill('SIGKILL')
    const [, signal] = await ended
    // Whatever was done, a start finds every key.
    const copy = join(folder, `copy-${kills}`)
    await cp(join(folder, 'kills'), copy, { recursive: true })
    const keeper = newKeeper(await openRootKey(aesGcmZstd, join(copy, 'root'), false), openKeyring(join(copy, 'keyring')))
    assert.deepEqual(textOf(await keeper.read(keys)), textOf(keys))
    await rm(copy, { recursive: true })
    if (signal === null) break
    kills++
  }
  assert.ok(kills > 0)
  await oldOpensNothing(at, old)
})

test('a root key file that was cut in its last overwriting is made whole from the next key', async () => {
  const at = await place('torn')
  const root = await openRootKey(aesGcmZstd, at.root, true)
  const keyring = openKeyring(at.keyring)
  const keys = await newKeeper(root, keyring).current(wanted(3))
  await root.beginRotation()
  for (const key of keys) await keyring.rewrite(key, (wrapped) => root.rewrap(key, wrapped))
  await writeFile(join(at.root, 'root.key'), `${randomOctets(20).toString('hex')}\0\0`)
  const again = await openRootKey(aesGcmZstd, at.root, false)
  const rotation = newRotation(again, openKeyring(at.keyring), fail)
  assert.ok(again.isRotating())
  await rotation.run()
  const keeper = newKeeper(await openRootKey(aesGcmZstd, at.root, false), openKeyring(at.keyring))
  assert.deepEqual(textOf(await keeper.read(keys)), textOf(keys))
})

test('a rotation begins when every key that is being made has its place, and a key destroyed while it is replaced stays destroyed', async () => {
  const at = await place('turns')
  const root = await openRootKey(aesGcmZstd, at.root, true)
  const keyring = openKeyring(at.keyring)
  const [key, other] = (await newKeeper(root, keyring).current(wanted(2))) as [EpochKey, EpochKey]
  await root.beginRotation()
  let destroying: Promise<void> | undefined
  await keyring.rewrite(key, (wrapped) => {
    destroying = keyring.destroy(key)
    return root.rewrap(key, wrapped)
  })
  await destroying
  assert.equal(await keyring.read(key), null)

  const { promise: made, resolve } = Promise.withResolvers<void>()
  let shelves = 0
  const removeDrafts: typeof keyring.removeDrafts = async () => void shelves++
  const rotation = newRotation(root, { ...keyring, removeDrafts, settled: () => made }, fail)
  const running = rotation.run()
  await wait(200)
  assert.deepEqual([rotation.state().rotating, shelves], [true, 0])
  resolve()
  await running
  assert.deepEqual([rotation.state().rewrapped, shelves], [1, 256])
  assert.notEqual(await keyring.read(other), null)

  let isMade = false
  const epoch = { ...wanted(1)[0]!, generation: 1 }
  const making = keyring.createIfAbsent(epoch, root.wrap(epoch, randomOctets(32))).then(() => {
    isMade = true
  })
  await keyring.settled()
  await new Promise(setImmediate)
  assert.equal(isMade, true)
  await making
})
