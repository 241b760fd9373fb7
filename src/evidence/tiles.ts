// Tiles: the tree's hashes in rows of 256 (C2SP tlog-tiles, height 8), how leaves are appended to them, and how proofs read them.
import { type Nodes, hashOctets } from '#evidence/merkle.ts'
import { emptyRoot, nodeHash } from '#keys/consistency.ts'

/** The tree is not what its checkpoint says: a row was changed or is missing. */
export class TreeIsDamaged extends Error {
  override name = 'TreeIsDamaged'
}

export const tileHeight = 8
export const tileWidth = 256

/** `hashes` of level 0 are those of leaves; one of level n is the root of a full tile of level n - 1. */
export interface Tile {
  readonly level: number
  readonly index: number
  /** How many hashes it has: 256 when it is full. */
  readonly width: number
  readonly hashes: Buffer
}

/** The right edge of a tree: the tile of each level that is not full, by level. */
export type Edge = ReadonlyMap<number, Tile>

/** How many hashes of a level a tree has. */
export const widthAt = (size: number, level: number): number => Math.floor(size / tileWidth ** level)

/** The hash over 2^n hashes that stand one behind the other. */
export function subtreeHash(hashes: Buffer): Buffer {
  let row = Array.from({ length: hashes.length / hashOctets }, (_, at) => hashes.subarray(at * hashOctets, (at + 1) * hashOctets))
  while (row.length > 1) row = Array.from({ length: row.length / 2 }, (_, at) => nodeHash(row[at * 2]!, row[at * 2 + 1]!))
  return row[0]!
}

/** True when an edge is that of a tree of this size. */
export function isEdgeOf(edge: Edge, size: number): boolean {
  const due: [level: number, width: number][] = []
  for (let level = 0; widthAt(size, level) > 0; level++) due.push([level, widthAt(size, level) % tileWidth])
  const partial = due.filter(([, width]) => width > 0)
  return (
    partial.length === edge.size &&
    partial.every(([level, width]) => {
      const tile = edge.get(level)
      return tile?.width === width && tile.index === Math.floor(widthAt(size, level) / tileWidth)
    })
  )
}

/** The tiles that change when leaves are appended, full ones and the new edge's, and the new edge. */
export function appendLeaves(edge: Edge, size: number, leafHashes: readonly Buffer[]): { changed: Tile[]; edge: Edge } {
  const changed: Tile[] = []
  const next = new Map(edge)
  let row = [...leafHashes]
  for (let level = 0; row.length > 0; level++) {
    const before = edge.get(level)
    const first = Math.floor(widthAt(size, level) / tileWidth)
    const all = Buffer.concat([before?.hashes ?? Buffer.alloc(0), ...row])
    const above: Buffer[] = []
    next.delete(level)
    for (let at = 0; at * tileWidth * hashOctets < all.length; at++) {
      const hashes = all.subarray(at * tileWidth * hashOctets, (at + 1) * tileWidth * hashOctets)
      const tile: Tile = { level, index: first + at, width: hashes.length / hashOctets, hashes }
      changed.push(tile)
      if (tile.width === tileWidth) above.push(subtreeHash(hashes))
      else next.set(level, tile)
    }
    row = above
  }
  return { changed, edge: next }
}

/** The root of a tree, from its edge alone: its full subtrees stand there, the smallest at the lowest level. */
export function rootOfEdge(edge: Edge): Buffer {
  let root: Buffer | null = null
  for (const tile of [...edge.values()].sort((one, other) => one.level - other.level)) {
    for (let end = tile.width, size = 1; end > 0; size *= 2) {
      if (end % (size * 2) === 0) continue
      const subtree = subtreeHash(tile.hashes.subarray((end - size) * hashOctets, end * hashOctets))
      root = root === null ? subtree : nodeHash(subtree, root)
      end -= size
    }
  }
  return root ?? emptyRoot
}

/** Hashes of full subtrees, from tiles that `tileAt` gives; each is asked for once. */
export function nodesOf(tileAt: (level: number, index: number) => Promise<Buffer>): Nodes {
  const kept = new Map<string, Promise<Buffer>>()
  return async (level, index) => {
    const tileLevel = Math.floor(level / tileHeight)
    const count = 2 ** (level % tileHeight)
    const tileIndex = Math.floor((index * count) / tileWidth)
    const name = `${tileLevel}/${tileIndex}`
    const reading = kept.get(name) ?? tileAt(tileLevel, tileIndex)
    kept.set(name, reading)
    const start = ((index * count) % tileWidth) * hashOctets
    const hashes = (await reading).subarray(start, start + count * hashOctets)
    if (hashes.length < count * hashOctets) throw new TreeIsDamaged(`tile ${name} is too narrow`)
    return subtreeHash(hashes)
  }
}
