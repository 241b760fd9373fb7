// The verifier of receipts: one file, nothing but Node's own modules, no database, no network. It stands alone on purpose, so that
// an expert can read it to its end and run it by itself (Node 24 or later):
//   node verify.ts RECEIPT.json --key PUBLIC_KEYS [--message FILE.eml] [--witnesses N]
//
// A receipt holds one record of the service's log (the "leaf"), what opens one of the record's commitments, and a proof that the leaf
// is in the tree whose root a signed checkpoint states. It is good when each of these holds:
//   1. SHA-256(salt ‖ detail) is one of the leaf's commitments: so the detail was fixed when the record was made.
//   2. The inclusion proof leads from SHA-256(0x00 ‖ leaf) to the checkpoint's root (RFC 6962 §2.1.1, RFC 9162 §2.1.3.2).
//   3. A key of the log, from the file of public keys, that counted at the checkpoint's size, signed the checkpoint (Ed25519).
//   4. As many witnesses of that file as are asked for cosigned it: who holds the log's key cannot show two people different logs unseen.
// What is hashed or signed must be written in its one right form (RFC 8785, base64, C2SP signed-note): two readers cannot take it differently.
// What is proved holds from the time of the checkpoint on: before it, a record could still have been left out.
// With a message, it is also said whether its octets are those to which the detail commits: SHA-256(salt ‖ SHA-256(message)).
import { createPublicKey, hash, verify } from 'node:crypto'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
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

type Plain = Record<string, unknown>

/** What a good receipt shows; or why it is not good. */
export type Verified =
  | {
      readonly good: true
      readonly leaf: Plain
      readonly detail: Plain
      readonly origin: string
      readonly size: number
      readonly signedBy: string
      readonly cosignedBy: readonly Cosigned[]
    }
  | { readonly good: false; readonly why: string }

interface Cosigned {
  readonly name: string
  readonly atSeconds: number
}

interface PublicKey {
  readonly kind: 'log' | 'witness'
  readonly name: string
  readonly id: Buffer
  readonly raw: Buffer
  /** The sizes of the tree for which a key of the log counts; for which a witness's cosignature is asked for. */
  readonly first: number
  readonly last: number
}

interface Signature {
  readonly name: string
  readonly octets: Buffer
}

const sha256 = (...parts: (Buffer | string)[]): Buffer =>
  hash('sha256', Buffer.concat(parts.map((part) => Buffer.from(part as string))), 'buffer')

/** The octets of base64 as RFC 4648 §4 writes them, `length` of them where that is given; else null. */
function octetsOf(text: unknown, length?: number): Buffer | null {
  if (typeof text !== 'string') return null
  const octets = Buffer.from(text, 'base64')
  return octets.toString('base64') === text && octets.length === (length ?? octets.length) ? octets : null
}

const keyLine = /^(log|witness) ([^\s+]+)\+([0-9a-f]{8})\+(\S{44})(?: (0|[1-9]\d{0,14}) ([1-9]\d{0,14}|-))?$/u

/**
 * Reads a file of public keys: lines `log KEY FIRST LAST` and `witness KEY FIRST LAST`, LAST being - for one in use; # begins a remark.
 * `witness KEY`, of an older file, is for every size. Throws a sentence for what is no such file.
 */
export function readPublicKeys(text: string): PublicKey[] {
  const keys = text.split('\n').flatMap((line, at) => {
    if (line.trim() === '' || line.startsWith('#')) return []
    const [, kind, name = '', id, encoded, first, last] = keyLine.exec(line.trim()) ?? []
    const octets = octetsOf(encoded, 33)
    const algorithm = kind === 'log' ? 1 : 4 // C2SP signed-note: Ed25519; C2SP tlog-cosignature: Ed25519 with a time
    const sizes = first === undefined ? [1, Infinity] : [Number(first), last === '-' ? Infinity : Number(last)]
    if (octets === null || octets[0] !== algorithm || (kind === 'log' && first === undefined) || sizes[0]! > sizes[1]!)
      throw new Error(`line ${at + 1} is none of a public key and its sizes`)
    const own = sha256(`${name}\n`, octets).subarray(0, 4)
    if (own.toString('hex') !== id) throw new Error(`line ${at + 1} has a key whose id is not its own`)
    return [{ kind: kind as PublicKey['kind'], name, id: own, raw: octets.subarray(1), first: sizes[0]!, last: sizes[1]! }]
  })
  if (!keys.some(({ kind }) => kind === 'log')) throw new Error('there is no key of a log in it')
  return keys
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

const checkpointForm =
  /^(?<text>(?<origin>[^\s+]+)\n(?<size>[1-9]\d{0,14})\n(?<root>\S{44})\n)\n(?<signatures>(?:— [^\s+]+ \S+\n)+)$/u

/** Takes a checkpoint apart; null when it is none, to the last octet. */
function readCheckpoint(note: string) {
  const { text = '', origin = '', size, root, signatures = '' } = checkpointForm.exec(note)?.groups ?? {}
  const signed = signatures.split('\n').slice(0, -1)
  const found = signed.flatMap((line): Signature[] => {
    const [, name = '', encoded] = line.split(' ')
    const octets = octetsOf(encoded)
    return octets === null ? [] : [{ name, octets }]
  })
  return text === '' || found.length < signed.length ? null : { text, origin, size: Number(size), root, signatures: found }
}

const latestSecond = 8_640_000_000_000 // the last one that a date can be made of

/** When a key signed a checkpoint's text: seconds since 1970 for a witness, 0 for the log; null when it did not. */
function signedAt(text: string, signatures: readonly Signature[], key: PublicKey): number | null {
  const timed = key.kind === 'witness'
  for (const { name, octets } of signatures) {
    if (name !== key.name || !octets.subarray(0, 4).equals(key.id) || octets.length !== (timed ? 76 : 68)) continue
    const seconds = timed ? Number(octets.readBigUInt64BE(4)) : 0
    const signed = Buffer.from(timed ? `cosignature/v1\ntime ${seconds}\n${text}` : text)
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key.raw])
    const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' })
    if (seconds <= latestSecond && verify(null, signed, publicKey, octets.subarray(-64))) return seconds
  }
  return null
}

/** RFC 8785, for what JSON.parse returned. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const names = Object.keys(value).sort()
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical((value as Plain)[name])}`).join(',')}}`
}

/** The object that a text of canonical JSON is; null for any other text. */
function readCanonical(text: string): Plain | null {
  try {
    const value: unknown = JSON.parse(text)
    return text.startsWith('{') && canonical(value) === text ? (value as Plain) : null
  } catch {
    return null
  }
}

const leafNames = 'about,actor,atMs,commitments,event,id,v'

const isLeaf = (leaf: Plain | null): leaf is Plain & { commitments: string[]; atMs: number } =>
  leaf?.v === 1 &&
  Object.keys(leaf).join() === leafNames &&
  [leaf.about, leaf.actor, leaf.event, leaf.id].every((one) => typeof one === 'string') &&
  Array.isArray(leaf.commitments) &&
  Number.isInteger(leaf.atMs) &&
  !Number.isNaN(new Date(leaf.atMs as number).getTime())

/** The name of a part that a receipt has not, or not in the right kind; null when it has all. */
function lackingPart({ leaf, opening, index, proof, checkpoint }: Receipt): string | null {
  const isText = (part: unknown) => typeof part === 'string'
  const parts: [string, boolean][] = [
    ['leaf', isText(leaf)],
    ['opening.salt', isText(opening?.salt)],
    ['opening.detail', isText(opening?.detail)],
    ['index', Number.isSafeInteger(index)],
    ['proof', Array.isArray(proof)],
    ['checkpoint', isText(checkpoint)],
  ]
  return parts.find(([, isThere]) => !isThere)?.[0] ?? null
}

/** Verifies a receipt with public keys alone; at least `witnesses` of them must have cosigned, by default one where the file asks for any at that size. */
export function verifyReceipt(receipt: Receipt, keys: readonly PublicKey[], witnesses?: number): Verified {
  const bad = (why: string): Verified => ({ good: false, why })
  if (receipt?.format !== 'cjsm-receipt-1') return bad('it is not a receipt of a known form')
  const lacking = lackingPart(receipt)
  if (lacking !== null) return bad(`its part "${lacking}" is missing, or is not what it must be`)
  const leaf = readCanonical(receipt.leaf)
  if (!isLeaf(leaf)) return bad('the leaf is not a record of a known form')

  const salt = octetsOf(receipt.opening.salt, 32)
  if (salt === null) return bad('the salt is not 32 octets long')
  const commitment = sha256(salt, receipt.opening.detail).toString('base64')
  if (!leaf.commitments.includes(commitment)) return bad('the detail is not what the record committed to')
  const detail = readCanonical(receipt.opening.detail)
  if (detail === null) return bad('the detail is not a detail of a known form')

  const checkpoint = readCheckpoint(receipt.checkpoint)
  if (checkpoint === null) return bad('the checkpoint is not one')
  const { text, origin, size, root, signatures } = checkpoint
  const path = receipt.proof.map((one) => octetsOf(one, 32))
  if (!path.every((one) => one !== null)) return bad('the proof holds what is no hash')
  const led = rootFromInclusion(sha256(Buffer.of(0), receipt.leaf), receipt.index, size, path)
  if (led?.toString('base64') !== root) return bad('the record is not in the tree of the checkpoint')

  const signers = keys.filter(({ kind, name }) => kind === 'log' && name === origin)
  const signed = signers.filter((key) => signedAt(text, signatures, key) !== null)
  if (signed.length === 0) return bad('no key of the log signed the checkpoint')
  const signer = signed.find(({ first, last }) => first <= size && size <= last)
  if (signer === undefined) return bad('the key that signed the checkpoint did not count at its size')

  // A cosignature counts before its witness was asked for one, and not after it was dismissed; one key counts once, whatever its names.
  const asked = keys.filter(({ kind, last }) => kind === 'witness' && size <= last)
  const cosigned = new Map<string, Cosigned>()
  for (const key of asked) {
    const atSeconds = signedAt(text, signatures, key)
    if (atSeconds !== null) cosigned.set(key.raw.toString('hex'), { name: key.name, atSeconds })
  }
  const needed = witnesses ?? (asked.some(({ first }) => first <= size) ? 1 : 0)
  if (!(cosigned.size >= needed)) return bad(tooFewCosigned(cosigned.size, needed))
  return { good: true, leaf, detail, origin, size, signedBy: signer.name, cosignedBy: [...cosigned.values()] }
}

/** What is too few, and what a reader can do. */
const tooFewCosigned = (cosigned: number, needed: number) =>
  `the checkpoint has the cosignatures of ${cosigned} witnesses, and ${needed} must have cosigned. Ask for the receipt anew: by now it may be under a checkpoint that has them. --witnesses ${cosigned} takes it as it is${cosigned === 0 ? ', on the word of the service alone' : ''}`

/** What a verified receipt says, in lines for a reader. */
function verdictOf(verified: Verified): string[] {
  if (!verified.good) return [`NOT GOOD: ${verified.why}.`]
  const { leaf, detail, origin, size, cosignedBy } = verified
  const witnessed = cosignedBy.map(({ name, atSeconds }) => `${name} at ${new Date(atSeconds * 1000).toISOString()}`)
  return [
    `GOOD: ${leaf.event}, record ${leaf.id}, at ${new Date(leaf.atMs as number).toISOString()} by the service's clock.`,
    ...Object.entries(detail).map(([name, value]) => `  ${name}: ${JSON.stringify(value)}`),
    `In the log ${origin}, in the checkpoint of ${size} records.`,
    witnessed.length > 0
      ? `Cosigned by ${witnessed.join(', ')}.`
      : 'No witness cosigned this checkpoint: only the service vouches for it.',
  ]
}

const contents = {
  submitted: 'the message as it was submitted',
  delivered: 'the message as it was delivered',
  content: 'the message as it was put into the mailbox',
}

/** Says whether a message is the one whose digest a detail commits to, as it is or with CRLF for each line end; 0 when it is, 1 when not, 2 when the detail names none. */
export function compareMessage(detail: Plain, message: Buffer, say: (line: string) => void): number {
  const [name, what] = Object.entries(contents).find((one) => Object.hasOwn(detail, one[0])) ?? []
  const { salt, sha256: committed } = (name === undefined ? {} : (detail[name] ?? {})) as Plain
  const salted = octetsOf(salt, 32)
  if (salted === null) {
    say('NOT COMPARED: this record commits to no message.')
    return 2
  }
  const isIt = (octets: Buffer) => sha256(salted, sha256(octets)).toString('base64') === committed
  const withCrlf = () => Buffer.from(message.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1')
  if (isIt(message)) say(`The file is ${what}, octet for octet.`)
  else if (isIt(withCrlf())) say(`The file is ${what}, octet for octet once each of its lines ends with CRLF.`)
  else {
    say(`NOT THE MESSAGE: the file is not ${what}, neither as it is nor with CRLF at the end of each line.`)
    return 1
  }
  return 0
}

/** Text as one line that shows each of its characters: what steers a terminal, ends a line, turns the direction or takes no room is written out. */
const inOneLine = (text: string): string =>
  text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (one) => `\\u{${one.codePointAt(0)!.toString(16)}}`)

interface Asked {
  readonly receipt: string
  readonly key: string
  readonly message?: string | undefined
  readonly witnesses?: string | undefined
}

/** Verifies the receipt of a file with the public keys of another, and prints what it shows; returns 0 when it is good, 1 when not, 2 when nothing was judged. */
export function verifyFile(asked: Asked | null, print: (line: string) => void): number {
  const say = (line: string) => print(inOneLine(line))
  const unverified = (why: string) => {
    say(`NOT VERIFIED: ${why}.`)
    return 2
  }
  const unread = (file: string) => unverified(`${file} cannot be read`)
  if (asked === null) return unverified('say node verify.ts RECEIPT.json --key PUBLIC_KEYS [--message FILE.eml] [--witnesses N]')
  const { witnesses = '' } = asked
  if (asked.witnesses !== undefined && !/^\d{1,3}$/.test(witnesses)) return unverified('--witnesses is a whole number')
  const [file, keyFile] = [octetsIn(asked.receipt), octetsIn(asked.key)]
  const message = asked.message === undefined ? undefined : octetsIn(asked.message)
  if (file === null) return unread(asked.receipt)
  if (keyFile === null) return unread(asked.key)
  if (message === null) return unread(asked.message ?? '')
  let keys: PublicKey[]
  try {
    keys = readPublicKeys(textOf(keyFile))
  } catch (fault) {
    return unverified(`${asked.key} is no file of public keys: ${(fault as Error).message}`)
  }
  let receipt: unknown
  try {
    receipt = JSON.parse(textOf(file))
  } catch {
    receipt = null
  }
  const verified = verifyReceipt(receipt as Receipt, keys, witnesses === '' ? undefined : Number(witnesses))
  for (const line of verdictOf(verified)) say(line)
  if (!verified.good) return 1
  return message === undefined ? 0 : compareMessage(verified.detail, message, say)
}

function octetsIn(file: string): Buffer | null {
  try {
    return readFileSync(file)
  } catch {
    return null
  }
}

/** UTF-8, a byte order mark passed over; throws a sentence for any other text. */
function textOf(octets: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets)
  } catch {
    throw new Error('it is not UTF-8 text')
  }
}

/** What a command line asks for; null when it is not understood. */
function readWords(args: string[]): Asked | null {
  const text = { type: 'string' } as const
  try {
    const options = { key: text, message: text, witnesses: text }
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const { key } = values
    const [receipt] = positionals
    return receipt === undefined || positionals.length > 1 || key === undefined ? null : { ...values, receipt, key }
  } catch {
    return null
  }
}

// import.meta.main would do, but Node 24.0 and 24.1 do not have it.
const started = process.argv[1] ?? ''
if (existsSync(started) && realpathSync(started) === realpathSync(import.meta.filename))
  process.exitCode = verifyFile(readWords(process.argv.slice(2)), (line) => process.stdout.write(`${line}\n`))
