// Memory for octets: what is large and short-lived is given back at once, since what waits for the collector makes it run over the whole heap.

/** Smaller ones are cheap to collect. */
const worthwhileOctets = 4096

/** Frees octets that nobody will read again; does nothing where they are part of something larger. */
export function letGo(octets: Buffer): void {
  const { buffer, length } = octets
  if (length >= worthwhileOctets && length === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0)
}

/** Pieces of memory of one size, used again and again. */
export interface Pieces {
  take(): Buffer
  /** Of a piece that nobody reads any more. */
  giveBack(piece: Buffer): void
}

/** Keeps `most` pieces for the next one who asks; makes more where it has none. */
export function newPieces(octets: number, most: number): Pieces {
  const free: Buffer[] = []
  return {
    take: () => free.pop() ?? Buffer.allocUnsafeSlow(octets),
    giveBack(piece) {
      if (free.length < most) free.push(piece)
      else letGo(piece)
    },
  }
}
