// Receipts: one record, what opens one of its commitments, and the proof that it is in the signed tree. Shows nothing of other recipients. G14
import { setTimeout as wait } from 'node:timers/promises'
import { canonical } from '#evidence/canonical.ts'
import { leafOctets } from '#evidence/leaf.ts'
import type { Evidence } from '#evidence/record.ts'
import { checkpointNote, treeOf } from '#evidence/tree.ts'
import { recordById } from '#evidence/records.sql.ts'
import type { Receipt } from '#evidence/verify.ts'
import { type Verifier, readNote, signedAt } from '#keys/note.ts'
import type { Database } from '#store/database.ts'

const notInTreeYet = 'The record is not in the signed tree yet: ask again in a second.'

/** How many of these witnesses cosigned the checkpoint of a receipt. */
export function cosignaturesOf({ checkpoint }: Receipt, witnesses: readonly Verifier[]): number {
  const note = readNote(checkpoint)
  return witnesses.filter((one) => note !== null && signedAt(note, one) !== null).length
}

/** Looks for a receipt until there is one that is cosigned, where there are witnesses, but no longer than `waitMs`; returns what was found last. */
export async function receiptSoon(
  look: () => Promise<Receipt | string>,
  isCosigned: (receipt: Receipt) => boolean,
  { waitMs, pollMs }: { readonly waitMs: number; readonly pollMs: number },
): Promise<Receipt | string> {
  for (let waitedMs = 0; ; waitedMs += pollMs) {
    const found = await look()
    const isToCome = typeof found === 'string' ? found === notInTreeYet : !isCosigned(found)
    if (!isToCome || waitedMs >= waitMs) return found
    await wait(pollMs)
  }
}

/** The receipt of a record for one recipient, or of its only part; else a sentence that says why there is none. Cosignatures of `witnesses` are preferred. */
export async function receiptOf(
  o: { database: Database; evidence: Evidence; witnesses?: readonly Verifier[] },
  id: string,
  recipient: string | null,
): Promise<Receipt | string> {
  const record = await o.evidence.read(id)
  if (record === null) return 'There is no record of that id.'
  if (record.openings === null) return 'What the record says was disposed of: only its place in the tree is left.'
  const fitting =
    recipient === null
      ? record.openings
      : record.openings.filter(({ detail }) => String(detail.recipient ?? '').toLowerCase() === recipient.toLowerCase())
  const [opening] = fitting
  if (opening === undefined) return 'The record has no part about that recipient.'
  if (recipient === null && fitting.length > 1) return 'The record has a part for each recipient or message: name the recipient.'
  const [row] = await recordById(o.database, id)
  const index = row?.leafIndex ?? null
  const tree = treeOf(o.database)
  const checkpoint = index === null ? null : await tree.covering(index, o.witnesses ?? [])
  if (index === null || checkpoint === null) return notInTreeYet
  const proof = await tree.inclusion(index, checkpoint.size)
  return {
    format: 'cjsm-receipt-1',
    leaf: leafOctets(record.leaf).toString(),
    opening: { salt: opening.salt, detail: canonical(opening.detail) },
    index,
    proof: proof.map((hash) => hash.toString('base64')),
    checkpoint: checkpointNote(checkpoint),
  }
}
