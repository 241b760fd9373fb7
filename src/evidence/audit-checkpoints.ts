// The stored checkpoints: signed by a key of the log, true of the tiles, cosigned by the witnesses that they name; and the latest against the anchor.
import type { AuditParts } from '#evidence/audit.ts'
import { TreeIsDamaged } from '#evidence/tiles.ts'
import { treeOf } from '#evidence/tree.ts'
import { type CheckpointRow, allCheckpoints, logKeys } from '#evidence/tree.sql.ts'
import type { Anchored } from '#keys/anchor.ts'
import { readCheckpoint } from '#keys/checkpoint.ts'
import { type Note, type Verifier, noteOf, readNote, readVerifier, signatureLines, signedAt } from '#keys/note.ts'

type Parts = Pick<AuditParts, 'tx' | 'logKeeper' | 'origin' | 'witnesses' | 'find'>

/** Audits them, and the tree against the anchor, which is one of no later moment; returns how many cosignatures are of witnesses that the settings do not name, and so tell nothing. */
export async function auditCheckpoints(parts: Parts, anchor: Anchored): Promise<number> {
  const { tx, find, logKeeper } = parts
  const verifiers = (await logKeeper.verifiers()).map((text) => readVerifier(text)!)
  const rows = await allCheckpoints(tx)
  let unknown = 0
  for (const row of rows) {
    const note = readNote(row.note)
    if (note === null || !isTrue(row, note, parts.origin)) find(`checkpoint ${row.size}: its note is not what the row says`)
    else {
      await auditSignature(parts, row, note, verifiers)
      unknown += auditCosignatures(parts, row, note)
    }
    const root = await rootOrNull(parts, row.size)
    if (root?.equals(row.root) !== true) find(`checkpoint ${row.size}: its root is not that of the tiles`)
  }
  await auditAnchor(parts, anchor, rows.at(-1)?.size ?? 0)
  const known = await logKeys(tx)
  for (const { verifier } of known)
    if (!verifiers.some((one) => one.text === verifier)) find(`log key ${verifier}: the key process does not have it`)
  for (const { text } of verifiers.slice(0, -1))
    if (!known.some((one) => one.verifier === text)) find(`log key ${text}: the sizes for which it counted are missing`)
  return unknown
}

function isTrue(row: CheckpointRow, note: Note, origin: string): boolean {
  const said = readCheckpoint(note.text)
  return said !== null && said.origin === origin && said.size === row.size && said.root.equals(row.root)
}

async function auditSignature(
  { tx, find }: Parts,
  row: CheckpointRow,
  note: Note,
  verifiers: readonly Verifier[],
): Promise<void> {
  const signer = verifiers.find((one) => signedAt(note, one) !== null)
  if (signer === undefined || note.signatures.length !== 1) return find(`checkpoint ${row.size}: no key of the log signed it`)
  const sizes = (await logKeys(tx)).find((one) => one.verifier === signer.text)
  if (sizes === undefined || row.size < sizes.firstSize || row.size > sizes.lastSize)
    find(`checkpoint ${row.size}: its key ${signer.text} does not count at that size`)
}

/** Returns how many are of no witness that we know: one that left the settings has left its cosignatures. */
function auditCosignatures({ witnesses, find }: Parts, row: CheckpointRow, note: Note): number {
  const lines = row.cosignatures === '' ? [] : signatureLines(row.cosignatures)
  if (lines === null || (lines.length === 0 && row.cosignatures !== '') || !/(^|\n)$/.test(row.cosignatures)) {
    find(`checkpoint ${row.size}: its cosignatures are malformed`)
    return 0
  }
  let unknown = 0
  for (const { line, name, id } of lines) {
    const witness = witnesses.find(({ verifier }) => verifier.name === name && verifier.id.equals(id))
    const cosigned = readNote(noteOf(note.text, [line]))
    if (witness === undefined) unknown++
    else if (cosigned === null || signedAt(cosigned, witness.verifier) === null)
      find(`checkpoint ${row.size}: the cosignature of ${name} is not good`)
  }
  return unknown
}

async function auditAnchor(parts: Parts, anchor: Anchored, latest: number): Promise<void> {
  if (anchor.missing)
    return parts.find(
      `anchor: it ${anchor.unreadable ? 'cannot be read' : 'is missing from keyFolder'}, so that nothing shows whether the tree was rolled back`,
    )
  if (anchor.size > latest) return parts.find(`anchor ${anchor.size}: the tree has only ${latest} entries`)
  const root = await rootOrNull(parts, anchor.size)
  if (root?.toString('base64') !== anchor.root) parts.find(`anchor ${anchor.size}: the tree is another one`)
}

async function rootOrNull({ tx }: Parts, size: number): Promise<Buffer | null> {
  return treeOf(tx)
    .rootAt(size)
    .catch((fault: unknown) => {
      if (fault instanceof TreeIsDamaged) return null
      throw fault
    })
}
