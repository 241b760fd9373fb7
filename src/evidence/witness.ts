// A witness: cosigns a log's checkpoints, only those that extend what it cosigned before, and so sees a fork or a roll-back. Runs elsewhere, in other hands. C2SP tlog-witness, tlog-cosignature
import { mkdir, readFile } from 'node:fs/promises'
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import { join } from 'node:path'
import type { Clock } from '#base/clock.ts'
import { OperatorFault } from '#base/faults.ts'
import { randomOctets } from '#base/ids.ts'
import { type Log, describeFault } from '#base/log.ts'
import { maxAddCheckpointOctets, maxProofHashes, maxWitnessConnections, witnessRequestMs } from '#evidence/limits.ts'
import { hashOctets } from '#evidence/merkle.ts'
import { readCheckpoint } from '#keys/checkpoint.ts'
import { emptyRoot, provesConsistency } from '#keys/consistency.ts'
import { replaceFile } from '#keys/durable.ts'
import { type Signer, type Verifier, noteOf, readNote, readSigner, readVerifier, signedAt, signerText } from '#keys/note.ts'

interface Seen {
  readonly size: number
  readonly root: string
  /** The checkpoint with the log's signature and ours: what proves to anybody that it was there. Null for what an earlier witness kept. */
  readonly note: string | null
}

/** A public key of the log, and the sizes of the tree for which it counts. */
export interface LogKey {
  readonly verifier: Verifier
  readonly first: number
  readonly last: number
}

export interface WitnessParts {
  /** Where its key and what it saw are kept. */
  readonly folder: string
  /** What names its key when that is made. */
  readonly name: string
  readonly origin: string
  /** The keys of the log that are trusted now; looked up at each request, so that a rotation needs no restart. */
  readonly logKeys: () => Promise<readonly LogKey[]>
  readonly clock: Clock
  readonly log: Log
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly type?: string
}

export interface WitnessServer {
  /** Its public key, for the log's setting. */
  readonly verifier: string
  readonly server: Server
}

/**
 * Reads the log's keys: lines `log KEY FIRST LAST` of a public key file (LAST is - for the key in use), or verifier keys with commas between, which count at any size.
 * Throws a sentence when there is none, or a line of the file is none.
 */
export function readLogKeys(text: string): LogKey[] {
  const found = text.split('\n').flatMap((line) => (line.startsWith('log ') ? logKeyOf(line) : givenKeys(line)))
  if (found.length === 0) throw new Error('There is no public key of a log in what --log-key names.')
  return found
}

/** A key that has been replaced counts for what it signed only: whoever steals it signs nothing new. */
function logKeyOf(line: string): LogKey {
  const [, key = '', first, last] = /^log (\S+) ([0-9]{1,15}) ([0-9]{1,15}|-)\s*$/.exec(line) ?? []
  const verifier = readVerifier(key)
  if (verifier?.signsAs !== 'author') throw new Error(`What --log-key names has a line that is none: ${line}`)
  return { verifier, first: Number(first), last: last === '-' ? Number.POSITIVE_INFINITY : Number(last) }
}

const givenKeys = (line: string): LogKey[] =>
  (line.startsWith('#') ? [] : line.split(/[\s,]+/))
    .flatMap((word) => readVerifier(word) ?? [])
    .filter((one) => one.signsAs === 'author')
    .map((verifier) => ({ verifier, first: 0, last: Number.POSITIVE_INFINITY }))

/** Serves `POST /add-checkpoint`, and the checkpoint it cosigned last by `GET /checkpoint`, on a host and port (0: one that is free). */
export async function serveWitness(parts: WitnessParts, host: string, port: number): Promise<WitnessServer> {
  await mkdir(parts.folder, { recursive: true, mode: 0o700 })
  const signer = await openSigner(parts.folder, parts.name)
  const { note } = await readSeen(parts.folder)
  const [watched = parts.origin] = note?.split('\n') ?? []
  if (watched !== parts.origin)
    throw new OperatorFault(`This folder is that of a witness for the log ${watched}: give another one for ${parts.origin}.`)
  let turn: Promise<unknown> = Promise.resolve()
  /** One after another: what was seen is read, compared and written before the next is looked at. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(work)
    turn = done.catch(() => {})
    return done
  }
  const server = createServer({ maxHeaderSize: 8_192 }, (request, response) => {
    answer(parts, signer, request, inTurn).then(
      (given) => reply(response, given),
      (fault: unknown) => {
        parts.log.error({ fault: describeFault(fault) }, 'a checkpoint could not be judged')
        reply(response, { status: 500, text: 'failed\n' })
      },
    )
  })
  server.maxConnections = maxWitnessConnections
  server.requestTimeout = witnessRequestMs
  server.headersTimeout = witnessRequestMs
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  return { verifier: signer.verifier, server }
}

async function openSigner(folder: string, name: string): Promise<Signer> {
  const text = await readFile(join(folder, 'witness.key'), 'utf8').catch(async (fault: NodeJS.ErrnoException) => {
    if (fault.code !== 'ENOENT') throw fault
    const made = `${signerText(name, 'witness', randomOctets(32))}\n`
    await replaceFile(folder, 'witness.key', made)
    return made
  })
  const signer = readSigner(text)
  if (signer === null) throw new Error('The file witness.key holds no key.')
  return signer
}

async function answer(
  parts: WitnessParts,
  signer: Signer,
  request: IncomingMessage,
  inTurn: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<Answer> {
  if (request.url === '/checkpoint') return request.method === 'GET' ? lastCosigned(parts) : { status: 405, text: 'GET only\n' }
  if (request.url !== '/add-checkpoint') return { status: 404, text: 'not found\n' }
  if (request.method !== 'POST') return { status: 405, text: 'POST only\n' }
  const body = await bodyOf(request)
  const asked = body === null ? null : readRequest(body)
  if (asked === null) return { status: 400, text: 'the request is malformed\n' }
  const { old, proof, note, checkpoint } = asked
  if (checkpoint.origin !== parts.origin) return { status: 404, text: 'this log is not known here\n' }
  const keys = (await parts.logKeys())
    .filter(({ first, last }) => first <= checkpoint.size && checkpoint.size <= last)
    .map((key) => key.verifier)
  const signed = note.signatures.find((one) =>
    keys.some((key) => key.name === parts.origin && signedAt({ text: note.text, signatures: [one] }, key) !== null),
  )
  if (signed === undefined) return { status: 403, text: 'no trusted key of the log signed it\n' }
  if (old > checkpoint.size) return { status: 400, text: 'the old size is beyond the checkpoint\n' }
  return inTurn(async () => {
    const seen = await readSeen(parts.folder)
    const conflict: Answer = { status: 409, text: `${seen.size}\n`, type: 'text/x.tlog.size' }
    if (old !== seen.size) return conflict
    const seenRoot = Buffer.from(seen.root, 'base64')
    if (old === checkpoint.size && !checkpoint.root.equals(seenRoot)) {
      parts.log.error({ size: old }, 'FORK: the log signed another tree of the size that was cosigned')
      return conflict
    }
    if (!provesConsistency(old, seenRoot, checkpoint.size, checkpoint.root, proof)) {
      parts.log.error({ from: old, size: checkpoint.size }, 'a signed checkpoint does not extend what was cosigned')
      return { status: 422, text: 'the proof does not hold\n' }
    }
    const cosignature = signer.sign(note.text, Math.floor(parts.clock.now() / 1000))
    const now: Seen = {
      size: checkpoint.size,
      root: checkpoint.root.toString('base64'),
      note: noteOf(note.text, [signed.line, cosignature]),
    }
    await replaceFile(parts.folder, 'seen.json', `${JSON.stringify(now)}\n`)
    return { status: 200, text: `${cosignature}\n` }
  })
}

async function lastCosigned({ folder }: WitnessParts): Promise<Answer> {
  const { note } = await readSeen(folder)
  return note === null ? { status: 404, text: 'nothing was cosigned yet\n' } : { status: 200, text: note }
}

async function readSeen(folder: string): Promise<Seen> {
  try {
    return { note: null, ...(JSON.parse(await readFile(join(folder, 'seen.json'), 'utf8')) as Omit<Seen, 'note'>) }
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code !== 'ENOENT') throw fault
    return { size: 0, root: emptyRoot.toString('base64'), note: null }
  }
}

/** `old SIZE`, the proof's hashes a line each, an empty line, the signed checkpoint; null for anything else. */
function readRequest(body: string) {
  const end = body.indexOf('\n\n')
  if (end < 0) return null
  const [first = '', ...hashes] = body.slice(0, end).split('\n')
  const note = readNote(body.slice(end + 2))
  const checkpoint = note === null ? null : readCheckpoint(note.text)
  const old = /^old (0|[1-9][0-9]{0,14})$/.exec(first)?.[1]
  const proof = hashes.map((hash) => Buffer.from(hash, 'base64'))
  if (note === null || checkpoint === null || old === undefined || proof.length > maxProofHashes) return null
  if (proof.some((hash, at) => hash.length !== hashOctets || hash.toString('base64') !== hashes[at])) return null
  return { old: Number(old), proof, note, checkpoint }
}

async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const pieces: Buffer[] = []
  let octets = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    octets += piece.length
    if (octets > maxAddCheckpointOctets) return null
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}

function reply(response: ServerResponse, { status, text, type = 'text/plain; charset=utf-8' }: Answer): void {
  if (response.destroyed) return
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) })
  response.end(text)
}
