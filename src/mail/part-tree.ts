// The parts of a message as they open and close while its lines go by: RFC 2046 §5.1.1 (delimiters), §5.2.1 (nested messages).
import { type Header, parseContentFields, parseHeader } from '#mail/header.ts'
import { maxNestedEntries } from '#mail/limits.ts'
import { addEnvelope, boundaryOf, describePart, isMessage, makeOpaque, makePlain, newPart, type Part } from '#mail/part.ts'

export interface TreeLimits {
  readonly maxDepth: number
  readonly maxParts: number
}

/** A delimiter line of an open multipart. */
export interface Delimiter {
  /** Where the multipart is in the stack. */
  readonly level: number
  readonly closes: boolean
}

interface Open {
  readonly part: Part
  /** Latin-1. */
  boundary: string | null
  linesBefore: number
}

const hyphen = 0x2d

/** One scan owns it and feeds it lines in their order; it never looks at content. */
export class PartTree {
  readonly root = newPart(0)
  partCount = 1
  depth = 1
  tooDeep = false
  tooManyParts = false
  listsCut = false
  /** Whether the innermost part's header is being read. */
  inHeader = true
  readonly limits: TreeLimits
  private nestedEntries = 0
  private readonly stack: Open[] = [{ part: this.root, boundary: null, linesBefore: 0 }]
  /** Levels of the multiparts with that boundary (as Latin-1), innermost last: one look-up a line, however many are open. */
  private readonly levels = new Map<string, number[]>()
  /** How many open boundaries have that hash: spares most lines that begin with hyphens the look-up. */
  private readonly hashes = new Map<number, number>()

  constructor(limits: TreeLimits) {
    this.limits = limits
  }

  /** The header of the innermost part ended; its body starts at `bodyStart`, after `lines` line ends of the message. */
  endHeader(octets: Buffer, bodyStart: number, lines: number): void {
    const { part } = this.top
    const holder = this.stack.at(-2)?.part
    const isNested = holder !== undefined && isMessage(holder)
    const header = isNested ? parseHeader(octets) : parseContentFields(octets)
    this.listsCut ||= !describePart(part, header, holder?.type === 'multipart' && holder.subtype === 'digest')
    if (isNested) this.noteEnvelope(holder, header)
    part.bodyStart = bodyStart
    this.top.linesBefore = lines
    this.inHeader = false
    if (part.type === 'multipart') this.enterMultipart(header)
    else if (isMessage(part)) this.open(bodyStart)
  }

  /**
   * The open multipart that the line in [from, to), which starts with two hyphens, delimits, innermost first, or null. `to` is
   * after the line end; padding is allowed.
   */
  delimiterIn(octets: Buffer, from: number, to: number): Delimiter | null {
    if (this.levels.size === 0) return null
    let end = to
    while (end > from + 2 && isPadding(octets[end - 1]!)) end--
    const closesAt = end - 2 >= from + 2 && octets[end - 1] === hyphen && octets[end - 2] === hyphen ? end - 2 : -1
    let hash = firstHash
    let closingHash = firstHash
    for (let at = from + 2; at < end; at++) {
      if (at === closesAt) closingHash = hash
      hash = nextHash(hash, octets[at]!)
    }
    const opening = this.levelOf(hash, octets, from + 2, end)
    const closing = closesAt < 0 ? -1 : this.levelOf(closingHash, octets, from + 2, closesAt)
    if (opening < 0 && closing < 0) return null
    return { level: Math.max(opening, closing), closes: closing > opening }
  }

  /**
   * A delimiter line was read: what is inside its multipart ends at `bodyEnd`, and after a line that does not close, a part
   * starts at `next`.
   */
  delimit(delimiter: Delimiter, bodyEnd: number, next: number, lines: number): void {
    this.closeTo(delimiter.level + 1, bodyEnd, lines - 1)
    this.inHeader = false
    if (delimiter.closes) this.forgetBoundary(this.top)
    else this.open(next)
  }

  /** The message ended. */
  finish(octets: number, lines: number): void {
    this.closeTo(0, octets, lines)
  }

  /** Past the limit no list is read any more; the message is not whole then. */
  private noteEnvelope(holder: Part, header: Header): void {
    const isOver = this.nestedEntries > maxNestedEntries
    this.nestedEntries += addEnvelope(holder, isOver ? { ...header, fields: [] } : header)
    this.listsCut ||= this.nestedEntries > maxNestedEntries
  }

  private get top(): Open {
    return this.stack.at(-1)!
  }

  private enterMultipart(header: Header): void {
    const open = this.top
    if (this.stack.length >= this.limits.maxDepth) {
      this.tooDeep = true
      makeOpaque(open.part)
      return
    }
    open.boundary = boundaryOf(open.part, header)
    if (open.boundary === null) return
    const hash = hashOf(open.boundary)
    this.hashes.set(hash, (this.hashes.get(hash) ?? 0) + 1)
    this.levels.set(open.boundary, [...(this.levels.get(open.boundary) ?? []), this.stack.length - 1])
  }

  /** Opens a part of the innermost one, or leaves its octets to that one where a limit forbids. */
  private open(headerStart: number): void {
    const holder = this.top.part
    const tooDeep = this.stack.length >= this.limits.maxDepth
    if (tooDeep || this.partCount >= this.limits.maxParts) {
      this.tooDeep ||= tooDeep
      if (!tooDeep) this.stopDividing()
      if (isMessage(holder)) makeOpaque(holder)
      return
    }
    const part = newPart(headerStart)
    holder.parts.push(part)
    this.stack.push({ part, boundary: null, linesBefore: 0 })
    this.partCount++
    this.depth = Math.max(this.depth, this.stack.length)
    this.inHeader = true
  }

  private closeTo(level: number, bodyEnd: number, lines: number): void {
    let end = bodyEnd
    while (this.stack.length > level) {
      const open = this.stack.pop()!
      this.forgetBoundary(open)
      // A body that its delimiter follows at once has no line end of its own to give away; nor have those around it.
      end = Math.max(open.part.bodyStart, end)
      open.part.bodyEnd = end
      open.part.lines = Math.max(0, lines + (end > bodyEnd ? 1 : 0) - open.linesBefore)
      if (open.part.type === 'multipart' && open.part.parts.length === 0) makePlain(open.part)
    }
  }

  private forgetBoundary(open: Open): void {
    if (open.boundary === null) return
    const hash = hashOf(open.boundary)
    const levels = this.levels.get(open.boundary)
    levels?.pop()
    if (levels?.length === 0) this.levels.delete(open.boundary)
    this.hashes.set(hash, (this.hashes.get(hash) ?? 1) - 1)
    open.boundary = null
  }

  /** Past the limit no line is a delimiter any more, so that what follows costs what plain text costs. */
  private stopDividing(): void {
    this.tooManyParts = true
    this.levels.clear()
  }

  private levelOf(hash: number, octets: Buffer, from: number, to: number): number {
    if ((this.hashes.get(hash) ?? 0) === 0) return -1
    return this.levels.get(octets.toString('latin1', from, to))?.at(-1) ?? -1
  }
}

const firstHash = 0x811c9dc5

/** FNV-1a; that it can be forged costs a look-up a line. */
function nextHash(hash: number, octet: number): number {
  return Math.imul(hash ^ octet, 0x01000193)
}

function hashOf(boundary: string): number {
  let hash = firstHash
  for (let at = 0; at < boundary.length; at++) hash = nextHash(hash, boundary.charCodeAt(at))
  return hash
}

function isPadding(octet: number): boolean {
  return octet === 0x20 || octet === 0x09 || octet === 0x0d || octet === 0x0a
}
