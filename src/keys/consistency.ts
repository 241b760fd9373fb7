// What shows that one tree extends another: asked by the key process before it signs, and by a witness before it cosigns. RFC 6962 §2.1.2, RFC 9162 §2.1.4.2
import { hash } from 'node:crypto'

/** RFC 6962 §2.1: SHA-256(0x01 ‖ left ‖ right). */
export const nodeHash = (left: Buffer, right: Buffer): Buffer =>
  hash('sha256', Buffer.concat([Buffer.of(1), left, right]), 'buffer')

/** The root of a tree without leaves: the hash of nothing. */
export const emptyRoot: Buffer = hash('sha256', Buffer.alloc(0), 'buffer')

/** True when the proof shows that the tree of `size` leaves with `root` extends the one of `from` leaves with `fromRoot`. RFC 9162 §2.1.4.2. */
export function provesConsistency(from: number, fromRoot: Buffer, size: number, root: Buffer, proof: readonly Buffer[]): boolean {
  if (from > size) return false
  if (from === size) return proof.length === 0 && fromRoot.equals(root)
  if (from === 0) return proof.length === 0 && fromRoot.equals(emptyRoot)
  const path = Number.isInteger(Math.log2(from)) ? [fromRoot, ...proof] : [...proof]
  let [node, last] = [from - 1, size - 1]
  while (node % 2 === 1) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)]
  const first = path.shift()
  if (first === undefined) return false
  let [older, newer] = [first, first]
  for (const one of path) {
    if (last === 0) return false
    if (node % 2 === 1 || node === last) {
      older = nodeHash(one, older)
      newer = nodeHash(one, newer)
      while (node !== 0 && node % 2 === 0) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)]
    } else newer = nodeHash(newer, one)
    node = Math.floor(node / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && older.equals(fromRoot) && newer.equals(root)
}
