// Uploads as they come: parts in order, limits, and what is no form. RFC 7578
import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import type { FastifyRequest } from 'fastify'
import { BadCommand } from '#base/faults.ts'
import { maxFieldOctets, maxFileNameOctets, maxUploadParts } from '#web/limits.ts'
import { readParts } from '#web/upload.ts'

const field = (name: string, text: string) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`
const file = (name: string, text: string) =>
  `--b\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: application/pdf\r\n\r\n${text}\r\n`

/** A request that brings a body in pieces of some octets. */
function requestOf(body: string, { piece = 1000, type = 'multipart/form-data; boundary=b' } = {}): FastifyRequest {
  const octets = Buffer.from(body)
  const pieces = Array.from({ length: Math.ceil(octets.length / piece) }, (_, n) => octets.subarray(n * piece, (n + 1) * piece))
  const raw = Object.assign(Readable.from(pieces), { complete: true })
  return { headers: { 'content-type': type }, raw } as unknown as FastifyRequest
}

async function read(request: FastifyRequest) {
  const { token, parts } = await readParts(request)
  const found: (readonly [string, string])[] = []
  for await (const part of parts) {
    found.push(part.kind === 'field' ? [part.field, part.text] : [part.name, (await buffer(part.content)).toString()])
  }
  return { token, found }
}

const isBad = (fault: unknown) => fault instanceof BadCommand

test('the token comes first, then fields and files in their order, however the octets arrive', async () => {
  const body = `${field('csrf', 'token')}${field('subject', 'Größe')}${file('a.pdf', '%PDF-1.4')}${file('b.pdf', 'x'.repeat(100_000))}${field('last', '')}--b--\r\n`
  for (const piece of [1, 7, 65_536]) {
    const { token, found } = await read(requestOf(piece === 1 ? body.replace('x'.repeat(100_000), 'xx') : body, { piece }))
    assert.equal(token, 'token')
    assert.deepEqual(
      found.map(([name, text]) => `${name} ${text.length}`),
      ['subject 5', 'a.pdf 8', `b.pdf ${piece === 1 ? 2 : 100_000}`, 'last 0'],
    )
  }
})

test('a form whose first part is no token has none', async () => {
  assert.equal((await readParts(requestOf(`${field('subject', 'x')}${field('csrf', 'token')}--b--\r\n`))).token, null)
  assert.equal((await readParts(requestOf(`${file('csrf', 'token')}--b--\r\n`))).token, null)
  assert.equal((await readParts(requestOf('--b--\r\n'))).token, null)
})

test('as many files as there may be, and one more; a field as long as it may be, and one octet more', async () => {
  const files = (count: number) => `${field('csrf', 't')}${file('a', 'x').repeat(count)}--b--\r\n`
  assert.equal((await read(requestOf(files(maxUploadParts)))).found.length, maxUploadParts)
  await assert.rejects(read(requestOf(files(maxUploadParts + 1))), isBad)
  const long = (octets: number) => `${field('csrf', 't')}${field('text', 'x'.repeat(octets))}--b--\r\n`
  assert.equal((await read(requestOf(long(maxFieldOctets - 1), { piece: 65_536 }))).found[0]![1].length, maxFieldOctets - 1)
  await assert.rejects(read(requestOf(long(maxFieldOctets + 1), { piece: 65_536 })), isBad)
})

test('a name that is longer than it may be is cut', async () => {
  const { found } = await read(requestOf(`${field('csrf', 't')}${file('n'.repeat(maxFileNameOctets + 1), 'x')}--b--\r\n`))
  assert.equal(found[0]![0].length, maxFileNameOctets)
})

test('what is no such form, or ends in its middle, is said to be none', async () => {
  await assert.rejects(read(requestOf('x', { type: 'multipart/form-data' })), isBad)
  await assert.rejects(
    read(requestOf(`${field('csrf', 't')}--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhalf`)),
    isBad,
  )
  await assert.rejects(read(requestOf(field('csrf', 't').slice(0, 30))), isBad)
})

test('a browser that goes away in the middle of a file ends its reading', { timeout: 10_000 }, async () => {
  const raw = Object.assign(new PassThrough(), { complete: false })
  raw.write(`${field('csrf', 't')}${file('a.pdf', 'x'.repeat(50_000)).slice(0, -2)}`)
  const { parts } = await readParts({
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
    raw,
  } as unknown as FastifyRequest)
  const { value } = await parts.next()
  assert.ok(value?.kind === 'file')
  const reading = assert.rejects(buffer(value.content), isBad)
  setImmediate(() => raw.destroy())
  await reading
  await assert.rejects(parts.next(), isBad)
})

test('a file that is left in its middle is passed over, and what follows it comes', { timeout: 10_000 }, async () => {
  const body = `${field('csrf', 't')}${file('large.bin', 'x'.repeat(2_000_000))}${field('after', 'y')}--b--\r\n`
  const { parts } = await readParts(requestOf(body, { piece: 65_536 }))
  const seen: string[] = []
  for await (const part of parts) {
    if (part.kind === 'field') seen.push(part.text)
    else for await (const octets of part.content) if ((octets as Buffer).length > 0) break
  }
  assert.deepEqual(seen, ['y'])
})
