// The tree as it is stored: its nodes for proofs, the latest checkpoint, and the file of public keys by which receipts are verified.
import { type Nodes, consistencyProof, inclusionProof, rootAt } from '#evidence/merkle.ts'
import { type Edge, TreeIsDamaged, isEdgeOf, nodesOf, rootOfEdge } from '#evidence/tiles.ts'
import {
  type CheckpointRow,
  coveringCheckpoint,
  edgeTiles,
  hasLogKeys,
  latestCheckpoint,
  logKeys,
  noteLogKey,
  tileRow,
  witnessSizes,
} from '#evidence/tree.sql.ts'
import type { KeySizes } from '#keys/anchor.ts'
import { type Verifier, readVerifier } from '#keys/note.ts'
import type { Database, Runner } from '#store/database.ts'

export interface Tree {
  /** The latest checkpoint, or null for an empty tree. */
  latest(): Promise<CheckpointRow | null>
  /** The checkpoint for a record's receipt that most of these witnesses cosigned, or null when none covers it yet. */
  covering(leafIndex: number, witnesses: readonly Verifier[]): Promise<CheckpointRow | null>
  rootAt(size: number): Promise<Buffer>
  inclusion(leafIndex: number, size: number): Promise<Buffer[]>
  consistency(from: number, size: number): Promise<Buffer[]>
}

/** How a signature line of this key begins: its name, and what of its id fills whole characters. */
export const lineHead = ({ name, id }: Verifier): string => `— ${name} ${id.toString('base64').slice(0, 5)}`

/** The tree of a database, or of one transaction. */
export function treeOf(run: Runner): Tree {
  const nodes = (): Nodes =>
    nodesOf(async (level, index) => {
      const [row] = await tileRow(run, level, index)
      if (row === undefined) throw new TreeIsDamaged(`tile ${level}/${index} is missing`)
      return row.hashes
    })
  return {
    latest: async () => (await latestCheckpoint(run))[0] ?? null,
    covering: async (leafIndex, witnesses) => (await coveringCheckpoint(run, leafIndex, witnesses.map(lineHead)))[0] ?? null,
    rootAt: (size) => rootAt(nodes(), size),
    inclusion: (leafIndex, size) => inclusionProof(nodes(), leafIndex, size),
    consistency: (from, size) => consistencyProof(nodes(), from, size),
  }
}

/** The edge of the tree, which must be the one that the latest checkpoint signed; throws TreeIsDamaged. */
export async function readEdge(run: Runner, size: number, root: Buffer): Promise<Edge> {
  const edge = new Map((await edgeTiles(run)).map((tile) => [tile.level, tile]))
  if (!isEdgeOf(edge, size) || !rootOfEdge(edge).equals(root))
    throw new TreeIsDamaged('the tiles are not those of the checkpoint')
  return edge
}

/** A checkpoint's note with the cosignatures that it has. */
export const checkpointNote = (row: CheckpointRow): string => row.note + row.cosignatures

/** The name under which the log began, by the first key that signed for it; null where nothing was signed yet. */
export async function beganAs(run: Runner): Promise<string | null> {
  const [first] = (await hasLogKeys(run)) ? await logKeys(run) : []
  return first === undefined ? null : (readVerifier(first.verifier)?.name ?? null)
}

/** Notes the sizes for which keys signed by what stands with the anchor: a database that was put back knows of less. */
export async function restoreKeySizes(database: Database, keySizes: readonly KeySizes[]): Promise<void> {
  if (keySizes.length === 0) return
  await database.transaction(async (tx) => {
    for (const { verifier, firstSize, lastSize } of keySizes)
      for (const size of [firstSize, lastSize]) await noteLogKey(tx, verifier, size)
  })
}

/** The file of public keys for `verify`: the log's, each with the sizes for which it counts, and the witnesses' with those from which one must have cosigned. */
export async function publicKeysText(run: Runner, verifiers: readonly string[], witnesses: readonly string[]): Promise<string> {
  const known = await logKeys(run)
  const next = ((await latestCheckpoint(run))[0]?.size ?? 0) + 1
  const lines = verifiers.flatMap((verifier, at) => {
    const sizes = known.find((one) => one.verifier === verifier)
    const isLatest = at === verifiers.length - 1
    if (sizes === undefined) return isLatest ? [`log ${verifier} ${next} -`] : []
    return [`log ${verifier} ${sizes.firstSize} ${isLatest ? '-' : sizes.lastSize}`]
  })
  return [
    '# Public keys of the log and its witnesses, for: ./cjsm verify RECEIPT --key THIS-FILE',
    ...lines,
    ...(await witnessLines(run, witnesses)),
    '',
  ].join('\n')
}

/** Those of the settings, from the first size that they cosigned, or else from the next on; and those that were dismissed, for what they cosigned. */
async function witnessLines(run: Runner, witnesses: readonly string[]): Promise<string[]> {
  const known = await witnessSizes(run)
  const [latest] = await latestCheckpoint(run)
  const dismissed = known.filter(({ verifier }) => !witnesses.includes(verifier))
  const firstOf = (one: string) => known.find(({ verifier }) => verifier === one)?.firstSize ?? (latest?.size ?? 0) + 1
  return [
    ...dismissed.map(({ verifier, firstSize, lastSize }) => `witness ${verifier} ${firstSize} ${lastSize}`),
    ...witnesses.map((one) => `witness ${one} ${firstOf(one)} -`),
  ]
}
