// Witnesses over HTTP: what they cosign, what they refuse, and what the log makes of it. C2SP tlog-witness, tlog-cosignature
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomOctets } from '#base/ids.ts'
import { type Nodes, consistencyProof, leafHash, rootAt } from '#evidence/merkle.ts'
import { appendLeaves, nodesOf } from '#evidence/tiles.ts'
import { readLogKeys } from '#evidence/witness.ts'
import { checkpointText } from '#keys/checkpoint.ts'
import { newSigner, noteOf, readNote, readVerifier, signedAt } from '#keys/note.ts'
import { testOrigin } from '#test/support/log-keeper.ts'
import { witnessOf } from '#test/support/witnesses.ts'

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

test('a key of the log that was replaced counts for the sizes it signed, not for new ones', async () => {
  const [old, now] = [newSigner(testOrigin, 'author', randomOctets(32)), newSigner(testOrigin, 'author', randomOctets(32))]
  const keys = `# Public keys\nlog ${old.verifier} 1 20\nlog ${now.verifier} 21 -\nwitness ${newSigner('w', 'witness', randomOctets(32)).verifier}\n`
  const { url } = await witnessOf('retired', [keys])
  const nodes = leavesTree(Array.from({ length: 60 }, (_, at) => `leaf ${at}`))
  const ask = async (size: number, by: typeof old) => {
    const text = checkpointText({ origin: testOrigin, size, root: await rootAt(nodes, size) })
    const body = `old 0\n\n${noteOf(text, [by.sign(text)])}`
    return (await fetch(`${url}/add-checkpoint`, { method: 'POST', body })).status
  }
  assert.equal(await ask(21, old), 403)
  assert.equal(await ask(50, old), 403)
  assert.equal(await ask(20, now), 403)
  assert.equal(await ask(20, old), 200)
  assert.equal(await ask(21, now), 409)
  assert.throws(() => readLogKeys(`log ${old.verifier} 1 x\n`), /has a line that is none/)
  assert.throws(() => readLogKeys('# nothing\n'), /no public key/)
})

test('a witness shows what it cosigned last, with the log’s signature and its own, and its folder is for one log', async () => {
  const signer = newSigner(testOrigin, 'author', randomOctets(32))
  const { url, verifier } = await witnessOf('shows', [signer.verifier])
  const shown = () => fetch(`${url}/checkpoint`)
  assert.equal((await shown()).status, 404)
  const text = checkpointText({ origin: testOrigin, size: 4, root: randomOctets(32) })
  const stranger = newSigner(testOrigin, 'author', randomOctets(32))
  const body = `old 0\n\n${noteOf(text, [stranger.sign(text), signer.sign(text)])}`
  assert.equal((await fetch(`${url}/add-checkpoint`, { method: 'POST', body })).status, 200)
  const note = readNote(await (await shown()).text())!
  assert.equal(note.text, text)
  assert.equal(note.signatures.length, 2)
  for (const key of [signer.verifier, verifier]) assert.notEqual(signedAt(note, readVerifier(key)!), null)
  assert.equal((await fetch(`${url}/checkpoint`, { method: 'POST' })).status, 405)
  await assert.rejects(
    witnessOf('shows', [signer.verifier], 'other/log'),
    /witness for the log mail\.cjsm\.test\/evidence: give another one for other\/log/,
  )
})
