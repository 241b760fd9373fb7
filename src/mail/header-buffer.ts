// Collects the lines of one header after another while they go by, up to a limit, in one growing piece of memory.

const firstCapacity = 2048

/** One scan owns it; what `octets` holds is good until the next begin. */
export class HeaderBuffer {
  octets: Buffer = Buffer.allocUnsafe(firstCapacity)
  length = 0
  /** Where the current line starts; what is before it are whole lines of this header. */
  lineStart = 0
  /** Octets of the header were left out, from the limit on. */
  isFull = false
  /** Octets of the current line were left out. */
  isLineCut = false
  private limit = 0

  /** Starts a new header of at most `limit` octets. */
  begin(limit: number): void {
    this.length = 0
    this.lineStart = 0
    this.isFull = false
    this.isLineCut = false
    this.limit = limit
  }

  append(chunk: Buffer, from: number, to: number): void {
    const taken = Math.min(to - from, this.limit - this.length)
    this.isLineCut ||= taken < to - from
    if (this.length + taken > this.octets.length) this.grow(this.length + taken)
    chunk.copy(this.octets, this.length, from, from + taken)
    this.length += taken
  }

  /** The current line belongs to the header. */
  keepLine(): void {
    this.lineStart = this.length
    this.isFull ||= this.isLineCut
    this.isLineCut = false
  }

  /** The current line, as far as it was appended, does not belong to the header. */
  dropLine(): void {
    this.length = this.lineStart
    this.isLineCut = false
  }

  private grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(this.limit, 2 * this.octets.length)))
    this.octets.copy(larger, 0, 0, this.length)
    this.octets = larger
  }
}
