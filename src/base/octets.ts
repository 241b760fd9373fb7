// Memory for octets: what is large and short-lived is given back at once, since what waits for the collector makes it run over the whole heap.

/** Smaller ones are cheap to collect. */
const worthwhileOctets = 4096

/** Frees octets that nobody will read again; does nothing where they are part of something larger. */
export function letGo(octets: Buffer): void {
  if (octets.length === octets.buffer.byteLength) free(octets.buffer, worthwhileOctets)
}

/** Frees octets that were made for the caller alone and that nobody will read again, with what is left unused behind them; not where they stand in Node's pool. */
export function letGoResult({ buffer }: Buffer): void {
  free(buffer, Buffer.poolSize + 1)
}

function free(memory: ArrayBufferLike, leastOctets: number): void {
  if (memory.byteLength >= leastOctets && memory instanceof ArrayBuffer) memory.transfer(0)
}

/** Pieces of memory of one size, used again and again. */
export interface Pieces {
  take(): Buffer
  /** Of a piece that nobody reads any more. */
  giveBack(piece: Buffer): void
}

/** Keeps `most` pieces for the next one who asks; makes more where it has none. */
export function newPieces(octets: number, most: number): Pieces {
  const idle: Buffer[] = []
  return {
    take: () => idle.pop() ?? Buffer.allocUnsafeSlow(octets),
    giveBack(piece) {
      if (idle.length < most) idle.push(piece)
      else letGo(piece)
    },
  }
}
