// Small things sealed under epoch keys, and keyed hashes.
import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { newId, randomOctets } from '#base/ids.ts'
import { type EpochKey, epochOf, keyedHash, purposes, sealUnder, unsealUnder } from '#keys/epoch.ts'
import { SealBroken, aesGcmZstd } from '#keys/sealing.ts'

const key: EpochKey = {
  holder: newId(1),
  purpose: 'mailbox',
  month: 24_300,
  generation: 7,
  key: createSecretKey(randomOctets(32)),
}
const seal = (about: string, plain: Buffer, epoch = key) => sealUnder(aesGcmZstd, epoch, about, plain)
const unseal = (about: string, sealed: Buffer, epoch = key) => unsealUnder(aesGcmZstd, epoch, about, sealed)

test('what is sealed opens at its own place, and names its epoch without being opened', () => {
  fc.assert(
    fc.property(fc.string(), fc.uint8Array({ maxLength: 300 }), (about, octets) => {
      const sealed = seal(about, Buffer.from(octets))
      assert.deepEqual(unseal(about, sealed), Buffer.from(octets))
      assert.deepEqual(epochOf(sealed), { month: 24_300, generation: 7 })
      assert.throws(() => unseal(`${about}x`, sealed), SealBroken)
    }),
    { seed: 1, numRuns: 200 },
  )
})

test('every single octet changed is found, and so is every cut', () => {
  const sealed = seal('copy/1', Buffer.from('a data key of 32 octets, perhaps'))
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed)
    changed[at]! ^= 1
    assert.throws(() => unseal('copy/1', changed, { ...key, ...epochOf(changed) }), SealBroken, `octet ${at}`)
  }
  for (let length = 0; length < sealed.length; length++) {
    assert.throws(
      () => {
        epochOf(sealed.subarray(0, length))
        unseal('copy/1', sealed.subarray(0, length))
      },
      SealBroken,
      `cut to ${length}`,
    )
  }
})

test('swapped holder, purpose, month, generation or key is found', () => {
  const sealed = seal('x', Buffer.from('plain'))
  const others: Partial<EpochKey>[] = [
    { holder: newId(2) },
    { month: 24_301 },
    { generation: 8 },
    { key: createSecretKey(randomOctets(32)) },
    ...purposes.filter((purpose) => purpose !== 'mailbox').map((purpose) => ({ purpose })),
  ]
  for (const other of others)
    assert.throws(() => unseal('x', sealed, { ...key, ...other }), SealBroken, JSON.stringify(Object.keys(other)))
})

test('the same thing sealed twice looks different each time', () => {
  assert.notDeepEqual(seal('x', Buffer.from('plain')), seal('x', Buffer.from('plain')))
})

test('a keyed hash is the same for one use, and another for another use or key', () => {
  const hash = keyedHash(key, 'one use')
  assert.equal(hash('text').length, 32)
  assert.deepEqual(hash('text'), keyedHash(key, 'one use')(Buffer.from('text')))
  assert.notDeepEqual(hash('text'), keyedHash(key, 'another use')('text'))
  assert.notDeepEqual(hash('text'), keyedHash({ ...key, key: createSecretKey(randomOctets(32)) }, 'one use')('text'))
})
