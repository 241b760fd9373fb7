// CLOSE and UNSELECT leave the selected mailbox; CLOSE expunges first, and tells nothing of it. RFC 3501 §6.4.2, RFC 3691.
import { type Command, noArguments, whenSelected } from '#imap/command.ts'
import { ok } from '#imap/responses.ts'

export const close: Command<null> = {
  verb: 'CLOSE',
  states: whenSelected,
  parse: noArguments,
  async run(session) {
    const { mailboxId, readOnly } = session.selected
    if (!readOnly) await session.doors.expunge(session.who, mailboxId, null)
    session.deselect()
    return ok('Closed')
  },
}

export const unselect: Command<null> = {
  verb: 'UNSELECT',
  states: whenSelected,
  parse: noArguments,
  async run(session) {
    session.deselect()
    return ok('No mailbox is selected')
  },
}
