// What archives of every kind give: their entries, in their order.
import type { OctetReader } from '#mail/archive/octet-reader.ts'

export interface ArchiveEntry {
  /** As it stands in the archive, read as UTF-8: it may be long, name a place outside, or be empty. Never a path to anything of ours. */
  readonly name: string
  /** Why what it holds cannot be read, or null. */
  readonly obstacle: 'encrypted' | 'unknown-method' | null
  /** What it holds, expanded; what the consumer leaves is passed over. */
  readonly octets: OctetReader
}
