// Holds the whole record against itself: every leaf against the tiles, the tiles against the signed root, every sealed detail against its commitments. Names what is wrong. design.md, Evidence
import type { Clock } from '#base/clock.ts'
import { leafFindings } from '#evidence/audit-leaf.ts'
import { auditCheckpoints } from '#evidence/audit-checkpoints.ts'
import type { Leaf, Opening } from '#evidence/leaf.ts'
import { auditRows } from '#evidence/limits.ts'
import { hashOctets, leafHash } from '#evidence/merkle.ts'
import { type RecordRow, partiesAfter, recordsFrom, recordsWithoutPlace } from '#evidence/records.sql.ts'
import { type Edge, type Tile, rootOfEdge, subtreeHash, tileWidth, widthAt } from '#evidence/tiles.ts'
import { treeOf } from '#evidence/tree.ts'
import { tilesFrom } from '#evidence/tree.sql.ts'
import type { Witness } from '#evidence/witnesses.ts'
import { emptyRoot } from '#keys/consistency.ts'
import { type Anchored, readStatement } from '#keys/anchor.ts'
import { theService } from '#keys/epoch.ts'
import type { Keys } from '#keys/keys.ts'
import type { LogKeeper } from '#keys/log-keys.ts'
import type { Transaction } from '#store/database.ts'

export interface AuditParts {
  /** One transaction that sees one state (repeatable read), and has seen nothing yet. */
  readonly tx: Transaction
  readonly keys: Keys
  readonly logKeeper: LogKeeper
  readonly origin: string
  readonly witnesses: readonly Witness[]
  readonly clock: Clock
  /** Hears of each thing that is wrong: one sentence that names it. */
  readonly find: (sentence: string) => void
  /** Hears of each record whose details opened; `subjectOf` tells whom a party of it stands for. */
  readonly hear: (leaf: Leaf, openings: readonly Opening[], subjectOf: (party: string) => string | undefined) => void
}

export interface Audited {
  readonly records: number
  /** Records whose details were disposed of. */
  readonly disposed: number
  /** Cosignatures of witnesses that the settings do not name. */
  readonly unknownCosignatures: number
}

const nil = '00000000-0000-0000-0000-000000000000'
/** A record that is older than this should have its place in the tree. */
const sequencedWithinMs = 60_000

/** Audits the evidence; returns how much there was. */
export async function auditEvidence(parts: AuditParts): Promise<Audited> {
  // Before the transaction sees anything: what the service signs meanwhile is beyond what is looked at.
  const anchor = await parts.logKeeper.anchor()
  const startedMs = parts.clock.now()
  const subjects = await auditParties(parts)
  const latest = await treeOf(parts.tx).latest()
  const size = latest?.size ?? 0
  const disposal = { missing: new Set<string>(), disposed: new Set<string>() }
  const rollbacks = { recorded: new Set<unknown>(), disposed: 0 }
  let records = 0
  const look = async (row: RecordRow): Promise<void> => {
    records++
    const found = await leafFindings(parts.keys, row)
    for (const sentence of found.findings) parts.find(sentence)
    if (found.leaf === null) return
    for (const party of [found.leaf.actor, found.leaf.about])
      if (!subjects.has(party)) parts.find(`record ${row.id}: there is no party ${party}`)
    if (row.sealedDetail === null) disposal.missing.add(row.id)
    if (found.leaf.event === 'RollbackAccepted') {
      if (found.openings === null) rollbacks.disposed++
      else rollbacks.recorded.add(found.openings[0]?.detail.statement)
    }
    if (found.openings === null) return
    if (found.leaf.event === 'DetailDisposed') disposal.disposed.add(String(found.openings[0]?.detail.record))
    parts.hear(found.leaf, found.openings, (party) => subjects.get(party))
  }
  const roots = await auditLeaves(parts, size, look)
  await auditTiles(parts, size, latest?.root ?? emptyRoot, roots)
  await auditUnsequenced(parts, startedMs, look)
  for (const id of disposal.missing) {
    if (!disposal.disposed.has(id))
      parts.find(`record ${id}: its details are missing, and no record says that they were disposed of`)
  }
  const unknownCosignatures = await auditCheckpoints(parts, anchor)
  auditRollbacks(parts, anchor, rollbacks)
  return { records, disposed: disposal.missing.size, unknownCosignatures }
}

/** Holds what operators signed, which stands with the anchor, against the records of it. */
function auditRollbacks(
  { find }: AuditParts,
  { statements }: Anchored,
  { recorded, disposed }: { readonly recorded: ReadonlySet<unknown>; readonly disposed: number },
): void {
  const missing = statements.filter((statement) => !recorded.has(statement))
  for (const statement of missing.slice(disposed)) {
    const said = readStatement(statement)
    const [from, to] = [said?.anchor.size ?? '?', said?.tree.size ?? '?']
    find(`anchor: that a roll-back from ${from} to ${to} entries was accepted is not recorded`)
  }
}

async function auditParties({ tx, keys, find }: AuditParts): Promise<Map<string, string>> {
  const subjects = new Map<string, string>()
  const hash = await keys.hashFor(theService, 'evidence party')
  for (let after = nil; ; ) {
    const rows = await partiesAfter(tx, after, auditRows)
    for (const { id, subjectHash, sealedMeaning } of rows) {
      try {
        const subject = (await keys.unseal(theService, 'evidence', `party/${id}`, sealedMeaning)).toString()
        subjects.set(id, subject)
        if (!hash(subject).equals(subjectHash)) find(`party ${id}: it is found by the hash of another`)
      } catch {
        find(`party ${id}: its meaning does not open`)
      }
    }
    if (rows.length < auditRows) return subjects
    after = rows.at(-1)!.id
  }
}

/** Holds the records against the tiles of level 0; returns the hash of each of those tiles, as it stands. */
async function auditLeaves({ tx, find }: AuditParts, size: number, look: (row: RecordRow) => Promise<void>): Promise<Buffer[]> {
  const tiles = tileReader(tx, 0)
  const hashesAbove: Buffer[] = []
  let tile: Tile | null = null
  let next = 0
  for (let rows: RecordRow[] = []; ; ) {
    rows = await recordsFrom(tx, next, auditRows)
    for (const row of rows) {
      const index = row.leafIndex!
      for (; next < Math.min(index, size); next++) find(`entry ${next} of the tree: its record is missing`)
      if (index >= size) find(`record ${row.id}: its place ${index} is beyond the end of the tree`)
      const at = index % tileWidth
      const wanted = Math.floor(index / tileWidth)
      if (index < size && tile?.index !== wanted) tile = await tiles(wanted)
      const entry = tile?.index === wanted ? tile.hashes.subarray(at * hashOctets, (at + 1) * hashOctets) : null
      if (index < size && (entry === null || !entry.equals(leafHash(row.leaf))))
        find(`record ${row.id}: it is not what entry ${at} of tile 0/${wanted} was made from`)
      await look(row)
      next = index + 1
    }
    if (rows.length < auditRows) break
  }
  for (; next < size; next++) find(`entry ${next} of the tree: its record is missing`)
  for await (const one of eachTile(tx, 0)) if (one.width === tileWidth) hashesAbove[one.index] = subtreeHash(one.hashes)
  return hashesAbove
}

/** Holds each level's tiles against the level below, all against the sizes that are due, and the edge against the root. */
async function auditTiles({ tx, find }: AuditParts, size: number, root: Buffer, ofLeaves: readonly Buffer[]): Promise<void> {
  const edge = new Map<number, Tile>()
  let below = ofLeaves
  for (let level = 0; level < 8; level++) {
    const hashes: Buffer[] = []
    const width = widthAt(size, level)
    let next = 0
    for await (const tile of eachTile(tx, level)) {
      const name = `tile ${level}/${tile.index}`
      for (; next < tile.index; next++) find(`tile ${level}/${next}: it is missing`)
      next = tile.index + 1
      const due = Math.min(tileWidth, Math.max(0, width - tile.index * tileWidth))
      if (tile.width !== due) find(`${name}: it has ${tile.width} entries, and ${due} are due`)
      if (tile.width < tileWidth) edge.set(level, tile)
      else hashes[tile.index] = subtreeHash(tile.hashes)
      for (let at = 0; level > 0 && at < tile.width; at++) {
        const entry = tile.hashes.subarray(at * hashOctets, (at + 1) * hashOctets)
        const child = tile.index * tileWidth + at
        if (below[child]?.equals(entry) !== true) find(`${name}: entry ${at} is not the hash of tile ${level - 1}/${child}`)
      }
    }
    for (; next * tileWidth < width; next++) find(`tile ${level}/${next}: it is missing`)
    below = hashes
  }
  if (!rootOfEdge(edge as Edge).equals(root))
    find(
      `checkpoint ${size}: its root is not that of the tiles (${[...edge.values()].map((tile) => `tile ${tile.level}/${tile.index}`).join(', ')})`,
    )
}

async function auditUnsequenced(
  { tx, find }: AuditParts,
  startedMs: number,
  look: (row: RecordRow) => Promise<void>,
): Promise<void> {
  for (let after = nil; ; ) {
    const rows = await recordsWithoutPlace(tx, after, auditRows)
    for (const row of rows) {
      await look(row)
      const atMs = Number.parseInt(row.id.replaceAll('-', '').slice(0, 12), 16)
      if (atMs < startedMs - sequencedWithinMs) find(`record ${row.id}: it has no place in the tree`)
    }
    if (rows.length < auditRows) return
    after = rows.at(-1)!.id
  }
}

async function* eachTile(tx: Transaction, level: number): AsyncGenerator<Tile> {
  for (let next = 0; ; ) {
    const rows = await tilesFrom(tx, level, next, tilesAtOnce)
    yield* rows
    if (rows.length < tilesAtOnce) return
    next = rows.at(-1)!.index + 1
  }
}

const tilesAtOnce = 64

/** Gives tiles of a level that are asked for in ascending order; null for one that is missing. */
function tileReader(tx: Transaction, level: number): (index: number) => Promise<Tile | null> {
  let kept: Tile[] = []
  return async (index) => {
    if (!kept.some((tile) => tile.index === index)) kept = await tilesFrom(tx, level, index, tilesAtOnce)
    return kept.find((tile) => tile.index === index) ?? null
  }
}
