// The tree against RFC 6962's own definition and known answers, and tiles against the tree. RFC 6962 §2.1, RFC 9162 §2.1
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Nodes, consistencyProof, inclusionProof, leafHash, rootAt } from '#evidence/merkle.ts'
import { type Edge, type Tile, appendLeaves, isEdgeOf, nodesOf, rootOfEdge } from '#evidence/tiles.ts'
import { rootFromInclusion } from '#evidence/verify.ts'
import { emptyRoot, nodeHash, provesConsistency } from '#keys/consistency.ts'

/** MTH(D[n]) as RFC 6962 §2.1 writes it. */
function merkleTreeHash(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return emptyRoot
  if (leaves.length === 1) return leafHash(leaves[0]!)
  let half = 1
  while (half * 2 < leaves.length) half *= 2
  return nodeHash(merkleTreeHash(leaves.slice(0, half)), merkleTreeHash(leaves.slice(half)))
}

const leavesOf = (count: number) => Array.from({ length: count }, (_, at) => Buffer.from(`leaf ${at}`))

/** Tiles of so many leaves, appended in pieces. */
function treeOf(
  leaves: readonly Buffer[],
  pieces: readonly number[] = [leaves.length],
): { nodes: Nodes; edge: Edge; tiles: Map<string, Tile> } {
  const tiles = new Map<string, Tile>()
  let edge: Edge = new Map()
  let size = 0
  for (const piece of [...pieces, leaves.length]) {
    const hashes = leaves.slice(size, size + piece).map(leafHash)
    const appended = appendLeaves(edge, size, hashes)
    for (const tile of appended.changed) {
      assert.notEqual(tiles.get(`${tile.level}/${tile.index}`)?.width, 256, 'a full tile never changes')
      tiles.set(`${tile.level}/${tile.index}`, tile)
    }
    edge = appended.edge
    size += hashes.length
    assert.ok(isEdgeOf(edge, size))
  }
  return { nodes: nodesOf(async (level, index) => tiles.get(`${level}/${index}`)!.hashes), edge, tiles }
}

test('roots of the first eight sizes are the known answers of Certificate Transparency’s test vectors', async () => {
  const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
  const roots = [
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ]
  const octets = leaves.map((leaf) => Buffer.from(leaf, 'hex'))
  for (let size = 1; size <= 8; size++) {
    const { nodes, edge } = treeOf(octets.slice(0, size))
    assert.equal((await rootAt(nodes, size)).toString('hex'), roots[size - 1])
    assert.equal(rootOfEdge(edge).toString('hex'), roots[size - 1])
  }
  assert.equal(emptyRoot.toString('hex'), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
})

test('tiles appended in any pieces give the root of RFC 6962 §2.1, at their size and at every size before', async () => {
  const leaves = leavesOf(1_400)
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 1_400 }),
      fc.array(fc.integer({ min: 0, max: 600 }), { maxLength: 6 }),
      fc.nat(),
      async (size, pieces, earlier) => {
        const { nodes, edge } = treeOf(leaves.slice(0, size), pieces)
        assert.ok(rootOfEdge(edge).equals(merkleTreeHash(leaves.slice(0, size))))
        const before = earlier % (size + 1)
        assert.ok((await rootAt(nodes, before)).equals(merkleTreeHash(leaves.slice(0, before))))
      },
    ),
    { seed: 2, numRuns: 40 },
  )
})

test('a tree of three levels of tiles keeps its root and proofs', async () => {
  const size = 65_536 + 256 * 3 + 7
  const leaves = leavesOf(size)
  const { nodes, edge, tiles } = treeOf(leaves, [65_000, 600])
  assert.ok(tiles.has('2/0'))
  const root = rootOfEdge(edge)
  assert.ok(root.equals(await rootAt(nodes, size)))
  for (const index of [0, 255, 256, 65_535, 65_536, size - 1]) {
    const proof = await inclusionProof(nodes, index, size)
    assert.ok(rootFromInclusion(leafHash(leaves[index]!), index, size, proof)!.equals(root))
  }
  for (const from of [1, 65_535, 65_536, 65_537, size - 1])
    assert.ok(provesConsistency(from, await rootAt(nodes, from), size, root, await consistencyProof(nodes, from, size)))
})

test('every inclusion proof up to 70 leaves leads to the root, and to no other leaf or place (RFC 9162 §2.1.3.2)', async () => {
  const leaves = leavesOf(70)
  const { nodes } = treeOf(leaves)
  for (let size = 1; size <= 70; size++) {
    const root = await rootAt(nodes, size)
    for (let index = 0; index < size; index++) {
      const proof = await inclusionProof(nodes, index, size)
      assert.ok(rootFromInclusion(leafHash(leaves[index]!), index, size, proof)?.equals(root), `${index} of ${size}`)
      assert.ok(!rootFromInclusion(leafHash(Buffer.from('other')), index, size, proof)?.equals(root))
      const elsewhere = rootFromInclusion(leafHash(leaves[index]!), (index + 1) % size, size, proof)
      assert.ok(size === 1 || !elsewhere?.equals(root))
      assert.ok(!rootFromInclusion(leafHash(leaves[index]!), index, size, [...proof, root])?.equals(root))
      if (proof.length > 0) assert.ok(!rootFromInclusion(leafHash(leaves[index]!), index, size, proof.slice(1))?.equals(root))
    }
  }
})

test('every consistency proof up to 70 leaves holds, and none of another tree, size or with a hash changed does (RFC 9162 §2.1.4.2)', async () => {
  const leaves = leavesOf(70)
  const { nodes } = treeOf(leaves)
  const { nodes: fork } = treeOf(leaves.map((leaf, at) => (at === 0 ? Buffer.from('forged') : leaf)))
  for (let size = 1; size <= 70; size++) {
    const root = await rootAt(nodes, size)
    for (let from = 0; from <= size; from++) {
      const proof = await consistencyProof(nodes, from, size)
      const before = await rootAt(nodes, from)
      assert.ok(provesConsistency(from, before, size, root, proof), `${from} to ${size}`)
      if (from === 0) continue
      assert.ok(!provesConsistency(from, await rootAt(fork, from), size, root, proof))
      assert.ok(!provesConsistency(from, before, size, await rootAt(fork, size), await consistencyProof(fork, from, size)))
      assert.ok(!provesConsistency(from, before, size, root, [...proof, root]))
      for (let at = 0; at < proof.length; at++) {
        const changed = proof.map((one, place) => (place === at ? nodeHash(one, one) : one))
        assert.ok(!provesConsistency(from, before, size, root, changed))
        assert.ok(!provesConsistency(from, before, size, root, proof.toSpliced(at, 1)))
      }
    }
  }
})
