// LOGOUT ends the session; nothing is expunged. RFC 3501 §6.1.3.
import { anyState, type Command, noArguments } from '#imap/command.ts'
import { byeLine, ok } from '#imap/responses.ts'

export const logout: Command<null> = {
  verb: 'LOGOUT',
  states: anyState,
  parse: noArguments,
  async *run() {
    yield byeLine('Signing out')
    return { ...ok('Signed out'), close: true }
  },
}
