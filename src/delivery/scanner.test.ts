// The scanner over a stand-in for clamd: answers, waits, closed sessions. T19
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { Unavailable } from '#base/faults.ts'
import { type Scanner, clamdScanner } from '#delivery/scanner.ts'
import { eicar, startTestClamd } from '#test/support/clamd.ts'

const folder = await mkdtemp(join(tmpdir(), 'cjsm-scanner-'))
const clamd = await startTestClamd(join(folder, 'clamd.sock'))
const timeoutMs = 300
let scanner: Scanner = clamdScanner(clamd.path, timeoutMs)
after(async () => {
  scanner.close()
  await clamd.close()
  await rm(folder, { recursive: true })
})
beforeEach(() => {
  scanner.close()
  scanner = clamdScanner(clamd.path, timeoutMs)
  clamd.mode = 'finds-eicar'
  clamd.slowMs = 0
})

const of = (...chunks: (string | Buffer)[]) =>
  async function* () {
    for (const chunk of chunks) yield Buffer.from(chunk)
  }
const isAway = (fault: unknown) => fault instanceof Unavailable && fault.part === 'scanner'

test('clean octets arrive whole at clamd, in any number of pieces, over one kept session (T19)', async () => {
  const { connections } = clamd.seen
  assert.deepEqual(await scanner.scan(of('one ', 'two ', '', 'three')), { kind: 'clean' })
  assert.equal(clamd.last().toString(), 'one two three')
  const large = Buffer.alloc(3_000_001, 'abc')
  assert.deepEqual(await scanner.scan(of(large.subarray(0, 700_000), large.subarray(700_000))), { kind: 'clean' })
  assert.ok(clamd.last().equals(large))
  assert.equal(clamd.seen.connections, connections + 1)
})

test('malicious octets are found and named (T19)', async () => {
  assert.deepEqual(await scanner.scan(of('a', eicar, 'b')), { kind: 'found', signature: 'Eicar-Test-Signature' })
})

test('what clamd cannot scan is told from what it finds (T19)', async () => {
  clamd.mode = 'encrypted'
  assert.deepEqual(await scanner.scan(of('a')), { kind: 'unscannable', why: 'encrypted' })
  clamd.mode = 'exceeds'
  assert.deepEqual(await scanner.scan(of('a')), { kind: 'unscannable', why: 'too-large' })
  clamd.mode = 'limit'
  assert.deepEqual(await scanner.scan(of('a')), { kind: 'unscannable', why: 'too-large' })
  clamd.mode = 'finds-eicar'
  assert.deepEqual(await scanner.scan(of('a')), { kind: 'clean' })
})

test('an answer that is none is no answer (T19)', async () => {
  clamd.mode = 'nonsense'
  await assert.rejects(scanner.scan(of('a')), isAway)
})

test('a clamd that closes in mid-stream is away, and back when it answers again (T19)', async () => {
  clamd.mode = 'closes'
  await assert.rejects(scanner.scan(of(Buffer.alloc(4_000_000))), isAway)
  clamd.mode = 'finds-eicar'
  assert.equal((await scanner.scan(of('a'))).kind, 'clean')
})

test('a silent clamd is away after the limit, not after two, also on a kept session (T19)', async () => {
  assert.equal((await scanner.scan(of('a'))).kind, 'clean')
  clamd.mode = 'silent'
  const { connections } = clamd.seen
  const from = performance.now()
  await assert.rejects(scanner.scan(of('b')), isAway)
  const tookMs = performance.now() - from
  assert.ok(tookMs >= timeoutMs - 20 && tookMs < 2 * timeoutMs, `it took ${tookMs} ms`)
  assert.equal(clamd.seen.connections, connections)
})

test('a slow clamd is waited for within the limit', async () => {
  clamd.mode = 'slow'
  clamd.slowMs = 100
  assert.equal((await scanner.scan(of(eicar))).kind, 'found')
})

test('when clamd closes a kept session, everything is sent again: malicious octets are found, not an empty scan passed (T19)', async () => {
  assert.equal((await scanner.scan(of('a'))).kind, 'clean')
  clamd.mode = 'closes-used'
  assert.equal((await scanner.scan(of('before ', eicar))).kind, 'found')
  assert.equal(clamd.last().toString(), `before ${eicar}`)
})

test('without a clamd there is no answer (T19)', async () => {
  const nobody = clamdScanner(join(folder, 'nobody.sock'), timeoutMs)
  await assert.rejects(nobody.scan(of('a')), isAway)
})

test('more scans at once than sessions are kept all get their own answer', async () => {
  const results = await Promise.all(
    Array.from({ length: 30 }, (_, index) => scanner.scan(of(index % 3 === 0 ? eicar : `clean ${index}`))),
  )
  assert.deepEqual(
    results.map((result) => result.kind),
    results.map((_, index) => (index % 3 === 0 ? 'found' : 'clean')),
  )
})
