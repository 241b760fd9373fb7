// Connections over real sockets: reading by lines and pieces, back-pressure, peers that dribble or do not read.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { ConnectionLost, Draining, LineTooLong, TimedOut } from '#net/connection.ts'
import { netLimits } from '#net/limits.ts'
import { DialogueClient } from '#test/support/dialogue.ts'
import { echo, line, open } from '#test/support/listening.ts'

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
  const listener = await open(async (connection) => {
    await connection.closed
    outcome.resolve(await connection.write('x').catch((fault: unknown) => fault))
  })
  const client = await DialogueClient.connect(listener.port)
  client.destroy()
  // A peer's half-close leaves the writer; the listener's own end() is what closes, so provoke it by closing the door.
  await listener.close(0)
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

test('the names of what reading throws tell one from another', () => {
  assert.deepEqual([new LineTooLong().name, new TimedOut().name, new Draining().name], ['LineTooLong', 'TimedOut', 'Draining'])
})
