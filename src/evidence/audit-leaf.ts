// One record held against itself: the leaf's form, and each sealed detail against the leaf's commitments.
import { type Canonical, canonical } from '#evidence/canonical.ts'
import { type Leaf, type Opening, commitmentCount, commitmentOf } from '#evidence/leaf.ts'
import type { RecordRow } from '#evidence/records.sql.ts'
import { theService } from '#keys/epoch.ts'
import type { Keys } from '#keys/keys.ts'

export interface LeafFindings {
  readonly findings: readonly string[]
  readonly leaf: Leaf | null
  /** Null when they were disposed of, or do not open. */
  readonly openings: readonly Opening[] | null
}

/** What is wrong with a record, and what it says where it can be read. */
export async function leafFindings(keys: Keys, row: RecordRow): Promise<LeafFindings> {
  const leaf = readLeaf(row.leaf)
  if (leaf === null) return { findings: [`record ${row.id}: its leaf is not canonical JSON`], leaf, openings: null }
  if (leaf.id !== row.id) return { findings: [`record ${row.id}: its leaf is that of record ${leaf.id}`], leaf, openings: null }
  if (row.sealedDetail === null) return { findings: [], leaf, openings: null }
  let openings: readonly Opening[]
  try {
    const octets = await keys.unseal(theService, 'evidence', `record/${row.id}`, row.sealedDetail)
    openings = JSON.parse(octets.toString()) as Opening[]
  } catch {
    return { findings: [`record ${row.id}: its details do not open`], leaf, openings: null }
  }
  const commitments = new Set(leaf.commitments)
  const opened = openings.filter((one) => commitments.delete(commitmentOf(Buffer.from(one.salt, 'base64'), one.detail)))
  const fit = opened.length === openings.length && leaf.commitments.length === commitmentCount(leaf.event, openings.length)
  return { findings: fit ? [] : [`record ${row.id}: its details are not what its leaf commits to`], leaf, openings }
}

function readLeaf(octets: Buffer): Leaf | null {
  try {
    const leaf = JSON.parse(octets.toString()) as Leaf
    return Array.isArray(leaf.commitments) && canonical(leaf as unknown as Canonical) === octets.toString() ? leaf : null
  } catch {
    return null
  }
}
