// The limits of every TCP face, each with its default; tests pass shorter ones. Counts are per process: each worker keeps its own.

export interface NetLimits {
  /** Open connections in all, on one listener. */
  readonly connections: number
  /** Open connections from one network: an IPv4 address, or an IPv6 /64. */
  readonly connectionsPerNetwork: number
  /** Connections that one network may open at once, and how many a second it gains; one that signs in is not counted. */
  readonly arrivalsPerNetwork: number
  readonly arrivalsPerSecond: number
  /** TLS handshakes under way, in all and from one network: half-open ones cost a timer and a socket. */
  readonly handshakes: number
  readonly handshakesPerNetwork: number
  readonly handshakeMs: number
  /** How long a peer may leave written octets unread before it is cut off. */
  readonly writeMs: number
  /** How long, and for how many octets, a closed connection still reads, so that the last reply is not lost in a reset. */
  readonly lingerMs: number
  readonly lingerOctets: number
  /** Unread octets at which the socket is paused; at most one read of the kernel's (64 KiB) comes on top. */
  readonly readAheadOctets: number
  /**
   * What a peer sends costs by the piece, however small: so many pieces are free, each second brings some more, and so do octets.
   * One octet a packet ends here; a line a packet does not.
   */
  readonly smallPieces: number
  readonly smallPiecesPerSecond: number
  readonly octetsPerPiece: number
}

export const netLimits: NetLimits = {
  connections: 5000,
  connectionsPerNetwork: 500,
  arrivalsPerNetwork: 500,
  arrivalsPerSecond: 50,
  handshakes: 400,
  handshakesPerNetwork: 50,
  handshakeMs: 15_000,
  writeMs: 300_000,
  lingerMs: 2000,
  lingerOctets: 1_048_576,
  readAheadOctets: 16_384,
  smallPieces: 20_000,
  smallPiecesPerSecond: 100,
  octetsPerPiece: 64,
}

/** The limits where a process with so many listeners may have only so many descriptors: a quarter of them is for files and the database. */
export function netLimitsWithin(descriptors: number, listeners: number): NetLimits {
  return { ...netLimits, connections: Math.min(netLimits.connections, Math.floor((descriptors * 0.75) / listeners)) }
}

/** Networks whose arrivals are remembered; beyond them the ones that came first are forgotten. */
export const maxNetworksRemembered = 10_000

/** Connections that the kernel holds for us until they are accepted. */
export const listenBacklog = 1024

/** RFC 4616 §2: each part of a PLAIN message; what people and devices have is shorter. */
export const maxCredentialOctets = 255

/** RFC 4954 §4: a base64 line of an authentication exchange, with its CRLF. */
export const maxSaslLineOctets = 12_288
