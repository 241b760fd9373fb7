// At each start: does the tree extend the anchor, which is kept outside the data folder, and what the witnesses last saw? Yesterday's data does not. docs/flow.md, Evidence.
import type { Log } from '#base/log.ts'
import { TreeIsDamaged } from '#evidence/tiles.ts'
import { type Tree, readEdge, treeOf } from '#evidence/tree.ts'
import { type Witness, type WitnessedLog, askWitness, whyNotExtended } from '#evidence/witnesses.ts'
import type { Anchored, Shown } from '#keys/anchor.ts'
import { readCheckpoint } from '#keys/checkpoint.ts'
import { emptyRoot } from '#keys/consistency.ts'
import { readNote, readVerifier } from '#keys/note.ts'
import type { Database } from '#store/database.ts'

export interface Extension {
  /** Why no mail may be accepted, a sentence; null when the tree extends what was seen of it. */
  readonly why: string | null
  /** Whether operators may go on with this tree all the same: not when it is damaged in itself. */
  readonly acceptable: boolean
  /** Verifier keys of witnesses that showed another tree, and were not given up. */
  readonly conflicting: readonly string[]
  readonly tree: { readonly size: number; readonly root: string }
}

/** Why a stored tree of `size` entries does not extend the anchor, a sentence; null when it does. */
export async function whyUnlikeAnchor(tree: Tree, size: number, anchor: Anchored): Promise<string | null> {
  if (anchor.unreadable)
    return 'The anchor of the record, service/anchor.json in keyFolder, cannot be read: whether the record was rolled back cannot be told.'
  if (anchor.missing)
    return 'The anchor of the record is missing from keyFolder: whether the record was rolled back cannot be told.'
  if (size < anchor.size)
    return `The record was rolled back: it has ${size} entries in its tree, and ${anchor.size} were signed before.`
  return (await tree.rootAt(anchor.size)).toString('base64') === anchor.root
    ? null
    : `The record was rewritten: its first ${anchor.size} entries are not those that were signed before.`
}

/** Compares the stored tree with the anchor, with the witnesses, and with what any of them ever showed; one that does not answer now is passed over. */
export async function compareWithAnchor(
  o: WitnessedLog & { readonly witnesses: readonly Witness[]; readonly log: Log },
): Promise<Extension> {
  const { database, logKeeper } = o
  const tree = treeOf(database)
  const latest = await tree.latest()
  const [size, root] = [latest?.size ?? 0, latest?.root ?? emptyRoot]
  const stored = { size, root: root.toString('base64') }
  const anchor = await logKeeper.anchor()
  try {
    await readEdge(database, size, root)
    if (!(await tree.rootAt(size)).equals(root)) throw new TreeIsDamaged('the tiles are not those of the checkpoint')
    const reasons: string[] = []
    const unlike = await whyUnlikeAnchor(tree, size, anchor)
    if (unlike !== null) reasons.push(unlike)
    const conflicts = new Map<string, string>()
    for (const witness of o.witnesses) {
      if (latest === null) break
      const answer = await askWitness(o, witness, latest)
      if (answer.kind === 'not-cosigned')
        o.log.warn({ witness: witness.verifier.name, why: answer.why }, 'a witness did not cosign at the start')
      if (answer.kind === 'conflict') conflicts.set(witness.verifier.text, answer.why)
    }
    for (const shown of anchor.shown) {
      const why = await whyShownNotExtended(database, shown)
      if (why !== null) conflicts.set(shown.witness, why)
    }
    reasons.push(...conflicts.values())
    const why = reasons.length === 0 ? null : reasons.join(' ')
    return { why, acceptable: true, conflicting: [...conflicts.keys()], tree: stored }
  } catch (fault) {
    if (!(fault instanceof TreeIsDamaged)) throw fault
    return { why: `The tree of the record is damaged: ${fault.message}.`, acceptable: false, conflicting: [], tree: stored }
  }
}

/** As whyNotExtended, for what is kept with the anchor. */
function whyShownNotExtended(database: Database, { witness, note }: Shown): Promise<string | null> {
  return whyNotExtended(database, readVerifier(witness)!.name, readCheckpoint(readNote(note)!.text)!)
}
