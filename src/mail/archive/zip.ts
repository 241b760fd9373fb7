// The entries of a zip file, read forwards (APPNOTE 6.3.10 §4.3): where an entry ends, its own octets tell, and not a size that may lie. Afterwards the
// directory, by which other programs find entries, must name just those that were read: one that overlaps is the way to a bomb.
import { BadCommand } from '#base/faults.ts'
import type { ArchiveEntry } from '#mail/archive/entry.ts'
import { expand } from '#mail/archive/expand.ts'
import { OctetReader } from '#mail/archive/octet-reader.ts'
import { expandedPieceOctets, maxArchiveEntries } from '#mail/limits.ts'

const signatures = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50, end64: 0x06064b50 } as const
const mark = Buffer.from('PK')
const descriptorMark = Buffer.from('PK\x07\x08', 'latin1')
const unknown32 = 0xffffffff
const slash = 0x2f
const stored = 0
const deflated = 8

interface LocalEntry {
  readonly method: number
  /** Of a stored entry: how many octets were taken for it. */
  packed: number
}

/** What was read on the way, for the comparison at the end. */
interface Seen {
  readonly entries: Map<number, LocalEntry>
  readonly named: { readonly offset: number; readonly method: number; readonly packed: number }[]
  readonly records: Set<number>
  readonly directories: number[]
}

/** The entries of the zip file that the reader holds; throws BadCommand where its directory tells of others. */
export async function* zipEntries(reader: OctetReader): AsyncGenerator<ArchiveEntry> {
  const seen: Seen = { entries: new Map(), named: [], records: new Set(), directories: [] }
  while (await findMark(reader)) {
    const signature = await reader.peek(4)
    switch (signature.length < 4 ? 0 : signature.readUInt32LE()) {
      case signatures.local:
        yield* localEntry(reader, seen)
        break
      case signatures.central:
        await readCentral(reader, seen)
        break
      case signatures.end:
        await readEnd(reader, seen, 22, (octets) => octets.readUInt32LE(16))
        break
      case signatures.end64:
        await readEnd(reader, seen, 56, (octets) => Number(octets.readBigUInt64LE(48)))
        break
      default:
        reader.drop(mark.length)
    }
  }
  compare(seen)
}

/** Goes to the next `PK`; what stands before it belongs to no entry. */
async function findMark(reader: OctetReader): Promise<boolean> {
  for (;;) {
    await reader.peek(mark.length)
    const piece = await reader.peekPiece(expandedPieceOctets)
    const found = piece.indexOf(mark)
    if (found >= 0) {
      reader.drop(found)
      return true
    }
    if (piece.length < mark.length) return false
    reader.drop(piece.length - 1)
  }
}

async function* localEntry(reader: OctetReader, seen: Seen): AsyncGenerator<ArchiveEntry> {
  const { at } = reader
  const fixed = await reader.take(30)
  if (fixed.length < 30) return
  const flags = fixed.readUInt16LE(6)
  const method = fixed.readUInt16LE(8)
  const name = await reader.take(fixed.readUInt16LE(26))
  const extra = await reader.take(fixed.readUInt16LE(28))
  const [, packed] = wide(extra, [fixed.readUInt32LE(22), fixed.readUInt32LE(18)])
  const entry = { method, packed: packed! }
  seen.entries.set(at, entry)
  const obstacle = (flags & 1) !== 0 ? 'encrypted' : method === stored || method === deflated ? null : 'unknown-method'
  // Some writers set the flag on folders too, and give those no descriptor.
  const endsByDescriptor = (flags & 8) !== 0 && packed === 0 && name.at(-1) !== slash
  const body = { octets: reader.within(packed!), close: () => {} }
  if (obstacle === null && method === stored && endsByDescriptor) body.octets = untilDescriptor(reader, entry)
  else if (obstacle === null && method !== stored) Object.assign(body, expand(method === deflated ? 'deflate' : 'zstd', reader))
  try {
    yield { name: name.toString(), obstacle, octets: body.octets }
    await body.octets.drain()
  } finally {
    body.close()
  }
}

/** Values of which those that are all ones stand in the field for long ones (§4.5.3), in this order. */
function wide(extra: Buffer, values: number[]): number[] {
  let field: Buffer | null = null
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) === 1) field ??= extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2))
  }
  let at = 0
  return values.map((value) => {
    if (value !== unknown32 || field === null || field.length < at + 8) return value
    at += 8
    return Number(field.readBigUInt64LE(at - 8))
  })
}

/** A stored entry of untold length: up to the descriptor that tells just the length that was read. Counts it in `entry`. */
function untilDescriptor(reader: OctetReader, entry: LocalEntry): OctetReader {
  entry.packed = 0
  const give = (octets: Buffer) => {
    reader.drop(octets.length)
    entry.packed += octets.length
    return octets
  }
  return new OctetReader(async () => {
    const head = await reader.peek(16)
    if (head.length === 0) return null
    if (head.length === 16 && head.indexOf(descriptorMark) === 0) {
      if (head.readUInt32LE(8) === entry.packed) return null
      return give(head.subarray(0, 1))
    }
    const piece = await reader.peekPiece(expandedPieceOctets)
    const found = piece.indexOf(descriptorMark, 1)
    // Its beginning may be the end of this piece.
    return give(piece.subarray(0, found > 0 ? found : Math.max(1, piece.length - 3)))
  })
}

async function readCentral(reader: OctetReader, seen: Seen): Promise<void> {
  seen.records.add(reader.at)
  const fixed = await reader.take(46)
  if (fixed.length < 46) return
  await reader.within(fixed.readUInt16LE(28)).drain()
  const extra = await reader.take(fixed.readUInt16LE(30))
  const [, packed, offset] = wide(extra, [fixed.readUInt32LE(24), fixed.readUInt32LE(20), fixed.readUInt32LE(42)])
  seen.named.push({ offset: offset!, packed: packed!, method: fixed.readUInt16LE(10) })
  if (seen.named.length > maxArchiveEntries) throw new BadCommand('A zip file has too many entries')
}

async function readEnd(reader: OctetReader, seen: Seen, length: number, directoryIn: (o: Buffer) => number): Promise<void> {
  const octets = await reader.take(length)
  if (octets.length === length && seen.directories.length <= maxArchiveEntries) seen.directories.push(directoryIn(octets))
}

/** What the directory names must be what was read, each entry once, so that no other reader finds more than we did. */
function compare({ entries, named, records, directories }: Seen): void {
  for (const { offset, method, packed } of named) {
    const entry = entries.get(offset)
    const isSame = entry?.method === method && (method !== stored || entry.packed === packed)
    if (!isSame) throw new BadCommand('The directory of a zip file names what is not there')
    entries.delete(offset)
  }
  const isElsewhere = (offset: number) => offset !== unknown32 && !records.has(offset)
  if (named.length > 0 && directories.some(isElsewhere)) throw new BadCommand('A zip file’s directory is elsewhere')
}
