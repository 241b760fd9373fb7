// Our side of the witnesses: what they cosign, what they prove, and what is only said. C2SP tlog-witness, G14
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '#base/clock.ts'
import { randomOctets } from '#base/ids.ts'
import { auditCheckpoints } from '#evidence/audit-checkpoints.ts'
import { compareWithAnchor } from '#evidence/extends-anchor.ts'
import { witnessAnswerMs } from '#evidence/limits.ts'
import { cosignaturesOf, receiptOf } from '#evidence/receipt.ts'
import { openEvidence } from '#evidence/record.ts'
import { sequence } from '#evidence/sequencer.ts'
import { openStanding } from '#evidence/standing.ts'
import { checkpointNote, publicKeysText, treeOf } from '#evidence/tree.ts'
import { type Receipt, readPublicKeys, verifyReceipt } from '#evidence/verify.ts'
import { type Witness, type Witnessed, askWitness, readWitnesses, startWitnesses } from '#evidence/witnesses.ts'
import { rollbackText } from '#keys/anchor.ts'
import { checkpointText } from '#keys/checkpoint.ts'
import { theService } from '#keys/epoch.ts'
import { openKeys } from '#keys/keys.ts'
import { newSigner, noteOf, readNote, signatureLines, signedAt } from '#keys/note.ts'
import { aesGcmZstd } from '#keys/sealing.ts'
import { sql } from '#store/sql.ts'
import { testDatabase } from '#test/support/database.ts'
import { testLogKeeper, testOrigin } from '#test/support/log-keeper.ts'
import { clockOfWitnesses, folder, log, someLog, witnessOf } from '#test/support/witnesses.ts'

test('checkpoints bear the witnesses’ cosignatures, receipts need one, and a tree rebuilt with the stolen key of the log is found by the witness', async () => {
  const { database } = await testDatabase()
  const { logKeeper, keeper, folders } = await testLogKeeper()
  const evidence = openEvidence(database, database, openKeys(keeper, aesGcmZstd, systemClock), systemClock)
  const standing = openStanding(database, systemClock)
  const parts = { database, logKeeper, origin: testOrigin, clock: systemClock }
  const write = (at: number) =>
    database.transaction((tx) => evidence.write(tx, { event: 'SignIn', actor: theService, about: theService, details: [{ at }] }))
  const [one, two] = [await witnessOf('one', await logKeeper.verifiers()), await witnessOf('two', await logKeeper.verifiers())]
  const witnesses = readWitnesses([one.setting, two.setting])

  const id = await write(1)
  await sequence(parts)
  const uncosigned = (await receiptOf({ database, evidence }, id, null)) as Receipt
  const running = startWitnesses({ database, witnesses, logKeeper, standing, log })
  const cosigned = async () => (await treeOf(database).latest())!.cosignatures.split('\n').length - 1
  const untilMs = Date.now() + 20_000
  while ((await cosigned()) < 2 && Date.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 50))
  await running.stop()
  assert.deepEqual(running.sentences(), [])
  const latest = (await treeOf(database).latest())!
  const note = readNote(checkpointNote(latest))!
  for (const { verifier } of witnesses) assert.ok(signedAt(note, verifier)! > 0)
  const publicKeys = readPublicKeys(
    await publicKeysText(
      database,
      await logKeeper.verifiers(),
      witnesses.map((each) => each.verifier.text),
    ),
  )
  const receipt = (await receiptOf({ database, evidence }, id, null)) as Receipt
  const verified = verifyReceipt(receipt, publicKeys, 2)
  assert.deepEqual(verified.good && verified.cosignedBy.map((each) => each.name), ['one', 'two'])
  assert.equal(verifyReceipt(receipt, publicKeys, 3).good, false)
  assert.equal(verifyReceipt(uncosigned, publicKeys).good, false)
  assert.equal(verifyReceipt(uncosigned, publicKeys, 0).good, true)

  // What the log forgot of a witness (an older database, a lost row) is asked again from where the witness is.
  await write(2)
  await sequence(parts)
  await database.run(sql`truncate evidence_witness`)
  assert.equal((await askWitness(parts, witnesses[0]!, (await treeOf(database).latest())!)).kind, 'cosigned')

  // The second has not cosigned the latest: a receipt is of the one before, which both cosigned.
  const keys = witnesses.map(({ verifier }) => verifier)
  const again = (await receiptOf({ database, evidence, witnesses: keys }, id, null)) as Receipt
  assert.deepEqual([verifyReceipt(again, publicKeys, 2).good, cosignaturesOf(again, keys)], [true, 2])
  assert.equal(cosignaturesOf(uncosigned, keys), 0)

  // The thief has the log's key and the database: another first record, the tree made anew and longer, an anchor to fit.
  await database.run(sql`update evidence_record set leaf = overlay(leaf placing '\\x20'::bytea from 1 for 0), leaf_index = null`)
  await database.run(sql`truncate evidence_tile, evidence_checkpoint`)
  for (let at = 0; at < 5; at++) await write(at)
  const thief = await testLogKeeper({ folders: { root: join(folder, 'thief'), keyring: folders.keyring } }).catch(() => null)
  assert.equal(thief, null, 'the keyring alone is no key')
  const { logKeeper: stolen } = await testLogKeeper({ folders })
  const before = await stolen.anchor()
  assert.equal(before.size, 0, 'no anchor was kept in this test: only the witness can tell')
  await sequence({ ...parts, logKeeper: stolen })
  const rebuilt = (await treeOf(database).latest())!
  assert.equal((await askWitness(parts, witnesses[0]!, rebuilt)).kind, 'conflict')
  const found = await compareWithAnchor({ database, logKeeper: stolen, witnesses, log })
  assert.match(found.why!, /witness one cosigned a record that this one does not extend: it is a fork/)
  assert.equal(found.conflicting.length, 2)
  const watching = startWitnesses({ database, witnesses, logKeeper: stolen, standing, log })
  while ((await standing.why()) === null && Date.now() < untilMs + 20_000) await new Promise((resolve) => setTimeout(resolve, 50))
  await watching.stop()
  assert.match((await standing.why())!, /fork/)

  // Yesterday's tree, with yesterday's anchor too.
  await database.run(sql`update evidence_record set leaf_index = null`)
  await database.run(sql`truncate evidence_tile, evidence_checkpoint`)
  await database.run(sql`delete from evidence_record where id <> ${id}`)
  await sequence({ ...parts, logKeeper: stolen })
  const rolledBack = await compareWithAnchor({ database, logKeeper: stolen, witnesses, log })
  assert.match(rolledBack.why!, /witness one saw 2 records, and there are 1: the record was rolled back/)
})

/** A server in the place of a witness. */
async function inPlaceOfWitness(key: string, answer: (path: string) => Promise<{ status: number; text: string }>) {
  const server = createServer(async (request, response) => {
    const { status, text } = await answer(request.url!)
    response.writeHead(status)
    response.end(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  return readWitnesses([`http://127.0.0.1:${(server.address() as AddressInfo).port} ${key}`])[0]!
}

async function untilSaid(running: { sentences(): string[] }): Promise<string> {
  const untilMs = Date.now() + 20_000
  while (running.sentences().length === 0 && Date.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 50))
  return running.sentences().join(' ')
}

const sentenceOf = (answer: Witnessed): string => ('why' in answer ? answer.why : answer.kind)

test('what is not proved holds no mail: an answer of 409 or 422, a page that shows nothing, or one that the log or the witness did not sign', async (t) => {
  const { parts, standing, latest, logKeeper } = await someLog(3)
  const witness = newSigner('tern', 'witness', randomOctets(32))
  const [stranger, lost] = [newSigner(testOrigin, 'author', randomOctets(32)), newSigner('tern', 'witness', randomOctets(32))]
  const text = checkpointText({ origin: testOrigin, size: 999_999, root: randomOctets(32) })
  const signed = await logKeeper.sign(text, [])
  const ownLatest = (await latest()).note
  const shows = [
    'nothing',
    noteOf(text, [stranger.sign(text), witness.sign(text, 1)]),
    signed,
    `${signed}${lost.sign(text, 1)}\n`,
    `${ownLatest}${witness.sign(readNote(ownLatest)!.text, 1)}\n`,
  ]
  for (const claim of [
    { status: 409, text: '999999\n' },
    { status: 409, text: '3\n' },
    { status: 422, text: '' },
  ]) {
    for (const shown of shows) {
      const found = await inPlaceOfWitness(witness.verifier, async (path) =>
        path === '/checkpoint' ? { status: 200, text: shown } : claim,
      )
      const answer = await askWitness(parts, found, await latest())
      assert.match(sentenceOf(answer), /^The witness tern does not cosign, as if .* Mail goes on\. Ask its operator/)
      assert.equal((await compareWithAnchor({ ...parts, witnesses: [found] })).why, null)
    }
  }
  const found = await inPlaceOfWitness(witness.verifier, async () => ({ status: 409, text: '999999\n' }))
  const running = startWitnesses({ ...parts, witnesses: [found], standing })
  t.after(() => running.stop())
  assert.match(await untilSaid(running), /witness tern does not cosign/)
  await running.stop()
  assert.equal(await standing.why(), null)
  assert.deepEqual((await logKeeper.anchor()).shown, [])
})

test('a witness that is slow keeps no other one waiting', async (t) => {
  const { parts, standing, latest, logKeeper, grow } = await someLog(3)
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  let isAsked = false
  // Three answers, each given just before it is too late: one asking takes as long as it can.
  const slow = await inPlaceOfWitness(newSigner('slow', 'witness', randomOctets(32)).verifier, async () => {
    isAsked = true
    await Promise.race([ended, wait(0.9 * witnessAnswerMs, undefined, { ref: false })])
    return { status: 409, text: '1\n' }
  })
  const [prompt] = readWitnesses([(await witnessOf('prompt', await logKeeper.verifiers())).setting])
  const running = startWitnesses({ ...parts, witnesses: [slow, prompt!], standing })
  t.after(() => {
    end()
    return running.stop()
  })
  for (const added of [0, 1]) {
    await grow(added)
    for (const untilMs = Date.now() + 20_000; (await latest()).cosignatures === ''; await wait(20)) {
      assert.deepEqual(running.sentences(), [], 'the slow one has not ended its answers')
      assert.ok(Date.now() < untilMs)
    }
  }
  assert.ok(isAsked)
})

test('what a witness proved holds the mail at each start, though it is gone, until operators give it up; what it cosigns then counts again', async (t) => {
  const operators = ['ann', 'bob'].map((name) => newSigner(name, 'author', randomOctets(32)))
  const { parts, standing, latest, logKeeper, grow, save, rollBack, folders } = await someLog(
    3,
    operators.map((one) => one.verifier),
  )
  await save()
  await grow(2)
  const tern = await witnessOf('tern', await logKeeper.verifiers())
  const witnesses = readWitnesses([tern.setting])
  assert.deepEqual(await askWitness(parts, witnesses[0]!, await latest()), { kind: 'cosigned' })
  await rollBack() // and no anchor was kept: only the witness can tell
  const running = startWitnesses({ ...parts, witnesses, standing })
  t.after(() => running.stop())
  assert.match(await untilSaid(running), /witness tern saw 5 records, and there are 3: the record was rolled back/)
  await running.stop()
  assert.match((await standing.why())!, /rolled back/)

  // A later start, when the witness is away, or has left the settings; in another process.
  const { logKeeper: again } = await testLogKeeper({ folders })
  const start = (given = witnesses) => compareWithAnchor({ ...parts, logKeeper: again, witnesses: given })
  const gone = readWitnesses([`http://127.0.0.1:1 ${tern.verifier}`])
  for (const given of [gone, []]) {
    const found = await start(given)
    assert.match(found.why!, /witness tern saw 5 records, and there are 3/)
    assert.deepEqual(found.conflicting, [tern.verifier])
  }
  await grow(4)
  await save()
  assert.match((await start([])).why!, /witness tern cosigned a record that this one does not extend/)

  // What holds is nobody's word but that of two operators.
  const { size, root } = await logKeeper.anchor()
  const { tree, conflicting } = await start([])
  const text = rollbackText({ origin: testOrigin, anchor: { size, root }, tree, disregarded: conflicting })
  const byOne = noteOf(text, [operators[0]!.sign(text)])
  assert.match((await logKeeper.acceptRollback(byOne))!, /signatures of 2/)
  assert.notEqual((await compareWithAnchor({ ...parts, witnesses: [] })).why, null)
  const byBoth = noteOf(
    text,
    operators.map((one) => one.sign(text)),
  )
  assert.equal(await logKeeper.acceptRollback(byBoth), null)
  const compare = () => compareWithAnchor({ ...parts, witnesses })
  assert.equal((await compare()).why, null)
  assert.match(
    sentenceOf(await askWitness(parts, witnesses[0]!, await latest())),
    /witness tern has the record that operators gave up: .* removed seen\.json/,
  )
  assert.deepEqual((await logKeeper.anchor()).shown, [])

  // Begun anew it counts again.
  await rm(join(folder, 'tern', 'seen.json'))
  assert.deepEqual(await askWitness(parts, witnesses[0]!, await latest()), { kind: 'cosigned' })
  assert.deepEqual((await logKeeper.anchor()).disregarded, [])
  await grow(2)
  assert.deepEqual(await askWitness(parts, witnesses[0]!, await latest()), { kind: 'cosigned' })
  await rollBack() // to what the operators accepted
  assert.match((await compare()).why!, /witness tern saw 9 records, and there are 7/)
})

test('a witness that has a later checkpoint of this record, of another process, proves nothing against it', async () => {
  const { parts, latest, logKeeper, grow } = await someLog(3)
  const { setting } = await witnessOf('overtaken', await logKeeper.verifiers())
  const [witness] = readWitnesses([setting])
  const earlier = await latest()
  await grow(3)
  assert.deepEqual(await askWitness(parts, witness!, await latest()), { kind: 'cosigned' })
  assert.deepEqual(await askWitness(parts, witness!, earlier), { kind: 'overtaken' })
})

test('a checkpoint has one cosignature of each witness, however often it is asked', async (t) => {
  const { parts, latest, logKeeper } = await someLog(3)
  const [one, two] = [await witnessOf('once', await logKeeper.verifiers()), await witnessOf('other', await logKeeper.verifiers())]
  const witnesses = readWitnesses([one.setting, two.setting])
  let second = 1_800_000_000
  t.mock.method(clockOfWitnesses, 'now', () => second++ * 1000)
  for (let start = 0; start < 3; start++) await compareWithAnchor({ ...parts, witnesses })
  assert.deepEqual(
    signatureLines((await latest()).cosignatures)!.map((line) => line.name),
    ['once', 'other'],
  )
})

test('the audit names a cosignature that is not good, and passes over those of witnesses that are not ours now', async () => {
  const { parts, latest, logKeeper, database } = await someLog(3)
  const [one, two] = [await witnessOf('left', await logKeeper.verifiers()), await witnessOf('stays', await logKeeper.verifiers())]
  const witnesses = readWitnesses([one.setting, two.setting])
  for (const witness of witnesses) await askWitness(parts, witness, await latest())
  const { cosignatures } = await latest()
  const audit = async (known: readonly Witness[]) => {
    const found: string[] = []
    const find = (sentence: string) => void found.push(sentence)
    const anchor = await parts.logKeeper.anchor()
    const unknown = await database.transaction((tx) => auditCheckpoints({ ...parts, tx, witnesses: known, find }, anchor))
    return [unknown, found.filter((sentence) => sentence.includes('cosignature'))]
  }
  assert.deepEqual(await audit(witnesses), [0, []])
  assert.deepEqual(await audit(witnesses.slice(1)), [1, []])
  const [line] = cosignatures.split('\n')
  const turned = `${line!.slice(0, -8)}AAAA${line!.slice(-4)}`
  await database.run(sql`update evidence_checkpoint set cosignatures = ${cosignatures.replace(line!, turned)}`)
  assert.deepEqual(await audit(witnesses), [0, ['checkpoint 3: the cosignature of left is not good']])
})

test('two witnesses in the settings have a name and a key each', () => {
  const seed = randomOctets(32)
  const setting = (name: string, of = randomOctets(32)) => `http://w.example ${newSigner(name, 'witness', of).verifier}`
  assert.equal(readWitnesses([setting('tern'), setting('gull')]).length, 2)
  assert.throws(
    () => readWitnesses([setting('tern'), setting('tern')]),
    /two are named tern: .* leave one out until .* a new folder/,
  )
  assert.throws(() => readWitnesses([setting('tern', seed), setting('gull', seed)]), /tern and gull have one key/)
})

test('a witness that is away, or answers anything else, holds nothing up, and what is said of it says what to do', async () => {
  const { parts, latest } = await someLog(1)
  const key = newSigner('tern', 'witness', randomOctets(32)).verifier
  const [away] = readWitnesses([`http://127.0.0.1:1 ${key}`])
  assert.match(sentenceOf(await askWitness(parts, away!, await latest())), /^The witness tern does not answer/)
  for (const [status, sentence] of [
    [200, /answers without a good cosignature: the setting witnesses must hold the key/],
    [403, /trusts no key that signed the checkpoint \(403\): give its operator what \.\/cjsm public-keys prints/],
    [404, /does not know this log \(404\): its operator starts it with --origin mail\.cjsm\.test\/evidence/],
    [500, /answers 500 and does not cosign/],
  ] as const) {
    const witness = await inPlaceOfWitness(key, async () => ({ status, text: 'no\n' }))
    assert.match(sentenceOf(await askWitness(parts, witness, await latest())), sentence)
  }
  assert.throws(() => readWitnesses(['http://w.example nokey']))
})
