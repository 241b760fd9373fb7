// What the server knows of a connection and the application asks: whether it may be here (T21), and whether the service is closing.
import type { Socket } from 'node:net'
import type { Refused } from '#base/faults.ts'

export interface Lobby {
  /** Why the peer of a connection is not let in, or null. */
  refusalOf(socket: Socket): Refused | null
  /** The peer signed in: its network is not held to account for the connection. */
  signedIn(socket: Socket): void
  /** Aborted when the service closes: streams end. */
  readonly closing: AbortSignal
}
