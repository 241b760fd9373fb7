// Serves one connection: reads a command, runs it, writes what it answers. Deadlines, error counts and logging are here and
// nowhere else.
import { setTimeout as delay } from 'node:timers/promises'
import type { Counter } from 'prom-client'
import { BadCommand } from '#base/faults.ts'
import { randomId } from '#base/ids.ts'
import { describeFault, type Log } from '#base/log.ts'
import type { Row, Run, Talk } from '#imap/command.ts'
import { type Received, CommandReader } from '#imap/command-reader.ts'
import { rowNamedBy } from '#imap/commands.ts'
import { capabilities } from '#imap/commands/capability.ts'
import { ResponseCutShort } from '#imap/commands/fetch.ts'
import { type ImapDoors, SignedOut } from '#imap/doors.ts'
import { Decoder } from '#imap/grammar.ts'
import type { ImapLimits } from '#imap/limits.ts'
import type { MessageLiteral } from '#imap/message-literal.ts'
import { Output } from '#imap/output.ts'
import { bad, byeLine, ok, type Reply, refusalText, replyLine, replyToFault } from '#imap/responses.ts'
import { MailboxGone, Session } from '#imap/session.ts'
import { Slice } from '#imap/slice.ts'
import { type Connection, ConnectionLost, Draining, LineTooLong, TimedOut, TooMany } from '#net/connection.ts'

export interface LoopParts {
  readonly doors: ImapDoors
  readonly limits: ImapLimits
  readonly log: Log
  /** Commands by verb and outcome. */
  readonly commands: Counter
}

/** Serves a connection from the greeting to its end; resolves when all is said. Never rejects for what a client does. */
export async function serveImap(connection: Connection, parts: LoopParts): Promise<void> {
  await new Loop(connection, parts).serve()
}

/** Whether a session goes on, or why it ended. */
type Outcome =
  | 'open'
  | 'the client left'
  | 'signed out'
  | 'too many bad commands'
  | 'too many commands before sign-in'
  | 'too many refused sign-ins'

const notGuesses: ReadonlySet<string> = new Set(['INUSE', 'UNAVAILABLE', 'SERVERBUG', 'CANNOT'])

class Loop {
  readonly #connection: Connection
  readonly #parts: LoopParts
  readonly #session: Session
  readonly #output: Output
  readonly #reader: CommandReader
  readonly #startedMs = performance.now()
  #commands = 0
  /** Since the last command that worked. */
  #badCommands = 0
  #signInFailures = 0
  /** An answer to a continuation request is being waited for. */
  #asking = false

  constructor(connection: Connection, parts: LoopParts) {
    this.#connection = connection
    this.#parts = parts
    this.#session = new Session(parts.doors, parts.limits, connection.remoteAddress)
    this.#output = new Output(connection, parts.limits.writeBlockOctets)
    this.#reader = new CommandReader(connection, parts.limits, (octets) => this.#say(octets))
  }

  async serve(): Promise<void> {
    let end: string = 'open'
    try {
      await this.#say(replyLine('*', ok('CJSM is ready', `CAPABILITY ${capabilities(false, this.#parts.limits)}`)))
      for (let open: Outcome = 'open'; open === 'open'; end = open) open = await this.#serveNext()
    } catch (fault) {
      end = await this.#farewell(fault)
    } finally {
      this.#session.deselect()
      this.#logEnd(end)
    }
  }

  /** Serves one command. */
  async #serveNext(): Promise<Outcome> {
    const patienceMs = this.#patienceMs()
    // Commands that are there already cost no waiting, so that a busy stranger would otherwise never run out of time.
    if (patienceMs === 0) throw new TimedOut()
    const received = await this.#reader.next(this.#session.isSignedIn, patienceMs)
    if (received.kind === 'ended') return 'the client left'
    this.#commands++
    if (received.kind === 'rejected') return this.#conclude(received.tag, null, received.reply)
    const { tag, row, run } = this.#begin(received)
    const reply = await this.#answer(row, run, received.message)
    const settled = received.message === null || (await received.message.settle())
    return this.#conclude(tag, row, settled ? reply : { ...reply, close: true })
  }

  /** How long the next command may take to come: before sign-in, what is left of the time for it. */
  #patienceMs(): number {
    const { idleMs, signInMs } = this.#parts.limits
    return this.#session.isSignedIn ? idleMs : Math.max(0, signInMs - (performance.now() - this.#startedMs))
  }

  /** Reads a command as far as to know what to run; a BadCommand becomes what runs. */
  #begin({ octets, message }: Received & { kind: 'command' }): { tag: string; row: Row | null; run: () => Run } {
    let tag = '*'
    let row: Row | null = null
    try {
      const input = new Decoder(octets, this.#parts.limits)
      tag = input.tag()
      const found = rowNamedBy(input)
      row = found
      if (!found.states.includes(this.#session.state)) throw new BadCommand(outOfPlace(found))
      const start = found.begin(input)
      return { tag, row, run: () => start(this.#session, this.#talk(message)) }
    } catch (fault) {
      if (!(fault instanceof BadCommand)) throw fault
      return { tag, row, run: () => Promise.resolve(bad(fault.message)) }
    }
  }

  async #answer(row: Row | null, run: () => Run, message: MessageLiteral | null): Promise<Reply> {
    try {
      const reply = await this.#write(run())
      await this.#tellNews(row)
      return reply
    } catch (fault) {
      if (fault instanceof BadCommand && !this.#asking) return bad(fault.message)
      if (isEnd(fault) || fault instanceof ResponseCutShort || this.#asking) throw fault
      if (message !== null && isEnd(message.fault)) throw message.fault
      return this.#replyToFault(fault, row)
    }
  }

  /** Writes what a command yields and gives what it returns. */
  async #write(run: Run): Promise<Reply> {
    if (!('next' in run)) return run
    const slice = new Slice(this.#parts.limits.sliceMs)
    try {
      for (;;) {
        const step = await run.next()
        if (step.done === true) return step.value
        const wait = this.#output.put(step.value) ?? slice.step()
        if (wait !== null) await wait
      }
    } finally {
      await run.return(ok(''))
    }
  }

  /** RFC 3501 §5.2: what happened to the selected mailbox is told with any command; one that worked does not fail for it. */
  async #tellNews(row: Row | null): Promise<void> {
    const { selection } = this.#session
    const tellExpunges = row?.withholdsExpunges !== true
    if (selection === null || !(selection.hinted || (tellExpunges && selection.view.owesExpunges))) return
    try {
      for (const line of await this.#session.news(tellExpunges)) await this.#output.put(line)
    } catch (fault) {
      if (fault instanceof MailboxGone || fault instanceof SignedOut) throw fault
      this.#parts.log.warn(
        { connection: this.#connection.id, fault: describeFault(fault) },
        'imap: news of the mailbox must wait',
      )
    }
  }

  #talk(message: MessageLiteral | null): Talk {
    const ask = async (prompt: string) => {
      this.#asking = true
      await this.#say(`+ ${prompt}\r\n`)
      const { commandOctets, strangerCommandOctets, idleMs } = this.#parts.limits
      const signedIn = this.#session.isSignedIn
      const line = await this.#connection.readLine({
        maxOctets: signedIn ? commandOctets : strangerCommandOctets,
        timeoutMs: signedIn ? idleMs : this.#patienceMs(),
      })
      this.#asking = false
      if (line === null) throw new ConnectionLost()
      return line
    }
    return { ask, message }
  }

  #replyToFault(fault: unknown, row: Row | null): Reply {
    const reference = randomId()
    this.#parts.log.error(
      { connection: this.#connection.id, reference, verb: row?.verb, fault: describeFault(fault) },
      'imap: a command failed',
    )
    return replyToFault(fault, reference)
  }

  /** Writes the tagged reply and counts what went wrong. */
  async #conclude(tag: string, row: Row | null, reply: Reply): Promise<Outcome> {
    this.#parts.commands.inc({ verb: row?.verb ?? 'unknown', outcome: reply.kind })
    const { badCommands, strangerCommands, signInTries, signInFailureDelayMs } = this.#parts.limits
    if (reply.kind === 'BAD') this.#badCommands++
    // A command that worked is a sign of a mail program: only what sends nothing but nonsense must go.
    if (reply.kind === 'OK') this.#badCommands = 0
    if (row?.signsIn === true && reply.kind === 'OK') this.#connection.signedIn()
    if (row?.signsIn === true && isRefusedSignIn(reply)) {
      this.#signInFailures++
      await delay(signInFailureDelayMs)
    }
    this.#output.put(replyLine(tag, reply))
    let outcome: Outcome = reply.close === true ? 'signed out' : 'open'
    if (this.#badCommands >= badCommands) outcome = 'too many bad commands'
    if (!this.#session.isSignedIn && this.#commands >= strangerCommands) outcome = 'too many commands before sign-in'
    if (this.#signInFailures >= signInTries) outcome = 'too many refused sign-ins'
    if (outcome.startsWith('too many')) this.#output.put(byeLine(`There were ${outcome}`))
    await this.#output.flush()
    return outcome
  }

  /** Says why the session ends, where the client can still understand it; gives the reason for the log. */
  async #farewell(fault: unknown): Promise<string> {
    const [why, line] = this.#lastWords(fault)
    if (line === null) this.#connection.destroy()
    else await this.#say(line).catch(() => {})
    return why
  }

  #lastWords(fault: unknown): [why: string, line: string | null] {
    const { limits, log } = this.#parts
    if (fault instanceof ConnectionLost) return ['the connection was lost', null]
    if (fault instanceof TimedOut) return ['time ran out', byeLine('Nothing came for too long')]
    if (fault instanceof TooMany) return ['too many small pieces', byeLine('What you send comes in too many small pieces')]
    if (fault instanceof Draining)
      return ['the service is closing', byeLine('The service is closing; connect again', 'UNAVAILABLE')]
    if (fault instanceof SignedOut) return ['signed out by the service', byeLine(refusalText(fault.refusal), 'NOPERM')]
    if (fault instanceof MailboxGone) return ['the mailbox was deleted', byeLine('The selected mailbox was deleted')]
    if (fault instanceof LineTooLong) {
      const most = this.#session.isSignedIn ? limits.commandOctets : limits.strangerCommandOctets
      return ['a line was too long', byeLine(`A command is at most ${most} octets long`)]
    }
    if (fault instanceof BadCommand) return ['a continuation was not understood', byeLine(fault.message)]
    const reference = randomId()
    log.error({ connection: this.#connection.id, reference, fault: describeFault(fault) }, 'imap: the session ended by a fault')
    const inResponse = fault instanceof ResponseCutShort
    return ['a fault', inResponse ? null : byeLine(replyToFault(fault, reference).text, 'SERVERBUG')]
  }

  async #say(line: string): Promise<void> {
    this.#output.put(line)
    await this.#output.flush()
  }

  #logEnd(end: string): void {
    const { log } = this.#parts
    const account = this.#session.isSignedIn ? this.#session.who.account : undefined
    log.info(
      {
        connection: this.#connection.id,
        remoteAddress: this.#connection.remoteAddress,
        account,
        commands: this.#commands,
        octets: this.#output.written,
        durationMs: Math.round(performance.now() - this.#startedMs),
        end,
      },
      'imap: session ended',
    )
  }
}

function outOfPlace(row: Row): string {
  if (row.states.includes('stranger')) return 'Signing in is over'
  return row.states.includes('signedIn') ? 'Sign in first' : 'Select a mailbox first'
}

/** Whether the connection is over, whatever the command. */
function isEnd(fault: unknown): boolean {
  return (
    fault instanceof ConnectionLost ||
    fault instanceof TimedOut ||
    fault instanceof TooMany ||
    fault instanceof Draining ||
    fault instanceof LineTooLong ||
    fault instanceof MailboxGone ||
    fault instanceof SignedOut
  )
}

/** A computer in use and a part that is away are no guesses (G17). */
function isRefusedSignIn(reply: Reply): boolean {
  return reply.kind === 'NO' && !notGuesses.has(reply.code ?? '')
}
