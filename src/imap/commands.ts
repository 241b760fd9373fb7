// The table of commands: every verb, when it is legal, how it is read, what it does. RFC 3501 §6.
import { BadCommand } from '#base/faults.ts'
import { type Row, row } from '#imap/command.ts'
import { append } from '#imap/commands/append.ts'
import { capability } from '#imap/commands/capability.ts'
import { close, unselect } from '#imap/commands/close.ts'
import { copy, move, uidCopy, uidMove } from '#imap/commands/copy.ts'
import { create, deleteMailbox, rename } from '#imap/commands/create.ts'
import { enable } from '#imap/commands/enable.ts'
import { expunge, uidExpunge } from '#imap/commands/expunge.ts'
import { fetch, uidFetch } from '#imap/commands/fetch.ts'
import { id } from '#imap/commands/id.ts'
import { idle } from '#imap/commands/idle.ts'
import { list, lsub } from '#imap/commands/list.ts'
import { logout } from '#imap/commands/logout.ts'
import { namespace } from '#imap/commands/namespace.ts'
import { check, noop } from '#imap/commands/noop.ts'
import { search, uidSearch } from '#imap/commands/search.ts'
import { examine, select } from '#imap/commands/select.ts'
import { authenticate, login } from '#imap/commands/sign-in.ts'
import { status } from '#imap/commands/status.ts'
import { store, uidStore } from '#imap/commands/store.ts'
import { subscribe, unsubscribe } from '#imap/commands/subscribe.ts'
import type { Decoder } from '#imap/grammar.ts'

export const commands: ReadonlyMap<string, Row> = new Map(
  [
    ...[row(capability), row(noop), row(logout), row(id)],
    ...[row(login), row(authenticate)],
    ...[row(select), row(examine), row(create), row(deleteMailbox), row(rename), row(subscribe), row(unsubscribe)],
    ...[row(list), row(lsub), row(status), row(namespace), row(append), row(enable), row(idle)],
    ...[row(check), row(close), row(unselect), row(expunge), row(search), row(fetch), row(store), row(copy), row(move)],
    ...[row(uidExpunge), row(uidSearch), row(uidFetch), row(uidStore), row(uidCopy), row(uidMove)],
  ].map((entry) => [entry.verb, entry]),
)

/** Reads the verb of a command, both words of `UID FETCH` and its like, and finds its row. Throws BadCommand. */
export function rowNamedBy(input: Decoder): Row {
  input.space()
  let verb = input.word()
  if (verb === 'UID') {
    input.space()
    verb = `UID ${input.word()}`
  }
  const found = commands.get(verb)
  if (found === undefined) throw new BadCommand('There is no such command')
  return found
}
