// A message with edits: its octets as they will be delivered, and its structure with the offsets that they have then. G12
import type { Octets } from '#delivery/inspect.ts'
import type { Edit } from '#mail/append-text.ts'
import type { Part } from '#mail/part.ts'
import { type Structure, StructureScan } from '#mail/structure.ts'

export interface Edited {
  readonly octets: Octets
  readonly root: Part
}

/** The octets with edits that do not overlap, and their structure as a new scan finds it; as they were where a part would come or go. */
export async function withEdits(octets: Octets, structure: Structure, edits: readonly Edit[]): Promise<Edited> {
  if (edits.length === 0) return { octets, root: structure.root }
  const edited = editedOctets(
    octets,
    edits.toSorted((one, other) => one.at - other.at),
  )
  const scan = new StructureScan()
  const whole = edited.whole()
  if (whole !== null) scan.push(whole)
  else for await (const piece of edited.range(0, edited.size)) scan.push(piece)
  const { root, partCount, depth } = scan.end()
  const holds = partCount === structure.partCount && depth === structure.depth
  return holds ? { octets: edited, root } : { octets, root: structure.root }
}

function editedOctets(octets: Octets, edits: readonly Edit[]): Octets {
  const grown = edits.reduce((sum, edit) => sum + edit.inserted.length - edit.removed, 0)
  const size = octets.size + grown
  async function* range(from: number, to: number): AsyncGenerator<Buffer> {
    let at = 0 // where we are in what comes out
    for (const piece of piecesOf(octets, edits)) {
      const start = Math.max(from, at) - at
      const end = Math.min(to, at + piece.octets) - at
      if (start < end) yield* piece.read(start, end)
      at += piece.octets
    }
  }
  return { size, whole: () => wholeOf(octets, edits), range }
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

function wholeOf(octets: Octets, edits: readonly Edit[]): Buffer | null {
  const whole = octets.whole()
  return whole === null ? null : applied(whole, 0, edits)
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
