// COPY and MOVE, by sequence numbers and by UIDs. RFC 3501 §6.4.7, RFC 6851, RFC 4315 §3 (COPYUID).
import { type Command, copiesNamed, mailboxArgument, noSuchMessage, whenSelected } from '#imap/command.ts'
import { openedReadOnly } from '#imap/commands/expunge.ts'
import type { Copied } from '#imap/doors.ts'
import { isRefused, no, ok, replyLine, replyToTargetRefusal } from '#imap/responses.ts'
import { formatSet, type SequenceSet } from '#imap/sequence-set.ts'

interface CopyRequest {
  readonly set: SequenceSet
  readonly toName: string
}

export const copy = copying('COPY', false)
export const uidCopy = copying('UID COPY', true)
export const move = moving('MOVE', false)
export const uidMove = moving('UID MOVE', true)

function parse(input: Parameters<Command<CopyRequest>['parse']>[0]): CopyRequest {
  input.space()
  return { set: input.sequenceSet(), toName: mailboxArgument(input) }
}

function copying(verb: string, byUid: boolean): Command<CopyRequest> {
  return {
    verb,
    states: whenSelected,
    parse,
    async run(session, { set, toName }) {
      const { mailboxId } = session.selected
      const uids = copiesNamed(session, set, byUid)
      if (uids === null) return noSuchMessage
      if (uids.length === 0) return ok('No message was named')
      // A UID that is not there is passed over (RFC 3501 §6.4.8); by numbers, all are copied or none (§6.4.7, RFC 2180 §4.4).
      const copied = await session.doors.copy(session.who, mailboxId, uids, toName, !byUid)
      if (isRefused(copied)) return replyToTargetRefusal(copied)
      return copied.from.length === 0 ? ok('The messages are gone') : ok('Copied', copyUid(copied))
    },
  }
}

function moving(verb: string, byUid: boolean): Command<CopyRequest> {
  return {
    verb,
    states: whenSelected,
    parse,
    async *run(session, { set, toName }) {
      const selection = session.selected
      const uids = copiesNamed(session, set, byUid)
      if (uids === null) return noSuchMessage
      if (selection.readOnly) return openedReadOnly
      if (uids.length === 0) return ok('No message was named')
      const moved = await session.doors.move(session.who, selection.mailboxId, uids, toName)
      if (isRefused(moved)) return replyToTargetRefusal(moved)
      // Untagged and before the expunges, so that the client still knows the UIDs (RFC 6851 §4.3).
      if (moved.from.length > 0) yield replyLine('*', ok('Moved', copyUid(moved)))
      yield* selection.view.expunge(moved.from)
      return byUid || moved.from.length === uids.length ? ok('Moved') : no('EXPUNGEISSUED', 'Some of the messages are gone')
    },
  }
}

function copyUid({ uidValidity, from, to }: Copied): string {
  return `COPYUID ${uidValidity} ${formatSet(from)} ${formatSet(to)}`
}
