// The spam engines' protocols, over a socket and a port of loopback: what is asked, what counts as spam, and what is no answer. T23
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openSpamEngine } from '#delivery/spam-engine.ts'

const folder = mkdtempSync(join(tmpdir(), 'cjsm-spam-'))
const servers: Server[] = []
const sockets = new Set<Socket>()
after(() => {
  for (const socket of sockets) socket.destroy()
  for (const server of servers) server.close()
  rmSync(folder, { recursive: true })
})
const message = Buffer.from('Subject: x\r\n\r\ntext\r\n')

/** A spamd that answers each request, once all of it came, with that; null for never. */
async function spamdThatSays(answer: string | null, heard: string[] = []): Promise<string> {
  const path = join(folder, `${servers.length}.sock`)
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    let said = ''
    socket.on('error', () => {})
    socket.on('data', (octets) => {
      said += octets.toString('latin1')
    })
    socket.on('end', () => {
      heard.push(said)
      if (answer !== null) socket.end(answer)
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return path
}

/** An rspamd at a port of loopback. */
async function rspamdThatSays(status: number, answer: string, heard: string[] = []): Promise<string> {
  const server = createHttpServer(async (request, reply) => {
    let body = ''
    for await (const octets of request) body += (octets as Buffer).toString('latin1')
    heard.push(`${request.method} ${request.url} ${body}`)
    reply.writeHead(status).end(answer)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

for (const [answer, isSpam] of [
  ['SPAMD/1.1 0 EX_OK\r\nSpam: True ; 1004.2 / 5.0\r\n\r\n', true],
  ['SPAMD/1.1 0 EX_OK\r\nContent-length: 0\r\nSpam: False ; 4.9 / 5.0\r\n\r\n', false],
] as const) {
  test(`spamd’s ${isSpam ? 'True' : 'False'} is ${isSpam ? '' : 'no '}spam, and it is given the whole message (T23)`, async () => {
    const heard: string[] = []
    const engine = openSpamEngine('spamassassin', await spamdThatSays(answer, heard), 5_000)
    assert.equal(await engine.readsAsSpam(message), isSpam)
    assert.deepEqual(heard, [`CHECK SPAMC/1.5\r\nContent-length: ${message.length}\r\n\r\n${message}`])
  })
}

for (const [action, isSpam] of [
  ['reject', true],
  ['add header', true],
  ['rewrite subject', true],
  ['greylist', false],
  ['no action', false],
] as const) {
  test(`rspamd’s action “${action}” is ${isSpam ? '' : 'no '}spam (T23)`, async () => {
    const heard: string[] = []
    const engine = openSpamEngine('rspamd', await rspamdThatSays(200, JSON.stringify({ action, score: 7 }), heard), 5_000)
    assert.equal(await engine.readsAsSpam(message), isSpam)
    assert.deepEqual(heard, [`POST /checkv2 ${message}`])
  })
}

test('an engine that is away, silent, or answers nothing that can be read gives no score (T23)', async () => {
  const bad = [
    'SPAMD/1.1 76 Bad header line\r\n\r\n',
    'SPAMD/1.1 0 EX_OK\r\n\r\n',
    'HTTP/1.1 200 OK\r\n\r\nSpam: True ; 9 / 5',
    '',
    `SPAMD/1.1 0 EX_OK\r\n${'x'.repeat(400_000)}\r\nSpam: True ; 9 / 5\r\n\r\n`,
  ]
  for (const answer of bad)
    await assert.rejects(openSpamEngine('spamassassin', await spamdThatSays(answer), 5_000).readsAsSpam(message), answer)
  await assert.rejects(openSpamEngine('spamassassin', await spamdThatSays(null), 50).readsAsSpam(message), /in time/)
  await assert.rejects(openSpamEngine('spamassassin', join(folder, 'nobody'), 5_000).readsAsSpam(message))
  for (const [status, answer] of [
    [200, 'not JSON'],
    [200, 'null'],
    [200, '{"action":7}'],
    [500, '{"action":"reject"}'],
    [200, `{"action":"reject","x":"${'x'.repeat(400_000)}"}`],
  ] as const)
    await assert.rejects(openSpamEngine('rspamd', await rspamdThatSays(status, answer), 5_000).readsAsSpam(message), answer)
})

test('whether an engine is there is asked in its own protocol (T23)', async () => {
  const there = (kind: 'spamassassin' | 'rspamd', address: string) => openSpamEngine(kind, address, 5_000).isThere()
  assert.equal(await there('spamassassin', await spamdThatSays('SPAMD/1.5 0 PONG\r\n')), true)
  assert.equal(await there('spamassassin', await spamdThatSays('220 mail.example ESMTP\r\n')), false)
  assert.equal(await there('spamassassin', join(folder, 'nobody')), false)
  assert.equal(await there('rspamd', await rspamdThatSays(200, 'pong\r\n')), true)
  assert.equal(await there('rspamd', await rspamdThatSays(404, '')), false)
})
