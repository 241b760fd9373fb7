// The Merkle tree: hashes, roots, and proofs of inclusion and consistency, over whatever gives the hashes of its full subtrees. RFC 6962 §2.1, RFC 9162 §2.1.
import { hash } from 'node:crypto'
import { emptyRoot, nodeHash } from '#keys/consistency.ts'

export const hashOctets = 32

/** RFC 6962 §2.1: SHA-256(0x00 ‖ leaf). */
export const leafHash = (leaf: Buffer): Buffer => hash('sha256', Buffer.concat([Buffer.of(0), leaf]), 'buffer')

/** The hash of the full subtree of 2^`level` leaves that is the `index`th of its kind. */
export type Nodes = (level: number, index: number) => Promise<Buffer>

/** The largest power of two below a number above 1, and its exponent. Sizes pass 2^31: no bit operators. */
function splitOf(size: number): number {
  let half = 1
  while (half * 2 < size) half *= 2
  return half
}

/** The hash over the leaves [start, end), which is a subtree of the tree's own division. */
async function rangeHash(nodes: Nodes, start: number, end: number): Promise<Buffer> {
  const size = end - start
  const level = Math.log2(size)
  if (Number.isInteger(level)) return nodes(level, start / size)
  const half = splitOf(size)
  return nodeHash(await rangeHash(nodes, start, start + half), await rangeHash(nodes, start + half, end))
}

/** The root of the tree's first `size` leaves. */
export async function rootAt(nodes: Nodes, size: number): Promise<Buffer> {
  return size === 0 ? emptyRoot : rangeHash(nodes, 0, size)
}

/** PATH(index, D[size]) of RFC 6962 §2.1.1: the hashes that lead from a leaf to the root. */
export async function inclusionProof(nodes: Nodes, index: number, size: number): Promise<Buffer[]> {
  const proof: Buffer[] = []
  let [start, end] = [0, size]
  while (end - start > 1) {
    const middle = start + splitOf(end - start)
    const inLeft = index < middle
    proof.push(await (inLeft ? rangeHash(nodes, middle, end) : rangeHash(nodes, start, middle)))
    if (inLeft) end = middle
    else start = middle
  }
  return proof.reverse()
}

/** PROOF(from, D[size]) of RFC 6962 §2.1.2: that the first `from` leaves are as they were. Empty from 0, for the same size, and for a smaller one, which it does not prove. */
export async function consistencyProof(nodes: Nodes, from: number, size: number): Promise<Buffer[]> {
  if (from === 0 || from >= size) return []
  const proof: Buffer[] = []
  let [start, end] = [0, size]
  let whole = true // what is left of the older tree is a subtree that the verifier knows
  while (from !== end) {
    const middle = start + splitOf(end - start)
    if (from <= middle) {
      proof.push(await rangeHash(nodes, middle, end))
      end = middle
    } else {
      proof.push(await rangeHash(nodes, start, middle))
      start = middle
      whole = false
    }
  }
  if (!whole) proof.push(await rangeHash(nodes, start, end))
  return proof.reverse()
}
