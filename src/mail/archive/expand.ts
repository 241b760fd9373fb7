// Streams of deflate, gzip and Zstandard made into what they hold, piece by piece, outside the event loop. RFC 1951, 1952, 8878
import { constants, createGunzip, createInflateRaw, createZstdDecompress } from 'node:zlib'
import { OctetReader } from '#mail/archive/octet-reader.ts'
import { expandedPieceOctets, maxZstdWindowLog } from '#mail/limits.ts'

export type Compression = 'deflate' | 'gzip' | 'zstd'

export interface Expanded {
  /** Ends where the stream does, or where it is damaged. */
  readonly octets: OctetReader
  /** Lets go of the memory; call it also when not everything was read. */
  close(): void
}

function engineFor(compression: Compression) {
  const chunkSize = expandedPieceOctets
  if (compression === 'deflate') return createInflateRaw({ chunkSize })
  if (compression === 'gzip') return createGunzip({ chunkSize })
  return createZstdDecompress({ chunkSize, params: { [constants.ZSTD_d_windowLogMax]: maxZstdWindowLog } })
}

const isDamage = (fault: unknown) => fault instanceof Error && 'code' in fault && /^(Z_|ZSTD_)/.test(String(fault.code))

/** Expands the stream that begins at the reader, which then stands behind it: where a stream ends, only its own octets tell. */
export function expand(compression: Compression, from: OctetReader): Expanded {
  const engine = engineFor(compression)
  const outputs = engine[Symbol.asyncIterator]()
  // A write that meets damage is never called back.
  const closed = new Promise<void>((resolve) => engine.once('close', resolve))
  let sourceFault: unknown = null

  async function feed(): Promise<void> {
    for (;;) {
      const piece = await from.peekPiece(expandedPieceOctets)
      if (piece.length === 0) return void engine.end()
      const before = engine.bytesWritten
      await Promise.race([closed, new Promise<void>((resolve) => engine.write(piece, () => resolve()))])
      const used = engine.bytesWritten - before
      from.drop(used)
      if (used < piece.length) return
    }
  }

  let feeding: Promise<void> | null = null
  const octets = new OctetReader(async () => {
    feeding ??= feed().catch((fault: Error) => {
      sourceFault = fault
      engine.destroy()
    })
    try {
      const { value, done } = await outputs.next()
      if (done !== true) return value as Buffer
    } catch (fault) {
      if (sourceFault === null && !isDamage(fault)) throw fault
    }
    await feeding
    if (sourceFault !== null) throw sourceFault
    return null
  })
  return { octets, close: () => engine.destroy() }
}
