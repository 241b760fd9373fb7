// Where a message's octets wait while they come in: small ones in memory, large ones sealed in a file under a key that lives and dies with this process.
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { randomId } from '#base/ids.ts'
import { letGo, letGoResult, newPieces, type Pieces } from '#base/octets.ts'
import type { KeyObject } from 'node:crypto'
import { type Identity, newDataKey, pieceOctets, sealPiece, unsealRange } from '#keys/content.ts'
import type { Sealing } from '#keys/sealing.ts'

/** Octets that came in, to be read as often as needed. */
export interface Spool {
  /** Takes octets, whose memory is the spool's from now on. */
  write(chunk: Buffer): Promise<void>
  readonly size: number
  /** The octets of a range, in pieces of at most 256 KiB; write() must be over. */
  range(from: number, to: number): AsyncIterable<Buffer>
  /** All octets in one piece when they are in memory, else null. */
  whole(): Buffer | null
  /** Lets go of memory and file; may be called twice. */
  abandon(): Promise<void>
}

const chunksGathered = 64
/** Above this the chunks are copied into one piece of memory that the spool keeps for itself: kept as they came, they would live on until the next full garbage collection. */
const chunksKeptOctets = 64 * 1024

/** Full pieces of one message, and of all messages of a process together, that stay in memory instead of the file. */
const piecesHeld = 8
const piecesHeldInAll = 96
/** So much memory is kept for the next ones: 4 MiB. */
const piecesKept = 16

/** How many full pieces the spools of a process hold in memory now, and where their memory comes from. */
interface Held {
  pieces: number
  readonly memory: Pieces
}

export type NewSpool = () => Spool

/** Makes spools whose files, when they need one, are in `folder`; whatever is there at start belongs to nobody. */
export function spoolsIn(folder: string, sealing: Sealing, mostHeld: number = piecesHeld): NewSpool {
  const held: Held = { pieces: 0, memory: newPieces(pieceOctets, piecesKept) }
  // To compress what is read back at once and deleted then costs more than it saves.
  const plainly: Sealing = { ...sealing, compress: (octets) => octets, decompress: (octets) => octets }
  return () => new SealedSpool(folder, plainly, held, mostHeld)
}

class SealedSpool implements Spool {
  size = 0
  readonly #folder: string
  readonly #sealing: Sealing
  readonly #heldByAll: Held
  readonly #mostHeld: number
  /** Made for the first piece in the file. */
  #seal: { readonly key: KeyObject; readonly identity: Identity } | null = null
  #waiting: Buffer[] = []
  #waitingOctets = 0
  /** Where the octets wait instead, once there are more than a few: its first `#waitingOctets`. */
  #piece: Buffer | null = null
  #whole: Buffer | null = null
  /** Full pieces before what waits, as long as there is no file. */
  #held: Buffer[] = []
  #file: FileHandle | null = null
  #pieces = 0

  constructor(folder: string, sealing: Sealing, heldByAll: Held, mostHeld: number) {
    this.#folder = folder
    this.#sealing = sealing
    this.#heldByAll = heldByAll
    this.#mostHeld = mostHeld
  }

  async write(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      if (this.#waitingOctets === pieceOctets) await this.#putAway()
      const part = chunk.subarray(at, at + pieceOctets - this.#waitingOctets)
      this.size += part.length
      at += part.length
      this.#keep(part)
    }
    if (this.#waiting.length === 0) letGo(chunk) // copied: kept, it would wait for the collector
  }

  #keep(part: Buffer): void {
    if (this.#piece !== null) part.copy(this.#piece, this.#waitingOctets)
    // Gathered now and then: an octet a packet must not cost an object an octet.
    else if (this.#waiting.push(part) === chunksGathered) this.#waiting = [Buffer.concat(this.#waiting)]
    this.#waitingOctets += part.length
    if (this.#piece !== null || this.#waitingOctets <= chunksKeptOctets) return
    this.#piece = this.#heldByAll.memory.take()
    let at = 0
    for (const kept of this.#waiting) {
      at += kept.copy(this.#piece, at)
      letGo(kept)
    }
    this.#waiting = []
  }

  /** What waits in memory, in one buffer. */
  #inMemory(): Buffer {
    if (this.#piece !== null) return this.#piece.subarray(0, this.#waitingOctets)
    return this.#waiting.length === 1 ? this.#waiting[0]! : Buffer.concat(this.#waiting)
  }

  /** Holds the full piece that waits, or puts it and all before it into the file. */
  async #putAway(): Promise<void> {
    const piece = this.#inMemory()
    this.#waitingOctets = 0
    if (this.#file === null && this.#held.length < this.#mostHeld && this.#heldByAll.pieces < piecesHeldInAll) {
      this.#held.push(piece)
      this.#heldByAll.pieces++
      this.#piece = null
      return
    }
    for (const held of this.#held) await this.#spill(held)
    this.#letGo()
    await this.#spill(piece)
  }

  #letGo(): void {
    this.#heldByAll.pieces -= this.#held.length
    for (const piece of this.#held) this.#heldByAll.memory.giveBack(piece)
    this.#held = []
  }

  /** Seals one full piece into the file. Every piece is sealed as `not last`: the length is known to this process. */
  async #spill(piece: Buffer): Promise<void> {
    this.#seal ??= { key: newDataKey(), identity: { month: 0, id: randomId() } }
    const { key, identity } = this.#seal
    this.#file ??= await open(join(this.#folder, identity.id), 'wx+', 0o600)
    const sealed = sealPiece(this.#sealing, key, identity, this.#pieces++, false, piece)
    await this.#file.writeFile(sealed) // behind the last one, and whole: write may take a part
    letGo(sealed)
  }

  whole(): Buffer | null {
    if (this.#file !== null || this.#held.length > 0) return null
    this.#whole ??= this.#inMemory()
    return this.#whole
  }

  async *range(from: number, to: number): AsyncIterable<Buffer> {
    const end = Math.min(to, this.size)
    const inFile = this.#pieces * pieceOctets
    const [file, seal] = [this.#file, this.#seal]
    if (file !== null && seal !== null && from < inFile) {
      const readAt = async (at: number, length: number) => {
        const octets = Buffer.allocUnsafe(length)
        const { bytesRead } = await file.read(octets, 0, length, at)
        return octets.subarray(0, bytesRead)
      }
      // One octet past the pieces in the file makes unsealRange take none of them for the last.
      yield* unsealRange(this.#sealing, seal.key, seal.identity, inFile + 1, readAt, from, Math.min(end, inFile), letGoResult)
    }
    let start = inFile
    for (const piece of [...this.#held, this.#inMemory()]) {
      if (end > start && from < start + piece.length) yield piece.subarray(Math.max(0, from - start), end - start)
      start += piece.length
    }
  }

  async abandon(): Promise<void> {
    this.#waiting = []
    if (this.#piece !== null) this.#heldByAll.memory.giveBack(this.#piece)
    this.#piece = null
    this.#whole = null
    this.#letGo()
    const file = this.#file
    this.#file = null
    if (file === null) return
    await file.close()
    await unlink(join(this.#folder, this.#seal!.identity.id))
  }
}
