// A session's own view of its mailbox: sequence numbers change only by what the client was told. RFC 3501 §2.3.1.2, §7.4.1.
import { flagList, type Octets } from '#imap/encode.ts'
import type { Changes, CopyEntry } from '#imap/doors.ts'
import { lowerBound } from '#imap/sequence-set.ts'

export class View {
  /** In ascending order; the index is the sequence number less one. Only this class changes it. */
  readonly uids: number[]
  readonly #entries: CopyEntry[]
  readonly #untold = new Set<number>()
  #highestModseq: bigint
  #uidNext: number

  constructor(copies: readonly CopyEntry[], highestModseq: bigint, uidNext: number) {
    this.#entries = [...copies]
    this.uids = copies.map((copy) => copy.uid)
    this.#highestModseq = highestModseq
    this.#uidNext = uidNext
  }

  /** Up to where changes were read. */
  get highestModseq(): bigint {
    return this.#highestModseq
  }

  get uidNext(): number {
    return this.#uidNext
  }

  /** Whether expunges wait for a command during which they may be told. */
  get owesExpunges(): boolean {
    return this.#untold.size > 0
  }

  /** The sequence number of a UID, or 0 when the view does not hold it. */
  sequenceNumber(uid: number): number {
    const index = lowerBound(this.uids, uid)
    return this.uids[index] === uid ? index + 1 : 0
  }

  flags(uid: number): readonly string[] {
    return this.#entries[this.sequenceNumber(uid) - 1]?.flags ?? []
  }

  /** Takes in what happened and gives the untagged responses that tell it; expunges wait when they must not be told now. */
  take(changes: Changes, tellExpunges: boolean): Octets[] {
    for (const uid of changes.expunged) {
      if (this.sequenceNumber(uid) > 0) this.#untold.add(uid)
    }
    const told = tellExpunges ? this.expunge([...this.#untold]) : []
    const before = this.uids.length
    const gone = new Set(changes.expunged)
    const flagged = changes.changed.filter((entry) => this.#takeEntry(entry, gone))
    if (this.uids.length > before) told.push(`* ${this.uids.length} EXISTS\r\n* 0 RECENT\r\n`)
    this.#highestModseq = changes.highestModseq
    this.#uidNext = Math.max(this.#uidNext, changes.uidNext)
    return told.concat(flagged.map((entry) => this.flagsResponse(entry, true)))
  }

  /** Adds a new copy, or notes new flags; tells whether a known copy has flags that the client has not heard of. */
  #takeEntry(entry: CopyEntry, gone: ReadonlySet<number>): boolean {
    const sequenceNumber = this.sequenceNumber(entry.uid)
    if (sequenceNumber > 0) return this.note(entry)
    // A UID below the last one would move numbers that the client knows: a mailbox never gives one (RFC 3501 §2.3.1.1).
    if (entry.uid <= (this.uids.at(-1) ?? 0) || gone.has(entry.uid)) return false
    this.uids.push(entry.uid)
    this.#entries.push(entry)
    return false
  }

  /** Notes a copy's flags; tells whether they are news. What bears a modseq that is known is not. */
  note(entry: CopyEntry): boolean {
    const index = this.sequenceNumber(entry.uid) - 1
    const known = this.#entries[index]
    if (known === undefined || entry.modseq <= known.modseq) return false
    this.#entries[index] = { uid: entry.uid, flags: entry.flags, modseq: entry.modseq }
    return true
  }

  /** Removes copies and gives their EXPUNGE responses, from the highest sequence number down, so that none shifts another. */
  expunge(uids: readonly number[]): Octets[] {
    const indexes = uids.map((uid) => this.sequenceNumber(uid) - 1).filter((index) => index >= 0)
    const gone = new Set(indexes)
    for (const uid of uids) this.#untold.delete(uid)
    if (gone.size === 0) return []
    let kept = 0
    for (let index = 0; index < this.uids.length; index++) {
      if (gone.has(index)) continue
      this.uids[kept] = this.uids[index]!
      this.#entries[kept++] = this.#entries[index]!
    }
    this.uids.length = kept
    this.#entries.length = kept
    return [...gone].sort((a, b) => b - a).map((index) => `* ${index + 1} EXPUNGE\r\n`)
  }

  /** An untagged FETCH that tells a copy's flags, with its UID where that was asked for or is no burden. */
  flagsResponse(entry: CopyEntry, withUid: boolean): Octets {
    const uid = withUid ? `UID ${entry.uid} ` : ''
    return `* ${this.sequenceNumber(entry.uid)} FETCH (${uid}FLAGS ${flagList(entry.flags)})\r\n`
  }
}
