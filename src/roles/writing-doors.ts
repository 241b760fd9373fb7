// What webmail writes with, put together: drafts and their files, the directory, the one door out of a draft, and what became of what was sent.
import { openDirectory } from '#community/directory.ts'
import type { Holds } from '#delivery/holds.ts'
import { noRoom } from '#delivery/outcome.ts'
import { openSentOutcomes } from '#delivery/sent-outcomes.ts'
import { newNeedToKnow, type NeedToKnowParts } from '#delivery/need-to-know.ts'
import { type DraftWriterParts, newDraftWriter } from '#delivery/write-drafts.ts'
import type { Verifier } from '#keys/note.ts'
import { openDrafts } from '#mailbox/drafts.ts'
import { type Uploads, openUploads } from '#mailbox/uploads.ts'
import type { Domains } from '#roles/domains.ts'
import type { WritingDoors } from '#web/webmail/compose/writing-doors.ts'

type Given =
  | 'acceptance'
  | 'roomOf'
  | 'newSpool'
  | 'hasRoom'
  | 'recordHeld'
  | 'hostName'
  | 'markings'
  | 'channels'
  | 'lookInside'
  | 'findIntegrity'
  | 'countExpansion'

/** Binds writing to the domains and to the door of acceptance. */
export function writingDoors(
  domains: Domains,
  given: { readonly holds: Holds; readonly witnesses: readonly Verifier[] } & Pick<DraftWriterParts, Given | 'mailboxes'> &
    Pick<NeedToKnowParts, 'mailboxes' | 'limits'>,
): WritingDoors {
  const drafts = openDrafts(domains)
  const stored = openUploads(domains)
  const uploads: Uploads = {
    ...stored,
    // What is left of a disk is for what is here already.
    add: async (...file) => (given.hasRoom() ? stored.add(...file) : noRoom),
    carry: async (...file) => (given.hasRoom() ? stored.carry(...file) : noRoom),
  }
  const directory = openDirectory(domains)
  return {
    drafts,
    uploads,
    directory,
    writer: newDraftWriter({
      ...domains,
      ...given,
      drafts,
      uploads,
      directory,
      needToKnow: newNeedToKnow({ ...domains, ...given, directory }),
    }),
    outcomes: openSentOutcomes({ ...domains, directory, holds: given.holds, witnesses: given.witnesses }),
    holds: given.holds,
  }
}
