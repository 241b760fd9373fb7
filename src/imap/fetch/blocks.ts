// The octets of a section, ready to be announced as a literal: small ones read at once, large ones streamed. RFC 3501 §4.3.
import type { Content, CopySummary, OpenedCopies } from '#imap/doors.ts'
import type { SectionItem } from '#imap/fetch/items.ts'
import { locate, type Range, selectFields } from '#imap/fetch/section.ts'
import type { Part } from '#mail/structure.ts'

/** A section's octets: at hand, or by pieces that together have exactly that many octets. */
export type Block = Buffer | { readonly length: number; pieces(): AsyncIterable<Buffer> }

/** What a block at hand may have, and how much of a header is searched for fields. */
const smallOctets = 65_536
const headerOctets = 1_048_576

/** The octets that an item names, or null where the message has no such part. `structure` may be null for the whole message. */
export async function blockOf(content: Content, structure: Part | null, item: SectionItem): Promise<Block | null> {
  const range = structure === null ? { from: 0, to: content.octets } : locate(structure, item.section)
  if (range === null) return null
  if (item.section.text === 'fields' || item.section.text === 'fields-not') {
    const header = await readRange(content, { from: range.from, to: Math.min(range.to, range.from + headerOctets) })
    const fields = selectFields(header, item.section)
    const { from, to } = partOf({ from: 0, to: fields.length }, item)
    return fields.subarray(from, to)
  }
  const wanted = partOf(range, item)
  const length = wanted.to - wanted.from
  return length <= smallOctets ? readRange(content, wanted) : { length, pieces: () => content.range(wanted.from, wanted.to) }
}

/** The octets of a range as one buffer; throws when there are not exactly so many. */
export async function readRange(content: Content, { from, to }: Range): Promise<Buffer> {
  const pieces: Buffer[] = []
  if (to > from) for await (const piece of content.range(from, to)) pieces.push(piece)
  const octets = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
  if (octets.length !== to - from) throw new Error('a range of content has another length than was asked for')
  return octets
}

/** `<from.octets>` of a range; empty when it begins behind the end. */
function partOf(range: Range, { partial }: SectionItem): Range {
  if (partial === null) return range
  const from = Math.min(range.from + partial.from, range.to)
  return { from, to: Math.min(from + partial.octets, range.to) }
}

/** A copy whose content is open, its first section read ahead. */
export interface OpenCopy {
  readonly uid: number
  readonly content: Content
  readonly first: Block | null
}

/**
 * Opens one copy and reads its first section; null for a copy that is gone, and for one whose summary was of something else: a
 * notice came to stand for it meanwhile (G05, G09), and it gets a new UID.
 */
export async function openCopy(
  opened: OpenedCopies,
  uid: number,
  summary: Pick<CopySummary, 'octets' | 'structure'> | null,
  item: SectionItem,
): Promise<OpenCopy | null> {
  const content = await opened.content(uid)
  if (content === null || (summary !== null && summary.octets !== content.octets)) return null
  return { uid, content, first: await blockOf(content, summary?.structure ?? null, item) }
}

/** Starts work on up to `depth` items before the first is wanted, and yields the outcomes in order. */
export async function* ahead<T, U>(
  source: AsyncIterable<T> | Iterable<T>,
  depth: number,
  start: (item: T) => Promise<U>,
): AsyncGenerator<U, void> {
  const started: Promise<U>[] = []
  for await (const item of source) {
    const outcome = start(item)
    // Its failure is met when its turn comes, or never, when the reader stopped before.
    outcome.catch(() => {})
    started.push(outcome)
    if (started.length >= depth) yield await started.shift()!
  }
  for (const outcome of started) yield await outcome
}
