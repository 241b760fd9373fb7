// Archives for tests, put together octet by octet, so that they can lie: zip files whose headers say what the test wants, tar archives, bombs.
import { crc32, deflateRawSync } from 'node:zlib'

export interface ZipEntry {
  readonly name: string
  readonly content: Buffer
  readonly isStored?: boolean
  /** Bit 0: encrypted; bit 3: sizes stand in a descriptor behind the octets, which is written when `hasDescriptor` says so. */
  readonly flags?: number
  readonly hasDescriptor?: boolean
  /** Octets that the entry's own header and the directory tell instead of the true ones. */
  readonly lies?: { readonly packed?: number; readonly octets?: number; readonly method?: number; readonly offset?: number }
  /** What stands in the entry's extra field. */
  readonly extra?: Buffer
  /** Octets that stand behind the entry and belong to none. */
  readonly gap?: Buffer
}

export const zipOf = (name: string, content: Buffer, flags = 0): Buffer => zip([{ name, content, flags }])

/** A zip file of these entries; what an entry lies about, the directory says. */
export function zip(entries: readonly ZipEntry[], directory: { copies?: number; offset?: number; behind?: Buffer } = {}): Buffer {
  const pieces: Buffer[] = []
  const central: Buffer[] = []
  let at = 0
  for (const entry of entries) {
    const { name, content, isStored = false, flags = 0, hasDescriptor = false, lies = {}, extra = Buffer.alloc(0) } = entry
    const packed = isStored ? content : deflateRawSync(content)
    const method = isStored ? 0 : 8
    const sum = crc32(content)
    const common = (o: { isLocal: boolean }) => {
      const untold = o.isLocal && (flags & 8) !== 0
      const octets = Buffer.alloc(26)
      octets.writeUInt16LE(20, 0)
      octets.writeUInt16LE(flags, 2)
      octets.writeUInt16LE(o.isLocal ? method : (lies.method ?? method), 4)
      octets.writeUInt32LE(untold ? 0 : sum, 10)
      octets.writeUInt32LE(untold ? 0 : (lies.packed ?? packed.length), 14)
      octets.writeUInt32LE(untold ? 0 : (lies.octets ?? content.length), 18)
      octets.writeUInt16LE(Buffer.byteLength(name), 22)
      octets.writeUInt16LE(extra.length, 24)
      return octets
    }
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(lies.offset ?? at, 10)
    central.push(Buffer.from('PK\x01\x02\x14\0'), common({ isLocal: false }), rest.subarray(0, 14), Buffer.from(name), extra)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common({ isLocal: true }), Buffer.from(name), extra, packed])
    const behind = hasDescriptor ? descriptor(sum, packed.length, content.length) : Buffer.alloc(0)
    for (const piece of [local, behind, entry.gap ?? Buffer.alloc(0)]) {
      pieces.push(piece)
      at += piece.length
    }
  }
  const directories = Buffer.concat(Array.from({ length: directory.copies ?? 1 }, () => Buffer.concat(central)))
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(directories.length, 12)
  end.writeUInt32LE(directory.offset ?? at, 16)
  return Buffer.concat([...pieces, directories, end, directory.behind ?? Buffer.alloc(0)])
}

function descriptor(sum: number, packed: number, octets: number): Buffer {
  const made = Buffer.from('PK\x07\x08\0\0\0\0\0\0\0\0\0\0\0\0', 'latin1')
  made.writeUInt32LE(sum, 4)
  made.writeUInt32LE(packed, 8)
  made.writeUInt32LE(octets, 12)
  return made
}

/**
 * David Fifield's bomb (A better zip bomb, 2019): the directory names `count` files, each entry's octets holding all the entries
 * behind it, down to one kernel of `octets` zeros. Read forwards it looks like one file.
 */
export function overlappingBomb(count: number, octets: number): Buffer {
  const kernel = deflateRawSync(Buffer.alloc(octets))
  const headerOf = (name: string, packed: number, told: number) => {
    const header = Buffer.alloc(30)
    header.write('PK\x03\x04\x14\0', 'latin1')
    header.writeUInt16LE(8, 8)
    header.writeUInt32LE(packed, 18)
    header.writeUInt32LE(told, 22)
    header.writeUInt16LE(name.length, 26)
    return Buffer.concat([header, Buffer.from(name)])
  }
  let body = Buffer.concat([headerOf('0', kernel.length, octets), kernel])
  let packed = kernel.length
  let told = octets
  const offsetsFromEnd = [{ name: '0', fromEnd: body.length, packed, told }]
  for (let n = 1; n < count; n++) {
    // A stored block of deflate quotes the next entry's header, and then its octets go on as one's own.
    const quoted = headerOf(String(n - 1), packed, told)
    const block = Buffer.alloc(5)
    block.writeUInt16LE(quoted.length, 1)
    block.writeUInt16LE(~quoted.length & 0xffff, 3)
    packed += block.length + quoted.length
    told += quoted.length
    body = Buffer.concat([headerOf(String(n), packed, told), block, body])
    offsetsFromEnd.push({ name: String(n), fromEnd: body.length, packed, told })
  }
  const central = offsetsFromEnd.reverse().map((one) => {
    const record = Buffer.alloc(46)
    record.write('PK\x01\x02\x14\0\x14\0', 'latin1')
    record.writeUInt16LE(8, 10)
    record.writeUInt32LE(one.packed, 20)
    record.writeUInt32LE(one.told, 24)
    record.writeUInt16LE(one.name.length, 28)
    record.writeUInt32LE(body.length - one.fromEnd, 42)
    return Buffer.concat([record, Buffer.from(one.name)])
  })
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(count, 8)
  end.writeUInt16LE(count, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(body.length, 16)
  return Buffer.concat([body, directory, end])
}

/** One entry of a tar archive with its padding; `type` is the letter of its header. */
export function tarEntry(name: string, content: Buffer, o: { type?: string; size?: Buffer } = {}): Buffer {
  const header = Buffer.alloc(512)
  header.write(name, 0)
  header.write('0000644\0', 100)
  ;(o.size ?? Buffer.from(`${content.length.toString(8).padStart(11, '0')}\0`)).copy(header, 124)
  header.write('        ', 148)
  header.write(o.type ?? '0', 156)
  header.write('ustar\x0000', 257, 'latin1')
  let sum = 0
  for (const octet of header) sum += octet
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return Buffer.concat([header, content, Buffer.alloc(-content.length & 511)])
}

export const tarEnd = Buffer.alloc(1024)
