// The file of public keys, over a real database: what it says of witnesses that come and go, and what that makes of older receipts. G14
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { randomOctets } from '#base/ids.ts'
import { receiptOf } from '#evidence/receipt.ts'
import { openEvidence } from '#evidence/record.ts'
import { sequence } from '#evidence/sequencer.ts'
import { lineHead, publicKeysText, treeOf } from '#evidence/tree.ts'
import { addCosignature, noteWitnessSize } from '#evidence/tree.sql.ts'
import { type Receipt, readPublicKeys, verifyReceipt } from '#evidence/verify.ts'
import { theService } from '#keys/epoch.ts'
import { openKeys } from '#keys/keys.ts'
import { type Signer, newSigner, readNote, readVerifier } from '#keys/note.ts'
import { aesGcmZstd } from '#keys/sealing.ts'
import { testDatabase } from '#test/support/database.ts'
import { testLogKeeper, testOrigin } from '#test/support/log-keeper.ts'

const clock = systemClock
const { database } = await testDatabase()
const { logKeeper, keeper } = await testLogKeeper()
const evidence = openEvidence(database, database, openKeys(keeper, aesGcmZstd, clock), clock)
await evidence.introduce([theService])

/** The receipt of a new record, whose checkpoint a witness cosigned, or none. */
async function receiptBy(witness: Signer | null): Promise<Receipt> {
  const act = { event: 'SignIn', actor: theService, about: theService, details: [{ at: 1 }] } as const
  const id = await database.transaction((tx) => evidence.write(tx, act))
  await sequence({ database, logKeeper, origin: testOrigin, clock })
  const { size, note } = (await treeOf(database).latest())!
  if (witness !== null) {
    await addCosignature(
      database,
      size,
      `${witness.sign(readNote(note)!.text, 1_800_000_000)}\n`,
      lineHead(readVerifier(witness.verifier)!),
    )
    await noteWitnessSize(database, witness.verifier, size)
  }
  return (await receiptOf({ database, evidence }, id, null)) as Receipt
}

test('a witness that is set, or put in the place of another, spoils no receipt of before (G14)', async () => {
  const [one, two] = ['one', 'two'].map((name) => newSigner(name, 'witness', randomOctets(32))) as [Signer, Signer]
  const keysWith = async (...witnesses: Signer[]) => {
    const named = witnesses.map(({ verifier }) => verifier)
    const text = await publicKeysText(database, await logKeeper.verifiers(), named)
    return { keys: readPublicKeys(text), lines: text.split('\n').filter((line) => line.startsWith('witness ')) }
  }
  const before = await receiptBy(null)
  const set = await keysWith(one)
  assert.deepEqual(set.lines, [`witness ${one.verifier} 2 -`])
  assert.equal(verifyReceipt(before, set.keys).good, true)
  const alone = await receiptBy(null)
  assert.equal(verifyReceipt(alone, set.keys).good, false)

  const first = await receiptBy(one)
  const later = await receiptBy(one)
  const cosigned = await keysWith(one)
  assert.deepEqual(cosigned.lines, [`witness ${one.verifier} 3 -`])
  for (const receipt of [before, first, later]) assert.equal(verifyReceipt(receipt, cosigned.keys).good, true)

  const replaced = await receiptBy(two)
  const both = await keysWith(two)
  assert.deepEqual(both.lines, [`witness ${one.verifier} 3 4`, `witness ${two.verifier} 5 -`])
  for (const receipt of [before, first, later, replaced]) assert.equal(verifyReceipt(receipt, both.keys).good, true)
  const cut = (receipt: Receipt) => ({ ...receipt, checkpoint: receipt.checkpoint.replace(/— (one|two) .*\n$/, '') })
  for (const receipt of [first, later, replaced]) assert.equal(verifyReceipt(cut(receipt), both.keys).good, false)
  assert.deepEqual((await keysWith()).lines, [`witness ${one.verifier} 3 4`, `witness ${two.verifier} 5 5`])
})
