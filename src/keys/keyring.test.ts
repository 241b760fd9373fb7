// Root key, keyring and keeper: made once, durable, destroyed for good. docs/flow.md, At rest.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { newId, randomOctets } from '#base/ids.ts'
import type { Epoch } from '#keys/epoch.ts'
import { newKeeper } from '#keys/keeper.ts'
import { openKeyring } from '#keys/keyring.ts'
import { openRootKey } from '#keys/root.ts'
import { SealBroken, aesGcmZstd } from '#keys/sealing.ts'

const folder = await mkdtemp(join(tmpdir(), 'cjsm-keys-'))
after(() => rm(folder, { recursive: true }))
const keyring = openKeyring(join(folder, 'keyring'))
await mkdir(join(folder, 'keyring'))
const root = await openRootKey(aesGcmZstd, join(folder, 'root'), true)
const keeper = newKeeper(root, keyring)
const newEpoch = (generation = 1): Epoch => ({ holder: newId(Date.now()), purpose: 'mailbox', month: 24_300, generation })
const nextTo = ({ holder }: Epoch) => join(folder, 'keyring', holder.slice(-2), holder)

test('create-if-absent by twenty at once keeps one key, and gives it to all', async () => {
  for (let times = 0; times < 5; times++) {
    const epoch = newEpoch()
    const kept = await Promise.all(Array.from({ length: 20 }, () => keyring.createIfAbsent(epoch, randomOctets(60))))
    assert.equal(new Set(kept.map((one) => one.toString('hex'))).size, 1)
    assert.deepEqual(await keyring.read(epoch), kept[0])
    assert.deepEqual(await readdir(nextTo(epoch)), ['mailbox-24300-1'])
  }
})

test('the current key by twenty keepers at once is one key', async () => {
  const { generation: _, ...wanted } = newEpoch()
  const keys = await Promise.all(
    Array.from({ length: 20 }, () => newKeeper(root, openKeyring(join(folder, 'keyring'))).current([wanted])),
  )
  assert.equal(new Set(keys.map(([one]) => `${one!.generation} ${one!.key.export().toString('hex')}`)).size, 1)
})

test('keys of many holders come in the order in which they were asked for, and are all different', async () => {
  const wanted = Array.from({ length: 30 }, () => {
    const { generation: _, ...epoch } = newEpoch()
    return epoch
  })
  const keys = await keeper.current(wanted)
  assert.deepEqual(
    keys.map((one) => one.holder),
    wanted.map((one) => one.holder),
  )
  assert.equal(new Set(keys.map((one) => one.key.export().toString('hex'))).size, 30)
  assert.ok(keys.every((one) => one.key.symmetricKeySize === 32))
})

test('a destroyed key is gone from its file too, reads as null, and its generation is never made again', async () => {
  const { generation: _, ...wanted } = newEpoch()
  for (const generation of [1, 2, 3]) {
    const [key] = await keeper.current([wanted])
    assert.equal(key!.generation, generation)
    await keeper.destroy(key!)
    await keeper.destroy(key!)
    assert.deepEqual(await keeper.read([key!]), [null])
    assert.equal((await stat(join(nextTo(key!), `mailbox-24300-${generation}`))).size, 0)
  }
  assert.equal(await keyring.latestGeneration(wanted), 3)
  await assert.rejects(keyring.createIfAbsent({ ...wanted, generation: 2 }, randomOctets(60)))
  assert.equal((await keeper.current([wanted]))[0]!.generation, 4)
})

test('a key whose destruction a crash cut short after it was overwritten counts as destroyed', async () => {
  const { generation: _, ...wanted } = newEpoch()
  const [key] = await keeper.current([wanted])
  const file = join(nextTo(key!), 'mailbox-24300-1')
  await writeFile(file, Buffer.alloc((await stat(file)).size))
  assert.deepEqual(await keeper.read([key!]), [null])
  assert.equal((await keeper.current([wanted]))[0]!.generation, 2)
})

test('purposes and months have keys of their own, and one does not shade another', async () => {
  const { generation: _, ...wanted } = newEpoch()
  const [one] = await keeper.current([wanted])
  await keeper.destroy(one!)
  const others = await keeper.current([
    { ...wanted, month: 2430 },
    { ...wanted, month: 0 },
    { ...wanted, purpose: 'evidence' },
  ])
  assert.deepEqual(
    others.map((other) => other.generation),
    [1, 1, 1],
  )
  assert.equal(await keyring.latestGeneration({ ...wanted, month: 243 }), 0)
})

test('a draft that a crash left behind is not taken for a key', async () => {
  const epoch = newEpoch()
  await mkdir(nextTo(epoch), { recursive: true })
  await writeFile(join(nextTo(epoch), '.left-behind'), 'x')
  assert.equal(await keyring.latestGeneration(epoch), 0)
  assert.equal((await keeper.current([epoch]))[0]!.generation, 1)
})

test('drafts that come and go while older ones are removed from their shelf are no fault, and lose no key', async () => {
  const { holder } = newEpoch()
  const startedMs = Date.now() - 60_000
  let done = false
  const made = Promise.all(
    Array.from({ length: 60 }, (_, at) => keyring.createIfAbsent({ ...newEpoch(at + 1), holder }, randomOctets(60))),
  ).finally(() => {
    done = true
  })
  while (!done) await keyring.removeDrafts(holder.slice(-2), startedMs)
  await made
  assert.equal(await keyring.latestGeneration({ ...newEpoch(), holder }), 60)
})

test('a wrapped key opens under its own name and root alone, and not with an octet changed', async () => {
  const epoch = newEpoch()
  const key = randomOctets(32)
  const wrapped = root.wrap(epoch, key)
  assert.deepEqual(root.unwrap(epoch, wrapped), key)
  for (const other of [{ generation: 2 }, { month: 1 }, { purpose: 'held' as const }, { holder: newId(5) }])
    assert.throws(() => root.unwrap({ ...epoch, ...other }, wrapped), SealBroken)
  for (let at = 0; at < wrapped.length; at++) {
    const changed = Buffer.from(wrapped)
    changed[at]! ^= 1
    assert.throws(() => root.unwrap(epoch, changed), SealBroken)
  }
  const another = await openRootKey(aesGcmZstd, join(folder, 'another'), true)
  assert.throws(() => another.unwrap(epoch, wrapped), SealBroken)
})

test('key files and the root key are for their owner alone', async () => {
  const epoch = newEpoch()
  await keeper.current([epoch])
  const modes = await Promise.all(
    [nextTo(epoch), join(nextTo(epoch), 'mailbox-24300-1'), join(folder, 'root'), join(folder, 'root', 'root.key')].map(
      async (path) => (await stat(path)).mode & 0o777,
    ),
  )
  assert.deepEqual(modes, [0o700, 0o600, 0o700, 0o600])
})

test('the root key is made once, read again, and never made anew where there is data', async () => {
  const place = join(folder, 'once')
  const forOperator = (message: RegExp) => ({ name: 'OperatorFault', message })
  await assert.rejects(
    openRootKey(aesGcmZstd, place, false),
    forOperator(/^The root key is missing from .*root\.key, but there is data/),
  )
  const made = await openRootKey(aesGcmZstd, place, true)
  const text = await readFile(join(place, 'root.key'), 'utf8')
  assert.match(text, /^[0-9a-f]{64}\n$/)
  const epoch = newEpoch()
  const wrapped = made.wrap(epoch, randomOctets(32))
  for (const mayCreate of [true, false]) (await openRootKey(aesGcmZstd, place, mayCreate)).unwrap(epoch, wrapped)
  assert.equal(await readFile(join(place, 'root.key'), 'utf8'), text)
  for (const broken of ['', 'abc', `${text.trim()}00`, text.replace(/^./, 'g')]) {
    await writeFile(join(place, 'root.key'), broken)
    await assert.rejects(
      openRootKey(aesGcmZstd, place, true),
      (fault: Error) =>
        fault.name === 'OperatorFault' &&
        /root\.key does not hold/.test(fault.message) &&
        !fault.message.includes(text.slice(1, 20)),
    )
    assert.equal(await readFile(join(place, 'root.key'), 'utf8'), broken)
  }
})
