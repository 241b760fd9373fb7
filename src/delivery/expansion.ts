// What the archives in a message expand to, counted without keeping any of it: what is over our limits is not looked through, whatever the scanner says. T19
import type { Clock } from '#base/clock.ts'
import { BadCommand } from '#base/faults.ts'
import type { Octets } from '#delivery/inspect.ts'
import { newLanes } from '#delivery/lanes.ts'
import { expansionMs, expansionsAtOnce } from '#delivery/limits.ts'
import { archiveEntries, type ArchiveKind, archiveKindOf, isClosedArchive, leadOctets } from '#mail/archive/archive.ts'
import { OctetReader, readerOf } from '#mail/archive/octet-reader.ts'
import { decodedPieces } from '#mail/decode-stream.ts'
import { fileName } from '#mail/documents/message.ts'
import { maxArchiveDepth, maxArchiveEntries, maxExpandedOctets } from '#mail/limits.ts'
import type { Part } from '#mail/part.ts'
import type { Unscannable } from '#policy/facts.ts'

/** Which archive of a message cannot be looked through, and why; of several one. None says nothing of what they hold. */
export type CountExpansion = (message: Octets, root: Part) => Promise<readonly Unscannable[]>

type Why = Unscannable['why']

/** Ends a count; never leaves this file. */
class Stopped extends Error {
  readonly why: Why
  constructor(why: Why) {
    super(why)
    this.why = why
  }
}

/** What one message may still spend. */
class Allowance {
  readonly #clock: Clock
  #leftMs: number
  #endMs = 0
  #octets = maxExpandedOctets
  #entries = maxArchiveEntries

  constructor(clock: Clock, mostMs: number) {
    this.#clock = clock
    this.#leftMs = mostMs
  }

  /** Does work during which time counts; what is waited for before it is not the message's fault. */
  async during(work: () => Promise<void>): Promise<void> {
    this.#endMs = this.#clock.monotonic() + this.#leftMs
    try {
      await work()
    } finally {
      this.#leftMs = this.#endMs - this.#clock.monotonic()
    }
  }

  /** Asked at every piece, also of what comes to nothing, since that takes time as well. */
  spend(octets: number): void {
    this.#octets -= octets
    if (this.#octets < 0 || this.#clock.monotonic() > this.#endMs) throw new Stopped('too large')
  }

  enter(): void {
    if (--this.#entries < 0) throw new Stopped('too large')
  }
}

/** Makes the counter of a worker; the time that a message may take is a parameter for tests. */
export function newExpansion(clock: Clock, mostMs: number = expansionMs): CountExpansion {
  const archives = newLanes<() => Promise<void>, void>({
    lanes: expansionsAtOnce,
    most: 1,
    work: (batch) => Promise.allSettled(batch.map((one) => one())),
  })
  return async (message, root) => {
    const allowance = new Allowance(clock, mostMs)
    const read = forwards(message)
    let name: string | null = null
    try {
      for (const part of leavesOf(root)) {
        if (beginsNoArchive(message, part)) continue
        name = fileName(part)
        const reader = readerOf(decodedPieces(read(part.bodyStart, part.bodyEnd), part.encoding))
        const kind = kindOf(await reader.peek(leadOctets))
        if (kind !== null) await archives.submit(() => countAttached(kind, reader, allowance))
      }
    } catch (fault) {
      const path = name === null ? [] : [name]
      if (fault instanceof Stopped) return [{ path, why: fault.why }]
      if (fault instanceof BadCommand) return [{ path, why: 'malformed' }]
      throw fault
    }
    return []
  }
}

/** Told without reading it through: of a message in memory, a part that is as it is written. */
function beginsNoArchive(message: Octets, { encoding, bodyStart, bodyEnd }: Part): boolean {
  const whole = message.whole()
  if (whole === null || !['7BIT', '8BIT', 'BINARY'].includes(encoding)) return false
  const lead = whole.subarray(bodyStart, Math.min(bodyEnd, bodyStart + leadOctets))
  return archiveKindOf(lead) === null && !isClosedArchive(lead)
}

/** The parts that hold something themselves, in the order of their octets. */
function leavesOf(part: Part): Part[] {
  return part.parts.length === 0 ? [part] : part.parts.flatMap(leavesOf)
}

/** Counts what one attached archive expands to; what was attached is not expanded yet. */
function countAttached(kind: ArchiveKind, reader: OctetReader, allowance: Allowance): Promise<void> {
  return allowance.during(() =>
    countArchive(
      kind,
      counted(reader, () => allowance.spend(0)),
      allowance,
      1,
    ),
  )
}

async function countArchive(kind: ArchiveKind, reader: OctetReader, allowance: Allowance, depth: number): Promise<void> {
  if (depth > maxArchiveDepth) throw new Stopped('too large')
  for await (const { obstacle, octets } of archiveEntries(kind, reader)) {
    allowance.enter()
    if (obstacle !== null) throw new Stopped(obstacle === 'encrypted' ? 'encrypted' : 'malformed')
    const expanded = counted(octets, (length) => allowance.spend(length))
    const inner = kindOf(await expanded.peek(leadOctets))
    if (inner !== null) await countArchive(inner, expanded, allowance, depth + 1)
    await expanded.drain()
  }
}

/** The kind of an archive that begins so, or null; one that is not looked into ends the count. */
function kindOf(lead: Buffer): ArchiveKind | null {
  if (isClosedArchive(lead)) throw new Stopped('closed')
  return archiveKindOf(lead)
}

/** A reader over all of another's octets that tells how many it took. */
function counted(reader: OctetReader, tell: (octets: number) => void): OctetReader {
  return new OctetReader(async () => {
    const piece = await reader.peekPiece(Number.MAX_SAFE_INTEGER)
    reader.drop(piece.length)
    tell(piece.length)
    return piece.length === 0 ? null : piece
  })
}

/** Reads ranges of a message, each behind the one before, so that all together cost one pass over it. */
function forwards(message: Octets): (from: number, to: number) => AsyncIterable<Buffer> {
  const reader = readerOf(message.range(0, message.size))
  return async function* (from, to) {
    await reader.within(from - reader.at).drain()
    const range = reader.within(to - from)
    for (let piece = await range.peekPiece(to - from); piece.length > 0; piece = await range.peekPiece(to - from)) {
      range.drop(piece.length)
      yield piece
    }
  }
}
