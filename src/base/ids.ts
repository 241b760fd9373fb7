// Identifiers: UUIDv7 (RFC 9562 §5.7) for rows, so that they sort by time; UUIDv4 where time must not show.
import { randomFillSync, randomUUID } from 'node:crypto'

const mostInMs = 0xfff
const pool = Buffer.alloc(4096)
let used = pool.length

/** Random octets from a refilled pool: one system call for many small draws. */
function draw(count: number): Buffer {
  if (used + count > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const octets = Buffer.from(pool.subarray(used, used + count))
  pool.fill(0, used, used + count)
  used += count
  return octets
}

/** A new UUIDv7 in its text form, for the given wall time in milliseconds. */
export function newId(atMs: number): string {
  const octets = Buffer.alloc(16)
  octets.writeUIntBE(atMs, 0, 6)
  draw(10).copy(octets, 6)
  octets[6] = 0x70 | (octets[6]! & 0x0f)
  octets[8] = 0x80 | (octets[8]! & 0x3f)
  return idText(octets)
}

/** A series of UUIDv7s, each above the one before, whatever the clock does; within a millisecond, and while the clock is behind, they count on (RFC 9562 §6.2). */
export function newIdSeries(): (atMs: number) => string {
  let lastMs = 0
  let counter = 0
  return (atMs) => {
    if (atMs > lastMs) {
      lastMs = atMs
      counter = 0
    } else if (counter < mostInMs) counter++
    else {
      lastMs++
      counter = 0
    }
    const octets = idOctets(newId(lastMs))
    octets.writeUInt16BE(0x7000 | counter, 6)
    return idText(octets)
  }
}

/** A random UUIDv4: says nothing of when it was made. */
export function randomId(): string {
  return randomUUID()
}

/** Fresh random octets, for salts, nonces and keys. */
export function randomOctets(count: number): Buffer {
  return draw(count)
}

/** The text form of 16 octets. */
export function idText(octets: Buffer): string {
  const hex = octets.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** The 16 octets of an id's text form. */
export function idOctets(id: string): Buffer {
  return Buffer.from(id.replaceAll('-', ''), 'hex')
}
