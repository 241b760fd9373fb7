// Finds line ends in octets: the one loop that sees every octet of every message, so it looks at four at a time.

/** Below this many octets a view costs more than it saves. */
const worthAView = 32

/** The octets of a chunk, and its whole words where the machine can load them. */
export interface Words {
  readonly octets: Buffer
  readonly words: Int32Array | null
  /** The index of the first whole word's first octet. */
  readonly start: number
}

/** A view of a chunk for nextControl; shares its memory. */
export function wordsOf(octets: Buffer): Words {
  const start = -octets.byteOffset & 3
  const words =
    octets.length < worthAView ? null : new Int32Array(octets.buffer, octets.byteOffset + start, (octets.length - start) >> 2)
  return { octets, words, start }
}

/** The index of the first octet below 16 (CR and LF among them) at or after `from`, or the length. */
export function nextControl({ octets, words, start }: Words, from: number): number {
  let at = from
  if (words !== null) {
    while (at < octets.length && ((at - start) & 3) !== 0) {
      if (octets[at]! < 16) return at
      at++
    }
    if (at >= octets.length) return octets.length
    let word = (at - start) >> 2
    while (word < words.length && !holdsControl(words[word]!)) word++
    at = start + word * 4
  }
  while (at < octets.length && octets[at]! >= 16) at++
  return at
}

/** Whether one of four octets has a high half of zero (the classic test for a zero octet, on the high halves). */
function holdsControl(word: number): boolean {
  const halves = word & 0xf0f0f0f0
  return ((halves - 0x01010101) & ~halves & 0x80808080) !== 0
}
