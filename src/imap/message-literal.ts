// The message of an APPEND: asked for when the mailbox wants it, streamed with its line ends made CRLF, and read off when nobody
// wanted it.
import { BadCommand } from '#base/faults.ts'
import type { ImapLimits } from '#imap/limits.ts'
import { type Connection, ConnectionLost } from '#net/connection.ts'

/** The message grew past the limit when its line ends were made CRLF. */
export class MessageTooBig extends Error {
  override name = 'MessageTooBig'
}

const pieceOctets = 65_536
const cr = 0x0d
const lf = 0x0a

export class MessageLiteral {
  /** As announced. */
  readonly octets: number
  readonly #connection: Connection
  readonly #limits: ImapLimits
  readonly #goAhead: (() => Promise<void>) | null
  #left: number
  #endMs: number | null = null
  #onItsWay: boolean
  #finished = false
  #fault: Error | null = null

  /** `goAhead` sends the continuation request; null where the client does not wait for one (RFC 7888). */
  constructor(connection: Connection, limits: ImapLimits, octets: number, goAhead: (() => Promise<void>) | null) {
    this.#connection = connection
    this.#limits = limits
    this.octets = octets
    this.#left = octets
    this.#goAhead = goAhead
    this.#onItsWay = goAhead === null
  }

  /** What broke the content off, or null: what the door threw may be this, wrapped. */
  get fault(): Error | null {
    return this.#fault
  }

  /**
   * The message, once. The client is asked for it at the first pull; the last piece comes only after the command's line has
   * ended properly.
   */
  async *content(): AsyncGenerator<Buffer, void> {
    try {
      yield* this.#pieces()
    } catch (fault) {
      this.#fault = fault instanceof Error ? fault : new Error('a piece failed', { cause: fault })
      throw fault
    }
  }

  /** Reads off what is on its way and nobody took. False when that is too much: the connection must close. */
  async settle(): Promise<boolean> {
    if (!this.#onItsWay || this.#finished) return true
    if (this.#left > this.#limits.drainOctets) return false
    while (this.#left > 0) await this.#take()
    await this.#endOfLine()
    return true
  }

  async *#pieces(): AsyncGenerator<Buffer, void> {
    if (!this.#onItsWay) {
      this.#onItsWay = true
      await this.#goAhead?.()
    }
    const lineEnds = new LineEnds()
    let octets = 0
    while (this.#left > 0) {
      const taken = await this.#take()
      if (taken.includes(0)) throw new BadCommand('A message holds no NUL (RFC 3501 §9, CHAR8)')
      const piece = this.#left > 0 ? lineEnds.next(taken) : lineEnds.last(taken)
      octets += piece.length
      if (octets > this.#limits.appendOctets) throw new MessageTooBig()
      if (this.#left === 0) await this.#rest()
      if (piece.length > 0) yield piece
    }
  }

  async #rest(): Promise<void> {
    const rest = await this.#endOfLine()
    if (rest > 0) throw new BadCommand('Nothing follows the message of an APPEND')
  }

  async #take(): Promise<Buffer> {
    const nowMs = performance.now()
    this.#endMs ??= nowMs + this.#limits.messageMs
    const piece = await this.#connection.readSome({
      maxOctets: Math.min(this.#left, pieceOctets),
      timeoutMs: Math.min(this.#limits.readMs, this.#endMs - nowMs),
    })
    if (piece === null) throw new ConnectionLost()
    this.#left -= piece.length
    return piece
  }

  /** Reads the line's end and gives the octets that stood before it. */
  async #endOfLine(): Promise<number> {
    const line = await this.#connection.readLine({ maxOctets: this.#limits.commandOctets, timeoutMs: this.#limits.readMs })
    if (line === null) throw new ConnectionLost()
    this.#finished = true
    return line.length
  }
}

/**
 * Makes every bare CR and bare LF a CRLF, whatever the pieces: nothing stored holds either. One pass, a copy only where
 * something changes.
 */
export class LineEnds {
  #heldCr = false

  next(piece: Buffer): Buffer {
    const whole = this.#heldCr ? Buffer.concat([Buffer.of(cr), piece]) : piece
    this.#heldCr = whole[whole.length - 1] === cr
    return normalised(this.#heldCr ? whole.subarray(0, -1) : whole)
  }

  /** The last piece: a CR at its end is bare. */
  last(piece: Buffer): Buffer {
    const most = this.next(piece)
    return this.#heldCr ? Buffer.concat([most, Buffer.of(cr, lf)]) : most
  }
}

function normalised(octets: Buffer): Buffer {
  let bare = 0
  for (let at = 0; at < octets.length; at++) {
    const octet = octets[at]
    if (octet === lf ? octets[at - 1] !== cr : octet === cr && octets[at + 1] !== lf) bare++
  }
  if (bare === 0) return octets
  const whole = Buffer.allocUnsafe(octets.length + bare)
  let to = 0
  for (let at = 0; at < octets.length; at++) {
    const octet = octets[at]!
    if (octet === lf && octets[at - 1] !== cr) whole[to++] = cr
    whole[to++] = octet
    if (octet === cr && octets[at + 1] !== lf) whole[to++] = lf
  }
  return whole
}
