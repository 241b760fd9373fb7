// Content as it comes by DATA or BDAT: where it ends, dots taken away, and whether every CR and LF belongs to a CRLF. RFC 5321 §4.5.2, §2.3.8.
import { nextControl, wordsOf } from '#mail/line-scan.ts'

export type Flaw = 'bare-cr' | 'bare-lf' | 'nul'

const cr = 13
const lf = 10
const dot = 46

/** Fewer octets are moved one by one. */
const worthACall = 32

const lineStart = 0
const inLine = 1
const afterCr = 2
/** From here on the octet last read belongs to the framing and is not kept. */
const afterDot = 3
const afterDotCr = 4

/**
 * Reads pieces of any size at some 0.6 ns an octet of text, and 4 to 10 where every octet may matter: what lies between two of those is jumped over.
 * Content ends at CRLF.CRLF and nowhere else; after a flaw it still goes on to that end, and what was read is worth nothing.
 */
export class LineReader {
  /** The first thing found that must be neither stored nor relayed. */
  flaw: Flaw | null = null
  /** CRLF.CRLF has been read. */
  ended = false
  readonly #dots: boolean
  #state = lineStart

  /** With `dots` it reads DATA; without, BDAT, which ends by count. */
  constructor({ dots }: { dots: boolean }) {
    this.#dots = dots
  }

  /** Reads a piece, in place: `content` and `rest` (what came behind the end) are parts of its memory. */
  push(piece: Buffer): { content: Buffer; rest: Buffer | null } {
    const words = wordsOf(piece)
    const { length } = piece
    const firstOfLine = this.#dots ? dot : -1
    let state = this.#state
    let at = 0
    let kept = 0
    /** Where what is not moved to `kept` yet begins. */
    let from = 0
    while (at < length) {
      if (state === inLine) {
        if (piece[at]! > cr && ++at < length && piece[at]! > cr) at = nextControl(words, at + 1)
        if (at === length) break
        const octet = piece[at]!
        at += 1
        if (octet !== cr || at === length || piece[at] !== lf) {
          state = this.#atControl(octet)
          continue
        }
        at += 1
        state = lineStart
      } else if (state === afterDot) {
        state = inLine
        if (piece[at] !== cr) continue
        from = at += 1
        state = afterDotCr
      } else if (state !== lineStart) {
        if (piece[at] !== lf) {
          this.flaw ??= 'bare-cr'
          state = inLine
          continue
        }
        at += 1
        if (state === afterDotCr) {
          this.ended = true
          return { content: piece.subarray(0, kept), rest: piece.subarray(at) }
        }
        state = lineStart
      }
      if (state !== lineStart || at === length) continue
      if (piece[at] === firstOfLine) {
        kept = moved(piece, kept, from, at)
        from = at += 1
        state = afterDot
      } else state = inLine
    }
    this.#state = state
    return { content: piece.subarray(0, moved(piece, kept, from, length)), rest: null }
  }

  /** To be called when BDAT's last octet is read: a CR there has no LF. */
  finish(): void {
    if (this.#state === afterCr) this.flaw ??= 'bare-cr'
    this.ended = true
  }

  /** The state behind an octet that may matter. */
  #atControl(octet: number): number {
    if (octet === cr) return afterCr
    if (octet === lf) this.flaw ??= 'bare-lf'
    else if (octet === 0) this.flaw ??= 'nul'
    return inLine
  }
}

/** Moves the octets between `from` and `end` to `kept`, and says where they end. */
function moved(piece: Buffer, kept: number, from: number, end: number): number {
  const octets = end - from
  if (kept === from) return end
  if (octets >= worthACall) piece.copyWithin(kept, from, end)
  else for (let at = 0; at < octets; at++) piece[kept + at] = piece[from + at]!
  return kept + octets
}
