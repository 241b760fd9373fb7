// CAPABILITY: what this server can do. RFC 3501 §6.1.1.
import { anyState, type Command, noArguments } from '#imap/command.ts'
import type { ImapLimits } from '#imap/limits.ts'
import { ok } from '#imap/responses.ts'

const always = 'IMAP4rev1 LITERAL- SASL-IR ID ENABLE'
const toStrangers = 'AUTH=PLAIN AUTH=LOGIN'
const afterwards = 'IDLE NAMESPACE UIDPLUS MOVE SPECIAL-USE CHILDREN UNSELECT LIST-EXTENDED LIST-STATUS STATUS=SIZE'

/** The capabilities as one line of words; those of the mailbox commands are told after sign-in. */
export function capabilities(signedIn: boolean, limits: ImapLimits): string {
  return signedIn ? `${always} ${afterwards} APPENDLIMIT=${limits.appendOctets}` : `${always} ${toStrangers}`
}

export const capability: Command<null> = {
  verb: 'CAPABILITY',
  states: anyState,
  parse: noArguments,
  async *run(session) {
    yield `* CAPABILITY ${capabilities(session.isSignedIn, session.limits)}\r\n`
    return ok('Those are the capabilities')
  },
}
