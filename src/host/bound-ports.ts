// The ports of the faces: bound once by the supervisor, while it may, and inherited by every worker. They stay while a worker starts again: who calls then waits instead of being refused.
import { lookup } from 'node:dns/promises'
import net, { isIPv6 } from 'node:net'

/** Descriptors that Node passes on as they are stand behind standard input, output, error and the IPC channel. */
const firstInherited = 4

export interface BoundPorts {
  /** In the order of the ports. */
  readonly descriptors: readonly number[]
  /** Gives them up; workers that have them keep them open. */
  close(): void
}

/** A bound socket as Node's own net module keeps it. Its public API has none that is bound and does not accept. */
interface Handle {
  readonly fd: number
  getsockname(found: { port?: number }): number
  close(): void
}
const { _createServerHandle: createHandle } = net as unknown as {
  _createServerHandle(address: string, port: number, addressType: 4 | 6): Handle | number
}

/** Binds them all at `host`; throws when one cannot be had. Nothing is accepted before a worker listens. */
export async function bindPorts(host: string, ports: readonly number[]): Promise<BoundPorts> {
  const { address } = await lookup(host)
  const bound: Handle[] = []
  const close = () => {
    for (const handle of bound) handle.close()
  }
  for (const port of ports) {
    const handle = createHandle(address, port, isIPv6(address) ? 6 : 4)
    const found: { port?: number } = {}
    if (typeof handle === 'object') bound.push(handle)
    // A port that another program has is told of only by whoever listens: until then the socket has none.
    if (typeof handle === 'number' || handle.getsockname(found) !== 0 || found.port !== port) {
      close()
      throw new Error(`Port ${port} cannot be had on ${host}.`)
    }
  }
  return { descriptors: bound.map(({ fd }) => fd), close }
}

/** What a worker listens on in place of a host and a port: the socket that it inherited for the port at this place of the order. */
export function inheritedPort(place: number): { readonly fd: number } {
  return { fd: firstInherited + place }
}
