// The web face on its ports: TLS, redirection, time limits, and closing. T14, RFC 9110
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as requestHttp } from 'node:http'
import { type RequestOptions, request as requestHttps } from 'node:https'
import { type Socket, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { newLog } from '#base/log.ts'
import { newMetrics } from '#base/metrics.ts'
import { netLimits } from '#net/limits.ts'
import { serverContext } from '#net/tls.ts'
import { makeCertificate } from '#test/support/certificate.ts'
import { testService } from '#test/support/service.ts'
import { webVisitor } from '#test/support/web.ts'
import type { WebDoors } from '#web/doors.ts'
import { eventStreamsPerSession, largeFormsOfNetwork, smallFormOctets } from '#web/limits.ts'
import { startWeb } from '#web/server.ts'

const service = await testService({ netLimits: { ...netLimits, handshakeMs: 500 } })
const { https, http, app } = service.faces.web
const local = { host: '127.0.0.1', rejectUnauthorized: false } as const

interface Got {
  readonly status: number | undefined
  readonly header: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

async function ask(request: typeof requestHttps, options: RequestOptions): Promise<Got> {
  const sent = request({ ...local, agent: false, ...options })
  sent.end()
  const [response] = await once(sent, 'response')
  return { status: response.statusCode, header: response.headers, body: await text(response) }
}

const closed = (socket: Socket) => once(socket, 'close', { signal: AbortSignal.timeout(10_000) })

test('pages are served over TLS 1.2 and 1.3, and nothing older (T14)', async () => {
  const answer = await ask(requestHttps, { port: https.port, path: '/sign-in' })
  assert.equal(answer.status, 200)
  assert.match(answer.body, /Criminal Justice Secure eMail/)
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const socket = connectTls({
      ...local,
      port: https.port,
      minVersion: version,
      maxVersion: version,
      ALPNProtocols: ['h2', 'http/1.1'],
    })
    await once(socket, 'secureConnect')
    assert.deepEqual([socket.getProtocol(), socket.alpnProtocol], [version, 'http/1.1'])
    socket.destroy()
  }
  const old = connectTls({ ...local, port: https.port, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' })
  await assert.rejects(once(old, 'secureConnect'))
})

test('few large forms of one network’s strangers are read at a time, and small ones always', async () => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const to = { ...local, agent: false, port: https.port, method: 'POST', path: '/sign-in', headers } as const
  const statusOf = async (body: string) => {
    const sent = requestHttps({ ...to, headers: { ...headers, 'content-length': body.length } })
    sent.on('error', () => {}) // of what it was writing when it was answered
    const answered = once(sent, 'response')
    sent.end(body)
    const [response] = await answered
    response.resume()
    return response.statusCode
  }
  const small = 'x'.repeat(smallFormOctets)
  const soon = async (wanted: number) => {
    for (let n = 0; n < 200; n++) if ((await statusOf(`${small}x`)) === wanted) return true
    return false
  }
  const slow = Array.from({ length: largeFormsOfNetwork }, () => requestHttps(to))
  for (const one of slow) {
    one.on('error', () => {})
    one.write('kept=')
  }
  assert.ok(await soon(429))
  assert.equal(await statusOf(small), 403)
  for (const one of slow) one.destroy()
  assert.ok(await soon(403), 'they left their places')
})

test('the HTTP port sends GET and HEAD to the same page over HTTPS, and answers nothing else (T14)', async () => {
  for (const method of ['GET', 'HEAD']) {
    const answer = await ask(requestHttp as typeof requestHttps, {
      port: http.port,
      method,
      path: '/mail/x?before=7',
      headers: { host: 'localhost:8080' },
    })
    assert.equal(answer.status, 308)
    assert.equal(answer.header.location, `https://localhost:${https.port}/mail/x?before=7`)
    assert.equal(answer.header.connection, 'close')
    assert.equal(answer.header['set-cookie'], undefined)
    assert.match(String(answer.header['content-security-policy']), /^default-src 'none'/)
  }
  for (const options of [
    { method: 'POST' },
    { method: 'DELETE' },
    { headers: { host: 'a b' } },
    { headers: { host: 'evil.example/@x' } },
    { path: 'http://evil.example/' },
  ]) {
    const answer = await ask(requestHttp as typeof requestHttps, { port: http.port, ...options })
    assert.equal(answer.status, 400, JSON.stringify(options))
    assert.equal(answer.header.location, undefined)
  }
})

test('one that never ends its handshake is cut off', async () => {
  const socket = connect(https.port, '127.0.0.1')
  await closed(socket)
})

test('plain text on the HTTPS port gets no page', async () => {
  const socket = connect(https.port, '127.0.0.1')
  socket.on('error', () => {})
  let got = ''
  socket.on('data', (octets) => (got += octets.toString('latin1')))
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  await closed(socket)
  assert.ok(!got.includes('HTTP/1.1'))
})

test('requests that break the grammar are answered 400, or 431 where the header is too large', async () => {
  for (const [sent, status] of [
    ['GET / HTTP/1.1\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nhost: x\r\nbig: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ] as const) {
    const socket = connectTls({ ...local, port: https.port })
    socket.on('error', () => {})
    await once(socket, 'secureConnect')
    socket.write(sent)
    const [octets] = await once(socket, 'data', { signal: AbortSignal.timeout(10_000) })
    assert.match(octets.toString('latin1'), new RegExp(`^HTTP/1.1 ${status}`))
    socket.destroy()
  }
})

test('a request whose header never ends is answered 408 on both ports', async () => {
  const made = makeCertificate()
  const context = serverContext(made.certificate, made.key)
  made.remove()
  const slow = await startWeb({
    at: { https: { host: '127.0.0.1', port: 0 }, http: { host: '127.0.0.1', port: 0 } },
    tlsContext: () => context,
    admit: () => null,
    netLimits,
    times: { headerMs: 300, lookMs: 100 },
    doors: {} as WebDoors,
    helpdesk: 'helpdesk@cjsm.test',
    strictTransport: true,
    clock: systemClock,
    log: newLog('silent', {}),
    metrics: newMetrics({ process: 'test' }),
  })
  const sockets = [connectTls({ ...local, port: slow.https.port }), connect(slow.http.port, '127.0.0.1')]
  for (const socket of sockets) {
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n')
    const [octets] = await once(socket, 'data', { signal: AbortSignal.timeout(10_000) })
    assert.match(octets.toString('latin1'), /^HTTP\/1.1 408 /)
    await closed(socket)
  }
  const { header } = await ask(requestHttps, { port: slow.https.port, path: '/nowhere' })
  assert.equal(
    header['strict-transport-security'],
    'max-age=31536000; includeSubDomains',
    'with a certificate that others vouch for',
  )
  await Promise.all([slow.https.close(0), slow.http.close(0)])
})

test('a session has four streams at most; a fifth is told to ask no more', async () => {
  const visitor = webVisitor(app)
  await visitor.signIn(service.person('clerk'))
  const inbox = String((await visitor.get('/')).headers.location)
  const cookie = [...visitor.jar].map(([name, value]) => `${name}=${value}`).join('; ')
  const open = async () => {
    const sent = requestHttps({ ...local, agent: false, port: https.port, path: `${inbox}/events`, headers: { cookie } })
    sent.on('error', () => {})
    sent.end()
    const [response] = await once(sent, 'response')
    return { sent, status: response.statusCode as number }
  }
  const streams = []
  for (let n = 0; n < eventStreamsPerSession; n++) streams.push(await open())
  assert.ok(streams.every((stream) => stream.status === 200))
  assert.equal((await open()).status, 204)
  streams[0]!.sent.destroy()
  const untilMs = performance.now() + 10_000
  let again = await open()
  while (again.status !== 200 && performance.now() < untilMs) again = await open()
  assert.equal(again.status, 200, 'there is room again when one has ended')
  for (const { sent } of [...streams, again]) sent.destroy()
})

test('a folder’s stream says that mail came, and ends when the service closes', async () => {
  const visitor = webVisitor(app)
  await visitor.signIn(service.person('solicitor'))
  const inbox = String((await visitor.get('/')).headers.location)
  const cookie = [...visitor.jar].map(([name, value]) => `${name}=${value}`).join('; ')
  const sent = requestHttps({ ...local, agent: false, port: https.port, path: `${inbox}/events`, headers: { cookie } })
  sent.end()
  const [response] = await once(sent, 'response')
  assert.equal(response.headers['content-type'], 'text/event-stream; charset=utf-8')
  let said = ''
  response.on('data', (octets: Buffer) => (said += octets))
  const [account] = await service.domains.accounts.list({ userName: service.person('solicitor').userName })
  const idle = connectTls({ ...local, port: https.port })
  await once(idle, 'secureConnect')
  const { openSmtpClient } = await import('#test/support/smtp-client.ts')
  const client = await openSmtpClient(service.faces.submissions.port, service.person('prosecutor'))
  const from = service.person('prosecutor').address
  const octets = Buffer.from(
    `From: ${from}\r\nTo: ${account!.addresses[0]}\r\nSubject: x\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <a@b.example>\r\n\r\nx\r\n`,
  )
  const { reply } = await client.submit({ from, to: [account!.addresses[0]!], octets })
  assert.equal(reply.code, 250)
  const untilMs = performance.now() + 10_000
  while (!said.includes('event: changed\ndata: 2\n\n') && performance.now() < untilMs)
    await once(response, 'data', { signal: AbortSignal.timeout(10_000) })
  assert.match(said, /event: changed\ndata: 2\n\n/)
  client.close()
  const ended = once(response, 'end', { signal: AbortSignal.timeout(10_000) })
  const began = performance.now()
  await Promise.all([https.close(8_000), http.close(8_000), ended])
  assert.ok(performance.now() - began < 6_000, 'idle connections are not waited for')
  await assert.rejects(ask(requestHttps, { port: https.port, path: '/' }))
})
