// Rotations of the root key and of the log's in which the key process is ended, and what must hold afterwards. Issue: the core, proved.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { FaultPoint } from '#base/fault-point.ts'
import { openKeyring } from '#keys/keyring.ts'
import { openRootKey } from '#keys/root.ts'
import { SealBroken, aesGcmZstd } from '#keys/sealing.ts'
import { placesOf } from '#roles/places.ts'
import { query } from '#test/support/agreement.ts'
import type { Instance } from '#test/support/instance.ts'

/** Points that only a rotation reaches, and the command that begins it. */
const commandTo = {
  'root-key-made': 'rotate-root-key',
  'key-rewrapped': 'rotate-root-key',
  'root-key-replaced': 'rotate-root-key',
  'log-key-made': 'rotate-log-key',
} as const satisfies Partial<Record<FaultPoint, string>>

export type RotationPoint = keyof typeof commandTo
export const rotationPoints = Object.keys(commandTo) as readonly RotationPoint[]
export const isRotationPoint = (what: string): what is RotationPoint => Object.hasOwn(commandTo, what)

const withinMs = 60_000
const pollMs = 20

/** Begins the rotation beside `reach`, which waits until the point was reached; returns when the rotation that was cut off has ended, and the old key opens nothing. */
export async function rotateAround(instance: Instance, point: RotationPoint, reach: () => Promise<void>): Promise<void> {
  const command = commandTo[point]
  const folder = placesOf(instance.config).rootKey
  const old = await readFile(join(folder, 'root.key'), 'utf8')
  const [keysBefore, recordsBefore] = [await logKeys(instance), await rotationsRecorded(instance)]
  const reached = reach()
  const rotated = instance.cjsmBeside(command)
  await reached
  if (command === 'rotate-log-key') {
    await rotated
    assert.equal(await logKeys(instance), keysBefore + 1, 'the log has one key more')
    assert.ok((await rotationsRecorded(instance)) > recordsBefore, 'that it got one is recorded')
    return
  }
  const untilMs = performance.now() + withinMs
  while (existsSync(join(folder, 'service', 'root.key.next'))) {
    if (performance.now() > untilMs) throw new Error(`the rotation that was cut off at ${point} did not end`)
    await wait(pollMs)
  }
  await rotated // fails where the key process ended before it had answered: the rotation goes on all the same
  await opensNothing(instance, old)
}

async function logKeys(instance: Instance): Promise<number> {
  const untilMs = performance.now() + withinMs
  for (;;) {
    const { status, said } = await instance.cjsmBeside('public-keys')
    if (status === 0) return said.split('\n').filter((line) => line.startsWith('log ')).length
    if (performance.now() > untilMs) throw new Error(`the public keys were not printed: ${said}`)
    await wait(pollMs)
  }
}

async function rotationsRecorded(instance: Instance): Promise<number> {
  const text = `select from evidence_record where convert_from(leaf, 'UTF8') like '%"LogKeyRotated"%'`
  return (await query(instance, text, [])).rowCount ?? 0
}

/** Holds every key of the keyring against a root key that was replaced. */
async function opensNothing(instance: Instance, old: string): Promise<void> {
  const copy = await mkdtemp(join(tmpdir(), 'cjsm-old-root-'))
  try {
    await writeFile(join(copy, 'root.key'), old)
    const root = await openRootKey(aesGcmZstd, copy, false)
    const keyringFolder = placesOf(instance.config).keyring
    const keyring = openKeyring(keyringFolder)
    let looked = 0
    for (const shelf of await readdir(keyringFolder)) {
      for await (const epoch of keyring.epochs(shelf)) {
        const wrapped = await keyring.read(epoch)
        if (wrapped === null) continue
        assert.throws(() => root.unwrap(epoch, wrapped), SealBroken, 'the old root key opens a key')
        looked++
      }
    }
    assert.ok(looked > 0)
  } finally {
    await rm(copy, { recursive: true })
  }
}
