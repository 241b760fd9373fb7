// Archives by their leading octets, whatever they are called: zip (and so Office documents), tar, gzip, Zstandard. T19
import type { ArchiveEntry } from '#mail/archive/entry.ts'
import { type Compression, expand } from '#mail/archive/expand.ts'
import type { OctetReader } from '#mail/archive/octet-reader.ts'
import { isTarHeader, tarBlockOctets, tarEntries } from '#mail/archive/tar.ts'
import { zipEntries } from '#mail/archive/zip.ts'

export type ArchiveKind = 'zip' | 'tar' | 'gzip' | 'zstd'

/** So many octets tell an archive from all else. */
export const leadOctets = tarBlockOctets

/** What kind of archive begins so, or null. */
export function archiveKindOf(lead: Buffer): ArchiveKind | null {
  if (lead.length >= 4) {
    const mark = lead.readUInt32BE()
    // Local header, directory, end, split marks.
    if ([0x504b0304, 0x504b0102, 0x504b0506, 0x504b0606, 0x504b0708, 0x504b3030].includes(mark)) return 'zip'
    if (mark === 0x28b52ffd || (mark & 0xf0ffffff) === 0x502a4d18) return 'zstd'
    if (mark >>> 16 === 0x1f8b) return 'gzip'
  }
  return isTarHeader(lead) ? 'tar' : null
}

const closed = /^(?:7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|\xfd7zXZ\0|BZh[1-9]1AY&SY|MSCF\0\0\0\0)/

/** True for what begins as 7-Zip, RAR, xz, bzip2 and cabinet files do: known, and not looked into. */
export function isClosedArchive(lead: Buffer): boolean {
  return closed.test(lead.toString('latin1', 0, 16))
}

/**
 * The entries of an archive, which the reader holds from its first octet, in memory that is bounded whatever it holds. Each is to
 * be used before the next is asked for. Where the archive is damaged they end, or go on behind the damage; throws BadCommand where it
 * is made so that other programs would find more in it than we do.
 */
export function archiveEntries(kind: ArchiveKind, reader: OctetReader): AsyncGenerator<ArchiveEntry> {
  if (kind === 'zip') return zipEntries(reader)
  return kind === 'tar' ? tarEntries(reader) : streams(kind, reader)
}

/** A stream of one entry; further streams behind it are further entries. One that is damaged at its start ends them. */
async function* streams(compression: Compression, reader: OctetReader): AsyncGenerator<ArchiveEntry> {
  let began: number
  do {
    began = reader.at
    const { octets, close } = expand(compression, reader)
    try {
      yield { name: '', obstacle: null, octets }
      await octets.drain()
    } finally {
      close()
    }
  } while (reader.at > began && archiveKindOf(await reader.peek(4)) === compression)
}
