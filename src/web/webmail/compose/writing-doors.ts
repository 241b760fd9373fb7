// What writing needs from below.
import type { Directory } from '#community/directory.ts'
import type { Holds } from '#delivery/holds.ts'
import type { SentOutcomes } from '#delivery/sent-outcomes.ts'
import type { DraftWriter } from '#delivery/write-drafts.ts'
import type { Drafts } from '#mailbox/drafts.ts'
import type { Uploads } from '#mailbox/uploads.ts'

export interface WritingDoors {
  readonly drafts: Drafts
  readonly uploads: Uploads
  readonly directory: Directory
  readonly writer: DraftWriter
  readonly outcomes: SentOutcomes
  /** Of what was held for a person: the sender may withdraw it. */
  readonly holds: Pick<Holds, 'of' | 'decide'>
}
