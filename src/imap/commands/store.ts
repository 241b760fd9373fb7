// STORE and UID STORE change flags. RFC 3501 §6.4.6.
import { BadCommand } from '#base/faults.ts'
import { type Command, copiesNamed, noSuchMessage, whenSelected } from '#imap/command.ts'
import { openedReadOnly } from '#imap/commands/expunge.ts'
import type { FlagChange } from '#imap/doors.ts'
import { isRefused, no, ok, replyToRefusal } from '#imap/responses.ts'
import type { SequenceSet } from '#imap/sequence-set.ts'

interface StoreRequest {
  readonly set: SequenceSet
  readonly change: FlagChange
  readonly silent: boolean
}

export const store = storing('STORE', false)
export const uidStore = storing('UID STORE', true)

function storing(verb: string, byUid: boolean): Command<StoreRequest> {
  return {
    verb,
    states: whenSelected,
    withholdsExpunges: !byUid,
    parse(input) {
      input.space()
      const set = input.sequenceSet()
      input.space()
      const mode = input.take('+') ? 'add' : input.take('-') ? 'remove' : 'replace'
      const item = input.word()
      if (item !== 'FLAGS' && item !== 'FLAGS.SILENT') throw new BadCommand('STORE changes FLAGS')
      input.space()
      return { set, change: { mode, flags: input.storeFlags() }, silent: item === 'FLAGS.SILENT' }
    },
    async *run(session, { set, change, silent }) {
      const { mailboxId, readOnly, view } = session.selected
      const uids = copiesNamed(session, set, byUid)
      if (uids === null) return noSuchMessage
      if (readOnly) return openedReadOnly
      if (uids.length === 0) return ok('No message was named')
      const entries = await session.doors.store(session.who, mailboxId, uids, change)
      if (isRefused(entries)) return replyToRefusal(entries)
      for (const entry of entries) {
        if (view.sequenceNumber(entry.uid) === 0) continue
        view.note(entry)
        if (!silent) yield view.flagsResponse(entry, byUid)
      }
      // RFC 2180 §4.2: told by NO where the client waits for flags; of UIDs, what is not there is passed over (RFC 3501 §6.4.8).
      const isWhole = silent || byUid || entries.length === uids.length
      return isWhole ? ok('Stored') : no('EXPUNGEISSUED', 'Some of the messages are gone')
    },
  }
}
