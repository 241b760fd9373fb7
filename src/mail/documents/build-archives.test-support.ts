// Builds archives for tests: zip, tar and gzip, each in one way only, so that the same input gives the same octets everywhere.
import { crc32, deflateRawSync, gzipSync } from 'node:zlib'

export interface Entry {
  readonly name: string
  readonly content: Buffer
  readonly deflate?: boolean
  /** Says that it is encrypted; the octets stay as they are. */
  readonly encrypted?: boolean
}

/** A zip of entries, stored unless told otherwise. */
export function zip(entries: readonly Entry[]): Buffer {
  const files: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const entry of entries) {
    const name = Buffer.from(entry.name)
    const packed = entry.deflate === true ? deflateRawSync(entry.content) : entry.content
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(0x800 | (entry.encrypted === true ? 1 : 0), 2)
    common.writeUInt16LE(entry.deflate === true ? 8 : 0, 4)
    common.writeUInt16LE(0x21, 8)
    common.writeUInt32LE(crc32(entry.content), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(entry.content.length, 18)
    common.writeUInt16LE(name.length, 22)
    files.push(Buffer.from('PK\x03\x04'), common, name, packed)
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(at, 10)
    directory.push(Buffer.from('PK\x01\x02\x14\0', 'latin1'), common, rest, name)
    at += 30 + name.length + packed.length
  }
  const size = directory.reduce((sum, piece) => sum + piece.length, 0)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(entries.length & 0xffff, 8)
  end.writeUInt16LE(entries.length & 0xffff, 10)
  end.writeUInt32LE(size, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...files, ...directory, end])
}

/** A tar of ustar's form. */
export function tar(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ name, content }) => {
    const header = Buffer.alloc(512)
    header.write(name, 0, 100)
    header.write('0000644\0', 100)
    header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124)
    header.write('        ', 148)
    header.write('0', 156)
    header.write('ustar\x0000', 257)
    const sum = header.reduce((total, octet) => total + octet, 0)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    return [header, content, Buffer.alloc(-content.length & 511)]
  })
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}

/** A gzip file, not compressed, so that no version of zlib changes it. */
export function gzip(content: Buffer): Buffer {
  return gzipSync(content, { level: 0 })
}
