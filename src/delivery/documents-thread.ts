// The thread that reads strangers' documents, one at a time, apart from everything: it has no keys, no environment and no way to
// the database. delivery/document-threads.ts starts and ends it. G05
import { parentPort } from 'node:worker_threads'
import { decodedPieces } from '#mail/decode-stream.ts'
import { type DocumentFile, extract } from '#mail/documents/extract.ts'
import { type AttachedReading, findAttachedMarkings } from '#policy/attached-markings.ts'
import type { AttachedMarking, UnreadAttachment } from '#policy/facts.ts'

/** A body as it stands in a message. */
export interface DocumentJob extends Omit<DocumentFile, 'octets'> {
  readonly octets: Uint8Array<ArrayBuffer>
  readonly encoding: string
  /** What its markings are read by, where that is not what is shipped. */
  readonly reading?: AttachedReading
}

/** What was found; no more of a document leaves the thread than its markings. */
export interface DocumentFindings {
  readonly markings: readonly AttachedMarking[]
  readonly unread: readonly UnreadAttachment[]
}

const port = parentPort
port?.on('message', (job: DocumentJob) => {
  const damaged: DocumentFindings = { markings: [], unread: [{ path: job.path, why: 'damaged' }] }
  void read(job).then(
    (findings) => port.postMessage(findings),
    () => port.postMessage(damaged),
  )
})
// The PDF reader leaves promises behind that fail when its document is closed: they are nobody's, and not the end of the thread.
process.on('unhandledRejection', () => {})
port?.postMessage('ready')

async function read({ octets, encoding, path, type, charset, reading }: DocumentJob): Promise<DocumentFindings> {
  const body = Buffer.from(octets.buffer, octets.byteOffset, octets.length)
  const { places, unread } = await extract({ path, type, charset, octets: await decodedInPlace(body, encoding) })
  return { markings: findAttachedMarkings(places, reading), unread }
}

/** Decodes a body into its own memory: what a piece decodes to is never longer than the octets that were taken for it. */
async function decodedInPlace(body: Buffer, encoding: string): Promise<Buffer> {
  let used = 0
  for await (const piece of decodedPieces(once(body), encoding)) {
    if (piece.buffer === body.buffer) return body
    used += piece.copy(body, used)
  }
  return body.subarray(0, used)
}

async function* once(octets: Buffer): AsyncGenerator<Buffer> {
  yield octets
}
