// STATUS: counts of a mailbox that need not be selected. RFC 3501 §6.3.10, RFC 8438 (SIZE), RFC 7889 (APPENDLIMIT).
import { BadCommand } from '#base/faults.ts'
import { afterSignIn, type Command, mailboxArgument } from '#imap/command.ts'
import type { MailboxStatus } from '#imap/doors.ts'
import { mailboxName, type Octets } from '#imap/encode.ts'
import type { Decoder } from '#imap/grammar.ts'
import type { ImapLimits } from '#imap/limits.ts'
import { no, ok } from '#imap/responses.ts'

const items = new Map<string, (status: MailboxStatus, limits: ImapLimits) => number>([
  ['MESSAGES', (status) => status.messages],
  ['RECENT', (status) => status.recent],
  ['UIDNEXT', (status) => status.uidNext],
  ['UIDVALIDITY', (status) => status.uidValidity],
  ['UNSEEN', (status) => status.unseen],
  ['SIZE', (status) => status.octets],
  ['APPENDLIMIT', (_, limits) => limits.appendOctets],
])

/** Reads a parenthesised list of status items. Throws BadCommand. */
export function parseStatusItems(input: Decoder): string[] {
  const item = () => {
    const name = input.word()
    if (!items.has(name)) throw new BadCommand('There is no such status item')
    return name
  }
  return [...new Set(input.list(item, 1, input.limits.fetchItems))]
}

/** The untagged STATUS response. */
export function statusResponse(name: string, status: MailboxStatus, names: readonly string[], limits: ImapLimits): Octets {
  const values = names.map((item) => `${item} ${items.get(item)!(status, limits)}`)
  return `* STATUS ${mailboxName(name)} (${values.join(' ')})\r\n`
}

export const status: Command<{ name: string; names: string[] }> = {
  verb: 'STATUS',
  states: afterSignIn,
  parse(input) {
    const name = mailboxArgument(input)
    input.space()
    return { name, names: parseStatusItems(input) }
  },
  async *run(session, { name, names }) {
    const found = await session.doors.status(session.who, name)
    if (found === null) return no('NONEXISTENT', 'There is no such mailbox')
    yield statusResponse(name, found, names, session.limits)
    return ok('Those are the counts')
  },
}
