// A monitor of the log, as anybody may run one: fetches checkpoint, tiles and entries by the paths of C2SP tlog-tiles, and holds them against each other. Shares no code with what it checks.
import { createHash, createPublicKey, verify } from 'node:crypto'

/** Octets of a path below the log's prefix; null for 404. */
export type Fetch = (path: string) => Promise<Buffer | null>

/** Fetches from an instance's operations port. */
export async function fetchPublished(port: number, path: string): Promise<Buffer | null> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`)
  if (response.status !== 200 && response.status !== 404) throw new Error(`${path} was answered ${response.status}`)
  const octets = Buffer.from(await response.arrayBuffer())
  return response.status === 200 ? octets : null
}

export interface Monitored {
  readonly size: number
  readonly root: string
  readonly leaves: readonly Buffer[]
}

const sha256 = (...pieces: readonly Buffer[]) => createHash('sha256').update(Buffer.concat(pieces)).digest()
const wide = 256
const hashOctets = 32

/** MTH of RFC 6962 §2.1 over hashes of leaves. */
function treeHash(hashes: readonly Buffer[]): Buffer {
  if (hashes.length === 0) return sha256()
  if (hashes.length === 1) return hashes[0]!
  let half = 1
  while (half * 2 < hashes.length) half *= 2
  return sha256(Buffer.of(1), treeHash(hashes.slice(0, half)), treeHash(hashes.slice(half)))
}

async function needed(fetch: Fetch, path: string): Promise<Buffer> {
  const octets = await fetch(path)
  if (octets === null) throw new Error(`${path} is not there`)
  return octets
}

/** The paths of the tiles that hold `count` things, each with how many it holds. */
function pathsOf(count: number, under: string): { path: string; width: number }[] {
  return Array.from({ length: Math.ceil(count / wide) }, (_, index) => {
    const width = Math.min(wide, count - index * wide)
    const thousands = Math.floor(index / 1000)
    const name = `${thousands === 0 ? '' : `x${String(thousands).padStart(3, '0')}/`}${String(index % 1000).padStart(3, '0')}`
    return { path: `/tile/${under}/${name}${width === wide ? '' : `.p/${width}`}`, width }
  })
}

function entriesIn(bundle: Buffer): Buffer[] {
  const entries: Buffer[] = []
  for (let at = 0; at < bundle.length; ) {
    const end = at + 2 + bundle.readUInt16BE(at)
    if (end > bundle.length) throw new Error('an entry bundle is cut off')
    entries.push(bundle.subarray(at + 2, end))
    at = end
  }
  return entries
}

/** True when the log's key of those public keys signed the checkpoint. */
function isSigned(note: string, publicKeys: string): boolean {
  const text = note.slice(0, note.indexOf('\n\n') + 1)
  const lines = note.slice(text.length + 1).split('\n')
  const keys = publicKeys.split('\n').flatMap((line) => (line.startsWith('log ') ? [line.split(' ')[1]!] : []))
  return keys.some((named) => {
    const [name, , ...encoded] = named.split('+') // base64 has that sign too
    const raw = Buffer.from(encoded.join('+'), 'base64').subarray(1)
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }, format: 'jwk' })
    return lines
      .filter((line) => line.startsWith(`— ${name} `))
      .some((line) => verify(null, Buffer.from(text), key, Buffer.from(line.split(' ')[2]!, 'base64').subarray(4)))
  })
}

/** Reads the whole log and returns it; throws a sentence for what does not fit together. */
export async function readWholeLog(fetch: Fetch): Promise<Monitored> {
  const note = (await needed(fetch, '/checkpoint')).toString()
  if (!isSigned(note, (await needed(fetch, '/public-keys')).toString())) throw new Error('the log did not sign its checkpoint')
  const [, digits, root = ''] = note.split('\n')
  const size = Number(digits)
  const leaves: Buffer[] = []
  for (const { path, width } of pathsOf(size, 'entries')) {
    const entries = entriesIn(await needed(fetch, path))
    if (entries.length !== width) throw new Error(`${path} holds ${entries.length} entries`)
    leaves.push(...entries)
  }
  let row: Buffer[] = leaves.map((leaf) => sha256(Buffer.of(0), leaf))
  if (treeHash(row).toString('base64') !== root) throw new Error('the entries are not those of the checkpoint')
  for (let level = 0; row.length > 0; level++) {
    for (const [at, { path, width }] of pathsOf(row.length, String(level)).entries()) {
      const tile = await needed(fetch, path)
      if (tile.length !== width * hashOctets || !tile.equals(Buffer.concat(row.slice(at * wide, at * wide + width))))
        throw new Error(`${path} does not hold the hashes of the level below`)
    }
    row = Array.from({ length: Math.floor(row.length / wide) }, (_, at) => treeHash(row.slice(at * wide, (at + 1) * wide)))
  }
  return { size, root, leaves }
}
