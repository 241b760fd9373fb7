// A message's content on its way into the spool, by DATA or BDAT: measured, refused where it must be, and then read to its end all the same.
import type { Spool } from '#smtp/doors.ts'
import { HeaderGauge } from '#smtp/header-gauge.ts'
import type { SmtpLimits } from '#smtp/limits.ts'
import { LineReader } from '#smtp/line-reader.ts'
import { closing, reply, type Reply } from '#smtp/replies.ts'

export class Intake {
  readonly spool: Spool
  readonly #limits: SmtpLimits
  readonly #reader: LineReader
  readonly #header: HeaderGauge
  #octets = 0
  #chunks = 0
  #abandoned = false
  #fault: { readonly cause: unknown } | null = null

  constructor(spool: Spool, limits: SmtpLimits, { dots }: { dots: boolean }) {
    this.spool = spool
    this.#limits = limits
    this.#reader = new LineReader({ dots })
    this.#header = new HeaderGauge(limits.headerOctets)
  }

  /** CRLF.CRLF has come, or `finish` was called. */
  get ended(): boolean {
    return this.#reader.ended
  }

  /** More has been refused than is worth reading off. */
  get drainedEnough(): boolean {
    return this.#octets > this.#limits.drainedOctets
  }

  /** Octets of content so far. */
  get octets(): number {
    return this.#octets
  }

  /** Takes a piece; what came behind the end of the content is returned. */
  async push(piece: Buffer): Promise<Buffer | null> {
    const { content, rest } = this.#reader.push(piece)
    this.#octets += content.length
    this.#header.push(content)
    if (this.refusal() !== null || this.#fault !== null) await this.abandon()
    else if (content.length > 0) await this.#write(content)
    return rest
  }

  /** One more BDAT brings content: false when they are too many for what they brought. */
  countChunk(): boolean {
    const { smallChunks, octetsPerChunk } = this.#limits
    this.#chunks += 1
    return this.#chunks <= smallChunks + this.#octets / octetsPerChunk
  }

  /** The last octet of BDAT has come. */
  finish(): void {
    this.#reader.finish()
  }

  /** Why the content cannot be taken, or null. A fault of the spool is thrown by `rethrow`, after the content is read. */
  refusal(): Reply | null {
    if (this.#reader.flaw !== null) return closing(reply(554, '5.6.0', flawTexts[this.#reader.flaw]))
    if (this.#octets > this.#limits.messageOctets)
      return reply(552, '5.3.4', `The message is larger than ${this.#limits.messageOctets} octets`)
    if (this.#header.tooLarge) return reply(552, '5.3.4', `The header is larger than ${this.#limits.headerOctets} octets`)
    return null
  }

  rethrow(): void {
    if (this.#fault !== null) throw this.#fault.cause
  }

  async abandon(): Promise<void> {
    if (this.#abandoned) return
    this.#abandoned = true
    await this.spool.abandon()
  }

  async #write(content: Buffer): Promise<void> {
    try {
      await this.spool.write(content)
    } catch (cause) {
      this.#fault = { cause }
    }
  }
}

const flawTexts = {
  'bare-cr': 'The message holds a CR without LF; nothing was accepted',
  'bare-lf': 'The message holds a LF without CR; nothing was accepted',
  nul: 'The message holds a NUL; nothing was accepted',
} as const
