// Receipts of real submissions: good with public keys alone, not good with anything changed, and silent about other recipients. G14
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { consignmentOf } from '#evidence/consignment.ts'
import { receiptOf } from '#evidence/receipt.ts'
import { sequence } from '#evidence/sequencer.ts'
import { publicKeysText } from '#evidence/tree.ts'
import { type Receipt, compareMessage, readPublicKeys, verifyReceipt } from '#evidence/verify.ts'
import { theService } from '#keys/epoch.ts'
import { messageOf, openTestDoors } from '#test/support/acceptance.ts'
import { testLogKeeper, testOrigin } from '#test/support/log-keeper.ts'
import { testService } from '#test/support/service.ts'

const service = await testService()
const { domains, folders } = service
const doors = await openTestDoors(service)
const { logKeeper } = await testLogKeeper({ folders: { root: folders.keys, keyring: folders.keyring } })
const sender = service.person('prosecutor')
const [to, blind] = [service.person('solicitor'), service.person('barrister')]
const sent = messageOf(`From: ${sender.address}`, `To: ${to.address}`, 'Subject: for one, and another', '', 'Hello.')
const reply = await doors.submit(sender, [to.address, blind.address], sent)
assert.ok(reply.kind === 'accepted')
await sequence({ ...domains, logKeeper, origin: testOrigin })
const keyText = await publicKeysText(domains.database, await logKeeper.verifiers(), [])
const keys = readPublicKeys(keyText)
const receipt = (await receiptOf(domains, reply.receipt, to.address)) as Receipt

test('a recipient’s receipt is good, and says who sent what to them and when (G14)', () => {
  const verified = verifyReceipt(receipt, keys)
  assert.ok(verified.good)
  assert.deepEqual([verified.leaf.event, verified.leaf.id], ['SubmissionAcceptance', reply.receipt])
  assert.deepEqual([verified.detail.recipient, verified.detail.reversePath], [to.address, sender.address])
})

test('a receipt shows nothing of other recipients, not even whether there are any (Bcc)', async () => {
  const shown = JSON.stringify(receipt)
  const secret = [blind.address, blind.address.split('@')[0]!, blind.userName]
  for (const word of secret) assert.equal(shown.includes(word), false)
  const other = (await receiptOf(domains, reply.receipt, blind.address)) as Receipt
  for (const word of [other.opening.salt, other.opening.detail]) assert.equal(shown.includes(word), false)
  const alone = await doors.submit(
    sender,
    [to.address],
    messageOf(`From: ${sender.address}`, `To: ${to.address}`, 'Subject: alone', '', 'x'),
  )
  assert.ok(alone.kind === 'accepted')
  const commitments = (leaf: string) => (JSON.parse(leaf) as { commitments: string[] }).commitments.length
  const { leaf } = (await domains.evidence.read(alone.receipt))!
  assert.equal(leaf.commitments.length, commitments(receipt.leaf))
  assert.match(String(await receiptOf(domains, reply.receipt, null)), /name the recipient/)
  assert.match(String(await receiptOf(domains, reply.receipt, 'nobody@cjsm.test')), /no part about that recipient/)
})

test('a recipient whom a record names twice has a receipt all the same (G14)', async () => {
  const details = [to.address, to.address.toUpperCase(), blind.address].map((recipient) => ({ recipient }))
  const by = { actor: theService, about: theService }
  const twice = await domains.evidence.prepare({ event: 'SubmissionAcceptance', ...by, details })
  await domains.database.transaction(async (tx) => domains.evidence.writeAll(tx, [twice]))
  await sequence({ ...domains, logKeeper, origin: testOrigin })
  const verified = verifyReceipt((await receiptOf(domains, twice.id, to.address)) as Receipt, keys)
  assert.equal(verified.good && verified.detail.recipient, to.address)
  assert.match(String(await receiptOf(domains, twice.id, null)), /name the recipient/)
})

test('who has what was sent compares it with the receipt of the acceptance, who has what came with that of the delivery (G14)', async () => {
  assert.ok(reply.kind === 'accepted')
  const [came] = await doors.read(to)
  const delivery = (await consignmentOf(domains, reply.receipt, to.address))!
  const delivered = (await receiptOf(domains, delivery, to.address)) as Receipt
  const compared = (of: Receipt, message: string) => {
    const verified = verifyReceipt(of, keys)
    assert.ok(verified.good)
    const said: string[] = []
    const code = compareMessage(verified.detail, Buffer.from(message), (line) => said.push(line))
    return [code, said.join().slice(0, 15)]
  }
  assert.deepEqual(compared(receipt, sent), [0, 'The file is the'])
  assert.deepEqual(compared(delivered, came!), [0, 'The file is the'])
  assert.deepEqual(compared(receipt, came!), [1, 'NOT THE MESSAGE'])
  assert.deepEqual(compared(delivered, sent), [1, 'NOT THE MESSAGE'])
  assert.equal(JSON.stringify(delivered).includes(blind.address), false)
  assert.equal(await consignmentOf(domains, reply.receipt, blind.address), delivery)
  assert.equal(await consignmentOf(domains, reply.receipt, null), delivery)
  assert.equal(await consignmentOf(domains, reply.receipt, 'nobody@cjsm.test'), null)
  assert.equal(await consignmentOf(domains, delivery, to.address), null)
})

test('a receipt with any one octet of its parts changed is not good, or is no receipt', () => {
  const change = (text: string, at: number) =>
    `${text.slice(0, at)}${String.fromCharCode(text.charCodeAt(at) ^ 1)}${text.slice(at + 1)}`
  const isGood = (changed: Receipt) => {
    try {
      return verifyReceipt(changed, keys).good
    } catch {
      return false
    }
  }
  for (let at = 0; at < receipt.leaf.length; at++) assert.equal(isGood({ ...receipt, leaf: change(receipt.leaf, at) }), false)
  const { opening, proof, checkpoint } = receipt
  for (let at = 0; at < opening.detail.length; at++)
    assert.equal(isGood({ ...receipt, opening: { ...opening, detail: change(opening.detail, at) } }), false)
  for (let at = 0; at < opening.salt.length; at++)
    assert.equal(isGood({ ...receipt, opening: { ...opening, salt: change(opening.salt, at) } }), false)
  for (const [place, hash] of proof.entries())
    for (let at = 0; at < hash.length; at++)
      assert.equal(isGood({ ...receipt, proof: proof.with(place, change(hash, at)) }), false)
  for (let at = 0; at < checkpoint.length; at++)
    assert.equal(isGood({ ...receipt, checkpoint: change(checkpoint, at) }), false, `${at}`)
  for (const index of [receipt.index - 1, receipt.index + 1, receipt.index + 0.5, -1])
    assert.equal(isGood({ ...receipt, index }), false)
  assert.equal(isGood(receipt), true)
})

test('salt and detail cannot be cut elsewhere, and a key of another log signs nothing', async () => {
  const { opening } = receipt
  const salt = Buffer.concat([Buffer.from(opening.salt, 'base64'), Buffer.from(opening.detail.slice(0, 1))]).toString('base64')
  const moved = { ...receipt, opening: { salt, detail: opening.detail.slice(1) } }
  assert.deepEqual(verifyReceipt(moved, keys), { good: false, why: 'the salt is not 32 octets long' })
  const { logKeeper: other } = await testLogKeeper()
  const strange = readPublicKeys(`log ${(await other.verifiers())[0]} 1 -\n`)
  assert.deepEqual(verifyReceipt(receipt, strange), { good: false, why: 'no key of the log signed the checkpoint' })
  assert.throws(() => readPublicKeys(keyText.replace(/^log /m, 'witness ')))
})

test('the verifier runs by itself: one file alone in a folder, no environment, and a verdict each time it ends (G14)', () => {
  const folder = service.folders.root
  // Node 24.0 and 24.1 have no import.meta.main.
  const alone = readFileSync(new URL('verify.ts', import.meta.url), 'utf8').replaceAll('import.meta.main', 'undefined')
  writeFileSync(join(folder, 'verify.ts'), alone)
  symlinkSync(join(folder, 'verify.ts'), join(folder, 'linked.ts'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(join(folder, 'receipt.json'), JSON.stringify(receipt))
  writeFileSync(join(folder, 'changed.json'), JSON.stringify({ ...receipt, index: receipt.index + 1 }))
  writeFileSync(join(folder, 'keys'), keyText)
  const run = (...words: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: folder, env: {}, encoding: 'utf8' })
    assert.match(stdout, /^(GOOD|NOT GOOD|NOT VERIFIED): /, stderr)
    return { status, stdout }
  }
  for (const program of ['verify.ts', './linked.ts', join(folder, 'verify.ts')]) {
    const good = run(program, 'receipt.json', '--key', 'keys')
    assert.equal(good.status, 0)
    assert.match(good.stdout, /^GOOD: SubmissionAcceptance/)
  }
  for (const words of [
    ['changed.json', '--key', 'keys'],
    ['receipt.json', '--key', 'keys', '--witnesses', '1'],
    ['keys', '--key', 'keys'],
  ]) {
    const bad = run('verify.ts', ...words)
    assert.equal(bad.status, 1)
    assert.match(bad.stdout, /^NOT GOOD: /)
  }
  // What was not read or not understood was not judged.
  for (const words of [
    ['none', '--key', 'keys'],
    ['receipt.json', '--key', 'none'],
    ['receipt.json', '--key', 'receipt.json'],
    ['receipt.json', '--key', 'keys', '--witnesses', 'x'],
    ['receipt.json', '--key', 'keys', '--all'],
    ['receipt.json', 'changed.json', '--key', 'keys'],
    ['receipt.json'],
    [],
  ]) {
    const unread = run('verify.ts', ...words)
    assert.equal(unread.status, 2)
    assert.match(unread.stdout, /^NOT VERIFIED: /)
  }
})
