// While the service closes: whose requests are still waited for, and which streams are not begun any more. RFC 9112 §9.3.2
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ServerResponse, createServer as createHttpServer } from 'node:http'
import { connect, createServer } from 'node:net'
import { test } from 'node:test'
import fastify from 'fastify'
import { sendEvents } from '#web/reply.ts'
import { newTalks } from '#web/server.ts'

test('a connection whose first answer is out is kept while its next request is under way', { timeout: 20_000 }, async () => {
  const answers: ServerResponse[] = []
  const { promise: both, resolve } = Promise.withResolvers<void>()
  const http = createHttpServer((_request, response) => {
    if (answers.push(response) === 2) resolve()
  })
  const talks = newTalks(http)
  const port = createServer((socket) => talks.begin(socket)).listen(0, '127.0.0.1')
  await once(port, 'listening')
  const address = port.address()
  assert.ok(typeof address === 'object' && address !== null)
  const socket = connect(address.port, '127.0.0.1')
  let got = ''
  socket.setEncoding('latin1').on('data', (octets: string) => (got += octets))
  socket.write('GET /1 HTTP/1.1\r\nhost: x\r\n\r\nGET /2 HTTP/1.1\r\nhost: x\r\n\r\n')
  await both
  const first = once(answers[0]!, 'close')
  answers[0]!.end('first')
  await first
  talks.endIdle()
  const second = once(answers[1]!, 'close')
  answers[1]!.end('second')
  await second
  talks.endIdle()
  await once(socket, 'close')
  port.close()
  assert.match(got, /first[\s\S]*second/)
})

test('a stream of events that begins while the service closes ends at once', { timeout: 20_000 }, async () => {
  const lobby = { refusalOf: () => null, signedIn: () => {}, closing: AbortSignal.abort() }
  let closed = 0
  const events = { kind: 'events', open: () => ({ close: () => void closed++ }) } as const
  const app = fastify()
  app.get('/', (request, reply) => sendEvents(lobby, request, reply, events))
  const answer = await app.inject('/')
  assert.equal(answer.body, 'retry: 5000\n\n')
  assert.equal(closed, 1)
  await app.close()
})
