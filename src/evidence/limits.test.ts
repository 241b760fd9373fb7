// The limits of the record, its sequencer and its witnesses, at their value and one past it. docs/limits.md
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type Clock, systemClock } from '#base/clock.ts'
import { randomOctets } from '#base/ids.ts'
import { newLog } from '#base/log.ts'
import { auditEvidence } from '#evidence/audit.ts'
import * as limits from '#evidence/limits.ts'
import { receiptSoon } from '#evidence/receipt.ts'
import { openEvidence } from '#evidence/record.ts'
import { sequence, startSequencer } from '#evidence/sequencer.ts'
import { type Standing, openStanding, watchStanding } from '#evidence/standing.ts'
import { treeOf } from '#evidence/tree.ts'
import type { Receipt } from '#evidence/verify.ts'
import { readLogKeys, serveWitness } from '#evidence/witness.ts'
import { askWitness, readWitnesses, startWitnesses } from '#evidence/witnesses.ts'
import { checkpointText } from '#keys/checkpoint.ts'
import { theService } from '#keys/epoch.ts'
import { openKeys } from '#keys/keys.ts'
import { newSigner, noteOf } from '#keys/note.ts'
import { aesGcmZstd } from '#keys/sealing.ts'
import { sql } from '#store/sql.ts'
import { testDatabase } from '#test/support/database.ts'
import { testLogKeeper, testOrigin } from '#test/support/log-keeper.ts'

const log = newLog('silent', {})
const { database } = await testDatabase()
const { logKeeper, keeper } = await testLogKeeper()
const keys = openKeys(keeper, aesGcmZstd, systemClock)
const evidence = openEvidence(database, database, keys, systemClock)
const standing = openStanding(database, systemClock)
await evidence.introduce([theService])
const parts = { database, logKeeper, origin: testOrigin, clock: systemClock }
const folder = await mkdtemp(join(tmpdir(), 'cjsm-evidence-limits-'))
after(() => rm(folder, { recursive: true }))

const act = (at: number) => ({ event: 'SignIn', actor: theService, about: theService, details: [{ at }] }) as const
async function write(count: number): Promise<string[]> {
  const records: Awaited<ReturnType<typeof evidence.prepare>>[] = []
  for (let at = 0; at < count; at++) records.push(await evidence.prepare(act(at)))
  await database.transaction(async (tx) => void (await evidence.writeAll(tx, records)))
  return records.map((record) => record.id)
}
const until = async (holds: () => Promise<boolean> | boolean) => {
  const endMs = performance.now() + 20_000
  while (!(await holds())) {
    assert.ok(performance.now() < endMs, 'it did not come about')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
const sizeOfTree = async () => (await treeOf(database).latest())?.size ?? 0

test('the sequencer takes 4,096 records at once, and what is left the next time', async () => {
  await write(limits.maxSequencedAtOnce + 1)
  assert.equal(await sequence(parts), limits.maxSequencedAtOnce)
  assert.equal(await sequence(parts), 1)
  assert.equal(await sequence(parts), 0)
})

test('an audit reads page after page: what is wrong past the first 500 rows is named', async () => {
  const found: string[] = []
  const audit = () =>
    database.transaction((tx) =>
      auditEvidence({ ...parts, tx, keys, witnesses: [], find: (one) => found.push(one), hear: () => {} }),
    )
  const before = await audit()
  assert.deepEqual([found, before.records], [[], limits.maxSequencedAtOnce + 1])
  const late = await write(limits.auditRows + 1)
  const rows = await database.rows<{ id: string }>(
    sql`update evidence_record set sealed_detail = null where leaf_index = ${limits.auditRows} or id = ${late.at(-1)!} returning id`,
  )
  await audit()
  assert.equal(found.length, 2)
  for (const { id } of rows) assert.ok(found.some((one) => one.includes(id)))
})

test('checkpoints are kept for an hour, the latest always, and of those with as many cosignatures the latest', async () => {
  let nowMs = 2_000_000_000_000
  const clock: Clock = { now: () => nowMs, monotonic: () => performance.now() }
  const sizes: number[] = []
  const step = async (ms: number) => {
    nowMs += ms
    await write(1)
    await sequence({ ...parts, clock })
    sizes.push(await sizeOfTree())
  }
  const kept = async () =>
    (await database.rows<{ size: number }>(sql`select size from evidence_checkpoint order by size`)).map((row) => row.size)
  await step(0)
  await step(limits.checkpointKeptMs)
  assert.deepEqual((await kept()).slice(-2), sizes)
  await step(1)
  assert.deepEqual((await kept()).slice(-3), sizes, 'older ones are not looked for at each checkpoint')
  await step(limits.forgetEveryMs)
  assert.deepEqual(await kept(), sizes.slice(1))
  await step(10 * limits.checkpointKeptMs)
  assert.deepEqual(await kept(), sizes.slice(4))
  const cosign = (lines: string) =>
    database.run(sql`update evidence_checkpoint set cosignatures = ${lines} where size = ${sizes.at(-1)!}`)
  for (const lines of ['— a x\n', '— a x\n— b x\n', '— a x\n']) {
    await step(2 * limits.checkpointKeptMs)
    await cosign(lines)
  }
  await step(2 * limits.checkpointKeptMs)
  assert.deepEqual(await kept(), sizes.slice(6))
  await cosign('')
})

test('the anchor is kept once a second, however many checkpoints are signed meanwhile', async (t) => {
  let nowMs = 0
  let anchors = 0
  const counting = {
    ...logKeeper,
    keepAnchor: (note: string, proof: readonly Buffer[]) => {
      anchors++
      return logKeeper.keepAnchor(note, proof)
    },
  }
  const clock: Clock = { now: () => Date.now(), monotonic: () => nowMs }
  const sequencer = startSequencer({ ...parts, clock, logKeeper: counting, standing, log })
  t.after(() => sequencer.stop())
  await until(() => anchors === 1)
  for (const [ms, expected] of [
    [limits.anchorEveryMs - 1, 1],
    [1, 2],
  ] as const) {
    nowMs += ms
    const before = await sizeOfTree()
    await write(1)
    await until(async () => (await sizeOfTree()) > before)
    await write(1) // and one more pass, in which the anchor would be kept
    await until(async () => (await sizeOfTree()) > before + 1)
    await until(() => anchors >= expected)
    assert.equal(anchors, expected)
  }
})

test('whether the record stands is looked up every second', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let why: string | null = null
  let asked = 0
  const fake: Standing = {
    why: async () => {
      asked++
      return why
    },
    hold: async () => {},
    release: async () => {},
  }
  const watch = await watchStanding(fake, log)
  t.after(watch.close)
  why = 'It was rolled back.'
  t.mock.timers.tick(limits.standingEveryMs - 1)
  await Promise.resolve()
  assert.deepEqual([asked, watch.refusal()], [1, null])
  t.mock.timers.tick(1)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(asked, 2)
  assert.equal(watch.refusal()?.about, 'It was rolled back.')
})

/** A witness’s key and address whose requests are answered as `answer` says. */
async function strangeWitness(answer: (body: string) => Promise<string> | string, verifier: string) {
  let asked = 0
  const server = createServer(async (request, response) => {
    asked++
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    response.end(await answer(Buffer.concat(pieces).toString()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  const [witness] = readWitnesses([`http://127.0.0.1:${(server.address() as AddressInfo).port} ${verifier}`])
  return { witness: witness!, asked: () => asked }
}

/** Signature lines of nobody we know, of so many octets together. */
function filling(octets: number): string {
  const lines: string[] = []
  for (let left = octets; left > 0; ) {
    const length = left > 900 ? 450 : left > 461 ? 230 : left
    // The dash is three octets; two spaces and the line's end are three more.
    lines.push(`— ${'n'.repeat(length - 6 - 200)} ${'A'.repeat(200)}\n`)
    left -= length
  }
  return lines.join('')
}

test('a witness’s answer may have 4,096 octets, and is none with one more', async () => {
  await write(1)
  await sequence(parts)
  const signer = newSigner('padded', 'witness', randomOctets(32))
  let octets = limits.maxWitnessAnswerOctets
  const { witness } = await strangeWitness((body) => {
    const note = body.slice(body.indexOf('\n\n') + 2)
    const line = `${signer.sign(note.slice(0, note.indexOf('\n\n') + 1), 1_800_000_000)}\n`
    return line + filling(octets - Buffer.byteLength(line))
  }, signer.verifier)
  const latest = (await treeOf(database).latest())!
  assert.deepEqual(await askWitness(parts, witness, latest), { kind: 'cosigned' })
  octets++
  const longer = await askWitness(parts, witness, latest)
  assert.match(longer.kind === 'not-cosigned' ? longer.why : '', /answers without a good cosignature/)
})

test('a witness that is silent is away after its time', async () => {
  const signer = newSigner('silent', 'witness', randomOctets(32))
  const { witness } = await strangeWitness(() => new Promise<string>(() => {}), signer.verifier)
  const beganMs = performance.now()
  const answer = await askWitness(parts, witness, (await treeOf(database).latest())!, 200)
  assert.match(answer.kind === 'not-cosigned' ? answer.why : '', /does not answer/)
  const tookMs = performance.now() - beganMs
  assert.ok(tookMs >= 190 && tookMs < limits.witnessAnswerMs, `${tookMs} ms`)
})

test('a receipt without a cosignature is looked for, every quarter of a second, as long as a witness may take', async () => {
  assert.deepEqual([limits.receiptWaitMs, limits.receiptPollMs], [limits.witnessEveryMs + limits.witnessAnswerMs, 250])
  let looks = 0
  const look = async () => {
    looks++
    return { checkpoint: '' } as Receipt
  }
  await receiptSoon(look, () => false, { waitMs: limits.receiptWaitMs / 100, pollMs: limits.receiptPollMs / 100 })
  assert.equal(looks, 1 + limits.receiptWaitMs / limits.receiptPollMs)
})

test('witnesses are asked once a second', async (t) => {
  const signer = newSigner('counted', 'witness', randomOctets(32))
  const { witness, asked } = await strangeWitness(() => 'no', signer.verifier)
  t.mock.timers.enable({ apis: ['setInterval'] })
  const running = startWitnesses({ database, witnesses: [witness], logKeeper, standing, log })
  t.mock.timers.tick(limits.witnessEveryMs - 1)
  await sizeOfTree()
  assert.equal(asked(), 0)
  t.mock.timers.tick(1)
  await running.stop()
  assert.equal(asked(), 1)
})

const author = newSigner(testOrigin, 'author', randomOctets(32))
const { server: witnessServer } = await serveWitness(
  {
    folder: join(folder, 'witness'),
    name: 'limits',
    origin: testOrigin,
    logKeys: async () => readLogKeys(author.verifier),
    clock: systemClock,
    log,
  },
  '127.0.0.1',
  0,
)
after(() => {
  witnessServer.closeAllConnections()
  witnessServer.close()
})
const { port } = witnessServer.address() as AddressInfo

/** What a witness says to a checkpoint of ours behind so many hashes of a proof, filled up to so many octets. */
async function added(hashes: number, octets = 0): Promise<number> {
  const text = checkpointText({ origin: testOrigin, size: 5, root: randomOctets(32) })
  const proof = Array.from({ length: hashes }, () => `${randomOctets(32).toString('base64')}\n`).join('')
  const body = `old 0\n${proof}\n${noteOf(text, [author.sign(text)])}`
  const answer = await fetch(`http://127.0.0.1:${port}/add-checkpoint`, {
    method: 'POST',
    body: body + filling(Math.max(0, octets - Buffer.byteLength(body))),
  }).catch(() => ({ status: 400 }))
  return answer.status
}

test('a witness reads 16,384 octets and 63 hashes of a request, and refuses one with more of either', async () => {
  assert.equal(await added(limits.maxProofHashes), 422, 'read, and found not to hold')
  assert.equal(await added(limits.maxProofHashes + 1), 400)
  assert.equal(await added(limits.maxProofHashes, limits.maxAddCheckpointOctets), 422)
  assert.equal(await added(limits.maxProofHashes, limits.maxAddCheckpointOctets + 1), 400)
})

test('a witness has 64 connections; one more is closed, and requests that do not end are ended by Node after 10 s', async (t) => {
  assert.deepEqual(
    [witnessServer.requestTimeout, witnessServer.headersTimeout],
    [limits.witnessRequestMs, limits.witnessRequestMs],
  )
  witnessServer.closeAllConnections()
  const opened: Socket[] = []
  t.after(() => {
    for (const socket of opened) socket.destroy()
  })
  const open = async () => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    opened.push(socket)
    await once(socket, 'connect')
    return socket
  }
  await until(() => new Promise((resolve) => witnessServer.getConnections((_, count) => resolve(count === 0))))
  for (let n = 0; n < limits.maxWitnessConnections; n++) await open()
  const one = await open()
  await once(one.resume(), 'close')
  opened[0]!.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  assert.match(String((await once(opened[0]!, 'data'))[0]), /^HTTP\/1.1 404/)
})
