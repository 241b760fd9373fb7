// Records what was done to copies, at most 500 messages a record, in the transaction that does it. docs/flow.md, Evidence.
import type { EvidenceEvent } from '#evidence/leaf.ts'
import type { Detail } from '#evidence/leaf.ts'
import type { Act, Evidence } from '#evidence/record.ts'
import { maxMessagesPerRecord } from '#mailbox/limits.ts'
import type { Reader } from '#mailbox/means.ts'
import type { Transaction } from '#store/database.ts'

/** An act of a person on their own mailboxes. */
export function actOf(who: Reader, event: EvidenceEvent, details: readonly Detail[]): Act {
  return {
    event,
    actor: who.holder,
    about: who.holder,
    details: details.map((detail) => ({ ...detail, computer: who.computer })),
  }
}

/** Cuts a list so that each piece fits one record; an empty list is one empty piece. */
export function inRecords<T>(items: readonly T[]): T[][] {
  const count = Math.max(1, Math.ceil(items.length / maxMessagesPerRecord))
  return Array.from({ length: count }, (_, at) => items.slice(at * maxMessagesPerRecord, (at + 1) * maxMessagesPerRecord))
}

/** Writes acts in the transaction of what they did; throws when they cannot be recorded, and so undoes it. */
export async function recordActs(evidence: Evidence, tx: Transaction, acts: readonly Act[]): Promise<void> {
  const records = []
  for (const act of acts) records.push(await evidence.prepare(act))
  evidence.writeAll(tx, records)
}
