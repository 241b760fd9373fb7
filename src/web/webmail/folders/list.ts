// The list of a folder: one page of fifty, found by UID, so that it costs the same however much the folder holds.
import type { Reader } from '#mailbox/means.ts'
import type { Answer, FieldError } from '#web/answers.ts'
import type { WebDoors } from '#web/doors.ts'
import { messagesPerPage } from '#web/limits.ts'
import type { PersonVisit } from '#web/route.ts'
import { urls } from '#web/urls.ts'
import { type ShownDraft, draftsInProgress } from '#web/webmail/compose/drafts.ts'
import { type MessageRow, rowOf } from '#web/webmail/folders/list-view.ts'
import { type FolderView, folderList } from '#web/webmail/folders/navigation.ts'
import { uidOf } from '#web/webmail/folders/uids.ts'

/** Which page of a folder: at the newest, or beside a UID. */
export interface Place {
  readonly before?: number
  readonly after?: number
}

/** The place that a URL or a form names. */
export function placeIn(given: URLSearchParams): Place {
  const before = uidOf(given.get('before'))
  const after = uidOf(given.get('after'))
  return before !== null ? { before } : after !== null ? { after } : {}
}

export interface ListView {
  readonly folders: readonly FolderView[]
  readonly folder: FolderView
  readonly rows: readonly MessageRow[]
  readonly place: Place
  readonly newer: string | null
  readonly older: string | null
  /** Where messages can be moved to. */
  readonly targets: readonly FolderView[]
  readonly isTrash: boolean
  readonly newest: number
  /** Of the Drafts folder: what is being written in webmail. */
  readonly drafts: readonly ShownDraft[]
}

interface FoundPage {
  readonly uids: readonly number[]
  readonly hasNewer: boolean
  readonly hasOlder: boolean
}

async function pageAt(doors: WebDoors, reader: Reader, mailbox: string, place: Place): Promise<FoundPage> {
  const one = messagesPerPage + 1
  if (place.after !== undefined) {
    const found = await doors.mailboxes.page(reader, mailbox, { above: place.after }, one)
    // Fewer than a page are newer: the newest page shows them all.
    if (found.length < one) return pageAt(doors, reader, mailbox, {})
    return { uids: found.slice(1), hasNewer: true, hasOlder: true }
  }
  const found = await doors.mailboxes.page(reader, mailbox, place.before === undefined ? {} : { below: place.before }, one)
  return { uids: found.slice(0, messagesPerPage), hasNewer: place.before !== undefined, hasOlder: found.length === one }
}

/** What the list shows, or null when the person has no such folder. */
export async function listView(doors: WebDoors, reader: Reader, mailbox: string, place: Place): Promise<ListView | null> {
  const folders = await folderList(doors, reader, mailbox)
  const folder = folders.find((one) => one.isCurrent)
  if (folder === undefined) return null
  const { uids, hasNewer, hasOlder } = await pageAt(doors, reader, mailbox, place)
  const ownWriting = folder.specialUse === '\\Sent' || folder.specialUse === '\\Drafts'
  const rows: MessageRow[] = []
  const nowMs = doors.now()
  for await (const copy of doors.mailboxes.fetchSummaries(reader, mailbox, uids.toReversed())) {
    rows.push(rowOf(mailbox, copy, ownWriting, nowMs))
  }
  rows.sort((one, other) => other.uid - one.uid)
  const [newest = 0] = uids
  return {
    folders,
    folder,
    rows,
    place,
    newest,
    newer: hasNewer ? urls.mailbox(mailbox, { after: newest > 0 ? newest : (place.before ?? 1) - 1 }) : null,
    older: hasOlder ? urls.mailbox(mailbox, { before: uids.at(-1)! }) : null,
    targets: folders.filter((one) => !one.isCurrent),
    isTrash: folder.specialUse === '\\Trash',
    drafts: folder.specialUse === '\\Drafts' ? await draftsInProgress(doors, reader) : [],
  }
}

/** The page of a folder. */
export async function showList(
  doors: WebDoors,
  visit: PersonVisit,
  place: Place,
  errors: readonly FieldError[] = [],
): Promise<Answer> {
  const view = await listView(doors, visit.reader, visit.params.mailbox ?? '', place)
  if (view === null) return { kind: 'not-found' }
  return { kind: 'page', template: 'webmail/folders/list.njk', title: view.folder.label, view, errors }
}
