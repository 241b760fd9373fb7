// Drafts of webmail: a sealed row each, so that one that is saved every few seconds makes no message, no UID and no record each time. docs/decisions/0041-drafts.md; G20
import { isDuplicate, type Runner, type Transaction } from '#store/database.ts'
import { type Refused, refused } from '#base/faults.ts'
import { newId } from '#base/ids.ts'
import { sizeText } from '#base/size-text.ts'
import { unlink } from '#mailbox/copies.ts'
import {
  type DraftRow,
  type SentRow,
  copiesOfMessage,
  deleteDraft,
  draftById,
  draftsOf,
  heldDrafts,
  insertDraft,
  insertSent,
  lockHolder,
  mailboxOfUse,
  noteFirstSend,
  sentByCopy,
  sentByDraft,
  updateDraft,
} from '#mailbox/drafts.sql.ts'
import { maxDraftOctets, maxDrafts, maxHeldDraftsOctets } from '#mailbox/limits.ts'
import type { Means, Reader } from '#mailbox/means.ts'

/** A marking as its writer chose it: names of a scheme's level, descriptors and caveats. */
export interface ChosenMarking {
  readonly scheme: string
  readonly level: string | null
  readonly descriptors: readonly string[]
  readonly caveats: readonly string[]
}

/** Handling beyond the minimum, as it is chosen in a form. */
export interface AskedFields {
  readonly noForwarding: boolean
  readonly noDownload: boolean
  /** Those it is addressed to, and nobody else. */
  readonly onlyRecipients: boolean
  /** The last day of access, as it was typed; empty for no end. */
  readonly until: string
}

/** What a person typed, as they typed it: nothing is lost because it is wrong. */
export interface DraftFields {
  readonly to: string
  readonly cc: string
  readonly bcc: string
  readonly subject: string
  readonly text: string
  readonly marking: ChosenMarking | null
  /** Why it is marked lower than what it answers or passes on (G06); nothing where it is not to be. */
  readonly lowering?: string
  /** What is asked beyond the minimum (G09); nothing where that is nothing. */
  readonly asked?: AskedFields
  /** What is declared for recipients outside (G15), for that version only: whoever changes message, people or files declares anew. */
  readonly release?: { readonly ground: string; readonly words: string; readonly version: number }
}

/** What a draft answers or passes on; set when it is begun, never by a form. */
export interface DraftOrigin {
  readonly kind: 'new' | 'reply' | 'forward'
  /** Message-IDs with their angle brackets, the answered one last. */
  readonly references: readonly string[]
  /** The marking of what is answered or passed on: the least that this one has (G06). */
  readonly minimum: ChosenMarking | null
  /** The writer's own copy of what a reply answers. */
  readonly answers?: { readonly mailbox: string; readonly uid: number }
  /** How many files go with it from another message, until all of them are there; nothing then. It is not sent before. */
  readonly toCarry?: number
}

export interface DraftContent {
  readonly v: 1
  readonly fields: DraftFields
  readonly origin: DraftOrigin
}

export interface Draft extends DraftContent {
  readonly id: string
  readonly version: number
  readonly updatedMs: number
  readonly uploads: number
}

export type Saved =
  | { readonly kind: 'saved'; readonly version: number }
  /** Another window saved since: what it saved. */
  | { readonly kind: 'changed'; readonly now: Draft }
  | { readonly kind: 'gone' }

export type Created =
  | { readonly kind: 'created'; readonly id: string; readonly version: number }
  | { readonly kind: 'exists'; readonly draft: Draft }
  | { readonly kind: 'sent'; readonly sent: Sent }

/** What became of a draft that was sent. */
export type Sent = SentRow

export interface Drafts {
  /** Makes a draft, under the id that its form was given where there is one; what has that id already is given back instead. */
  create(who: Reader, origin: DraftOrigin, fields: DraftFields, id?: string): Promise<Created | Refused>
  read(who: Reader, id: string): Promise<Draft | null>
  /** The newest first. */
  list(who: Reader): Promise<readonly Draft[]>
  /** Saves what was typed over the version that its writer saw. */
  save(who: Reader, id: string, version: number, fields: DraftFields): Promise<Saved | Refused>
  /** Notes over that version that every file is there that was to be carried over. */
  carried(who: Reader, id: string, version: number): Promise<Saved | Refused>
  /** Deletes a draft and its files; false when there is none. */
  discard(who: Reader, id: string): Promise<boolean>
  /** When this version was first tried to be sent, which is its Date; null when it is another version or gone. */
  firstSend(who: Reader, id: string, version: number): Promise<number | null>
  /** In the transaction that delivers: the draft becomes that message. Throws DraftWasChanged, and so undoes the delivery. */
  become(tx: Transaction, holder: string, draft: string, version: number, sent: Omit<SentRow, 'draft'>): Promise<Leftovers>
  /** After that commit: lets go of the content of its files. */
  letGo(leftovers: Leftovers): Promise<void>
  sent(who: Reader, draft: string): Promise<Sent | null>
  /** What webmail sent, of which that copy is the sender's own. */
  sentOfCopy(who: Reader, mailbox: string, uid: number): Promise<Sent | null>
  /** A copy that the sender has of it still, in Sent before elsewhere. */
  copyOf(who: Reader, sent: Sent): Promise<{ mailbox: string; uid: number } | null>
  /** The id of the person's own Sent mailbox, or null when they deleted it. */
  sentMailbox(who: Reader): Promise<string | null>
}

export type Leftovers = readonly { readonly month: number; readonly id: string }[]

/** The draft that is about to be sent was changed, deleted or sent meanwhile. */
export class DraftWasChanged extends Error {
  override name = 'DraftWasChanged'
}

const tooMany = refused('G20', 'too-many-drafts', `you have ${maxDrafts} drafts already`, 'Send or delete some of them first.')
const tooMuch = refused(
  'G20',
  'too-many-drafts',
  `your drafts hold more than ${sizeText(maxHeldDraftsOctets)} together`,
  'Send or delete some of them first.',
)
export const draftIsTooLong = refused(
  'G20',
  'draft-is-too-long',
  'the message is too long to be kept',
  'Shorten it, or attach the long part as a file.',
)

const place = (id: string) => `draft/${id}`
/** A form's id is a stranger's text. */
export const isId = (id: string): boolean => /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(id)

/** True when a person has that draft still. */
export async function hasDraft(run: Runner, holder: string, id: string): Promise<boolean> {
  return (await draftById(run, holder, id)).length > 0
}

/** Binds the acts on drafts to what they work with. */
export function openDrafts(means: Omit<Means, 'watcher' | 'evidence' | 'accounts'>): Drafts {
  const { database, clock } = means
  return {
    create: (who, origin, fields, id) => create(means, who, origin, fields, id),
    read: (who, id) => read(means, who, id),
    async list(who) {
      const rows = await draftsOf(database, who.holder, maxDrafts)
      return openRows(means, who, rows)
    },
    save: (who, id, version, fields) => save(means, who, id, version, (was) => ({ ...was, fields })),
    carried: (who, id, version) => save(means, who, id, version, (was) => ({ ...was, origin: withoutCarrying(was.origin) })),
    async discard(who, id) {
      if (!isId(id)) return false
      const { deleted, stored } = await database.transaction((tx) => deleteDraft(tx, who.holder, id, null))
      await unlink(means, stored)
      return deleted
    },
    async firstSend(who, id, version) {
      const [row] = await noteFirstSend(database, who.holder, id, version, clock.now())
      return row?.firstSendMs ?? null
    },
    async become(tx, holder, draft, version, sent) {
      const { deleted, stored } = await deleteDraft(tx, holder, draft, version)
      if (!deleted) throw new DraftWasChanged('the draft is no longer what was to be sent')
      await insertSent(tx, holder, { ...sent, draft }).catch((fault: unknown) => {
        throw isDuplicate(fault) ? new DraftWasChanged('the draft was sent before', { cause: fault }) : fault
      })
      return stored
    },
    letGo: (leftovers) => unlink(means, leftovers),
    sent: async (who, draft) => (isId(draft) ? ((await sentByDraft(database, who.holder, draft))[0] ?? null) : null),
    sentOfCopy: async (who, mailbox, uid) =>
      isId(mailbox) ? ((await sentByCopy(database, who.holder, mailbox, uid))[0] ?? null) : null,
    copyOf: async (who, { month, message }) => (await copiesOfMessage(database, who.holder, month, message))[0] ?? null,
    sentMailbox: async (who) => (await mailboxOfUse(database, who.holder, 'sent'))[0]?.id ?? null,
  }
}

type DraftMeans = Omit<Means, 'watcher' | 'evidence' | 'accounts'>

async function create(
  means: DraftMeans,
  who: Reader,
  origin: DraftOrigin,
  fields: DraftFields,
  wanted?: string,
): Promise<Created | Refused> {
  const id = wanted !== undefined && isId(wanted) ? wanted : newId(means.clock.now())
  const sealed = await sealContent(means, who, id, { v: 1, fields, origin })
  if (sealed === null) return draftIsTooLong
  const made = await means.database.transaction(async (tx) => {
    await lockHolder(tx, who.holder)
    const [held] = await heldDrafts(tx, who.holder, id)
    const [sent] = await sentByDraft(tx, who.holder, id)
    if (sent !== undefined) return { kind: 'sent' as const, sent }
    if ((await draftById(tx, who.holder, id)).length > 0) return { kind: 'exists' as const }
    if (held!.count >= maxDrafts) return tooMany
    if (held!.octets + sealed.length > maxHeldDraftsOctets) return tooMuch
    await insertDraft(tx, { holder: who.holder, id, sealed, atMs: means.clock.now() })
    return { kind: 'created' as const, id, version: 1 }
  })
  if (made.kind !== 'exists') return made
  const draft = await read(means, who, id)
  return draft === null ? create(means, who, origin, fields) : { kind: 'exists', draft }
}

async function read(means: DraftMeans, who: Reader, id: string): Promise<Draft | null> {
  if (!isId(id)) return null
  const rows = await draftById(means.database, who.holder, id)
  return (await openRows(means, who, rows))[0] ?? null
}

/** An origin from which nothing is to be carried over any more. */
export function withoutCarrying({ toCarry: _, ...origin }: DraftOrigin): DraftOrigin {
  return origin
}

async function save(
  means: DraftMeans,
  who: Reader,
  id: string,
  version: number,
  change: (was: Pick<DraftContent, 'fields' | 'origin'>) => Pick<DraftContent, 'fields' | 'origin'>,
): Promise<Saved | Refused> {
  const was = await read(means, who, id)
  if (was === null) return { kind: 'gone' }
  if (was.version !== version) return { kind: 'changed', now: was }
  const sealed = await sealContent(means, who, id, { v: 1, ...change({ fields: was.fields, origin: was.origin }) })
  if (sealed === null) return draftIsTooLong
  const [held] = await heldDrafts(means.database, who.holder, id)
  if (held!.octets + sealed.length > maxHeldDraftsOctets) return tooMuch
  const atMs = means.clock.now()
  const [saved] = await updateDraft(means.database, { holder: who.holder, id, version, sealed, atMs })
  if (saved !== undefined) return { kind: 'saved', version: saved.version }
  const now = await read(means, who, id)
  return now === null ? { kind: 'gone' } : { kind: 'changed', now }
}

/** Null when it is longer than a draft may be. */
async function sealContent(means: DraftMeans, who: Reader, id: string, content: DraftContent): Promise<Buffer | null> {
  const octets = Buffer.from(JSON.stringify(content))
  if (octets.length > maxDraftOctets) return null
  const [epoch] = await means.keys.currentFor([who.holder], 'mailbox')
  return means.keys.seal(epoch!, place(id), octets)
}

async function openRows(means: DraftMeans, who: Reader, rows: readonly DraftRow[]): Promise<Draft[]> {
  const opened = await means.keys.unsealAll(
    who.holder,
    'mailbox',
    rows.map(({ id, sealed }) => ({ about: place(id), sealed })),
  )
  return rows.map(({ id, version, updatedMs, uploads }, index) => {
    const content = JSON.parse(opened[index]!.toString()) as DraftContent
    if (content.v !== 1) throw new Error('a draft of an unknown version')
    return { ...content, id, version, updatedMs, uploads }
  })
}
