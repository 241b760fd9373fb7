// Files that go with a draft: sealed piece by piece as they come, so that nothing of them stands in the clear. docs/decisions/0041-drafts.md; G20, T10
import { monthOf } from '#base/clock.ts'
import { type Refused, Unavailable, refused } from '#base/faults.ts'
import { newId } from '#base/ids.ts'
import { sizeText } from '#base/size-text.ts'
import { type Identity, dataKeyOf, newDataKey, pieceOctets, sealPiece, unsealRange } from '#keys/content.ts'
import { unlink } from '#mailbox/copies.ts'
import { isId } from '#mailbox/drafts.ts'
import {
  type UploadRow,
  deleteUpload,
  heldUploads,
  insertUpload,
  lockHolder,
  touchDraft,
  uploadContent,
  uploadsOf,
} from '#mailbox/drafts.sql.ts'
import { maxHeldUploadsOctets, maxUploadNameCharacters, maxUploads, maxUploadsOctets } from '#mailbox/limits.ts'
import type { Means, Reader } from '#mailbox/means.ts'
import type { Content } from '#mailbox/open.ts'

export interface Upload {
  readonly id: string
  readonly name: string
  /** A media type, `type/subtype` in lower case. */
  readonly type: string
  readonly octets: number
  /** Its place among the files that its draft was to carry over; nothing for one that was attached. */
  readonly carried?: number
}

export type Added = { readonly kind: 'added'; readonly upload: Upload; readonly version: number }

export interface Uploads {
  /** The files of a draft, in the order in which they came. */
  list(who: Reader, draft: string): Promise<readonly Upload[]>
  /** Takes a file in; refuses what is over a limit, and then keeps nothing of it. */
  add(who: Reader, draft: string, file: { name: string; type: string }, content: AsyncIterable<Buffer>): Promise<Added | Refused>
  /** Takes in the file at that place of those that a draft carries over, unless the draft is no longer of that version: no place is filled twice. */
  carry(
    who: Reader,
    draft: string,
    version: number,
    file: { name: string; type: string; place: number },
    content: AsyncIterable<Buffer>,
  ): Promise<Added | { readonly kind: 'changed' } | Refused>
  /** Takes a file away; the draft's new version, or null when there was none. */
  remove(who: Reader, draft: string, upload: string): Promise<number | null>
  /** The octets of a file, or null. */
  content(who: Reader, draft: string, upload: string): Promise<Content | null>
}

const draftIsGone = refused(
  'G20',
  'draft-is-gone',
  'the message is no longer there',
  'It may have been sent or deleted in another window.',
)
const tooManyFiles = refused(
  'G20',
  'too-many-files',
  `a message holds ${maxUploads} files at most`,
  'Put several into one archive, or send another message.',
)
const tooLarge = refused(
  'G20',
  'files-are-too-large',
  `the files of a message hold ${sizeText(maxUploadsOctets)} together at most`,
  'Send them in several messages, or make them smaller.',
)
const tooMuchHeld = refused(
  'G20',
  'files-are-too-large',
  `the files of all your drafts hold ${sizeText(maxHeldUploadsOctets)} together at most`,
  'Send or delete other drafts first.',
)

/** Sealed content up to this size stands in the row, as that of messages does. */
const inlineOctets = 64 * 1024
const aboutPlace = (id: string) => `upload/${id}`
const keyPlace = (id: string) => `upload key/${id}`

/** A file's name as it is kept: its last path segment, on one line, without what does not show; cut in its middle. */
export function uploadName(name: string): string {
  const last = name
    .slice(-4 * maxUploadNameCharacters)
    .split(/[/\\]/)
    .at(-1)!
    .toWellFormed()
  const shown = last
    .replace(/[\p{C}\p{Zl}\p{Zp}"]/gu, '')
    .replace(/\p{Zs}+/gu, ' ')
    .trim()
  if (shown === '' || /^\.+$/.test(shown)) return 'file'
  const characters = [...shown]
  if (characters.length <= maxUploadNameCharacters) return shown
  const ending = /\.[^. ]{1,10}$/u.exec(shown)?.[0] ?? ''
  return `${characters
    .slice(0, maxUploadNameCharacters - [...ending].length)
    .join('')
    .trimEnd()}${ending}`
}

/** A media type that a browser told, or application/octet-stream; what could be taken for a part of the message itself is not believed. */
export function uploadType(type: string): string {
  const told = type.split(';', 1)[0]!.trim().toLowerCase()
  const isType = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,62}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}$/.test(told)
  return isType && !told.startsWith('multipart/') && !told.startsWith('message/') ? told : 'application/octet-stream'
}

/** Binds the acts on a draft's files to what they work with. `message/rfc822` is what a forward attaches. */
export function openUploads(means: Omit<Means, 'watcher' | 'evidence' | 'accounts'>): Uploads {
  return {
    async list(who, draft) {
      const rows = isId(draft) ? await uploadsOf(means.database, who.holder, draft) : []
      return openAll(means, who, rows)
    },
    add: async (who, draft, file, content) => (await add(means, who, draft, null, file, content)) ?? draftIsGone,
    carry: async (who, draft, version, file, content) =>
      (await add(means, who, draft, version, file, content)) ?? { kind: 'changed' },
    async remove(who, draft, upload) {
      if (!isId(draft) || !isId(upload)) return null
      const removed = await means.database.transaction(async (tx) => {
        const [touched] = await touchDraft(tx, who.holder, draft, null, means.clock.now())
        const [row] = await deleteUpload(tx, who.holder, draft, upload)
        return { version: touched?.version ?? null, row }
      })
      if (removed.row?.stored === true) await unlink(means, [removed.row])
      return removed.row === undefined ? null : removed.version
    },
    async content(who, draft, upload) {
      const row = isId(draft) ? (await uploadsOf(means.database, who.holder, draft)).find((one) => one.id === upload) : undefined
      return row === undefined ? null : contentOf(means, who, draft, row)
    },
  }
}

type UploadMeans = Omit<Means, 'watcher' | 'evidence' | 'accounts'>

/** Null when there is no such draft, or none of that version. */
async function add(
  means: UploadMeans,
  who: Reader,
  draft: string,
  version: number | null,
  file: { name: string; type: string; place?: number },
  content: AsyncIterable<Buffer>,
): Promise<Added | Refused | null> {
  if (!isId(draft)) return draftIsGone
  const { database, clock, keys } = means
  const room = await roomFor(means, who, draft)
  if (typeof room !== 'number') return room
  const identity: Identity = { month: monthOf(clock.now()), id: newId(clock.now()) }
  const sealed = await sealFile(means, identity, content, room)
  if (sealed === 'too-large') return room < maxUploadsOctets ? whichIsFull(means, who, draft) : tooLarge
  const [epoch] = await keys.currentFor([who.holder], 'mailbox')
  const about: Pick<Upload, 'name' | 'type' | 'carried'> = {
    name: uploadName(file.name),
    type: file.type === 'message/rfc822' ? file.type : uploadType(file.type),
    ...(file.place === undefined ? {} : { carried: file.place }),
  }
  const row = {
    ...identity,
    octets: sealed.octets,
    wrappedKey: keys.seal(epoch!, keyPlace(identity.id), sealed.dataKey),
    sealedAbout: keys.seal(epoch!, aboutPlace(identity.id), Buffer.from(JSON.stringify(about))),
    content: sealed.content,
  }
  const added = await database.transaction(async (tx) => {
    // Two windows cannot pass a limit together.
    await lockHolder(tx, who.holder)
    const [touched] = await touchDraft(tx, who.holder, draft, version, clock.now())
    if (touched === undefined) return null
    const [held] = await heldUploads(tx, who.holder, draft)
    if (held!.count >= maxUploads) return tooManyFiles
    if (held!.octets + row.octets > maxUploadsOctets) return tooLarge
    if (held!.octetsOfAll + row.octets > maxHeldUploadsOctets) return tooMuchHeld
    await insertUpload(tx, who.holder, draft, row)
    return { kind: 'added' as const, upload: { id: row.id, ...about, octets: row.octets }, version: touched.version }
  })
  if (added?.kind !== 'added' && row.content === null) await unlink(means, [identity])
  return added
}

/** How many octets a further file may have, or why there may be none. */
async function roomFor(means: UploadMeans, who: Reader, draft: string): Promise<number | Refused> {
  const [held] = await heldUploads(means.database, who.holder, draft)
  if (held!.count >= maxUploads) return tooManyFiles
  const room = Math.min(maxUploadsOctets - held!.octets, maxHeldUploadsOctets - held!.octetsOfAll)
  return room > 0 ? room : whichIsFull(means, who, draft)
}

async function whichIsFull(means: UploadMeans, who: Reader, draft: string): Promise<Refused> {
  const [held] = await heldUploads(means.database, who.holder, draft)
  return maxHeldUploadsOctets - held!.octetsOfAll < maxUploadsOctets - held!.octets ? tooMuchHeld : tooLarge
}

interface SealedFile {
  readonly octets: number
  readonly dataKey: Buffer
  /** Null when the content store has it. */
  readonly content: Buffer | null
}

/** Carries out of the pieces that the file is over the limit, so that the content store keeps nothing. */
class TooLarge extends Error {}

async function sealFile(
  means: UploadMeans,
  identity: Identity,
  content: AsyncIterable<Buffer>,
  mostOctets: number,
): Promise<SealedFile | 'too-large'> {
  const dataKey = newDataKey()
  const counted = { octets: 0 }
  const seal = (piece: Buffer, index: number, last: boolean) =>
    sealPiece(means.keys.sealing, dataKey, identity, index, last, piece)
  try {
    const stored = await store(means, identity, sealPieces(content, mostOctets, counted, seal))
    return { octets: counted.octets, dataKey: dataKey.export(), content: stored }
  } catch (fault) {
    if (fault instanceof TooLarge) return 'too-large'
    throw fault
  }
}

/** Pieces of 256 KiB; one that is full waits until more comes, since the last one is sealed as such. */
async function* sealPieces(
  content: AsyncIterable<Buffer>,
  mostOctets: number,
  counted: { octets: number },
  seal: (piece: Buffer, index: number, last: boolean) => Buffer,
): AsyncGenerator<Buffer> {
  const piece = Buffer.allocUnsafe(pieceOctets)
  let filled = 0
  let index = 0
  for await (const chunk of content) {
    counted.octets += chunk.length
    if (counted.octets > mostOctets) throw new TooLarge()
    for (let at = 0; at < chunk.length; ) {
      if (filled === pieceOctets) {
        yield seal(piece, index++, false)
        filled = 0
      }
      const taken = chunk.copy(piece, filled, at)
      filled += taken
      at += taken
    }
  }
  yield seal(piece.subarray(0, filled), index, true)
}

/** What fits inline comes back; more goes to the content store, and null comes back. */
async function store(means: UploadMeans, identity: Identity, pieces: AsyncGenerator<Buffer>): Promise<Buffer | null> {
  const first: Buffer[] = []
  let octets = 0
  for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
    first.push(next.value)
    octets += next.value.length
    if (octets > inlineOctets) break
  }
  if (octets <= inlineOctets) return Buffer.concat(first)
  async function* all() {
    yield* first
    yield* pieces
  }
  await means.contentStore.put(identity.month, identity.id, all()).catch((cause: unknown) => {
    // What the sender's side did to the stream is theirs: only a disk that fails is ours.
    throw cause instanceof Error && 'code' in cause && 'syscall' in cause ? new Unavailable('content-store', { cause }) : cause
  })
  return null
}

async function openAll(means: UploadMeans, who: Reader, rows: readonly UploadRow[]): Promise<Upload[]> {
  const opened = await means.keys.unsealAll(
    who.holder,
    'mailbox',
    rows.map(({ id, sealedAbout }) => ({ about: aboutPlace(id), sealed: sealedAbout })),
  )
  return rows.map(({ id, octets }, index) => {
    const about = JSON.parse(opened[index]!.toString()) as Pick<Upload, 'name' | 'type' | 'carried'>
    return { id, ...about, octets }
  })
}

async function contentOf(means: UploadMeans, who: Reader, draft: string, row: UploadRow): Promise<Content> {
  const dataKey = dataKeyOf(await means.keys.unseal(who.holder, 'mailbox', keyPlace(row.id), row.wrappedKey))
  const inline = row.stored ? null : ((await uploadContent(means.database, who.holder, draft, row.id))[0]?.content ?? null)
  const readAt = async (from: number, length: number): Promise<Buffer> =>
    inline === null ? means.contentStore.readAt(row.month, row.id, from, length) : inline.subarray(from, from + length)
  const identity: Identity = { month: row.month, id: row.id }
  return {
    octets: row.octets,
    range(from, to) {
      if (from < 0 || from > to || to > row.octets) throw new RangeError('a range outside the file')
      return unsealRange(means.keys.sealing, dataKey, identity, row.octets, readAt, from, to)
    },
  }
}
