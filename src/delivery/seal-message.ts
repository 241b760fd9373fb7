// From octets to what is stored: pieces compressed and sealed under a data key of the message's own, small content inline, large in the content store, before any transaction.
import { createHash, hash, type KeyObject } from 'node:crypto'
import { type Clock, monthOf } from '#base/clock.ts'
import { newId } from '#base/ids.ts'
import { faultPoint } from '#base/fault-point.ts'
import { Unavailable } from '#base/faults.ts'
import { newPieces, type Pieces } from '#base/octets.ts'
import { type Identity, newDataKey, pieceOctets, sealPiece, sealSummary } from '#keys/content.ts'
import type { Keys } from '#keys/keys.ts'
import { imapEnvelopeOf } from '#mail/envelope.ts'
import type { Header } from '#mail/header.ts'
import type { Part } from '#mail/part.ts'
import type { Octets } from '#delivery/inspect.ts'
import type { SealedMessage } from '#mailbox/deliver.ts'
import { nameOf } from '#mailbox/named.ts'
import { encodeSummary, notesOf, type SummaryNotes } from '#mailbox/summary.ts'
import type { ContentStore } from '#store/content-store.ts'

/** Sealed content up to this size stands in the database row. */
export const inlineOctets = 64 * 1024

export interface ToSeal extends SummaryNotes {
  /** The header as it is to be stored, and what it says. */
  readonly head: Buffer
  readonly header: Header
  /** Where the body is: `octets` from `bodyStart` on. */
  readonly octets: Octets
  readonly bodyStart: number
  /** The structure with offsets in `octets`. */
  readonly root: Part
  readonly marking: string | null
}

export interface Sealed {
  readonly message: SealedMessage
  readonly dataKey: KeyObject
  /** SHA-256 of the octets as stored. */
  readonly digest: Buffer
}

/** For so many large messages at once the memory of their plaintext is kept. */
const piecesKept = 4

export type SealMessage = (message: ToSeal) => Promise<Sealed>

export interface SealMessageParts {
  readonly keys: Pick<Keys, 'sealing' | 'hashFor'>
  readonly contentStore: ContentStore
  readonly clock: Clock
}

export function newSealMessage({ keys, contentStore, clock }: SealMessageParts): SealMessage {
  const { sealing } = keys
  const pieces = newPieces(pieceOctets, piecesKept)
  return async ({ head, header, octets, bodyStart, root, marking, ...notes }) => {
    const atMs = clock.now()
    const identity: Identity = { month: monthOf(atMs), id: newId(atMs) }
    const dataKey = newDataKey()
    const size = head.length + octets.size - bodyStart
    const seal = (piece: Buffer, index: number) =>
      sealPiece(sealing, dataKey, identity, index, (index + 1) * pieceOctets >= size, piece)
    const envelope = imapEnvelopeOf(header)
    const summary = encodeSummary({
      v: 1,
      octets: size,
      headerOctets: head.length,
      envelope,
      structure: shifted(root, head.length - bodyStart, true),
      marking,
      ...notesOf(notes),
    })
    const whole = wholeOf(head, octets, bodyStart)
    const { content, digest } = whole === null ? await storePieces() : await storeWhole(whole)
    const name = await nameOf(keys, envelope.messageId)
    return {
      message: { ...identity, octets: size, summary: sealSummary(sealing, dataKey, identity, summary), content, name },
      dataKey,
      digest,
    }

    async function storeWhole(plain: Buffer) {
      const piece = seal(plain, 0)
      const digest = hash('sha256', plain, 'buffer')
      if (piece.length <= inlineOctets) return { content: piece, digest }
      await putAway(contentStore, identity, [piece])
      return { content: null, digest }
    }
    async function storePieces() {
      const digest = createHash('sha256')
      const sealed = sealPieces(pieces, head, octets, bodyStart, digest, seal)
      return { content: await storeSealed(contentStore, identity, sealed), digest: digest.digest() }
    }
  }
}

/** Head and body of a message that is in memory and fits into one piece; else null. */
export function wholeOf(head: Buffer, octets: Octets, bodyStart: number): Buffer | null {
  const whole = octets.whole()
  if (whole === null || head.length + whole.length - bodyStart > pieceOctets) return null
  return Buffer.concat([head, whole.subarray(bodyStart)])
}

/** The sealed pieces of head and body, each of 256 KiB of plaintext but the last. */
async function* sealPieces(
  pieces: Pieces,
  head: Buffer,
  octets: Octets,
  bodyStart: number,
  hash: { update(octets: Buffer): unknown },
  seal: (piece: Buffer, index: number) => Buffer,
): AsyncGenerator<Buffer> {
  const size = head.length + octets.size - bodyStart
  // One piece of memory for all: with new ones many large messages at once would outrun the garbage collector.
  const piece = size < pieceOctets ? Buffer.allocUnsafe(size) : pieces.take()
  let filled = 0
  let index = 0
  try {
    for await (const chunk of headAndBody(head, octets, bodyStart)) {
      for (let at = 0; at < chunk.length; ) {
        if (filled === piece.length) {
          hash.update(piece)
          yield seal(piece, index++)
          filled = 0
        }
        const taken = chunk.copy(piece, filled, at)
        filled += taken
        at += taken
      }
    }
    const last = piece.subarray(0, filled)
    hash.update(last)
    yield seal(last, index)
  } finally {
    if (piece.length === pieceOctets) pieces.giveBack(piece)
  }
}

async function* headAndBody(head: Buffer, octets: Octets, bodyStart: number): AsyncGenerator<Buffer> {
  yield head
  const whole = octets.whole()
  if (whole === null) yield* octets.range(bodyStart, octets.size)
  else yield whole.subarray(bodyStart)
}

/** Returns what fits inline; larger content goes to the content store and null comes back. */
async function storeSealed(
  contentStore: ContentStore,
  identity: Identity,
  pieces: AsyncGenerator<Buffer>,
): Promise<Buffer | null> {
  const first: Buffer[] = []
  let octets = 0
  for (;;) {
    const next = await pieces.next()
    if (next.done === true) return first.length === 1 ? first[0]! : Buffer.concat(first)
    first.push(next.value)
    octets += next.value.length
    if (octets > inlineOctets) break
  }
  async function* all() {
    yield* first
    yield* pieces
  }
  await putAway(contentStore, identity, all())
  return null
}

async function putAway(contentStore: ContentStore, identity: Identity, pieces: Iterable<Buffer> | AsyncIterable<Buffer>) {
  await contentStore.put(identity.month, identity.id, pieces).catch((cause: unknown) => {
    throw new Unavailable('content-store', { cause })
  })
  faultPoint('content-stored')
}

/** A part whose offsets are moved; the root's header starts where the message starts. */
function shifted(part: Part, by: number, isRoot: boolean): Part {
  return {
    ...part,
    headerStart: isRoot ? 0 : part.headerStart + by,
    bodyStart: part.bodyStart + by,
    bodyEnd: part.bodyEnd + by,
    parts: part.parts.map((child) => shifted(child, by, false)),
  }
}
