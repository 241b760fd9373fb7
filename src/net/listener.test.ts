// Connections and listeners over real sockets: reading, back-pressure, TLS, limits, admission, draining.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, test } from 'node:test'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { refused } from '#base/faults.ts'
import { newLog } from '#base/log.ts'
import { newMetrics } from '#base/metrics.ts'
import { ConnectionLost, Draining, LineTooLong, TimedOut, type Connection } from '#net/connection.ts'
import { netLimits, type NetLimits } from '#net/limits.ts'
import { listen, type Listener, type ListenOptions } from '#net/listener.ts'
import { serverContext } from '#net/tls.ts'
import { makeCertificate } from '#test/support/certificate.ts'
import { DialogueClient } from '#test/support/dialogue.ts'

const files = makeCertificate()
const context = serverContext(files.certificate, files.key)
const log = newLog('silent', {})
const outsideUk = refused('T21', 'connection-is-from-outside', 'Seen: 192.0.2.1', 'Connect from the UK')
const opened: Listener[] = []
after(async () => {
  await Promise.all(opened.map((listener) => listener.close(0)))
  files.remove()
})

type Extra = Partial<Omit<ListenOptions, 'limits'>> & { limits?: Partial<NetLimits> }

async function open(serve: (connection: Connection) => Promise<void>, { limits, ...extra }: Extra = {}): Promise<Listener> {
  const listener = await listen({
    at: { host: '127.0.0.1', port: 0 },
    tls: 'none',
    tlsContext: () => context,
    admit: () => null,
    greetRefusal: (refusal) => `no ${refusal.clause}\r\n`,
    serve,
    limits: { ...netLimits, ...limits },
    log,
    metrics: newMetrics({}),
    ...extra,
  })
  opened.push(listener)
  return listener
}

const line = { maxOctets: 64, timeoutMs: 20_000 }

/** Answers each line with its length and end, or with the name of what reading threw. */
async function echo(connection: Connection): Promise<void> {
  for (;;) {
    const octets = await connection.readLine(line).catch((fault: Error) => fault)
    if (octets === null) return
    await connection.write(octets instanceof Error ? `${octets.name}\r\n` : `${octets.length} ${octets.toString()}\r\n`)
    if (octets instanceof Draining || octets instanceof TimedOut) return
  }
}

test('a line at the limit is read, one past it is thrown away to its end, and the next is whole', async () => {
  const client = await DialogueClient.connect((await open(echo)).port)
  client.send(`${'a'.repeat(62)}\r\n${'b'.repeat(63)}\r\nnext\r\n${'c'.repeat(200_000)}\r\nlast\r\n`)
  assert.equal(await client.nextLine(), `62 ${'a'.repeat(62)}`)
  assert.equal(await client.nextLine(), 'LineTooLong')
  assert.equal(await client.nextLine(), '4 next')
  assert.equal(await client.nextLine(), 'LineTooLong')
  assert.equal(await client.nextLine(), '4 last')
  client.send('half a line')
  client.endWriting()
  assert.equal(await client.nextLine(), null)
})

test('a line that dribbles in is measured as a whole', async () => {
  const times: number[] = []
  const { port } = await open(async (connection) => {
    const started = performance.now()
    await assert.rejects(connection.readLine({ maxOctets: 64, timeoutMs: 150 }), TimedOut)
    times.push(performance.now() - started)
    await connection.write('late\r\n')
  })
  const client = await DialogueClient.connect(port)
  const dribble = setInterval(() => client.send('x'), 20)
  assert.equal(await client.nextLine(), 'late')
  clearInterval(dribble)
  assert.ok(times[0]! >= 140)
})

test('what is read in pieces and put back is read again', async () => {
  const { port } = await open(async (connection) => {
    const some = await connection.readSome({ maxOctets: 3, timeoutMs: 20_000 })
    connection.unread(some!)
    await connection.write(`${await connection.readLine(line)}\r\n`)
    assert.equal(await connection.readSome({ maxOctets: 3, timeoutMs: 20_000 }), null)
    await connection.write('end\r\n')
  })
  const client = await DialogueClient.connect(port)
  client.send('abcdef\r\n')
  assert.equal(await client.nextLine(), 'abcdef')
  client.endWriting()
  assert.equal(await client.nextLine(), 'end')
})

test('a peer that sends faster than it is read fills little: the socket is paused', async () => {
  let most = 0
  const { port } = await open(async (connection) => {
    await connection.readLine(line)
    for (let turn = 0; turn < 200; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      most = Math.max(most, connection.bufferedOctets)
    }
    let total = 0
    while (total < 8_000_000) total += (await connection.readSome({ maxOctets: 65_536, timeoutMs: 20_000 }))!.length
    await connection.write(`${total}\r\n`)
  })
  const client = await DialogueClient.connect(port)
  client.send('go\r\n')
  client.send(Buffer.alloc(8_000_000, 'x'))
  assert.equal(await client.nextLine(), '8000000')
  assert.ok(most > 0 && most <= netLimits.readAheadOctets + 65_536, `${most} octets were buffered`)
})

test('a peer that does not read holds up the writer, and is cut off at the time limit', async () => {
  const outcome = Promise.withResolvers<unknown>()
  const { port } = await open(
    async (connection) => {
      const block = Buffer.alloc(1_048_576)
      for (;;) {
        const fault = await connection.write(block).catch((reason: unknown) => reason)
        if (fault !== undefined) return outcome.resolve(fault)
      }
    },
    { limits: { writeMs: 100 } },
  )
  const deaf = connect({ port, host: '127.0.0.1' }).pause()
  deaf.on('error', () => {})
  assert.ok((await outcome.promise) instanceof TimedOut)
  deaf.destroy()
})

test('writing to a peer that is gone is told to the writer', async () => {
  const outcome = Promise.withResolvers<unknown>()
  const { port } = await open(async (connection) => {
    await connection.closed
    outcome.resolve(await connection.write('x').catch((fault: unknown) => fault))
  })
  const client = await DialogueClient.connect(port)
  client.destroy()
  // A peer's half-close leaves the writer; the listener's own end() is what closes, so provoke it by closing the door.
  await opened.at(-1)!.close(0)
  assert.ok((await outcome.promise) instanceof ConnectionLost)
})

test('replies of one turn go out together', async () => {
  const { port } = await open(echo)
  const client = connect({ port, host: '127.0.0.1' })
  const packets: string[] = []
  client.on('data', (octets) => packets.push(octets.toString()))
  client.write('one\r\ntwo\r\nthree\r\n')
  client.end()
  await new Promise((resolve) => client.once('close', resolve))
  assert.deepEqual(packets, ['3 one\r\n3 two\r\n5 three\r\n'])
})

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

test('what comes in very small pieces ends after so many; time and octets bring some back', async () => {
  const { port } = await open(
    async (connection) => {
      let octets = 0
      for (;;) {
        const some = await connection.readSome({ maxOctets: 65_536, timeoutMs: 20_000 }).catch((fault: Error) => fault)
        if (some === null || some instanceof Error) return connection.write(`${octets} ${some?.name}\r\n`)
        octets += some.length
        await connection.write('.')
      }
    },
    { limits: { smallPieces: 10, smallPiecesPerSecond: 0, octetsPerPiece: 64 } },
  )
  const sendAll = async (pieces: readonly number[]) => {
    const client = await DialogueClient.connect(port)
    // One at a time, each heard before the next: the kernel would join them.
    for (const octets of pieces) {
      client.send(Buffer.alloc(octets, 'x'))
      await Promise.race([client.nextOctets(1), new Promise((resolve) => setTimeout(resolve, 2_000))])
    }
    client.endWriting()
    const last = await client.nextLine()
    client.destroy()
    return last
  }
  assert.equal(await sendAll(Array.from({ length: 10 }, () => 1)), '10 undefined')
  assert.equal(await sendAll(Array.from({ length: 100 }, () => 64)), '6400 undefined')
  assert.match((await sendAll(Array.from({ length: 11 }, () => 1)))!, /TooMany$/)
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

test('the names of what reading throws tell one from another', () => {
  assert.deepEqual([new LineTooLong().name, new TimedOut().name, new Draining().name], ['LineTooLong', 'TimedOut', 'Draining'])
})

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
