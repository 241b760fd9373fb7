// Threads that read documents: what they find, how they end, and that no document holds the process. G05.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { newDocumentThreads, type ThreadOptions } from '#delivery/document-threads.ts'
import { documentMs, threadStartMs } from '#delivery/limits.ts'
import { build } from '#mail/documents/build.test-support.ts'
import * as hostile from '#mail/documents/hostile.test-support.ts'

const opened: { close(): Promise<void> }[] = []
const newThreads = (options: ThreadOptions = {}) => {
  const threads = newDocumentThreads(options)
  opened.push(threads)
  const read = (name: string, octets: Buffer, encoding = '8BIT') =>
    threads.read(async () => ({ octets: new Uint8Array(octets), encoding, path: [name], type: '', charset: null }))
  return { ...threads, load: threads.read, read }
}
after(() => Promise.all(opened.map((threads) => threads.close())))

const saidOf = async (result: ReturnType<ReturnType<typeof newThreads>['read']>) => {
  const findings = await result
  if (findings === 'too large') return findings
  return [...findings.markings.map(({ line, where }) => `${where}: ${line}`), ...findings.unread.map(({ why }) => why)].join()
}

test('a document is read from its body, in every encoding, and only its markings come back (G05)', async () => {
  const threads = newThreads()
  const word = build({ kind: 'docx', header: 'SECRET', page: 'a private matter' })
  const base64 = Buffer.from(word.toString('base64').replace(/.{76}/g, '$&\r\n'))
  const quoted = Buffer.from([...word].map((octet) => `=${octet.toString(16).toUpperCase().padStart(2, '0')}`).join(''))
  assert.equal(await saidOf(threads.read('a.docx', word)), 'header: SECRET')
  assert.equal(await saidOf(threads.read('a.docx', base64, 'BASE64')), 'header: SECRET')
  assert.equal(await saidOf(threads.read('a.docx', quoted, 'QUOTED-PRINTABLE')), 'header: SECRET')
  assert.doesNotMatch(JSON.stringify(await threads.read('a.docx', word)), /private matter/)
})

test('hostile documents end in a clear answer, within their time (G05)', async () => {
  const threads = newThreads()
  const zeros = hostile.deflatedZeros(1_000_000_000)
  const documents: [name: string, octets: Buffer, expected: RegExp][] = [
    ['warm.pdf', build({ kind: 'pdf', footer: 'SECRET' }), /^footer: SECRET$/],
    ['bomb.zip', hostile.zipOfDeflated('a.rtf', zeros), /^too large$/],
    ['nested.zip', hostile.nestedZips(6, { name: 'a.txt', content: Buffer.from('SECRET') }), /^too deep$/],
    ['overlap.zip', hostile.overlappingZip(), /damaged$/],
    ['laughs.docx', hostile.docxWithHeader(hostile.entityBomb()), /^header: SECRET$/],
    ['deep.eml', hostile.deepMessage(10_000), /^too deep$/],
    ['wide.eml', hostile.wideMessage(1_000_000), /^too large$/],
    ['headers.rtf', Buffer.from(`{\\rtf1${'{\\header SECRET\\par}'.repeat(500_000)}`), /^header: SECRET/],
    ['loop.pdf', hostile.loopingPdf(), /^damaged$/],
    ['endless.pdf', hostile.endlessPdf(2_000_000_000), /^too large$/],
    ['objects.pdf', Buffer.from(`%PDF-1.5\n${'1 0 obj\n<<'.repeat(1_000_000)}`), /^(?:too large|damaged)$/],
    ['zeros.pdf', hostile.pdfWithContent(zeros), /^(?:too large|)$/],
  ]
  for (const [name, octets, expected] of documents) {
    const began = performance.now()
    assert.match(await saidOf(threads.read(name, octets)), expected, name)
    assert.ok(performance.now() - began < documentMs + threadStartMs, name)
  }
})

/** For tests of one limit: none of the others is met. */
const minute = { cpuMs: 60_000, longestMs: 60_000, memoryOctets: 2 ** 40 }

test('a thread that takes too long is ended, by its own processor time or by the clock, and the next document is read by another (G05)', async () => {
  for (const limit of [{ cpuMs: 200 }, { longestMs: 300 }]) {
    const threads = newThreads({ ...minute, ...limit, threads: 1 })
    const began = performance.now()
    const [endless, honest] = await Promise.all([
      saidOf(threads.read('endless.pdf', hostile.endlessPdf(2_000_000_000))),
      saidOf(threads.read('a.rtf', build({ kind: 'rtf', header: 'SECRET' }))),
    ])
    assert.deepEqual([endless, honest], ['too large', 'header: SECRET'])
    assert.ok(performance.now() - began < 20_000)
  }
})

test('a thread that holds too much memory is ended, inside V8’s heap and outside it (G05)', async () => {
  const outside = newThreads({ ...minute, memoryOctets: 1_000_000 })
  assert.equal(await saidOf(outside.read('long.pdf', hostile.endlessPdf(100_000_000))), 'too large')
  const inside = newThreads({ ...minute, heapMib: 32 })
  const flood = Buffer.from(`%PDF-1.5\n1 0 obj\n[${'[1 2 3]'.repeat(2_000_000)}]\nendobj\ntrailer\n<< /Root 1 0 R >>\n`)
  assert.equal(await saidOf(inside.read('flood.pdf', flood)), 'too large')
  assert.equal(await saidOf(inside.read('a.rtf', build({ kind: 'rtf', header: 'SECRET' }))), 'header: SECRET')
})

test('threads start when a document comes and end when none does', async () => {
  const threads = newThreads({ idleMs: 50 })
  assert.equal(threads.running(), 0)
  await threads.read('a.rtf', build({ kind: 'rtf', header: 'SECRET' }))
  assert.equal(threads.running(), 1)
  for (const deadline = performance.now() + 20_000; threads.running() > 0 && performance.now() < deadline; ) await pause(20)
  assert.equal(threads.running(), 0)
})

test('an octet source that fails is the caller’s fault, and the threads go on', async () => {
  const threads = newThreads({ threads: 1 })
  await assert.rejects(
    threads.load(() => Promise.reject(new Error('the spool is gone'))),
    /the spool is gone/,
  )
  assert.equal(await saidOf(threads.read('a.rtf', build({ kind: 'rtf', header: 'SECRET' }))), 'header: SECRET')
})
