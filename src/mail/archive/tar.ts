// The entries of a tar archive (POSIX.1-2017 pax, ustar; GNU's and the old form).
import { BadCommand } from '#base/faults.ts'
import type { ArchiveEntry } from '#mail/archive/entry.ts'
import type { OctetReader } from '#mail/archive/octet-reader.ts'
import { maxPaxOctets } from '#mail/limits.ts'

export const tarBlockOctets = 512
const space = 0x20

/** Whether 512 octets are a header: their checksum is the only mark that all forms have. */
export function isTarHeader(block: Buffer): boolean {
  if (block.length < tarBlockOctets) return false
  const told = /^[ 0]*([0-7]{1,7})[ \0]/.exec(block.toString('latin1', 148, 156))?.[1]
  if (told === undefined) return false
  let sum = 8 * space
  for (let at = 0; at < tarBlockOctets; at++) if (at < 148 || at >= 156) sum += block[at]!
  return sum === Number.parseInt(told, 8)
}

/**
 * The entries of the tar archive that the reader holds. Throws BadCommand for one whose size is told elsewhere than in its
 * header (sparse files, sizes in pax records): what it expands to is not what is here.
 */
export async function* tarEntries(reader: OctetReader): AsyncGenerator<ArchiveEntry> {
  for (;;) {
    const header = await reader.peek(tarBlockOctets)
    if (header.length < tarBlockOctets) return
    const isEmpty = header[0] === 0 && header.every((octet) => octet === 0)
    if (!isEmpty && !isTarHeader(header)) return
    reader.drop(tarBlockOctets)
    if (isEmpty) continue
    const octets = sizeIn(header)
    const body = reader.within(octets)
    const type = header.toString('latin1', 156, 157)
    if (type === 'S') throw new BadCommand('A tar archive holds a sparse file')
    if (type === 'x' || type === 'g') await refuseSizes(body)
    else if (type !== 'L' && type !== 'K') yield { name: textIn(header, 0, 100), obstacle: null, octets: body }
    await body.drain()
    await reader.within(-octets & (tarBlockOctets - 1)).drain()
  }
}

const textIn = (block: Buffer, from: number, to: number) => {
  const field = block.subarray(from, to)
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end < 0 ? field.length : end)
}

/** Octal, or GNU's base 256; directories and links tell a size that has no octets, 0 in all that follow the standard. */
function sizeIn(header: Buffer): number {
  if (header[124]! >= 0x80) {
    const size = header.readBigUInt64BE(128)
    if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw new BadCommand('A tar archive tells a size that cannot be')
    return Number(size)
  }
  const size = Number.parseInt(textIn(header, 124, 136).trim() || '0', 8)
  if (Number.isNaN(size)) throw new BadCommand('A tar archive tells a size that cannot be')
  return size
}

async function refuseSizes(body: OctetReader): Promise<void> {
  const records = await body.peek(maxPaxOctets + 1)
  if (records.length > maxPaxOctets || records.includes(' size=') || records.includes(' GNU.sparse.'))
    throw new BadCommand('A tar archive tells sizes apart from its headers')
}
