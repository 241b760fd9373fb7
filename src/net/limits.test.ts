// Limits of a connection’s end, at their value and one past it. docs/limits.md
import assert from 'node:assert/strict'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { Connection } from '#net/connection.ts'
import { netLimits } from '#net/limits.ts'

const sockets: Socket[] = []
const waiting: ((socket: Socket) => void)[] = []
const server = createServer({ allowHalfOpen: true }, (socket) => waiting.shift()!(socket))
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
after(() => {
  for (const socket of sockets) socket.destroy()
  server.close()
})

/** A connection that is ending, with these limits; its peer goes on. */
async function ending(limits: Partial<typeof netLimits>): Promise<{ peer: Socket; ended: Promise<void> }> {
  const accepted = new Promise<Socket>((resolve) => waiting.push(resolve))
  const peer = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true })
  peer.on('error', () => {})
  peer.resume()
  const connection = new Connection(await accepted, { ...netLimits, ...limits })
  sockets.push(peer)
  await connection.write('bye\r\n')
  return { peer, ended: connection.end() }
}

const settled = (promise: Promise<void>, withinMs: number) =>
  Promise.race([promise.then(() => true), new Promise<boolean>((resolve) => setTimeout(() => resolve(false), withinMs).unref())])

test('a closed connection whose peer stays is ended after its time, and not before', async () => {
  const beganMs = performance.now()
  const { ended } = await ending({ lingerMs: 300 })
  await ended
  const tookMs = performance.now() - beganMs
  assert.ok(tookMs >= 290 && tookMs < 10_000, `${tookMs} ms`)
})

test('a closed connection is read for so many octets, so that the peer hears the last reply, and is ended by one more', async () => {
  const lingerOctets = 10_000
  const { peer, ended } = await ending({ lingerMs: 60_000, lingerOctets })
  await new Promise<void>((resolve) => peer.write(Buffer.alloc(lingerOctets), () => resolve()))
  assert.equal(await settled(ended, 200), false)
  peer.write('x')
  assert.equal(await settled(ended, 10_000), true)
})
