// Octets that have come in and are not yet read: whole lines or pieces are taken off the front. Linear, however the octets were split.

const lineEnd = Buffer.from('\r\n')
const cr = 13
const lf = 10
/** Pieces are joined at this count, so that one octet a packet costs neither memory nor repeated scans. */
const maxPieces = 64

export class OctetQueue {
  #pieces: Buffer[] = []
  #octets = 0
  /** Leading pieces that hold no line end of the kind last looked for. */
  #scanned = 0
  #scannedForBareLf = false

  get octets(): number {
    return this.#octets
  }

  push(piece: Buffer): void {
    if (piece.length === 0) return
    this.#pieces.push(piece)
    this.#octets += piece.length
    if (this.#pieces.length >= maxPieces) this.#join()
  }

  /** Puts octets back in front. */
  unread(piece: Buffer): void {
    if (piece.length === 0) return
    this.#pieces.unshift(piece)
    this.#octets += piece.length
    this.#scanned = 0
  }

  clear(): void {
    this.#pieces = []
    this.#octets = 0
    this.#scanned = 0
  }

  /** Takes between one and `maxOctets` octets, or returns null when there are none. */
  takeSome(maxOctets: number): Buffer | null {
    const first = this.#pieces[0]
    if (first === undefined) return null
    this.#scanned = 0
    if (first.length <= maxOctets) {
      this.#pieces.shift()
      this.#octets -= first.length
      return first
    }
    this.#pieces[0] = first.subarray(maxOctets)
    this.#octets -= maxOctets
    return first.subarray(0, maxOctets)
  }

  /** Takes one line without its end (CRLF, or LF too when allowed), or returns null when no line is whole yet. */
  takeLine(allowBareLf: boolean): Buffer | null {
    const end = this.#findLineEnd(allowBareLf)
    if (end === -1) return null
    const line = this.#take(end)
    const strip = line.length > 1 && line[line.length - 2] === cr ? 2 : 1
    return line.subarray(0, line.length - strip)
  }

  /** Drops what takeLine has looked through in vain, but for a last CR, which may begin a line end. */
  dropScanned(): void {
    const last = this.#pieces.at(-1)
    const keep = last !== undefined && last[last.length - 1] === cr
    this.clear()
    if (keep) this.push(Buffer.of(cr))
  }

  /** The number of octets up to and with the first line end, or -1. */
  #findLineEnd(allowBareLf: boolean): number {
    if (this.#scannedForBareLf !== allowBareLf) this.#scanned = 0
    this.#scannedForBareLf = allowBareLf
    for (; this.#scanned < this.#pieces.length; this.#scanned += 1) {
      const piece = this.#pieces[this.#scanned]!
      const before = this.#pieces[this.#scanned - 1]
      if (before !== undefined && before[before.length - 1] === cr && piece[0] === lf) return this.#offset(0)
      const at = allowBareLf ? piece.indexOf(lf) : piece.indexOf(lineEnd)
      if (at !== -1) return this.#offset(allowBareLf ? at : at + 1)
    }
    return -1
  }

  #offset(inPiece: number): number {
    let before = 0
    for (let index = 0; index < this.#scanned; index += 1) before += this.#pieces[index]!.length
    return before + inPiece + 1
  }

  #take(count: number): Buffer {
    if (this.#pieces[0]!.length < count) this.#join()
    return this.takeSome(count)!
  }

  #join(): void {
    const wholeScanned = this.#scanned === this.#pieces.length
    this.#pieces = [Buffer.concat(this.#pieces, this.#octets)]
    this.#scanned = wholeScanned ? 1 : 0
  }
}
