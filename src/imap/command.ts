// What a command is: a row of the table in commands.ts. RFC 3501 §6.
import type { Octets } from '#imap/encode.ts'
import type { Decoder } from '#imap/grammar.ts'
import type { MessageLiteral } from '#imap/message-literal.ts'
import { bad, type Reply } from '#imap/responses.ts'
import type { SequenceSet } from '#imap/sequence-set.ts'
import { sequenceNamed, uidsNamed } from '#imap/sequence-set.ts'
import type { Session, SessionState } from '#imap/session.ts'

/** What a command may ask of the client while it runs; the loop keeps the deadlines. */
export interface Talk {
  /** Sends a continuation request and gives the line that answers it. */
  ask(prompt: string): Promise<Buffer>
  /** The message of an APPEND. */
  readonly message: MessageLiteral | null
}

/** Yields untagged responses and returns the tagged reply. */
export type Run = Promise<Reply> | AsyncGenerator<Octets | Buffer, Reply, void>

export interface Command<A> {
  /** In upper case; a command by UIDs is `UID FETCH`. */
  readonly verb: string
  readonly states: readonly SessionState[]
  /** RFC 3501 §7.4.1: no EXPUNGE while it is answered. */
  readonly withholdsExpunges?: boolean
  /** A NO of it counts as a refused sign-in. */
  readonly signsIn?: boolean
  /** Reads what follows the verb. Throws BadCommand. */
  parse(input: Decoder): A
  run(session: Session, request: A, talk: Talk): Run
}

export interface Row extends Omit<Command<never>, 'parse' | 'run'> {
  begin(input: Decoder): (session: Session, talk: Talk) => Run
}

/** A command as a row, its own types closed over. */
export function row<A>(command: Command<A>): Row {
  const { verb, states, withholdsExpunges = false, signsIn = false } = command
  const begin = (input: Decoder) => {
    const request = command.parse(input)
    input.end()
    return (session: Session, talk: Talk) => command.run(session, request, talk)
  }
  return { verb, states, withholdsExpunges, signsIn, begin }
}

export const anyState: readonly SessionState[] = ['stranger', 'signedIn', 'selected']
export const afterSignIn: readonly SessionState[] = ['signedIn', 'selected']
export const whenSelected: readonly SessionState[] = ['selected']

/** Reads nothing: for commands without arguments. */
export function noArguments(): null {
  return null
}

/** Reads a space and a mailbox name. */
export function mailboxArgument(input: Decoder): string {
  input.space()
  return input.mailbox()
}

/** The UIDs that a command names, or null when it names a sequence number that the client was never told of. */
export function copiesNamed(session: Session, set: SequenceSet, byUid: boolean): number[] | null {
  const { uids } = session.selected.view
  return byUid ? uidsNamed(set, uids) : sequenceNamed(set, uids)
}

export const noSuchMessage = bad('There is no message of that number')
