// Signed notes (C2SP signed-note), with Ed25519 signatures and the cosignatures of witnesses (C2SP tlog-cosignature): texts, keys and signature lines.
import { type KeyObject, createPrivateKey, createPublicKey, hash, sign, verify } from 'node:crypto'

/** What a key signs as: an author of notes, or a witness whose signature bears a time. */
export type SignsAs = 'author' | 'witness'

/** A public key with its name, as written in C2SP's verifier keys: `name+id+base64`. */
export interface Verifier {
  readonly text: string
  readonly name: string
  readonly id: Buffer
  readonly signsAs: SignsAs
  readonly key: KeyObject
}

export interface Signer {
  readonly verifier: string
  /** The signature line for a text, without its line end; a witness says at which second it signs. */
  sign(text: string, atSeconds?: number): string
}

export interface Note {
  /** What is signed: lines, each with its end. */
  readonly text: string
  readonly signatures: readonly { readonly line: string; readonly name: string; readonly id: Buffer; readonly octets: Buffer }[]
}

const algorithms = { author: 1, witness: 4 } as const
const privateHead = Buffer.from('302e020100300506032b657004220420', 'hex')
const publicHead = Buffer.from('302a300506032b6570032100', 'hex')
const idOctets = 4
const timeOctets = 8
export const maxNoteOctets = 16_384
const maxSignatures = 32

const keyId = (name: string, algorithm: number, key: Buffer): Buffer =>
  hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(algorithm), key]), 'buffer').subarray(0, idOctets)

/** True for what may name a key: no space, no plus sign, not empty. */
export const isKeyName = (name: string): boolean => /^[^\s+]{1,255}$/u.test(name)

function verifierText(name: string, signsAs: SignsAs, key: Buffer): string {
  const algorithm = algorithms[signsAs]
  return `${name}+${keyId(name, algorithm, key).toString('hex')}+${Buffer.concat([Buffer.of(algorithm), key]).toString('base64')}`
}

/** Reads a verifier key; null when it is none, or of an algorithm that is not ours. */
export function readVerifier(text: string): Verifier | null {
  const [, name = '', id = '', octets = ''] = /^([^\s+]{1,255})\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{44})$/.exec(text) ?? []
  const decoded = Buffer.from(octets, 'base64')
  const signsAs = decoded[0] === algorithms.author ? 'author' : decoded[0] === algorithms.witness ? 'witness' : null
  if (signsAs === null || decoded.length !== 33) return null
  const key = decoded.subarray(1)
  if (verifierText(name, signsAs, key) !== text) return null
  const made = createPublicKey({ key: Buffer.concat([publicHead, key]), format: 'der', type: 'spki' })
  return { text, name, id: Buffer.from(id, 'hex'), signsAs, key: made }
}

/** What signs under a name with the Ed25519 key of a 32-octet seed. */
export function newSigner(name: string, signsAs: SignsAs, seed: Buffer): Signer {
  if (!isKeyName(name)) throw new Error('not a name for a key')
  const key = createPrivateKey({ key: Buffer.concat([privateHead, seed]), format: 'der', type: 'pkcs8' })
  const raw = Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x!, 'base64url')
  const id = keyId(name, algorithms[signsAs], raw)
  return {
    verifier: verifierText(name, signsAs, raw),
    sign(text, atSeconds = 0) {
      const time = Buffer.alloc(signsAs === 'witness' ? timeOctets : 0)
      if (signsAs === 'witness') time.writeBigUInt64BE(BigInt(atSeconds))
      const signature = sign(null, signedOctets(signsAs, text, atSeconds), key)
      return `— ${name} ${Buffer.concat([id, time, signature]).toString('base64')}`
    },
  }
}

/** A signer's key as a line of text, to be kept in a file of its own. */
export function signerText(name: string, signsAs: SignsAs, seed: Buffer): string {
  const [, id] = newSigner(name, signsAs, seed).verifier.split('+')
  return `PRIVATE+KEY+${name}+${id}+${Buffer.concat([Buffer.of(algorithms[signsAs]), seed]).toString('base64')}`
}

/** Reads what signerText wrote; null when it is no such thing. */
export function readSigner(text: string): Signer | null {
  const [, name = '', octets = ''] = /^PRIVATE\+KEY\+([^\s+]{1,255})\+[0-9a-f]{8}\+([A-Za-z0-9+/=]{44})\s*$/.exec(text) ?? []
  const decoded = Buffer.from(octets, 'base64')
  const signsAs = decoded[0] === algorithms.author ? 'author' : decoded[0] === algorithms.witness ? 'witness' : null
  if (signsAs === null || decoded.length !== 33) return null
  return signerText(name, signsAs, decoded.subarray(1)) === text.trim() ? newSigner(name, signsAs, decoded.subarray(1)) : null
}

const signedOctets = (signsAs: SignsAs, text: string, atSeconds: number): Buffer =>
  Buffer.from(signsAs === 'author' ? text : `cosignature/v1\ntime ${atSeconds}\n${text}`)

/** A text with its signature lines. */
export function noteOf(text: string, lines: readonly string[]): string {
  return `${text}\n${lines.map((line) => `${line}\n`).join('')}`
}

/** Takes a note apart; null when it is none. */
export function readNote(note: string): Note | null {
  if (note.length > maxNoteOctets || /[^\n -~\u00a0-\u{10ffff}]/u.test(note)) return null
  const end = note.lastIndexOf('\n\n')
  if (end < 0 || !note.endsWith('\n')) return null
  const signatures = signatureLines(note.slice(end + 2))
  return signatures === null || signatures.length === 0 ? null : { text: note.slice(0, end + 1), signatures }
}

/** Takes signature lines apart, each with its end; null when one is none. */
export function signatureLines(text: string): Note['signatures'] | null {
  const lines = text.split('\n').slice(0, -1)
  if (lines.length > maxSignatures) return null
  const found = lines.map((line) => {
    const [, name = '', encoded = ''] = /^— ([^\s+]{1,255}) ([A-Za-z0-9+/]{8,200}={0,2})$/u.exec(line) ?? []
    const octets = Buffer.from(encoded, 'base64')
    return { line, name, id: octets.subarray(0, idOctets), octets: octets.subarray(idOctets) }
  })
  return found.every((one) => one.name !== '') ? found : null
}

/** When a key signed a note: null when it did not, else the second that a witness says, 0 for an author. */
export function signedAt(note: Note, verifier: Verifier): number | null {
  for (const { name, id, octets } of note.signatures) {
    if (name !== verifier.name || !id.equals(verifier.id)) continue
    const timed = verifier.signsAs === 'witness'
    if (octets.length !== (timed ? timeOctets : 0) + 64) continue
    const seconds = timed ? Number(octets.readBigUInt64BE()) : 0
    const signature = octets.subarray(timed ? timeOctets : 0)
    if (verify(null, signedOctets(verifier.signsAs, note.text, seconds), verifier.key, signature)) return seconds
  }
  return null
}
