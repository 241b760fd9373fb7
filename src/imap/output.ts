// What a session writes: responses are gathered into blocks, and go out when a block is full or when the command waits for
// something.
import type { Octets } from '#imap/encode.ts'
import type { Connection } from '#net/connection.ts'

export class Output {
  readonly #connection: Pick<Connection, 'write'>
  readonly #blockOctets: number
  #pieces: Buffer[] = []
  #text: Octets = ''
  #octets = 0
  #written = 0
  /** Blocks that the connection has not taken yet. */
  #underway = 0
  #writing: Promise<void> = Promise.resolve()
  #scheduled: NodeJS.Immediate | null = null

  constructor(connection: Pick<Connection, 'write'>, blockOctets: number) {
    this.#connection = connection
    this.#blockOctets = blockOctets
  }

  /** Octets handed to the connection so far. */
  get written(): number {
    return this.#written
  }

  /** Takes octets to write; a promise to wait for when a block went out, so that a slow reader slows the command down. */
  put(piece: Octets | Buffer): Promise<void> | null {
    if (typeof piece === 'string') this.#text += piece
    else {
      this.#closeText()
      this.#pieces.push(piece)
    }
    this.#octets += piece.length
    if (this.#octets >= this.#blockOctets) return this.flush()
    this.#schedule()
    return null
  }

  /** Writes what was gathered. Throws what `Connection.write` throws. */
  flush(): Promise<void> {
    if (this.#scheduled !== null) clearImmediate(this.#scheduled)
    this.#scheduled = null
    if (this.#octets === 0) return this.#writing
    this.#closeText()
    const block = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces, this.#octets)
    this.#written += this.#octets
    this.#pieces = []
    this.#octets = 0
    this.#underway++
    this.#writing = this.#writing.then(() => this.#connection.write(block))
    this.#writing.then(this.#settled, this.#settled)
    return this.#writing
  }

  /**
   * Writes at the end of this turn of the event loop; but never behind a block that the client has yet to take: what is gathered
   * then waits for a full block, and its command with it, so that a client that does not read makes nothing grow.
   */
  #schedule(): void {
    if (this.#underway > 0) return
    this.#scheduled ??= setImmediate(() => {
      this.flush()
    })
  }

  readonly #settled = (): void => {
    this.#underway--
    if (this.#octets > 0) this.#schedule()
  }

  #closeText(): void {
    if (this.#text === '') return
    this.#pieces.push(Buffer.from(this.#text, 'latin1'))
    this.#text = ''
  }
}
