// A message with edits: its octets as they will be delivered, and its structure with the offsets that they have then. G12
import { type Octets, octetsOf, slice } from '#delivery/inspect.ts'
import type { Edit } from '#mail/append-text.ts'
import type { Part } from '#mail/part.ts'
import { type Structure, StructureScan } from '#mail/structure.ts'

const lineFeed = 0x0a

export interface Edited {
  readonly octets: Octets
  readonly root: Part
}

/** The octets with edits that do not overlap, and their structure as a new scan would find it; as they were where a part would come or go. */
export async function withEdits(octets: Octets, structure: Structure, edits: readonly Edit[]): Promise<Edited> {
  if (edits.length === 0) return { octets, root: structure.root }
  const inOrder = edits.toSorted((one, other) => one.at - other.at)
  const whole = octets.whole()
  const edited = whole === null ? editedOctets(octets, inOrder) : octetsOf(applied(whole, 0, inOrder))
  if (await areLinesOfText(octets, structure.root, inOrder)) return { octets: edited, root: grown(structure.root, inOrder, true) }
  const scan = new StructureScan()
  for await (const piece of edited.range(0, edited.size)) scan.push(piece)
  const { root, partCount, depth } = scan.end()
  const holds = partCount === structure.partCount && depth === structure.depth
  return holds ? { octets: edited, root } : { octets, root: structure.root }
}

/** Whether edits only add lines within bodies, none of which can be taken for a delimiter or a field: then nothing else moves, and no scan is needed. */
async function areLinesOfText(octets: Octets, root: Part, edits: readonly Edit[]): Promise<boolean> {
  const leaves = leavesOf(root)
  for (const { at, removed, inserted } of edits) {
    const part = leaves.find(({ bodyStart, bodyEnd }) => bodyStart < bodyEnd && bodyStart <= at && at <= bodyEnd)
    if (part === undefined || removed > 0) return false
    const text = inserted.toString('latin1')
    // The delimiter of signature blocks (RFC 3676 §4.3) is none of parts.
    if (/(?:^|\n)--(?! \r?\n)/.test(text) || /\r(?!\n)|(?<!\r)\n/.test(text)) return false
    const before = (await slice(octets, Math.max(0, at - 4), at)).toString('latin1')
    const after = (await slice(octets, at, at + 1)).toString('latin1')
    const beginsLine = at > part.bodyStart ? before.endsWith('\r\n') || text.startsWith('\r\n') : before.endsWith('\r\n\r\n')
    if (!beginsLine || (at < part.bodyEnd && !text.endsWith('\r\n')) || (after === '\n' && !before.endsWith('\r\n'))) return false
  }
  return true
}

function leavesOf(part: Part): Part[] {
  return part.parts.length === 0 ? [part] : part.parts.flatMap(leavesOf)
}

/** A part whose offsets and lines are those behind the edits. */
function grown(part: Part, edits: readonly Edit[], isRoot: boolean): Part {
  const growth = (to: number, isEnd: boolean) =>
    edits.reduce((sum, { at, inserted }) => sum + (at < to || (isEnd && at === to) ? inserted.length : 0), 0)
  const within = edits.filter(({ at }) => part.bodyStart <= at && at <= part.bodyEnd)
  const lines = within.reduce((sum, { inserted }) => sum + lineEndsIn(inserted), 0)
  return {
    ...part,
    headerStart: isRoot ? part.headerStart : part.headerStart + growth(part.headerStart, false),
    bodyStart: part.bodyStart + growth(part.bodyStart, false),
    bodyEnd: part.bodyEnd + growth(part.bodyEnd, true),
    lines: part.lines + lines,
    parts: part.parts.map((child) => grown(child, edits, false)),
  }
}

function lineEndsIn(octets: Buffer): number {
  let count = 0
  for (let at = octets.indexOf(lineFeed); at >= 0; at = octets.indexOf(lineFeed, at + 1)) count++
  return count
}

function editedOctets(octets: Octets, edits: readonly Edit[]): Octets {
  const size = edits.reduce((sum, edit) => sum + edit.inserted.length - edit.removed, octets.size)
  async function* range(from: number, to: number): AsyncGenerator<Buffer> {
    let at = 0 // where we are in what comes out
    for (const piece of piecesOf(octets, edits)) {
      const start = Math.max(from, at) - at
      const end = Math.min(to, at + piece.octets) - at
      if (start < end) yield* piece.read(start, end)
      at += piece.octets
    }
  }
  return { size, whole: () => null, range }
}

/** Octets of a message, from `from` on, with edits of them in order. */
export function applied(octets: Buffer, from: number, edits: readonly Edit[]): Buffer {
  const pieces: Buffer[] = []
  let at = 0
  for (const edit of edits) {
    pieces.push(octets.subarray(at, edit.at - from), edit.inserted)
    at = edit.at - from + edit.removed
  }
  return edits.length === 0 ? octets : Buffer.concat([...pieces, octets.subarray(at)])
}

interface Piece {
  readonly octets: number
  read(from: number, to: number): AsyncIterable<Buffer>
}

function* piecesOf(octets: Octets, edits: readonly Edit[]): Generator<Piece> {
  const kept = (start: number, end: number): Piece => ({
    octets: end - start,
    read: (from, to) => octets.range(start + from, start + to),
  })
  let at = 0
  for (const { at: place, removed, inserted } of edits) {
    yield kept(at, place)
    yield {
      octets: inserted.length,
      async *read(from, to) {
        yield inserted.subarray(from, to)
      },
    }
    at = place + removed
  }
  yield kept(at, octets.size)
}
