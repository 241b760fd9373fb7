// EXPUNGE and UID EXPUNGE remove what bears \Deleted. RFC 3501 §6.4.3, RFC 4315 §2.1.
import { type Command, copiesNamed, noArguments, whenSelected } from '#imap/command.ts'
import { no, ok, type Reply } from '#imap/responses.ts'
import type { SequenceSet } from '#imap/sequence-set.ts'
import type { Session } from '#imap/session.ts'

/** What a change of a mailbox that was opened by EXAMINE is answered. */
export const openedReadOnly = no('CANNOT', 'The mailbox is opened read-only')

export const expunge: Command<null> = {
  verb: 'EXPUNGE',
  states: whenSelected,
  parse: noArguments,
  run: (session) => expunged(session, null),
}

export const uidExpunge: Command<SequenceSet> = {
  verb: 'UID EXPUNGE',
  states: whenSelected,
  parse(input) {
    input.space()
    return input.sequenceSet()
  },
  run: (session, set) => expunged(session, copiesNamed(session, set, true)),
}

async function* expunged(session: Session, uids: number[] | null): AsyncGenerator<string, Reply, void> {
  const { mailboxId, readOnly, view } = session.selected
  if (readOnly) return openedReadOnly
  yield* view.expunge(await session.doors.expunge(session.who, mailboxId, uids))
  return ok('Expunged')
}
