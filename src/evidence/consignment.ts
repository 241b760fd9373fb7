// The record of a delivery, found by that of the acceptance: its receipt is for who holds the message as it was delivered. G14
import { auditRows } from '#evidence/limits.ts'
import type { Detail } from '#evidence/leaf.ts'
import type { Evidence } from '#evidence/record.ts'
import { consignmentsAfter } from '#evidence/records.sql.ts'
import type { Database } from '#store/database.ts'

/** The id of the record by which the message of an acceptance came to a recipient, or to anybody; null when there is none. */
export async function consignmentOf(
  o: { database: Database; evidence: Pick<Evidence, 'read'> },
  acceptance: string,
  recipient: string | null,
): Promise<string | null> {
  const accepted = await o.evidence.read(acceptance)
  if (accepted === null) return null
  const isFor = ({ receipt, recipient: named }: Detail) =>
    receipt === acceptance &&
    typeof named === 'string' && // a notice has none
    (recipient === null || named.toLowerCase() === recipient.toLowerCase())
  // A message that was held may be delivered days later.
  for (let after = acceptance; ; ) {
    const rows = await consignmentsAfter(o.database, after, accepted.leaf.about, auditRows)
    for (const { id } of rows) {
      const record = await o.evidence.read(id)
      if (record?.openings?.some(({ detail }) => isFor(detail))) return id
    }
    if (rows.length < auditRows) return null
    after = rows.at(-1)!.id
  }
}
