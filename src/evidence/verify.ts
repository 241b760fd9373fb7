// The verifier of receipts: one file, nothing but Node's own modules, no database, no network. It stands alone on purpose, so that
// an expert can read it to its end and run it by itself:   node verify.ts RECEIPT.json --key PUBLIC_KEYS   (Node 24 or later).
//
// A receipt holds one record of the service's log (the "leaf"), what opens one of the record's commitments, and a proof that the leaf
// is in the tree whose root a signed checkpoint states. It is good when each of these holds:
//   1. SHA-256(salt ‖ detail) is one of the leaf's commitments: so the detail was fixed when the record was made.
//   2. The inclusion proof leads from SHA-256(0x00 ‖ leaf) to the checkpoint's root (RFC 6962 §2.1.1, RFC 9162 §2.1.3.2).
//   3. A key of the log, from the file of public keys, that counted at the checkpoint's size, signed the checkpoint (Ed25519).
//   4. As many witnesses of that file as are asked for cosigned it: who holds the log's key cannot show two people different logs unseen.
// What is proved holds from the time of the checkpoint on: before it, a record could still have been left out.
import { createPublicKey, hash, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

export interface Receipt {
  readonly format: 'cjsm-receipt-1'
  /** RFC 8785 canonical JSON: exactly the octets that were hashed into the tree. */
  readonly leaf: string
  readonly opening: { readonly salt: string; readonly detail: string }
  readonly index: number
  readonly proof: readonly string[]
  /** A C2SP tlog-checkpoint: a signed note. */
  readonly checkpoint: string
}

/** What a good receipt shows; or why it is not good. */
export type Verified =
  | ({ readonly good: true; readonly leaf: Record<string, unknown>; readonly detail: Record<string, unknown> } & {
      readonly origin: string
      readonly size: number
      readonly signedBy: string
      readonly cosignedBy: readonly { readonly name: string; readonly atSeconds: number }[]
    })
  | { readonly good: false; readonly why: string }

interface PublicKey {
  readonly kind: 'log' | 'witness'
  readonly name: string
  readonly id: Buffer
  readonly raw: Buffer
  /** The sizes of the tree for which a key of the log counted. */
  readonly first: number
  readonly last: number
}

const sha256 = (...parts: (Buffer | string)[]): Buffer =>
  hash('sha256', Buffer.concat(parts.map((part) => Buffer.from(part as string))), 'buffer')

/** Reads a file of public keys: lines `log KEY FIRST LAST` (LAST is - for the key in use) and `witness KEY`; # begins a remark. */
export function readPublicKeys(text: string): PublicKey[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
  return lines.map((line) => {
    const [kind, key = '', first = '0', last = '-'] = line.trim().split(/ +/)
    const [name = '', id = '', encoded = ''] = key.split('+').length >= 3 ? splitKey(key) : []
    const octets = Buffer.from(encoded, 'base64')
    const algorithm = kind === 'log' ? 1 : 4 // C2SP signed-note: Ed25519; C2SP tlog-cosignature: Ed25519 with a time
    if ((kind !== 'log' && kind !== 'witness') || octets.length !== 33 || octets[0] !== algorithm)
      throw new Error('the file of public keys has a line that is none')
    const expected = sha256(`${name}\n`, octets).subarray(0, 4)
    if (expected.toString('hex') !== id) throw new Error('the file of public keys has a key whose id is not its own')
    return {
      kind,
      name,
      id: expected,
      raw: octets.subarray(1),
      first: Number(first),
      last: last === '-' ? Infinity : Number(last),
    }
  })
}

/** name+id+base64; base64 has plus signs of its own. */
function splitKey(key: string): [string, string, string] {
  const [name = '', id = ''] = key.split('+')
  return [name, id, key.slice(name.length + id.length + 2)]
}

/** The root to which an inclusion proof leads, or null when it has not the length that index and size call for. */
export function rootFromInclusion(leafHash: Buffer, index: number, size: number, proof: readonly Buffer[]): Buffer | null {
  if (!(Number.isSafeInteger(index) && index >= 0 && index < size)) return null
  let [node, last, root] = [index, size - 1, leafHash]
  for (const one of proof) {
    if (last === 0) return null
    if (node % 2 === 1 || node === last) {
      root = sha256(Buffer.of(1), one, root)
      while (node % 2 === 0 && node !== 0) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)]
    } else root = sha256(Buffer.of(1), root, one)
    ;[node, last] = [Math.floor(node / 2), Math.floor(last / 2)]
  }
  return last === 0 ? root : null
}

/** When a key signed a checkpoint's text: seconds since 1970 for a witness, 0 for the log; null when it did not. */
function signedAt(text: string, signatures: string, key: PublicKey): number | null {
  for (const line of signatures.split('\n')) {
    const [dash, name, encoded = ''] = line.split(' ')
    const octets = Buffer.from(encoded, 'base64')
    if (dash !== '—' || name !== key.name || !octets.subarray(0, 4).equals(key.id)) continue
    const timed = key.kind === 'witness'
    if (octets.length !== (timed ? 76 : 68)) continue
    const seconds = timed ? Number(octets.readBigUInt64BE(4)) : 0
    const signed = Buffer.from(timed ? `cosignature/v1\ntime ${seconds}\n${text}` : text)
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key.raw])
    const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' })
    if (verify(null, signed, publicKey, octets.subarray(octets.length - 64))) return seconds
  }
  return null
}

/** Verifies a receipt with public keys alone; at least `witnesses` of them must have cosigned, by default one when the file names any. */
export function verifyReceipt(receipt: Receipt, keys: readonly PublicKey[], witnesses?: number): Verified {
  const bad = (why: string): Verified => ({ good: false, why })
  if (receipt?.format !== 'cjsm-receipt-1') return bad('it is not a receipt of a known form')
  const leaf = JSON.parse(receipt.leaf) as { commitments: string[] } & Record<string, unknown>

  const salt = Buffer.from(receipt.opening.salt, 'base64')
  if (salt.length !== 32) return bad('the salt is not 32 octets long')
  const commitment = sha256(salt, receipt.opening.detail).toString('base64')
  if (!leaf.commitments.includes(commitment)) return bad('the detail is not what the record committed to')

  const end = receipt.checkpoint.indexOf('\n\n')
  const [text, signatures] = [receipt.checkpoint.slice(0, end + 1), receipt.checkpoint.slice(end + 2)]
  const [origin = '', digits = '', root = '', ...rest] = text.split('\n')
  const size = Number(digits)
  if (end < 0 || !/^[1-9][0-9]{0,15}$/.test(digits) || rest.length !== 1) return bad('the checkpoint is not one')
  const path = receipt.proof.map((one) => Buffer.from(one, 'base64'))
  if (path.some((one) => one.length !== 32)) return bad('the proof holds what is no hash')
  const led = rootFromInclusion(sha256(Buffer.of(0), receipt.leaf), receipt.index, size, path)
  if (led?.toString('base64') !== root) return bad('the record is not in the tree of the checkpoint')

  const signer = keys.find((key) => key.kind === 'log' && key.name === origin && signedAt(text, signatures, key) !== null)
  if (signer === undefined) return bad('no key of the log signed the checkpoint')
  if (size < signer.first || size > signer.last) return bad('the key that signed the checkpoint did not count at its size')

  const cosignedBy = keys
    .filter((key, at) => key.kind === 'witness' && keys.findIndex((other) => other.id.equals(key.id)) === at)
    .flatMap((key) => {
      const atSeconds = signedAt(text, signatures, key)
      return atSeconds === null ? [] : [{ name: key.name, atSeconds }]
    })
  const needed = witnesses ?? (keys.some((key) => key.kind === 'witness') ? 1 : 0)
  if (!(cosignedBy.length >= needed))
    return bad(`${cosignedBy.length} witnesses cosigned the checkpoint, and ${needed} must have`)

  const detail = JSON.parse(receipt.opening.detail) as Record<string, unknown>
  return { good: true, leaf, detail, origin, size, signedBy: signer.name, cosignedBy }
}

/** What a verified receipt says, in lines for a reader. */
export function verdictText(verified: Verified): string {
  if (!verified.good) return `NOT GOOD: ${verified.why}.`
  const { leaf, detail, origin, size, cosignedBy } = verified
  const shown = Object.entries(detail).map(
    ([name, value]) => `  ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  const witnessed = cosignedBy.map(({ name, atSeconds }) => `${name} at ${new Date(atSeconds * 1000).toISOString()}`)
  return [
    `GOOD: ${leaf.event}, record ${leaf.id}, at ${new Date(leaf.atMs as number).toISOString()} by the service's clock.`,
    ...shown,
    `In the log ${origin}, in the checkpoint of ${size} records.`,
    witnessed.length > 0
      ? `Cosigned by ${witnessed.join(', ')}.`
      : 'No witness cosigned this checkpoint: only the service vouches for it.',
  ].join('\n')
}

/** Verifies the receipt of a file with the public keys of another, and prints what it shows; returns 0 when it is good, 1 when not, 2 when a file cannot be read. */
export function verifyFile(file: string, keyFile: string, witnesses: number | undefined, print: (text: string) => void): number {
  const [receipt, keys] = [readText(file), readText(keyFile)]
  if (receipt === null || keys === null) {
    print(`NOT VERIFIED: ${receipt === null ? file : keyFile} cannot be read.`)
    return 2
  }
  let verified: Verified
  try {
    verified = verifyReceipt(JSON.parse(receipt) as Receipt, readPublicKeys(keys), witnesses)
  } catch (fault) {
    const why = fault instanceof Error && !(fault instanceof SyntaxError) ? fault.message : 'it is no receipt'
    verified = { good: false, why }
  }
  print(verdictText(verified))
  return verified.good ? 0 : 1
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

if (import.meta.main) {
  const options = { key: { type: 'string' }, witnesses: { type: 'string' } } as const
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  const wanted = values.witnesses === undefined ? undefined : Number(values.witnesses)
  process.exitCode = verifyFile(positionals[0] ?? '', values.key ?? '', wanted, (text) => process.stdout.write(`${text}\n`))
}
