// SELECT and EXAMINE open a mailbox. RFC 3501 §6.3.1 and §6.3.2.
import { afterSignIn, type Command, mailboxArgument } from '#imap/command.ts'
import type { Selected } from '#imap/doors.ts'
import { flagList, type Octets } from '#imap/encode.ts'
import { no, ok } from '#imap/responses.ts'
import { Selection } from '#imap/session.ts'
import { View } from '#imap/view.ts'

const systemFlags = ['\\Answered', '\\Flagged', '\\Deleted', '\\Seen', '\\Draft']

export const select = opening('SELECT', false)
export const examine = opening('EXAMINE', true)

function opening(verb: string, readOnly: boolean): Command<string> {
  return {
    verb,
    states: afterSignIn,
    parse: mailboxArgument,
    async *run(session, name) {
      session.deselect()
      const selected = await session.doors.select(session.who, name)
      if (selected === null) return no('NONEXISTENT', 'There is no such mailbox')
      const { status, copies } = selected
      const view = new View(copies, status.highestModseq, status.uidNext)
      const selection = new Selection(status.id, readOnly, view)
      session.select(selection, session.doors.watch(session.who, status.id, selection.hint))
      // What came between reading the mailbox and watching it is read at the end of this command.
      selection.hint()
      yield responses(selected, readOnly)
      return ok('Selected', readOnly ? 'READ-ONLY' : 'READ-WRITE')
    },
  }
}

function responses({ status, copies }: Selected, readOnly: boolean): Octets {
  const keywords = new Set(copies.flatMap((copy) => copy.flags.filter((flag) => !flag.startsWith('\\'))))
  const flags = [...systemFlags, ...keywords]
  // The star: keywords of a client's own can be set as well (RFC 3501 §7.1).
  const changeable = `${flagList(flags).slice(0, -1)} \\*)`
  const firstUnseen = copies.findIndex((copy) => !copy.flags.includes('\\Seen'))
  const lines = [
    `* FLAGS ${flagList(flags)}`,
    `* OK [PERMANENTFLAGS ${readOnly ? '()' : changeable}] ${readOnly ? 'None' : 'Those'} can be changed`,
    `* ${copies.length} EXISTS`,
    '* 0 RECENT',
    ...(firstUnseen === -1 ? [] : [`* OK [UNSEEN ${firstUnseen + 1}] The first unseen`]),
    `* OK [UIDVALIDITY ${status.uidValidity}] UIDs are valid`,
    `* OK [UIDNEXT ${status.uidNext}] The next UID`,
  ]
  return `${lines.join('\r\n')}\r\n`
}
