// Measures a message's header while it goes by: up to and with the blank line. RFC 5322 §2.1.

const blankLine = Buffer.from('\r\n\r\n')

export class HeaderGauge {
  readonly #maxOctets: number
  #octets = 0
  #ended = false
  /** The last octets of what went by, since the blank line may come in two pieces; a CRLF at first, since it may be the first line. */
  #tail: Buffer = blankLine.subarray(0, 2)

  constructor(maxOctets: number) {
    this.#maxOctets = maxOctets
  }

  get tooLarge(): boolean {
    return this.#octets > this.#maxOctets
  }

  push(piece: Buffer): void {
    if (this.#ended || this.tooLarge) return
    const joined = Buffer.concat([this.#tail, piece])
    const at = joined.indexOf(blankLine)
    this.#ended = at !== -1
    this.#octets += this.#ended ? at + blankLine.length - this.#tail.length : piece.length
    this.#tail = Buffer.from(joined.subarray(-3))
  }
}
