// The loop of one connection: reads a line, finds its row, answers. Deadlines, counts of errors and logging are here and nowhere else.
import { setTimeout as wait } from 'node:timers/promises'
import type { SecureContext } from 'node:tls'
import type { Clock } from '#base/clock.ts'
import { BadCommand } from '#base/faults.ts'
import { randomOctets } from '#base/ids.ts'
import { describeFault, type Log } from '#base/log.ts'
import { ConnectionLost, Draining, LineTooLong, TimedOut, TooMany, type Connection } from '#net/connection.ts'
import { maxSaslLineOctets } from '#net/limits.ts'
import { BadArgument } from '#smtp/bad-argument.ts'
import { parseCommandLine, type CommandLine } from '#smtp/command-line.ts'
import { commands, type AnyCommand, type Prepared } from '#smtp/commands.ts'
import type { SmtpDoors } from '#smtp/doors.ts'
import { maxCommandLineOctets, maxPieceOctets, type SmtpLimits } from '#smtp/limits.ts'
import { closing, formatReply, plainReply, reply, replyToFault, replyToSignInFault, type Reply } from '#smtp/replies.ts'
import type { SmtpSeries } from '#smtp/series.ts'
import { newSession, resetTransaction, type Session, type Wire } from '#smtp/session.ts'

export interface LoopOptions {
  readonly doors: SmtpDoors
  readonly limits: SmtpLimits
  readonly hostName: string
  readonly helpdesk: string
  readonly rulesUrl: string
  readonly tlsContext: () => SecureContext
  readonly clock: Clock
  readonly log: Log
  readonly series: SmtpSeries
}

/** Thrown inside the loop when the peer has closed: there is nobody to answer. */
class PeerGone extends Error {
  override name = 'PeerGone'
}

/** Verbs of HTTP: a browser was made to talk to us, and what follows may be a forged session (RFC 5321 §7.8 bears closing). */
const httpVerbs: ReadonlySet<string> = new Set(['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'CONNECT', 'PATCH', 'TRACE'])

/** What brings no message nearer: some are good manners, a flood of them is not. */
const idleVerbs: ReadonlySet<string> = new Set(['EHLO', 'HELO', 'RSET', 'NOOP', 'VRFY', 'EXPN', 'HELP'])

/** Replies that say that the peer broke the protocol; refusals of rules, sizes and guesses are counted elsewhere or not at all. */
const errorCodes: ReadonlySet<number> = new Set([500, 501, 502, 503, 504, 530, 538, 555])

/** Serves one connection until it ends; throws nothing but what is a defect of ours. */
export async function serveConnection(connection: Connection, options: LoopOptions): Promise<void> {
  await new Loop(connection, options).run()
}

class Loop implements Wire {
  readonly #connection: Connection
  readonly #options: LoopOptions
  readonly #log: Log
  readonly #startedMs: number
  #session: Session
  #errors = 0
  #idleCommands = 0

  constructor(connection: Connection, options: LoopOptions) {
    this.#connection = connection
    this.#options = options
    this.#log = options.log.child({ connection: connection.id, remoteAddress: connection.remoteAddress })
    this.#startedMs = options.clock.monotonic()
    this.#session = newSession({ ...options, wire: this })
  }

  get secure(): boolean {
    return this.#connection.secure
  }

  get tlsProtocol(): string | null {
    return this.#connection.tlsProtocol
  }

  get remoteAddress(): string {
    return this.#connection.remoteAddress
  }

  async run(): Promise<void> {
    try {
      await this.send(plainReply(220, `${this.#options.hostName} ESMTP`))
      while (await this.#turn());
    } catch (fault) {
      const last = lastWords(fault)
      if (last !== null) await this.send(last).catch(() => {})
      else if (!(fault instanceof PeerGone || fault instanceof ConnectionLost)) throw fault
    } finally {
      await resetTransaction(this.#session)
    }
  }

  async send(answer: Reply): Promise<void> {
    await this.#connection.write(formatReply(answer))
  }

  async ask(question: Reply): Promise<string> {
    await this.send(question)
    const line = await this.#readLine()
    return line.toString('latin1')
  }

  async readPiece(maxOctets: number): Promise<Buffer> {
    const piece = await this.#connection.readSome({ maxOctets, timeoutMs: this.#timeLeftMs() })
    if (piece === null) throw new PeerGone()
    return piece
  }

  unread(octets: Buffer): void {
    this.#connection.unread(octets)
  }

  async pause(ms: number): Promise<void> {
    await wait(ms)
  }

  /** One command and its reply; false when the connection is to close. */
  async #turn(): Promise<boolean> {
    const { verb, answer } = await this.#answerNext()
    this.#options.series.replies.inc({ verb: commands.has(verb) ? verb : 'other', code: String(answer.code) })
    if (errorCodes.has(answer.code)) this.#errors += 1
    if (answer.afterwards === 'start-tls') return this.#startTls(answer)
    await this.send(answer)
    if (answer.afterwards === 'close') return false
    const many = this.#tooMany(verb, answer)
    if (many === null) return true
    this.#log.info({ errors: this.#errors, idleCommands: this.#idleCommands }, 'closed: too many errors or idle commands')
    await this.send(reply(421, '4.7.0', many))
    return false
  }

  /** What there was too much of, now that this command is answered, or null. */
  #tooMany(verb: string, { code }: Reply): string | null {
    const { errors, idleCommands } = this.#options.limits
    const accepted = (verb === 'DATA' || verb === 'BDAT') && code === 250 && this.#session.phase === 'ready'
    if (accepted) this.#idleCommands = this.#errors = 0
    if (idleVerbs.has(verb)) this.#idleCommands += 1
    if (this.#errors >= errors) return 'Too many errors'
    return this.#idleCommands >= idleCommands ? 'Too many commands without a message' : null
  }

  async #answerNext(): Promise<{ verb: string; answer: Reply }> {
    let verb = ''
    try {
      const line = parseCommandLine(await this.#readLine())
      verb = line.verb
      return { verb, answer: await this.#answer(line) }
    } catch (fault) {
      if (fault instanceof LineTooLong) return { verb, answer: reply(500, '5.5.2', 'The line is too long') }
      if (fault instanceof BadArgument) return { verb, answer: reply(fault.code, fault.status, fault.message) }
      if (fault instanceof BadCommand) return { verb, answer: reply(501, '5.5.4', fault.message) }
      if (fault instanceof PeerGone || fault instanceof ConnectionLost || lastWords(fault) !== null) throw fault
      return { verb, answer: await this.#answerFault(fault, verb) }
    }
  }

  async #answer({ verb, argument }: CommandLine): Promise<Reply> {
    if (httpVerbs.has(verb)) return closing(reply(554, '5.5.1', 'This is a mail server'))
    const command = commands.get(verb)
    if (command === undefined) return reply(500, '5.5.1', 'The command is not known')
    const refusal = this.#notNow(command)
    if (command.carriesOctets) return this.#answerWithOctets(command, argument, refusal)
    return refusal ?? this.#perform(verb, command.prepare(argument))
  }

  /** Octets stand behind the command whatever its answer: they must never be read as commands. */
  async #answerWithOctets(command: AnyCommand, argument: string, refusal: Reply | null): Promise<Reply> {
    const prepared = prepareOrNull(command, argument)
    if (prepared === null) return closing(refusal ?? reply(501, '5.5.4', 'How many octets follow cannot be told'))
    if (refusal === null) return this.#perform(command.verb, prepared)
    if (this.#session.signedIn === null || prepared.octetsBehind > this.#options.limits.drainedOctets) return closing(refusal)
    for (let left = prepared.octetsBehind; left > 0; ) left -= (await this.readPiece(Math.min(left, maxPieceOctets))).length
    return refusal
  }

  async #perform(verb: string, prepared: Prepared): Promise<Reply> {
    const answer = await prepared.run(this.#session)
    const fields = { account: this.#session.signedIn?.account, code: answer.code, status: answer.status ?? '' }
    if (verb === 'AUTH') this.#log.info(fields, 'sign-in')
    if (verb === 'AUTH' && answer.code === 235) this.#connection.signedIn()
    if (verb === 'DATA' || verb === 'BDAT') this.#log.info(fields, 'message')
    return answer
  }

  /** Why the command is not legal now, or null. */
  #notNow(command: AnyCommand): Reply | null {
    const { phase, signedIn } = this.#session
    if (command.needs !== 'nothing' && !this.secure) {
      return command.verb === 'AUTH'
        ? reply(538, '5.7.11', 'Begin TLS first: STARTTLS')
        : reply(530, '5.7.0', 'Begin TLS first: STARTTLS')
    }
    if (command.needs === 'sign-in' && signedIn === null) return reply(530, '5.7.0', 'Sign in first: AUTH')
    if (command.phases.includes(phase)) return null
    return reply(
      503,
      '5.5.1',
      phase === 'opened' ? 'Say EHLO first' : 'Not now: the order of commands is EHLO, AUTH, MAIL, RCPT, DATA',
    )
  }

  async #startTls(answer: Reply): Promise<boolean> {
    try {
      await this.#connection.startTls(this.#options.tlsContext(), formatReply(answer))
    } catch (fault) {
      // RFC 3207 §4: 454 says that it is so for now; who cannot have TLS has no more to say here.
      if (fault instanceof TooMany) await this.send(reply(454, '4.7.0', 'Too many others begin TLS just now; connect again soon'))
      else if (!(fault instanceof TimedOut || fault instanceof ConnectionLost)) throw fault
      return false
    }
    this.#session = newSession({ ...this.#options, wire: this })
    return true
  }

  async #answerFault(fault: unknown, verb: string): Promise<Reply> {
    const reference = randomOctets(6).toString('hex')
    this.#log.error({ reference, verb, fault: describeFault(fault) }, 'command failed')
    if (this.#session.intake !== null) await resetTransaction(this.#session)
    return verb === 'AUTH' ? replyToSignInFault(reference) : replyToFault(fault, reference)
  }

  async #readLine(): Promise<Buffer> {
    // Before TLS no extension lengthens a line.
    const maxOctets = this.secure ? maxSaslLineOctets : maxCommandLineOctets
    const line = await this.#connection.readLine({ maxOctets, timeoutMs: this.#timeLeftMs() })
    if (line === null) throw new PeerGone()
    return line
  }

  /** What is left for the next read: of the command's time, the session's, and the time to sign in. */
  #timeLeftMs(): number {
    const { commandMs, sessionMs, beforeSignInMs } = this.#options.limits
    const wholeMs = this.#session.signedIn === null ? Math.min(sessionMs, beforeSignInMs) : sessionMs
    return Math.min(commandMs, this.#startedMs + wholeMs - this.#options.clock.monotonic())
  }
}

/** What is said when the connection ends by no command of the peer's, or null. */
function lastWords(fault: unknown): Reply | null {
  if (fault instanceof TimedOut) return reply(421, '4.4.2', 'The time is up')
  if (fault instanceof TooMany) return reply(421, '4.7.0', 'What you send comes in too many small pieces')
  if (fault instanceof Draining) return reply(421, '4.3.2', 'The service is closing; try again soon')
  return null
}

function prepareOrNull(command: AnyCommand, argument: string): Prepared | null {
  try {
    return command.prepare(argument)
  } catch (fault) {
    if (fault instanceof BadCommand) return null
    throw fault
  }
}
