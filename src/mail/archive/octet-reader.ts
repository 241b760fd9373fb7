// Octets that come in pieces, read forwards and once: for archives, which are never kept whole.

const none = Buffer.alloc(0)

/** Gives the next piece, or null after the last one. */
export type NextPiece = () => Promise<Buffer | null>

/** One reader owns its source; what it hands out shares the source's memory. */
export class OctetReader {
  /** How many octets were taken so far. */
  at = 0
  readonly #nextPiece: NextPiece
  #held: Buffer = none
  #ended = false

  constructor(nextPiece: NextPiece) {
    this.#nextPiece = nextPiece
  }

  /** The next `count` octets, which stay; fewer only where the source ends. */
  async peek(count: number): Promise<Buffer> {
    while (this.#held.length < count && !this.#ended) {
      const piece = await this.#nextPiece()
      if (piece === null) this.#ended = true
      else this.#held = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece])
    }
    return this.#held.subarray(0, count)
  }

  /** The next octets as they came, `most` at most, which stay; none only at the end. */
  async peekPiece(most: number): Promise<Buffer> {
    await this.peek(1)
    return this.#held.subarray(0, most)
  }

  /** Takes octets that were peeked. */
  drop(count: number): void {
    this.#held = this.#held.subarray(count)
    this.at += count
  }

  /** The next `count` octets, taken; fewer only where the source ends. */
  async take(count: number): Promise<Buffer> {
    const octets = await this.peek(count)
    this.drop(octets.length)
    return octets
  }

  /** Takes whatever is left. */
  async drain(): Promise<void> {
    for (let piece = await this.peekPiece(Number.MAX_SAFE_INTEGER); piece.length > 0; ) {
      this.drop(piece.length)
      piece = await this.peekPiece(Number.MAX_SAFE_INTEGER)
    }
  }

  /** A reader over the next `count` octets of this one, which must not be used until that has been drained. */
  within(count: number): OctetReader {
    let left = count
    return new OctetReader(async () => {
      const piece = await this.peekPiece(left)
      this.drop(piece.length)
      left -= piece.length
      return piece.length === 0 ? null : piece
    })
  }
}

/** A reader over what an iterable gives. */
export function readerOf(pieces: AsyncIterable<Buffer>): OctetReader {
  const iterator = pieces[Symbol.asyncIterator]()
  return new OctetReader(async () => {
    for (;;) {
      const { value, done } = await iterator.next()
      if (done === true) return null
      if (value.length > 0) return value
    }
  })
}
