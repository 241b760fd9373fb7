// APPEND adds a message to a mailbox; its octets are streamed. RFC 3501 §6.3.11, RFC 4315 (APPENDUID).
import { afterSignIn, type Command, mailboxArgument } from '#imap/command.ts'
import type { Decoder } from '#imap/grammar.ts'
import { MessageTooBig } from '#imap/message-literal.ts'
import { bad, isRefused, no, ok, replyToTargetRefusal } from '#imap/responses.ts'

interface AppendRequest {
  readonly name: string
  readonly flags: readonly string[]
  readonly internalDateMs: number | null
}

export const append: Command<AppendRequest> = {
  verb: 'APPEND',
  states: afterSignIn,
  parse(input) {
    const name = mailboxArgument(input)
    input.space()
    const flags = input.isNext('(') ? beforeSpace(input, input.flagList()) : []
    const internalDateMs = input.isNext('"') ? beforeSpace(input, input.dateTime()) : null
    return { name, flags, internalDateMs }
  },
  async run(session, { name, flags, internalDateMs }, { message }) {
    if (message === null) return bad('The message of an APPEND is a literal')
    if (message.octets === 0) return no('CANNOT', 'An empty message is not stored')
    const options = { flags, internalDateMs, octets: message.octets }
    try {
      const stored = await session.doors.append(session.who, name, options, message.content())
      if (isRefused(stored)) return replyToTargetRefusal(stored)
      return ok('Stored', `APPENDUID ${stored.uidValidity} ${stored.uid}`)
    } catch (fault) {
      if (message.fault instanceof MessageTooBig)
        return no('TOOBIG', `A message is at most ${session.limits.appendOctets} octets long`)
      throw message.fault ?? fault
    }
  },
}

function beforeSpace<T>(input: Decoder, value: T): T {
  input.space()
  return value
}
