// Reads one complete command from the connection: its line, the literals that it announces, and what follows them. RFC 3501
// §4.3, RFC 7888.
import { BadCommand } from '#base/faults.ts'
import { Decoder } from '#imap/grammar.ts'
import type { ImapLimits } from '#imap/limits.ts'
import { MessageLiteral } from '#imap/message-literal.ts'
import { bad, no, type Reply } from '#imap/responses.ts'
import { type Connection, ConnectionLost } from '#net/connection.ts'

export type Received =
  /** `message` is there for an APPEND, whose octets then end before its literal. */
  | { kind: 'command'; octets: Buffer; message: MessageLiteral | null }
  /** A literal that is not accepted; nothing of it is on its way any more, unless the reply closes. */
  | { kind: 'rejected'; tag: string; reply: Reply }
  | { kind: 'ended' }

interface Announced {
  readonly octets: number
  readonly synchronising: boolean
}

const crlf = Buffer.from('\r\n')

export class CommandReader {
  readonly #connection: Connection
  readonly #limits: ImapLimits
  readonly #send: (octets: string) => Promise<void>

  constructor(connection: Connection, limits: ImapLimits, send: (octets: string) => Promise<void>) {
    this.#connection = connection
    this.#limits = limits
    this.#send = send
  }

  /** The next command, waited for at most `timeoutMs`. Throws what `Connection.readLine` throws. */
  async next(signedIn: boolean, timeoutMs: number): Promise<Received> {
    const most = signedIn ? this.#limits.commandOctets : this.#limits.strangerCommandOctets
    const startedMs = performance.now()
    const line = await this.#connection.readLine({ maxOctets: most, timeoutMs })
    if (line === null) return { kind: 'ended' }
    // A stranger has no more than the time to sign in, however it is spent.
    const endMs = Math.min(performance.now() + this.#limits.readMs, signedIn ? Number.POSITIVE_INFINITY : startedMs + timeoutMs)
    const pieces = [line]
    let octets = line.length
    for (;;) {
      const announced = announcedBy(pieces.at(-1)!)
      if (announced === null) return { kind: 'command', octets: joined(pieces), message: null }
      const head = joined(pieces)
      if (signedIn && announcesMessage(head, this.#limits)) return this.#message(head, announced)
      const refusal = await this.#refuse(head, announced, octets, signedIn)
      if (refusal !== null) return refusal
      if (announced.synchronising) await this.#send('+ Ready for more\r\n')
      pieces.push(crlf, await this.#literal(announced.octets, endMs), await this.#line(most - octets - announced.octets, endMs))
      octets += announced.octets + pieces.at(-1)!.length
    }
  }

  async #message(head: Buffer, announced: Announced): Promise<Received> {
    if (announced.octets > this.#limits.appendOctets) {
      return this.#reject(head, announced, no('TOOBIG', `A message is at most ${this.#limits.appendOctets} octets long`))
    }
    if (this.#breaksLiteralMinus(announced)) return this.#reject(head, announced, this.#literalMinus())
    const goAhead = announced.synchronising ? () => this.#send('+ Ready for the message\r\n') : null
    const message = new MessageLiteral(this.#connection, this.#limits, announced.octets, goAhead)
    return { kind: 'command', octets: head.subarray(0, head.lastIndexOf('{')), message }
  }

  async #refuse(head: Buffer, announced: Announced, octets: number, signedIn: boolean): Promise<Received | null> {
    const limits = this.#limits
    if (!signedIn && (!isLogin(head, limits) || announced.octets > limits.loginLiteralOctets)) {
      return this.#reject(
        head,
        announced,
        bad(`Before sign-in only LOGIN has literals, of at most ${limits.loginLiteralOctets} octets`),
      )
    }
    if (this.#breaksLiteralMinus(announced)) return this.#reject(head, announced, this.#literalMinus())
    const most = signedIn ? limits.commandOctets : limits.strangerCommandOctets
    if (octets + announced.octets + crlf.length <= most) return null
    return this.#reject(head, announced, bad(`A command is at most ${most} octets long`))
  }

  #breaksLiteralMinus(announced: Announced): boolean {
    return !announced.synchronising && announced.octets > this.#limits.nonSynchronisingOctets
  }

  #literalMinus(): Reply {
    return bad(`A literal of more than ${this.#limits.nonSynchronisingOctets} octets waits for the server (RFC 7888, LITERAL-)`)
  }

  /**
   * Rejects a literal: one that waits is never asked for; one on its way is read off, or the connection closes when it is too
   * much.
   */
  async #reject(head: Buffer, announced: Announced, reply: Reply): Promise<Received> {
    let rest = true
    if (!announced.synchronising) {
      rest = await new MessageLiteral(this.#connection, this.#limits, announced.octets, null).settle()
    }
    return { kind: 'rejected', tag: tagOf(head, this.#limits), reply: rest ? reply : { ...reply, close: true } }
  }

  async #literal(octets: number, endMs: number): Promise<Buffer> {
    const pieces: Buffer[] = []
    for (let left = octets; left > 0; left -= pieces.at(-1)!.length) {
      const piece = await this.#connection.readSome({ maxOctets: left, timeoutMs: endMs - performance.now() })
      if (piece === null) throw new ConnectionLost()
      pieces.push(piece)
    }
    return Buffer.concat(pieces)
  }

  async #line(maxOctets: number, endMs: number): Promise<Buffer> {
    const line = await this.#connection.readLine({
      maxOctets: Math.max(crlf.length, maxOctets),
      timeoutMs: endMs - performance.now(),
    })
    if (line === null) throw new ConnectionLost()
    return line
  }
}

function joined(pieces: Buffer[]): Buffer {
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
}

/** The literal that a line announces at its end, or null. */
function announcedBy(line: Buffer): Announced | null {
  if (line[line.length - 1] !== 0x7d) return null
  const match = /\{(\d{1,10})(\+?)\}$/.exec(line.subarray(-13).toString('latin1'))
  return match === null ? null : { octets: Number(match[1]), synchronising: match[2] === '' }
}

/** Whether the literal at the end of what came so far is the message of an APPEND, and not its mailbox name. */
function announcesMessage(head: Buffer, limits: ImapLimits): boolean {
  return decoded(head, limits, (input) => {
    input.tag()
    input.space()
    if (input.word() !== 'APPEND') return false
    input.space()
    input.astring()
    return true
  })
}

function isLogin(head: Buffer, limits: ImapLimits): boolean {
  return decoded(head, limits, (input) => {
    input.tag()
    input.space()
    return input.word() === 'LOGIN'
  })
}

function decoded(head: Buffer, limits: ImapLimits, read: (input: Decoder) => boolean): boolean {
  try {
    return read(new Decoder(head, limits))
  } catch (fault) {
    if (fault instanceof BadCommand) return false
    throw fault
  }
}

function tagOf(head: Buffer, limits: ImapLimits): string {
  let tag = '*'
  decoded(head, limits, (input) => {
    tag = input.tag()
    return true
  })
  return tag
}
