// Listeners over real sockets: TLS, limits, admission, draining.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Connection } from '#net/connection.ts'
import { DialogueClient } from '#test/support/dialogue.ts'
import { context, echo, line, open, outsideUk } from '#test/support/listening.ts'

function firstText(socket: TLSSocket): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('closed')))
    socket.once('data', (octets: Buffer) => {
      resolve(octets.toString())
      socket.end()
    })
  })
}

test('TLS comes first on an implicit-TLS port, with TLS 1.2 or 1.3', async () => {
  const { port } = await open(async (connection) => connection.write(`${connection.secure} ${connection.tlsProtocol}\r\n`), {
    tls: 'implicit',
  })
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, minVersion: version, maxVersion: version })
    assert.equal(await firstText(socket), `true ${version}\r\n`)
  }
})

test('TLS 1.1 and plain text get nothing from an implicit-TLS port (T14)', async () => {
  const { port } = await open(async (connection) => connection.write('hello\r\n'), { tls: 'implicit' })
  const old = connectTls({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    minVersion: 'TLSv1.1',
    maxVersion: 'TLSv1.1',
    ciphers: 'ALL@SECLEVEL=0',
  })
  await assert.rejects(firstText(old))
  const plain = await DialogueClient.connect(port)
  plain.send('EHLO me\r\n')
  const answer = await plain.nextLine()
  assert.ok(answer === null || !answer.includes('hello'))
  plain.destroy()
})

test('what was sent before TLS is thrown away when it begins (RFC 3207 §5, CVE-2011-0411)', async () => {
  const { port } = await open(async (connection) => {
    assert.equal((await connection.readLine(line))?.toString(), 'STARTTLS')
    assert.equal(connection.secure, false)
    await connection.startTls(context, 'go\r\n')
    await echo(connection)
  })
  const client = await DialogueClient.connect(port)
  client.send('STARTTLS\r\ninjected\r\n')
  assert.equal(await client.nextLine(), 'go')
  await client.startTls()
  client.send('after\r\n')
  assert.equal(await client.nextLine(), '5 after')
  client.endWriting()
  assert.equal(await client.nextLine(), null)
})

test('a half-open handshake is ended at its time limit, and handshakes from one network are limited', async () => {
  const { port } = await open(echo, { tls: 'implicit', limits: { handshakeMs: 200, handshakesPerNetwork: 1 } })
  const first = await DialogueClient.connect(port)
  const second = await DialogueClient.connect(port)
  assert.equal(await second.nextLine(), null)
  assert.equal(await first.nextLine(), null)
  const third = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
  third.write('hello\r\n')
  assert.equal(await firstText(third), '5 hello\r\n')
})

test('a handshake by STARTTLS counts as one on the port of implicit TLS does, and 454 is what there is no room for (RFC 3207 §4)', async () => {
  const outcomes: string[] = []
  const { port } = await open(
    async (connection) => {
      await connection.readLine(line)
      const fault = await connection.startTls(context, 'go\r\n').catch((reason: Error) => reason)
      outcomes.push(fault?.name ?? 'done')
      await connection.write(`${fault?.name ?? 'done'}\r\n`).catch(() => {})
    },
    { limits: { handshakesPerNetwork: 1 } },
  )
  const first = await DialogueClient.connect(port)
  first.send('STARTTLS\r\n')
  assert.equal(await first.nextLine(), 'go')
  const second = await DialogueClient.connect(port)
  second.send('STARTTLS\r\n')
  assert.equal(await second.nextLine(), 'TooMany')
  await first.startTls()
  assert.equal(await first.nextLine(), 'done')
  const third = await DialogueClient.connect(port)
  third.send('STARTTLS\r\n')
  assert.equal(await third.nextLine(), 'go')
  third.destroy()
})

test('a network that only knocks is turned away for a while; one that signs in is not held to account', async () => {
  const serve = async (connection: Connection) => {
    const said = await connection.readLine(line)
    if (said?.toString() === 'sign in') connection.signedIn()
    await connection.write('hello\r\n')
  }
  const { port } = await open(serve, { greetTooMany: 'too many\r\n', limits: { arrivalsPerNetwork: 3, arrivalsPerSecond: 0 } })
  const visit = async (said: string) => {
    const client = await DialogueClient.connect(port)
    client.send(`${said}\r\n`)
    const answer = await client.nextLine()
    client.destroy()
    return answer
  }
  for (let n = 0; n < 6; n += 1) assert.equal(await visit('sign in'), 'hello')
  for (let n = 0; n < 3; n += 1) assert.equal(await visit('knock'), 'hello')
  assert.equal(await visit('sign in'), 'too many')
})

test('one connection too many is told so in plain text, and has room again when another ends', async () => {
  const { port } = await open(echo, { greetTooMany: 'too many\r\n', limits: { connectionsPerNetwork: 1 } })
  const first = await DialogueClient.connect(port)
  first.send('hello\r\n')
  assert.equal(await first.nextLine(), '5 hello')
  const second = await DialogueClient.connect(port)
  assert.equal(await second.nextLine(), 'too many')
  assert.equal(await second.nextLine(), null)
  first.endWriting()
  assert.equal(await first.nextLine(), null)
  first.destroy()
  const third = await DialogueClient.connect(port)
  third.send('again\r\n')
  assert.equal(await third.nextLine(), '5 again')
})

test('one that is not admitted sees why, after TLS on an implicit-TLS port (T21)', async () => {
  const serve = () => assert.fail('it was served')
  const plain = await DialogueClient.connect((await open(serve, { admit: () => outsideUk })).port)
  assert.equal(await plain.nextLine(), 'no T21')
  assert.equal(await plain.nextLine(), null)
  const secured = await open(serve, { admit: (address) => (address === '127.0.0.1' ? outsideUk : null), tls: 'implicit' })
  assert.equal(await firstText(connectTls({ port: secured.port, host: '127.0.0.1', rejectUnauthorized: false })), 'no T21\r\n')
})

test('a closing listener lets connections end, tells those that wait for a line, and destroys the rest', async () => {
  const listener = await open(async (connection) => {
    const first = await connection.readLine(line)
    if (first?.toString() === 'hang') return connection.closed
    await echo(connection)
  })
  const polite = await DialogueClient.connect(listener.port)
  const hanging = await DialogueClient.connect(listener.port)
  polite.send('hello\r\nhello\r\n')
  hanging.send('hang\r\n')
  assert.equal(await polite.nextLine(), '5 hello')
  const closed = listener.close(300)
  assert.equal(await polite.nextLine(), 'Draining')
  assert.equal(await polite.nextLine(), null)
  polite.destroy()
  await closed
  assert.equal(await hanging.nextLine(), null)
  await assert.rejects(DialogueClient.connect(listener.port))
})

test('a fault in the face ends its connection and no other', async () => {
  const { port } = await open(async (connection) => {
    const first = await connection.readLine(line)
    if (first?.toString() === 'break') throw new Error('broken')
    await connection.write('fine\r\n')
  })
  const broken = await DialogueClient.connect(port)
  broken.send('break\r\n')
  assert.equal(await broken.nextLine(), null)
  const fine = await DialogueClient.connect(port)
  fine.send('x\r\n')
  assert.equal(await fine.nextLine(), 'fine')
})

test('a client that asks for one more handshake gets none, and its session ends (T14, CVE-2011-1473)', async () => {
  const { port } = await open(echo, { tls: 'implicit' })
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion: 'TLSv1.2' })
  await new Promise<void>((resolve) => socket.once('secureConnect', resolve))
  const outcome = await new Promise<string>((resolve) => {
    socket.once('error', (fault) => resolve(fault.message))
    socket.renegotiate({}, (fault) => resolve(fault === null ? 'another handshake' : fault.message))
  })
  assert.match(outcome, /no renegotiation/)
  socket.destroy()
})
