// The operations listener, the status socket and the space watch: what an operator asks.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { newLog } from '#base/log.ts'
import { serveOperations } from '#host/operations.ts'
import { type Space, spaceOf, watchSpace } from '#host/space.ts'
import { askStatus, serveStatus } from '#host/status-socket.ts'

const base = mkdtempSync(join(tmpdir(), 'cjsm-operations-'))
after(() => rmSync(base, { recursive: true, force: true }))
const log = newLog('silent', {})

test('/metrics, /healthz and /readyz answer; what fails says nothing of why', async () => {
  let reasons: string[] = []
  const metrics = async () => {
    if (reasons.length > 0) throw new Error('canary')
    return 'cjsm_up 1\n'
  }
  const published = async () => null
  const server = await serveOperations({ log, metrics, reasons: () => reasons, published }, '127.0.0.1', 0)
  const { port } = server.address() as AddressInfo
  const get = async (path: string, method = 'GET') => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method })
    return [response.status, await response.text()]
  }
  assert.deepEqual(await get('/metrics'), [200, 'cjsm_up 1\n'])
  assert.deepEqual(await get('/healthz'), [200, '{"status":"ok"}\n'])
  assert.deepEqual(await get('/readyz'), [200, '{"ready":true,"reasons":[]}\n'])
  reasons = ['clamd: starting']
  assert.deepEqual(await get('/readyz'), [503, '{"ready":false,"reasons":["clamd: starting"]}\n'])
  assert.deepEqual(await get('/healthz'), [200, '{"status":"ok"}\n'])
  assert.deepEqual(await get('/metrics'), [500, 'failed\n'])
  assert.equal((await get('/'))[0], 404)
  assert.equal((await get('/metrics', 'POST'))[0], 405)
  assert.deepEqual(await get('/healthz', 'HEAD'), [200, ''])
  server.closeAllConnections()
  server.close()
})

test('what is published of the record is served as it is, compressed where the client takes it; lasting files may be kept (C2SP tlog-tiles)', async () => {
  const octets = Buffer.alloc(5_000, 'leaf')
  const files = new Map([
    ['/checkpoint', { type: 'text/plain; charset=utf-8', octets: Buffer.from('note\n'), lasting: false }],
    ['/tile/entries/000.p/7', { type: 'application/octet-stream', octets, lasting: true }],
  ])
  const published = async (path: string) => (path === '/away' ? undefined : (files.get(path) ?? null))
  const doors = { log, metrics: async () => '', reasons: () => [], published }
  const server = await serveOperations(doors, '127.0.0.1', 0)
  const { port } = server.address() as AddressInfo
  const get = async (path: string, encoding: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { 'accept-encoding': encoding } })
    const { headers } = response
    return {
      status: response.status,
      named: ['content-type', 'content-encoding', 'cache-control'].map((name) => headers.get(name)),
      wire: Number(headers.get('content-length')),
      octets: Buffer.from(await response.arrayBuffer()),
    }
  }
  const checkpoint = await get('/checkpoint', 'identity')
  assert.deepEqual(checkpoint.named, ['text/plain; charset=utf-8', null, 'no-store'])
  assert.equal(checkpoint.octets.toString(), 'note\n')
  const lasting = 'public, max-age=31536000, immutable'
  const plain = await get('/tile/entries/000.p/7', 'identity')
  assert.deepEqual(plain.named, ['application/octet-stream', null, lasting])
  assert.ok(plain.octets.equals(octets))
  const zipped = await get('/tile/entries/000.p/7', 'gzip')
  assert.deepEqual(zipped.named, ['application/octet-stream', 'gzip', lasting])
  assert.ok(zipped.octets.equals(octets) && zipped.wire < 500)
  assert.equal((await get('/tile/0/000', 'gzip')).status, 404)
  assert.equal((await get('/away', 'gzip')).status, 503)
  server.closeAllConnections()
  server.close()
})

test('the status socket gives the answer to its owner alone, and nobody there is null', async () => {
  const path = join(base, 'status.sock')
  assert.equal(await askStatus(path), null)
  const server = await serveStatus(path, () => ({ version: '1', processes: [{ kind: 'postgres' }] }))
  assert.deepEqual(await askStatus(path), { version: '1', processes: [{ kind: 'postgres' }] })
  assert.equal(statSync(path).mode & 0o777, 0o600)
  server.close()
  const failing = await serveStatus(path, () => Promise.reject(new Error('canary')))
  assert.equal(await askStatus(path), null)
  failing.close()
  const silent = createServer().listen(join(base, 'silent.sock'))
  assert.equal(await askStatus(join(base, 'silent.sock'), 100), null)
  silent.close()
})

test('free space of a real folder is told, and of one that is gone is not', async () => {
  const found = await spaceOf(base)
  assert.ok(found.freeOctets > 0 && found.freeInodes > 0)
  await assert.rejects(spaceOf(join(base, 'gone')))
})

test('a folder below its floor of octets or inodes is a reason until there is room again', async () => {
  let space: Space = { freeOctets: 100, freeInodes: 100 }
  const watch = await watchSpace(['/data'], { octets: 100, inodes: 100 }, log, 60_000, async () => space)
  assert.deepEqual(watch.reasons(), [])
  space = { freeOctets: 99, freeInodes: 100 }
  await watch.look()
  assert.match(watch.reasons().join(), /free octets/)
  space = { freeOctets: 100, freeInodes: 99 }
  await watch.look()
  assert.match(watch.reasons().join(), /free inodes/)
  space = { freeOctets: 100, freeInodes: Number.POSITIVE_INFINITY }
  await watch.look()
  assert.deepEqual(watch.reasons(), [])
  watch.stop()
  const lost = await watchSpace([join(base, 'gone')], { octets: 1, inodes: 1 }, log, 60_000)
  assert.match(lost.reasons().join(), /cannot be looked at/)
  lost.stop()
})
