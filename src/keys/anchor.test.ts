// The log's keys and the anchor: what is signed, what extends what, and what two operators may accept. design.md, Evidence
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { randomOctets } from '#base/ids.ts'
import { rollbackText } from '#keys/anchor.ts'
import { checkpointText } from '#keys/checkpoint.ts'
import { nodeHash } from '#keys/consistency.ts'
import { type Signer, newSigner, noteOf, readNote, readVerifier, signedAt } from '#keys/note.ts'
import { testLogKeeper, testOrigin } from '#test/support/log-keeper.ts'

const operators = ['ann', 'bob', 'cyd'].map((name) => newSigner(name, 'author', randomOctets(32)))
const operatorKeys = operators.map((one) => one.verifier)
const textOf = (size: number, root = randomOctets(32)) => checkpointText({ origin: testOrigin, size, root })

test('a key signs checkpoints of its own log only, a new key signs from then on, and both are known after a restart', async () => {
  const { logKeeper, folders } = await testLogKeeper()
  const [first] = await logKeeper.verifiers()
  const note = readNote(await logKeeper.sign(textOf(5), []))!
  assert.equal(signedAt(note, readVerifier(first!)!), 0)
  for (const wrong of ['hello\n', textOf(5).replace(testOrigin, 'other/log'), `${textOf(5)}x`])
    await assert.rejects(logKeeper.sign(wrong, []))
  const second = await logKeeper.rotate()
  const later = readNote(await logKeeper.sign(textOf(6), []))!
  assert.deepEqual([signedAt(later, readVerifier(second)!), signedAt(later, readVerifier(first!)!)], [0, null])
  const again = await testLogKeeper({ folders })
  assert.deepEqual(await again.logKeeper.verifiers(), [first, second])
  assert.equal(signedAt(readNote(await again.logKeeper.sign(textOf(6), []))!, readVerifier(second)!), 0)
})

/** Trees of four, five and six leaves, and what proves that each extends the one before. RFC 6962 §2.1.2 */
const [four, fifth, sixth] = [randomOctets(32), randomOctets(32), randomOctets(32)]
const five = nodeHash(four, fifth)
const six = nodeHash(four, nodeHash(fifth, sixth))
const fiveExtendsFour = [fifth]
const sixExtendsFive = [fifth, sixth, four]

test('the anchor goes forward only, takes only what the log signed, and is read again after a restart', async () => {
  const { logKeeper, folders } = await testLogKeeper()
  assert.equal((await logKeeper.anchor()).size, 0)
  const notes = [textOf(5, five), textOf(4, four), textOf(5)].map((text) => logKeeper.sign(text, []))
  const [kept, before, fork] = (await Promise.all(notes)) as [string, string, string]
  await logKeeper.keepAnchor(kept, [])
  await logKeeper.keepAnchor(kept, [])
  await assert.rejects(logKeeper.keepAnchor(before, fiveExtendsFour))
  await assert.rejects(logKeeper.keepAnchor(fork, []))
  const stranger = newSigner(testOrigin, 'author', randomOctets(32))
  await assert.rejects(logKeeper.keepAnchor(noteOf(textOf(6, six), [stranger.sign(textOf(6, six))]), sixExtendsFive))
  await assert.rejects(logKeeper.sign(textOf(4, four), []), /does not extend the anchor/)
  await assert.rejects(logKeeper.sign(textOf(5), []), /does not extend the anchor/)
  const { logKeeper: again } = await testLogKeeper({ folders })
  assert.equal((await again.anchor()).note, kept)
  assert.equal(JSON.parse(await readFile(join(folders.root, 'service', 'anchor.json'), 'utf8')).size, 5)
})

test('nothing is signed or kept that is only longer than the anchor: it must be proved to extend it', async () => {
  const { logKeeper } = await testLogKeeper()
  const forged = await logKeeper.sign(textOf(6), [])
  await logKeeper.keepAnchor(await logKeeper.sign(textOf(5, five), []), [])
  for (const [text, proof] of [
    [textOf(6), sixExtendsFive],
    [textOf(6), []],
    [textOf(6, six), []],
    [textOf(6, six), sixExtendsFive.toReversed()],
    [textOf(6, six), [...sixExtendsFive, sixth]],
  ] as const)
    await assert.rejects(logKeeper.sign(text, proof), /does not extend the anchor/)
  await assert.rejects(logKeeper.keepAnchor(forged, sixExtendsFive), /does not extend the anchor/)
  const note = await logKeeper.sign(textOf(6, six), sixExtendsFive)
  await assert.rejects(logKeeper.keepAnchor(note, []), /does not extend the anchor/)
  await logKeeper.keepAnchor(note, sixExtendsFive)
  assert.equal((await logKeeper.anchor()).size, 6)
})

test('a lost anchor is missed and not taken for an empty one: nothing is signed until operators accept the tree', async () => {
  const { folders, root } = await testLogKeeper()
  const { rm } = await import('node:fs/promises')
  await rm(join(root.ownFolder, 'anchor.json'))
  const { logKeeper } = await testLogKeeper({ folders, operatorKeys })
  const { missing, size, root: empty } = await logKeeper.anchor()
  assert.equal(missing, true)
  await assert.rejects(logKeeper.sign(textOf(1), []), /missing/)
  const tree = { size: 5, root: five.toString('base64') }
  const text = rollbackText({ origin: testOrigin, anchor: { size, root: empty }, tree, disregarded: [] })
  const statement = noteOf(
    text,
    operators.slice(0, 2).map((one) => one.sign(text)),
  )
  assert.equal(await logKeeper.acceptRollback(statement), null)
  await logKeeper.sign(textOf(6, six), sixExtendsFive)
})

test('an anchor that cannot be read counts as a lost one, and its file is left as it is', async () => {
  for (const text of ['', '{}', 'null', '[1]', '{"size":-1}', '\0\0\0\0']) {
    const { folders, root } = await testLogKeeper()
    const file = join(root.ownFolder, 'anchor.json')
    await writeFile(file, text)
    for (const keyring of [folders.keyring, `${folders.keyring}-empty`]) {
      const { logKeeper } = await testLogKeeper({ folders: { ...folders, keyring } })
      const { missing, unreadable } = await logKeeper.anchor()
      assert.deepEqual([missing, unreadable], [true, true], text)
      await assert.rejects(logKeeper.sign(textOf(1), []), /missing/)
      await logKeeper.rotate()
      assert.equal(await readFile(file, 'utf8'), text)
    }
  }
})

test('a roll-back is accepted on the word of two different operators, about this anchor and this log only', async () => {
  const { logKeeper } = await testLogKeeper({ operatorKeys })
  await logKeeper.keepAnchor(await logKeeper.sign(textOf(50), []), [])
  const { size, root } = await logKeeper.anchor()
  const tree = { size: 5, root: five.toString('base64') }
  const witness = newSigner('w', 'witness', randomOctets(32)).verifier
  const text = rollbackText({ origin: testOrigin, anchor: { size, root }, tree, disregarded: [witness] })
  const by = (said: string, ...who: typeof operators) =>
    noteOf(
      said,
      who.map((one) => one.sign(said)),
    )
  const [ann, bob] = operators as [(typeof operators)[0], (typeof operators)[0]]
  const stranger = newSigner('eve', 'author', randomOctets(32))
  for (const wrong of [
    by(text, ann),
    by(text, ann, ann),
    by(text, ann, stranger),
    noteOf(text, [ann.sign(text), bob.sign(`${text}x`)]),
    by(text.replace(testOrigin, 'other/log'), ann, bob),
    by(text.replace('anchor 50', 'anchor 51'), ann, bob),
    'nothing\n',
  ])
    assert.equal(typeof (await logKeeper.acceptRollback(wrong)), 'string')
  assert.equal((await logKeeper.anchor()).size, 50)
  const said = by(text, ann, bob)
  assert.equal(await logKeeper.acceptRollback(said), null)
  const now = await logKeeper.anchor()
  assert.deepEqual([now.size, now.root, now.disregarded, now.statements], [5, tree.root, [witness], [said]])
  assert.equal(typeof (await logKeeper.acceptRollback(said)), 'string', 'not a second time')
  const [verifier] = await logKeeper.verifiers()
  assert.deepEqual(now.keySizes, [{ verifier, firstSize: 50, lastSize: 50 }], 'what was signed before stays signed')
  await logKeeper.sign(textOf(6, six), sixExtendsFive)
  assert.deepEqual((await logKeeper.anchor()).keySizes, [{ verifier, firstSize: 6, lastSize: 50 }])
})

test('what a witness showed is kept when log and witness signed it, until operators give the witness up; one that was given up can count again', async () => {
  const { logKeeper, folders } = await testLogKeeper({ operatorKeys })
  const [tern, gull] = ['tern', 'gull'].map((name) => newSigner(name, 'witness', randomOctets(32))) as [Signer, Signer]
  const [text, other] = [textOf(9), textOf(8)]
  const signed = await logKeeper.sign(text, [])
  const stranger = newSigner(testOrigin, 'author', randomOctets(32))
  const by = (witness: Signer, note = signed, over = text) => `${witness.verifier}\n${note}${witness.sign(over, 1)}\n`
  for (const wrong of [
    `${tern.verifier}\n${signed}`,
    by(tern, signed, other),
    by(tern, noteOf(text, [stranger.sign(text)])),
    by(tern).replace(tern.verifier, gull.verifier),
    by(operators[0]!),
    by(tern).slice(tern.verifier.length + 1),
  ]) {
    await assert.rejects(logKeeper.keepShown(wrong))
    await assert.rejects(logKeeper.regard(wrong))
  }
  for (const witness of [tern, gull, tern]) await logKeeper.keepShown(by(witness))
  const { logKeeper: again } = await testLogKeeper({ folders, operatorKeys })
  const named = async () => (await again.anchor()).shown.map((one) => one.witness)
  assert.deepEqual(await named(), [tern.verifier, gull.verifier])
  const { size, root } = await again.anchor()
  const tree = { size: 3, root: randomOctets(32).toString('base64') }
  const said = rollbackText({ origin: testOrigin, anchor: { size, root }, tree, disregarded: [tern.verifier] })
  const statement = noteOf(
    said,
    operators.slice(0, 2).map((one) => one.sign(said)),
  )
  assert.equal(await again.acceptRollback(statement), null)
  assert.deepEqual(await named(), [gull.verifier])
  await again.keepShown(by(tern))
  assert.deepEqual(await named(), [gull.verifier], 'it was given up')
  await again.regard(by(gull))
  assert.deepEqual((await again.anchor()).disregarded, [tern.verifier])
  await again.regard(by(tern))
  assert.deepEqual((await again.anchor()).disregarded, [])
  await again.keepShown(by(tern))
  assert.deepEqual(await named(), [gull.verifier, tern.verifier])
})
