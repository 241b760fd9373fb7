// The limits of the web face that no journey's own tests stand at: a request at each, and one past it. docs/limits.md
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request } from 'node:https'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import type { FastifyRequest } from 'fastify'
import Fastify from 'fastify'
import { newLog } from '#base/log.ts'
import { newMetrics } from '#base/metrics.ts'
import type { Reader } from '#mailbox/means.ts'
import { netLimits } from '#net/limits.ts'
import { serverContext } from '#net/tls.ts'
import { makeCertificate } from '#test/support/certificate.ts'
import type { Events } from '#web/answers.ts'
import type { WebDoors } from '#web/doors.ts'
import * as limits from '#web/limits.ts'
import { type ReplyParts, sendAnswer } from '#web/reply.ts'
import type { PersonVisit } from '#web/route.ts'
import { type WebServer, type WebServerOptions, startWeb } from '#web/server.ts'
import { Presence } from '#web/session.ts'
import { receiptFile } from '#web/webmail/compose/sent.ts'
import { folderList } from '#web/webmail/folders/navigation.ts'

const someId = '01a200f3-3b7b-7720-921a-1252c07383cb'
const session = { id: someId, who: { account: someId, name: 'Priya Nair', address: 'priya@cps.example' } }
/** Everybody with a session's cookie is the same person; nothing is sealed. */
const doors = {
  mac: async () => Buffer.alloc(32),
  sessions: { find: async () => ({ kind: 'open', session }) },
  sealed: {
    seal: async (_account: string, _about: string, plain: Buffer) => plain,
    unseal: async (_account: string, _about: string, sealed: Buffer) => sealed,
  },
} as unknown as WebDoors

const made = makeCertificate()
const context = serverContext(made.certificate, made.key)
made.remove()
const opened: WebServer[] = []
after(() => Promise.all(opened.flatMap(({ https, http }) => [https.close(0), http.close(0)])))

/** A face with those doors; `monotonic` is its time for how many requests come. */
async function face(monotonic: () => number, times: NonNullable<WebServerOptions['times']> = {}): Promise<WebServer> {
  const server = await startWeb({
    at: { https: { host: '127.0.0.1', port: 0 }, http: { host: '127.0.0.1', port: 0 } },
    tlsContext: () => context,
    admit: () => null,
    netLimits,
    times,
    doors,
    helpdesk: 'helpdesk@cjsm.test',
    strictTransport: false,
    clock: { now: () => Date.now(), monotonic },
    log: newLog('silent', {}),
    metrics: newMetrics({ process: 'test' }),
  })
  opened.push(server)
  return server
}

/** Time enough passes between any two requests for each to be let in. */
function unhurried(): () => number {
  let nowMs = 0
  return () => (nowMs += 1000)
}

test('the sign-in form may have 4 MiB, and the form of a message 6 MiB; one octet more is 413', async () => {
  const { app } = await face(unhurried())
  const write = ['/write', `/write/${someId}`, `/mail/${someId}/7/answer/reply`]
  const forms = [{ url: '/sign-in', most: limits.maxSignInFormOctets, cookie: '' }].concat(
    write.map((url) => ({ url, most: limits.maxWriteFormOctets, cookie: '__Host-session=x' })),
  )
  for (const { url, most, cookie } of forms) {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', cookie }
    const statusOf = async (octets: number) =>
      (await app.inject({ method: 'POST', url, headers, payload: 'x'.repeat(octets) })).statusCode
    assert.equal(await statusOf(most), 403, `${url}: it was read, and has no token`)
    assert.equal(await statusOf(most + 1), 413, url)
  }
})

test('a visitor who has used up what comes at once gains so many requests a second, and not one more', async () => {
  let nowMs = 0
  const { app } = await face(() => nowMs)
  const taken = async (most: number) => {
    for (let count = 0; ; count++) if (count > most || (await app.inject({ url: '/nowhere' })).statusCode === 429) return count
  }
  assert.equal(await taken(limits.requestsAtOnce), limits.requestsAtOnce)
  nowMs += 1000
  assert.equal(await taken(limits.requestsPerSecond), limits.requestsPerSecond)
})

test('a request whose body does not come is answered 408, and its connection closes', async () => {
  const { https } = await face(unhurried(), { headerMs: 100, requestMs: 400, lookMs: 50 })
  const socket = connectTls({ host: '127.0.0.1', port: https.port, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const began = performance.now()
  const form = 'content-type: application/x-www-form-urlencoded\r\ncontent-length: 10'
  socket.write(`POST /sign-in HTTP/1.1\r\nhost: x\r\n${form}\r\n\r\nuser`)
  const [octets] = await once(socket, 'data', { signal: AbortSignal.timeout(10_000) })
  assert.match(octets.toString('latin1'), /^HTTP\/1\.1 408 /)
  assert.ok(performance.now() - began >= 390, 'its time is that of requests, and not of headers')
  await once(socket, 'close', { signal: AbortSignal.timeout(10_000) })
})

test('a connection takes a further request while it is kept, and closes when it was idle for longer', async () => {
  const { https } = await face(unhurried(), { keepAliveMs: 300 })
  const socket = connectTls({ host: '127.0.0.1', port: https.port, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  for (let n = 0; n < 2; n++) {
    socket.write('HEAD /nowhere HTTP/1.1\r\nhost: x\r\n\r\n')
    const [octets] = await once(socket, 'data', { signal: AbortSignal.timeout(10_000) })
    assert.match(octets.toString('latin1'), /^HTTP\/1\.1 404 /)
  }
  const began = performance.now()
  socket.resume()
  await once(socket, 'close', { signal: AbortSignal.timeout(10_000) })
  assert.ok(performance.now() - began >= 290)
})

test('a connection closes behind its thousandth request, and the next comes on another', async () => {
  const { https } = await face(unhurried())
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let kept: string | undefined
  const connection = async () => {
    const at = { host: '127.0.0.1', port: https.port, path: '/nowhere', rejectUnauthorized: false }
    const [response] = await once(request({ ...at, agent }).end(), 'response')
    await once(response.resume(), 'end')
    kept ??= response.headers['keep-alive']
    return response.headers.connection
  }
  for (let n = 1; n < limits.requestsPerConnection; n++) assert.equal(await connection(), 'keep-alive', `request ${n}`)
  assert.equal(await connection(), 'close')
  assert.equal(await connection(), 'keep-alive')
  assert.equal(kept, `timeout=${limits.keepAliveMs / 1000}, max=${limits.requestsPerConnection}`, 'as browsers are told')
  agent.destroy()
})

test('a stream of events says that it is there every 30 s, and not before', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const app = Fastify()
  const parts = { lobby: { closing: new AbortController().signal } } as ReplyParts
  let hear: Parameters<Events['open']>[0] = assert.fail
  const open: Events['open'] = (heard) => {
    hear = heard
    return { close: () => {} }
  }
  app.get('/', (asked, reply) => sendAnswer(parts, asked, reply, null, { kind: 'events', open }))
  const stream = (await app.inject({ url: '/', payloadAsStream: true })).stream()
  t.mock.timers.tick(limits.eventStreamMs - 1)
  hear('changed', '1')
  t.mock.timers.tick(1)
  hear('changed', '2')
  t.mock.timers.tick(limits.eventStreamMs)
  hear('end', '')
  const [here, said] = [': still here\n\n', (n: number) => `event: changed\ndata: ${n}\n\n`]
  assert.equal(await text(stream), `retry: 5000\n\n${said(1)}${here}${said(2)}${here}`)
})

test('999 unseen messages are counted; of one more it is said that there are more', async () => {
  const shown = async (unseen: number) => {
    const mailboxes = {
      mailboxes: async () => [{ id: someId, name: 'INBOX', specialUse: null }],
      counts: async (_who: Reader, most: number) => new Map([[someId, { messages: unseen, unseen: Math.min(unseen, most) }]]),
    }
    return (await folderList({ mailboxes } as unknown as WebDoors, {} as Reader, null))[0]!.unseen
  }
  assert.deepEqual(await Promise.all([0, limits.unseenCounted, limits.unseenCounted + 1, 5000].map(shown)), [
    '',
    '999',
    '999+',
    '999+',
  ])
})

/** Somebody signed in, whose browser holds these cookies. */
async function presence(cookie = ''): Promise<Presence> {
  const made = new Presence(doors, { headers: { cookie: `__Host-session=x; ${cookie}` } } as FastifyRequest)
  await made.read(true)
  return made
}

test('a notice of 2,800 octets is kept for the next page; one of an octet more is left out', async () => {
  const around = JSON.stringify({ notice: { text: '' }, untilMs: limits.noticeMs }).length
  const kept = async (octets: number) => {
    const asked = await presence()
    await asked.keepNotice({ text: 'x'.repeat(octets - around) }, 0)
    return asked.setCookies.length
  }
  assert.equal(await kept(limits.maxNoticeOctets), 1)
  assert.equal(await kept(limits.maxNoticeOctets + 1), 0)
})

test('a notice is shown for two minutes, and then no longer', async () => {
  const asked = await presence()
  await asked.keepNotice({ text: 'The folder was made' }, 0)
  const [cookie] = asked.setCookies
  assert.match(cookie!, new RegExp(`; Max-Age=${limits.noticeMs / 1000}$`))
  const shownAt = async (nowMs: number) => (await presence(cookie!.split(';')[0])).takeNotice(nowMs)
  assert.deepEqual(await shownAt(limits.noticeMs - 1), { text: 'The folder was made' })
  assert.equal(await shownAt(limits.noticeMs), null)
})

test('a receipt is looked for until its wait is over: one that comes, and is cosigned, by then is handed out, for a later one a page says so', async () => {
  const waits = { waitMs: 20, pollMs: 5 }
  const answer = async (comesAt: number, cosignedAt = 0, more = {}) => {
    let looks = 0
    const receipt = async () =>
      ++looks < comesAt ? 'The record is not in the signed tree yet: ask again in a second.' : { version: 1 }
    const writing = {
      drafts: { sent: async () => ({ draft: someId, receipt: someId }) },
      outcomes: { receipt, isCosigned: () => looks >= cosignedAt },
    }
    const visit = { params: { draft: someId }, query: new URLSearchParams({ recipient: 'a@b.example', ...more }) } as unknown
    const began = performance.now()
    const { kind } = await receiptFile({ writing } as unknown as WebDoors, waits)(visit as PersonVisit)
    return { kind, looks, waited: performance.now() - began >= (looks - 1) * (waits.pollMs - 1) }
  }
  const most = 1 + waits.waitMs / waits.pollMs
  assert.deepEqual(await answer(1), { kind: 'file', looks: 1, waited: true })
  assert.deepEqual(await answer(most), { kind: 'file', looks: most, waited: true })
  assert.deepEqual(await answer(most + 1), { kind: 'page', looks: most, waited: true })
  assert.deepEqual(await answer(1, most), { kind: 'file', looks: most, waited: true }, 'cosigned in time')
  assert.deepEqual(await answer(1, most + 1), { kind: 'page', looks: most, waited: true }, 'not cosigned in time')
  assert.deepEqual(
    await answer(1, most + 1, { uncosigned: 'yes' }),
    { kind: 'file', looks: 1, waited: true },
    'asked for as it is',
  )
})
