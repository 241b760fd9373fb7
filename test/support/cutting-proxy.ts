// A proxy that loses acknowledgements: it passes octets on, and on demand cuts a connection when the server's next octets come, which the client never sees.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface CuttingProxy {
  readonly port: number
  /** The next octets that the server sends to the client with that port of its own are thrown away, and both connections cut. */
  cutNextReply(clientPort: number): void
  /** How many connections were cut so. */
  readonly cuts: number
  close(): Promise<void>
}

/** Listens on a free port of the loopback and passes on to `target`. */
export async function startCuttingProxy(target: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>()
  const marked = new Set<number>()
  let cuts = 0
  const server = createServer((client) => {
    const clientPort = client.remotePort!
    const upstream = connect({ host: '127.0.0.1', port: target })
    const cut = () => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', cut)
      socket.on('close', () => {
        sockets.delete(socket)
        marked.delete(clientPort) // the port may be another connection's next
        cut()
      })
    }
    client.on('data', (octets) => upstream.write(octets))
    upstream.on('data', (octets) => {
      if (marked.delete(clientPort)) {
        cuts++
        cut()
      } else client.write(octets)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    cutNextReply: (clientPort) => void marked.add(clientPort),
    get cuts() {
      return cuts
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
