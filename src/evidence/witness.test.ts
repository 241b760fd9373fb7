// Witnesses over HTTP: what they cosign, what they refuse, and what the log makes of it. C2SP tlog-witness, tlog-cosignature
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { randomOctets } from '#base/ids.ts'
import { newLog } from '#base/log.ts'
import { compareWithAnchor } from '#evidence/extends-anchor.ts'
import { type Nodes, consistencyProof, leafHash, rootAt } from '#evidence/merkle.ts'
import { cosignaturesOf, receiptOf } from '#evidence/receipt.ts'
import { openEvidence } from '#evidence/record.ts'
import { sequence } from '#evidence/sequencer.ts'
import { openStanding } from '#evidence/standing.ts'
import { appendLeaves, nodesOf } from '#evidence/tiles.ts'
import { checkpointNote, publicKeysText, treeOf } from '#evidence/tree.ts'
import { type Receipt, readPublicKeys, verifyReceipt } from '#evidence/verify.ts'
import { readLogKeys, serveWitness } from '#evidence/witness.ts'
import { askWitness, readWitnesses, startWitnesses } from '#evidence/witnesses.ts'
import { checkpointText } from '#keys/checkpoint.ts'
import { theService } from '#keys/epoch.ts'
import { openKeys } from '#keys/keys.ts'
import { newSigner, noteOf, readNote, readVerifier, signedAt } from '#keys/note.ts'
import { aesGcmZstd } from '#keys/sealing.ts'
import { sql } from '#store/sql.ts'
import { testDatabase } from '#test/support/database.ts'
import { testLogKeeper, testOrigin } from '#test/support/log-keeper.ts'

const log = newLog('silent', {})
const folder = await mkdtemp(join(tmpdir(), 'cjsm-witness-'))
after(() => rm(folder, { recursive: true }))

async function witnessOf(name: string, logKeys: readonly string[], port = 0) {
  const { verifier, server } = await serveWitness(
    {
      folder: join(folder, name),
      name,
      origin: testOrigin,
      logKeys: async () => readLogKeys(logKeys.join(',')),
      clock: systemClock,
      log,
    },
    '127.0.0.1',
    port,
  )
  after(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { verifier, server, url, setting: `${url} ${verifier}` }
}

function leavesTree(words: readonly string[]): Nodes {
  const { changed } = appendLeaves(
    new Map(),
    0,
    words.map((word) => leafHash(Buffer.from(word))),
  )
  return nodesOf(async (level, index) => changed.find((tile) => tile.level === level && tile.index === index)!.hashes)
}

test('add-checkpoint: what extends is cosigned; 409 with the size, 422, 403, 404 and 400 otherwise; and a restart forgets nothing', async () => {
  const signer = newSigner(testOrigin, 'author', randomOctets(32))
  let { url, verifier, server } = await witnessOf('protocol', [signer.verifier])
  const words = Array.from({ length: 40 }, (_, at) => `leaf ${at}`)
  const [good, fork] = [leavesTree(words), leavesTree(words.map((word, at) => (at === 3 ? 'forged' : word)))]
  const ask = async (nodes: Nodes, old: number, size: number, by = signer, origin = testOrigin, path = '/add-checkpoint') => {
    const text = checkpointText({ origin, size, root: await rootAt(nodes, size) })
    const proof = await consistencyProof(nodes, Math.min(old, size), size)
    const body = `old ${old}\n${proof.map((hash) => `${hash.toString('base64')}\n`).join('')}\n${noteOf(text, [by.sign(text)])}`
    const answer = await fetch(`${url}${path}`, { method: 'POST', body })
    return { status: answer.status, text: await answer.text(), type: answer.headers.get('content-type'), checkpoint: text }
  }
  const first = await ask(good, 0, 10)
  assert.equal(first.status, 200)
  const seconds = signedAt(readNote(noteOf(first.checkpoint, [first.text.trimEnd()]))!, readVerifier(verifier)!)!
  assert.ok(Math.abs(seconds - Date.now() / 1000) < 60)
  assert.equal((await ask(good, 10, 25)).status, 200)
  assert.equal((await ask(good, 25, 25)).status, 200, 'the same once more')
  for (const [old, size] of [
    [10, 30],
    [0, 30],
    [0, 10],
  ] as const) {
    const conflict = await ask(good, old, size)
    assert.deepEqual([conflict.status, conflict.text, conflict.type], [409, '25\n', 'text/x.tlog.size'])
  }
  assert.equal((await ask(fork, 25, 30)).status, 422)
  assert.deepEqual([(await ask(fork, 25, 25)).status], [409])
  assert.equal((await ask(good, 25, 30, newSigner(testOrigin, 'author', randomOctets(32)))).status, 403)
  assert.equal((await ask(good, 25, 30, newSigner('other', 'author', randomOctets(32)), 'other')).status, 404)
  assert.equal((await ask(good, 25, 30, signer, testOrigin, '/')).status, 404)
  assert.equal((await ask(good, 35, 30)).status, 400)
  for (const body of ['', 'old 25\n', 'old -1\n\nx', `old 25\n${'A'.repeat(44)}\n\n${first.checkpoint}`, 'x'.repeat(40_000)])
    assert.equal((await fetch(`${url}/add-checkpoint`, { method: 'POST', body }).catch(() => ({ status: 400 }))).status, 400)
  server.closeAllConnections()
  server.close()
  ;({ url, verifier, server } = await witnessOf('protocol', [signer.verifier]))
  assert.equal((await ask(fork, 25, 30)).status, 422)
  assert.equal((await ask(fork, 0, 30)).status, 409)
  assert.equal((await ask(good, 25, 30)).status, 200)
})

test('requests at once are judged one after another: of two forks one is cosigned', async () => {
  const signer = newSigner(testOrigin, 'author', randomOctets(32))
  const { url } = await witnessOf('race', [signer.verifier])
  const ask = async (size: number) => {
    const text = checkpointText({ origin: testOrigin, size, root: randomOctets(32) })
    return (await fetch(`${url}/add-checkpoint`, { method: 'POST', body: `old 0\n\n${noteOf(text, [signer.sign(text)])}` }))
      .status
  }
  const statuses = await Promise.all(Array.from({ length: 12 }, (_, at) => ask(at + 1)))
  assert.deepEqual(statuses.filter((status) => status === 200).length, 1)
  assert.deepEqual(statuses.filter((status) => status === 409).length, 11)
})

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
  assert.equal((await askWitness(database, witnesses[0]!, (await treeOf(database).latest())!)).kind, 'cosigned')

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
  assert.equal((await askWitness(database, witnesses[0]!, rebuilt)).kind, 'conflict')
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

test('a witness that is away, or answers anything else, holds nothing up', async () => {
  const { database } = await testDatabase()
  const { logKeeper } = await testLogKeeper()
  const [witness] = readWitnesses([`http://127.0.0.1:1 ${newSigner('gone', 'witness', randomOctets(32)).verifier}`])
  const latest = {
    size: 1,
    root: randomOctets(32),
    cosignatures: '',
    madeMs: 0,
    note: await logKeeper.sign(checkpointText({ origin: testOrigin, size: 1, root: randomOctets(32) }), []),
  }
  assert.deepEqual(await askWitness(database, witness!, latest), { kind: 'away' })
  assert.throws(() => readWitnesses(['http://w.example nokey']))
})
