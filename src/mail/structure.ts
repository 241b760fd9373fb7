// The structure of a message, found in one pass over chunks of any size and in bounded memory: RFC 2045, 2046, 6532. Flags what
// SMTP forbids (RFC 5321 §2.3.8).
import { isAscii } from 'node:buffer'
import { fieldNameEnd } from '#mail/header.ts'
import { HeaderBuffer } from '#mail/header-buffer.ts'
import { maxDelimiterOctets, maxHeaderOctets, maxMimeDepth, maxMimeParts, maxPartHeadersOctets } from '#mail/limits.ts'
import { nextControl, wordsOf } from '#mail/line-scan.ts'
import type { Part } from '#mail/part.ts'
import { PartTree } from '#mail/part-tree.ts'

export type { Part } from '#mail/part.ts'

export interface StructureLimits {
  readonly maxDepth: number
  readonly maxParts: number
  readonly maxHeaderOctets: number
  readonly maxPartHeadersOctets: number
}

export interface Structure {
  root: Part
  headerOctets: number
  octets: number
  partCount: number
  /** Levels, the message itself being the first. */
  depth: number
  tooDeep: boolean
  tooManyParts: boolean
  /** A header, all part headers together, or a list in one is over its limit; what is over was not looked at. */
  headerTooLarge: boolean
  hasNul: boolean
  hasBareCr: boolean
  hasBareLf: boolean
  has8Bit: boolean
  /** Without the line end. */
  longestLineOctets: number
}

const carriageReturn = 0x0d
const lineFeed = 0x0a
const hyphen = 0x2d
const empty = Buffer.alloc(0)

/**
 * Feed it a message with push, then call end once. Past a limit it sets the flag, stops looking further in, and goes on; it
 * never throws.
 */
export class StructureScan {
  private readonly limits: StructureLimits
  private readonly tree: PartTree
  private readonly header = new HeaderBuffer()
  private partHeadersOctets = 0
  /** The start of the current line, where it began in an earlier chunk; enough of it for a delimiter. */
  private held = empty
  private heldOctets = 0
  private octets = 0
  private lines = 0
  private longest = 0
  private previousLineEnd = 0
  private endsInCr = false
  private headerTooLarge = false
  private hasNul = false
  private hasBareCr = false
  private hasBareLf = false
  private has8Bit = false

  constructor(limits: Partial<StructureLimits> = {}) {
    this.limits = { maxDepth: maxMimeDepth, maxParts: maxMimeParts, maxHeaderOctets, maxPartHeadersOctets, ...limits }
    this.tree = new PartTree(this.limits)
    this.header.begin(this.limits.maxHeaderOctets)
  }

  /** Takes the next octets of the message; keeps no reference to them. */
  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.noteOctets(chunk)
    const words = wordsOf(chunk)
    let start = 0
    for (let at = nextControl(words, 0); at < chunk.length; at = nextControl(words, at + 1)) {
      const octet = chunk[at]
      if (octet === carriageReturn && chunk[at + 1] === lineFeed) {
        at++
        this.endLine(chunk, start, at + 1, 2)
      } else if (octet === lineFeed) {
        const isSplit = at === 0 && this.endsInCr
        this.hasBareLf ||= !isSplit
        this.endLine(chunk, start, at + 1, isSplit ? 2 : 1)
      } else {
        this.hasBareCr ||= octet === carriageReturn && at + 1 < chunk.length
        continue
      }
      start = at + 1
    }
    this.hold(chunk, start)
    this.octets += chunk.length
    this.endsInCr = chunk[chunk.length - 1] === carriageReturn
  }

  /** Says that the message is whole, and returns what was found. */
  end(): Structure {
    this.hasBareCr ||= this.endsInCr
    if (this.heldOctets > 0) {
      this.longest = Math.max(this.longest, this.heldOctets)
      this.readLine(empty, 0, 0, this.heldOctets, 0)
    }
    this.endHeaders(this.octets)
    this.tree.finish(this.octets, this.lines)
    const { root, partCount, depth, tooDeep, tooManyParts, listsCut } = this.tree
    return {
      root,
      headerOctets: root.bodyStart,
      octets: this.octets,
      partCount,
      depth,
      tooDeep,
      tooManyParts,
      headerTooLarge: this.headerTooLarge || listsCut,
      hasNul: this.hasNul,
      hasBareCr: this.hasBareCr,
      hasBareLf: this.hasBareLf,
      has8Bit: this.has8Bit,
      longestLineOctets: this.longest,
    }
  }

  private noteOctets(chunk: Buffer): void {
    this.hasNul ||= chunk.includes(0)
    this.has8Bit ||= !isAscii(chunk)
    this.hasBareCr ||= this.endsInCr && chunk[0] !== lineFeed
  }

  /** The line that ends before `end` is whole: `lineEnd` octets of it are its CRLF or LF. */
  private endLine(chunk: Buffer, start: number, end: number, lineEnd: number): void {
    const octets = this.heldOctets + end - start
    if (octets - lineEnd > this.longest) this.longest = octets - lineEnd
    if (this.tree.inHeader || this.heldOctets > 0 || (chunk[start] === hyphen && chunk[start + 1] === hyphen)) {
      this.readLine(chunk, start, end, octets, lineEnd)
    }
    this.heldOctets = 0
    this.lines++
    this.previousLineEnd = lineEnd
  }

  /** Keeps what the end of the line will need of it: a delimiter's worth, and all of it in a header. */
  private hold(chunk: Buffer, start: number): void {
    if (start === chunk.length) return
    if (this.held === empty) this.held = Buffer.allocUnsafeSlow(maxDelimiterOctets)
    if (this.heldOctets < this.held.length) chunk.copy(this.held, this.heldOctets, start)
    this.heldOctets += chunk.length - start
    if (this.tree.inHeader) this.header.append(chunk, start, chunk.length)
  }

  private readLine(chunk: Buffer, start: number, end: number, octets: number, lineEnd: number): void {
    const lineStart = this.octets + end - octets
    const isHeld = this.heldOctets > 0
    if (isHeld && this.heldOctets < this.held.length) chunk.copy(this.held, this.heldOctets, start, end)
    const line = isHeld ? this.held : chunk
    const from = isHeld ? 0 : start
    const maybe = octets <= maxDelimiterOctets && line[from] === hyphen && line[from + 1] === hyphen
    let found = maybe ? this.tree.delimiterIn(line, from, from + octets) : null
    if (found === null && this.tree.inHeader) {
      this.header.append(chunk, start, end)
      if (this.isHeaderLine(lineStart, octets, lineEnd)) return
      // The header ended without a blank line, and what it opened may have this line as its first delimiter.
      if (maybe) found = this.tree.delimiterIn(line, from, from + octets)
    }
    if (found === null) return
    this.header.dropLine()
    this.endHeaders(lineStart)
    this.tree.delimit(found, lineStart - this.previousLineEnd, lineStart + octets, this.lines)
    if (this.tree.inHeader) this.beginHeader()
  }

  /** Takes a line into the header, or ends the header at it; false where the line belongs to the body. */
  private isHeaderLine(lineStart: number, octets: number, lineEnd: number): boolean {
    const { header } = this
    if (octets === lineEnd) {
      header.dropLine()
      this.endHeader(lineStart + octets, this.lines + 1)
      return true
    }
    const first = header.octets[header.lineStart]
    const continues = header.lineStart > 0 && (first === 0x20 || first === 0x09)
    if (header.isLineCut || continues || fieldNameEnd(header.octets, header.lineStart, header.length) >= 0) {
      header.keepLine()
      return true
    }
    header.dropLine()
    this.endHeaders(lineStart)
    return false
  }

  /** Ends the header that is being read and those of the messages nested in it, at a place where no line is left for them. */
  private endHeaders(bodyStart: number): void {
    while (this.tree.inHeader) this.endHeader(bodyStart, this.lines)
  }

  private endHeader(bodyStart: number, lines: number): void {
    const { header } = this
    this.headerTooLarge ||= header.isFull
    if (this.tree.partCount > 1) this.partHeadersOctets += header.length
    this.tree.endHeader(header.octets.subarray(0, header.length), bodyStart, lines)
    if (this.tree.inHeader) this.beginHeader()
  }

  private beginHeader(): void {
    this.header.begin(Math.min(this.limits.maxHeaderOctets, this.limits.maxPartHeadersOctets - this.partHeadersOctets))
  }
}
