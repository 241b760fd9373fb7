// What the reading of one attachment may take, shared by all that is nested in it: a bomb ends at the limit, not at the machine's
// memory. G05.
import type { OctetReader } from '#mail/archive/octet-reader.ts'
import { maxHeldOctets } from '#mail/documents/limits.ts'
import { CannotRead } from '#mail/documents/place.ts'
import { maxArchiveEntries, maxExpandedOctets } from '#mail/limits.ts'

export interface Budget {
  expandedOctets: number
  heldOctets: number
  entries: number
}

/** The beginning and the end of what was read; `tail` is empty where `head` is all of it. */
export interface Ends {
  readonly head: Buffer
  readonly tail: Buffer
}

export function newBudget(): Budget {
  return { expandedOctets: maxExpandedOctets, heldOctets: maxHeldOctets, entries: maxArchiveEntries }
}

/** Takes from a budget; throws CannotRead where it has less. */
export function spend(budget: Budget, what: keyof Budget, count: number): void {
  if (budget[what] < count) throw new CannotRead('too large')
  budget[what] -= count
}

/** Reads all there is, which the caller then holds and gives back to the budget; throws CannotRead past it. */
export async function readWhole(reader: OctetReader, budget: Budget): Promise<Buffer> {
  const { head } = await readEnds(reader, { head: Number.MAX_SAFE_INTEGER, tail: 0 }, budget)
  return head
}

/** Reads to the end and keeps `head` octets of the beginning and `tail` of the end, which the caller gives back to the budget. */
export async function readEnds(reader: OctetReader, keep: { head: number; tail: number }, budget: Budget): Promise<Ends> {
  const first: Buffer[] = []
  let firstOctets = 0
  const last: Buffer[] = []
  let lastOctets = 0
  try {
    for (;;) {
      const piece = await reader.peekPiece(Number.MAX_SAFE_INTEGER)
      if (piece.length === 0) break
      reader.drop(piece.length)
      spend(budget, 'expandedOctets', piece.length)
      const kept = piece.subarray(0, keep.head - firstOctets)
      spend(budget, 'heldOctets', kept.length)
      firstOctets += kept.length
      if (kept.length > 0) first.push(kept)
      if (keep.tail === 0) continue
      last.push(piece.subarray(kept.length))
      lastOctets += piece.length - kept.length
      while (last.length > 0 && lastOctets - last[0]!.length >= keep.tail) lastOctets -= last.shift()!.length
    }
  } catch (error) {
    budget.heldOctets += firstOctets
    throw error
  }
  const end = Buffer.concat(last)
  const tail = end.subarray(Math.max(0, end.length - keep.tail))
  budget.heldOctets -= tail.length
  return { head: first.length === 1 ? first[0]! : Buffer.concat(first), tail }
}

/** Reads to the end and keeps nothing. */
export async function passOver(reader: OctetReader, budget: Budget): Promise<void> {
  await readEnds(reader, { head: 0, tail: 0 }, budget)
}
