// The log as static files for monitors: its checkpoint, tiles and entries, by the paths of C2SP tlog-tiles. Leaves hold commitments and random ids only.
import { tileWidth } from '#evidence/tiles.ts'
import { hashOctets } from '#evidence/merkle.ts'
import { checkpointNote, publicKeysText, treeOf } from '#evidence/tree.ts'
import { leavesFrom, tileRow } from '#evidence/tree.sql.ts'
import type { Runner } from '#store/database.ts'

export interface PublishedFile {
  readonly type: 'text/plain; charset=utf-8' | 'application/octet-stream'
  readonly octets: Buffer
  /** It never changes, and may be kept by who fetched it. */
  readonly lasting: boolean
}

const tilePath = /^\/tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/){0,4}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/
const maxLevel = 63
const maxEntryOctets = 0xffff

/** An index as path elements of three digits, all but the last after an x: 1234067 is x001/x234/067. */
export function indexPath(index: number): string {
  const digits = String(index)
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0')
  const elements = padded.match(/\d{3}/g)!
  return elements.map((element, at) => (at === elements.length - 1 ? element : `x${element}`)).join('/')
}

/** Reads the path of a tile; null for one that is none, or is not written as it must be. */
function readTilePath(path: string): { level: number | 'entries'; index: number; width: number } | null {
  const [, what = '', elements = '', digits] = tilePath.exec(path) ?? []
  const index = Number(elements.replace(/[x/]/g, ''))
  const width = digits === undefined ? tileWidth : Number(digits)
  const partial = digits === undefined || width < tileWidth
  if (elements === '' || indexPath(index) !== elements || !partial) return null
  if (what === 'entries') return { level: what, index, width }
  const level = Number(what)
  return String(level) === what && level <= maxLevel ? { level, index, width } : null
}

async function hashesOf(run: Runner, level: number, index: number, width: number): Promise<Buffer | null> {
  const [row] = await tileRow(run, level, index)
  const octets = width * hashOctets
  return row === undefined || row.hashes.length < octets ? null : row.hashes.subarray(0, octets)
}

/** Entries one behind the other, each behind its length in two octets. */
async function entriesOf(run: Runner, index: number, width: number): Promise<Buffer | null> {
  const rows = await leavesFrom(run, index * tileWidth, width)
  if (rows.length < width) return null
  const pieces = rows.flatMap(({ leaf }) => {
    if (leaf.length > maxEntryOctets) throw new Error('a leaf is too long for an entry bundle')
    const length = Buffer.alloc(2)
    length.writeUInt16BE(leaf.length)
    return [length, leaf]
  })
  return Buffer.concat(pieces)
}

/** The file of a path, or null when there is none: `/checkpoint`, `/tile/…`, and `/public-keys` as `./cjsm public-keys` prints them. `verifiers` gives the log's keys. */
export async function publishedFile(
  run: Runner,
  path: string,
  o: { verifiers(): Promise<readonly string[]>; witnesses: readonly string[] },
): Promise<PublishedFile | null> {
  const text = (of: string) => ({ type: 'text/plain; charset=utf-8', octets: Buffer.from(of), lasting: false }) as const
  if (path === '/public-keys') return text(await publicKeysText(run, await o.verifiers(), o.witnesses))
  if (path === '/checkpoint') {
    const latest = await treeOf(run).latest()
    return latest === null ? null : text(checkpointNote(latest))
  }
  const tile = readTilePath(path)
  if (tile === null) return null
  const { level, index, width } = tile
  const octets = level === 'entries' ? await entriesOf(run, index, width) : await hashesOf(run, level, index, width)
  return octets === null ? null : { type: 'application/octet-stream', octets, lasting: true }
}
