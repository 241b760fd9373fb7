// CREATE, DELETE and RENAME of mailboxes. RFC 3501 §6.3.3 to §6.3.5.
import { afterSignIn, type Command, mailboxArgument } from '#imap/command.ts'
import { nameFault } from '#imap/names.ts'
import { isRefused, no, ok, replyToRefusal } from '#imap/responses.ts'

export const create: Command<string> = {
  verb: 'CREATE',
  states: afterSignIn,
  // A separator at the end only says that others will be created below it (§6.3.3).
  parse: (input) => mailboxArgument(input).replace(/\/$/, ''),
  async run(session, name) {
    const fault = nameFault(name, session.limits)
    if (fault !== null) return no('CANNOT', fault)
    const created = await session.doors.createMailbox(session.who, name)
    return isRefused(created) ? replyToRefusal(created) : ok('Created')
  },
}

export const deleteMailbox: Command<string> = {
  verb: 'DELETE',
  states: afterSignIn,
  parse: mailboxArgument,
  async run(session, name) {
    if (name === 'INBOX') return no('CANNOT', 'INBOX stays')
    const deleted = await session.doors.deleteMailbox(session.who, name)
    if (isRefused(deleted)) return replyToRefusal(deleted)
    // The client that deletes what it has selected knows it, whatever its name was then: no BYE, only nothing selected any more.
    if (session.selection?.mailboxId === deleted.id) session.deselect()
    return ok('Deleted')
  },
}

export const rename: Command<{ from: string; to: string }> = {
  verb: 'RENAME',
  states: afterSignIn,
  parse: (input) => ({ from: mailboxArgument(input), to: mailboxArgument(input) }),
  async run(session, { from, to }) {
    const fault = nameFault(to, session.limits)
    if (fault !== null) return no('CANNOT', fault)
    const refusal = await session.doors.renameMailbox(session.who, from, to)
    return refusal === null ? ok('Renamed') : replyToRefusal(refusal)
  },
}
