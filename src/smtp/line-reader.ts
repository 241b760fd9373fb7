// Content as it comes by DATA or BDAT: where it ends, dots taken away, and whether every CR and LF belongs to a CRLF. RFC 5321 §4.5.2, §2.3.8.

export type Flaw = 'bare-cr' | 'bare-lf' | 'nul'

const cr = 13
const lf = 10
const dot = 46

const lineStart = 0
const inLine = 1
const afterCr = 2
/** From here on the octet last read belongs to the framing and is not kept. */
const afterDot = 3
const afterDotCr = 4
const atEnd = 5

/** A line this long makes two native searches through the next one cheaper than a look at each octet. */
const longLineOctets = 32

/**
 * Reads pieces of any size at some 2 ns an octet, whatever is in them: lines are walked, and long ones jumped over.
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

  /**
   * Reads a piece, in place: `content` and `rest` (what came behind the end) are parts of its memory.
   * One long function, since a call for each octet would triple its cost: `next` is called for the few that matter.
   */
  push(piece: Buffer): { content: Buffer; rest: Buffer | null } {
    const nulAt = piece.indexOf(0)
    let state = this.#state
    let kept = 0
    let began = 0
    for (let at = 0; at < piece.length; at += 1) {
      if (state === lineStart || at === 0) {
        const run = (at === 0 && state <= inLine) || at - began > longLineOctets ? this.#runFrom(piece, at) : 0
        began = at
        if (run > 0) {
          state = inLine
          if (kept !== at) piece.copyWithin(kept, at, at + run)
          kept += run
          at += run
          if (at === piece.length) break
        }
      }
      const octet = piece[at]!
      if (octet === cr && state <= inLine && piece[at + 1] === lf) {
        piece[kept] = cr
        piece[kept + 1] = lf
        kept += 2
        at += 1
        state = lineStart
        continue
      }
      if (state !== inLine || octet <= cr) state = this.#next(state, octet)
      if (state >= afterDot) {
        if (state !== atEnd) continue
        this.ended = true
        if (nulAt !== -1 && nulAt < at) this.flaw ??= 'nul'
        return { content: piece.subarray(0, kept), rest: piece.subarray(at + 1) }
      }
      if (kept !== at) piece[kept] = octet
      kept += 1
    }
    if (nulAt !== -1) this.flaw ??= 'nul'
    this.#state = state
    return { content: piece.subarray(0, kept), rest: null }
  }

  /** To be called when BDAT's last octet is read: a CR there has no LF. */
  finish(): void {
    if (this.#state === afterCr) this.flaw ??= 'bare-cr'
    this.ended = true
  }

  /** How many octets of a line lie before its CR or the end of the piece; none where it begins with a dot. */
  #runFrom(piece: Buffer, at: number): number {
    if (piece[at] === dot) return 0
    const crAt = piece.indexOf(cr, at)
    const end = crAt === -1 ? piece.length : crAt
    const lfAt = piece.indexOf(lf, at)
    if (lfAt !== -1 && lfAt < end) this.flaw ??= 'bare-lf'
    return end - at
  }

  /** The state behind an octet that may matter. */
  #next(state: number, octet: number): number {
    if (state === lineStart && octet === dot && this.#dots) return afterDot
    if (octet === lf) {
      if (state === afterCr) return lineStart
      if (state === afterDotCr) return atEnd
      this.flaw ??= 'bare-lf'
      return inLine
    }
    if (state === afterCr || state === afterDotCr) this.flaw ??= 'bare-cr'
    if (octet !== cr) return inLine
    return state === afterDot ? afterDotCr : afterCr
  }
}
