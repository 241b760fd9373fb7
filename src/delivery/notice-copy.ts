// A notice (DSN) as a copy for the submitter's INBOX, with its record. RFC 3464, G14
import type { Envelope } from '#delivery/envelope.ts'
import type { HolderKeys } from '#delivery/decided.ts'
import { type Original, type newNotices, toBeNotified } from '#delivery/notices.ts'
import type { Outcome } from '#delivery/outcome.ts'
import { contentCommitment } from '#evidence/leaf.ts'
import type { Evidence, PreparedRecord } from '#evidence/record.ts'
import { theService } from '#keys/epoch.ts'
import type { Keys } from '#keys/keys.ts'
import type { NewCopy } from '#mailbox/deliver.ts'

export interface NoticeCopy {
  readonly record: PreparedRecord
  copy(keys: HolderKeys): NewCopy
}

export interface ToNotice {
  readonly submitter: string
  readonly envelope: Envelope
  readonly original: Original
  readonly outcomes: readonly Outcome[]
  /** The id of the acceptance record. */
  readonly receipt: string
  readonly nowMs: number
  /** When the message came; now when left out. */
  readonly arrivalMs?: number
}

/** Composes and seals the one notice that is due, or none: nobody is to be told, or the reverse-path is null. */
export async function noticeCopies(
  parts: { readonly evidence: Evidence; readonly keys: Keys; readonly composeNotice: ReturnType<typeof newNotices> },
  { submitter, envelope, original, outcomes, receipt, nowMs, arrivalMs }: ToNotice,
): Promise<NoticeCopy[]> {
  const due = toBeNotified(outcomes)
  if (due.length === 0 || envelope.reversePath === null) return []
  const sealed = await parts.composeNotice(envelope, original, due, arrivalMs)
  const { id: message, octets } = sealed.message
  const details = [{ message, notice: true, receipt, holder: submitter, delivered: contentCommitment(sealed.digest), octets }]
  const record = await parts.evidence.prepare({ event: 'ContentConsignment', actor: theService, about: submitter, details })
  const copy = (keys: HolderKeys): NewCopy => ({
    holder: submitter,
    mailbox: null,
    message: sealed.message,
    wrappedKey: parts.keys.seal(keys.get(submitter)!, `copy/${message}`, sealed.dataKey.export()),
    flags: [],
    internalDateMs: nowMs,
  })
  return [{ record, copy }]
}
