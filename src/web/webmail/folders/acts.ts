// What a person does to many messages at once: delete, move, mark, flag. Deleting moves to Trash; only from there is anything removed, when it was asked again. G20
import type { Refused } from '#base/faults.ts'
import type { Answer, Notice } from '#web/answers.ts'
import type { WebDoors } from '#web/doors.ts'
import { counted } from '#web/format.ts'
import type { PersonVisit } from '#web/route.ts'
import { urls } from '#web/urls.ts'
import { type Place, placeIn, showList } from '#web/webmail/folders/list.ts'
import { type FolderView, folderList } from '#web/webmail/folders/navigation.ts'
import { uidsIn, uidsText } from '#web/webmail/folders/uids.ts'

/** An act on messages of one folder, as the form names it. */
interface Asked {
  readonly doors: WebDoors
  readonly visit: PersonVisit
  readonly folder: FolderView
  readonly folders: readonly FolderView[]
  readonly uids: readonly number[]
  readonly place: Place
}

const marks: ReadonlyMap<string, { flag: string; mode: 'add' | 'remove'; said: string }> = new Map([
  ['seen', { flag: '\\Seen', mode: 'add', said: 'marked as read' }],
  ['unseen', { flag: '\\Seen', mode: 'remove', said: 'marked as unread' }],
  ['flag', { flag: '\\Flagged', mode: 'add', said: 'flagged' }],
  ['unflag', { flag: '\\Flagged', mode: 'remove', said: 'no longer flagged' }],
] as const)

const back = ({ folder, place }: Asked, notice: Notice): Answer => ({
  kind: 'redirect',
  to: urls.mailbox(folder.id, place),
  notice,
})

async function mark(asked: Asked, act: string): Promise<Answer> {
  const { flag, mode, said } = marks.get(act)!
  const entries = await asked.doors.mailboxes.store(asked.visit.reader, asked.folder.id, asked.uids, { mode, flags: [flag] })
  if (isRefused(entries)) return entries
  const notice = { text: `${counted(entries.length, 'message')} ${said}` }
  // A flag is set while reading; a message that was marked as unread would be seen again at once.
  const isReading = asked.visit.form.get('from') === 'message' && flag === '\\Flagged'
  return isReading ? { kind: 'redirect', to: urls.message(asked.folder.id, asked.uids[0]!), notice } : back(asked, notice)
}

/** Moves, and offers the way back. */
async function move(asked: Asked, target: FolderView, isUndo: boolean): Promise<Answer> {
  const { doors, visit, folder, uids } = asked
  const moved = await doors.mailboxes.move(visit.reader, folder.id, uids, target.name)
  if (isRefused(moved)) return moved
  const text = `${counted(moved.to.length, 'message')} moved to ${target.label}`
  // After an undo one stands where the messages came from.
  if (isUndo) return { kind: 'redirect', to: urls.mailbox(target.id), notice: { text } }
  if (moved.to.length === 0) return back(asked, { text: 'The messages were moved or deleted already' })
  const fields = { act: 'undo', to: folder.id, uids: uidsText(moved.to) }
  return back(asked, { text, undo: { action: urls.mailboxActs(target.id), label: 'Undo', fields } })
}

/** The folder that deleted messages go to; made again when a mail program removed it. */
async function trashOf({ doors, visit, folders }: Asked): Promise<FolderView | Refused> {
  const found = folders.find((one) => one.specialUse === '\\Trash')
  if (found !== undefined) return found
  const made = await doors.mailboxes.createMailbox(visit.reader, 'Trash')
  if (isRefused(made)) return made
  return (await folderList(doors, visit.reader, null)).find((one) => one.id === made.id)!
}

async function remove(asked: Asked): Promise<Answer> {
  if (asked.folder.specialUse === '\\Trash') return confirmation(asked)
  const trash = await trashOf(asked)
  return 'kind' in trash ? trash : move(asked, trash, false)
}

const confirmation = ({ folders, folder, uids }: Asked): Answer => ({
  kind: 'page',
  template: 'webmail/folders/confirm-expunge.njk',
  title: 'Are you sure you want to delete for ever?',
  view: { folders, folder, count: uids.length, uids: uidsText(uids) },
})

/** Removes messages of Trash for good. */
async function expunge(asked: Asked): Promise<Answer> {
  const { doors, visit, folder, uids } = asked
  if (folder.specialUse !== '\\Trash') return { kind: 'not-found' }
  await doors.mailboxes.store(visit.reader, folder.id, uids, { mode: 'add', flags: ['\\Deleted'] })
  const gone = await doors.mailboxes.expunge(visit.reader, folder.id, uids)
  return back(asked, { text: `${counted(gone.length, 'message')} deleted for ever` })
}

/** Does what the form of a list asks for. */
export async function actOnMany(doors: WebDoors, visit: PersonVisit): Promise<Answer> {
  const { form, params, reader } = visit
  const folders = await folderList(doors, reader, params.mailbox ?? '')
  const folder = folders.find((one) => one.isCurrent)
  if (folder === undefined) return { kind: 'not-found' }
  const asked: Asked = { doors, visit, folder, folders, uids: uidsIn(form), place: placeIn(form) }
  const act = form.get('act') ?? ''
  if (asked.uids.length === 0)
    return showList(doors, visit, asked.place, [{ field: 'messages', text: 'Select one or more messages' }])
  if (marks.has(act)) return mark(asked, act)
  if (act === 'delete') return remove(asked)
  if (act === 'expunge') return expunge(asked)
  if (act !== 'move' && act !== 'undo') return { kind: 'not-found' }
  const target = folders.find((one) => one.id === form.get('to') && !one.isCurrent)
  if (target === undefined)
    return showList(doors, visit, asked.place, [{ field: 'to', text: 'Select a folder to move the messages to' }])
  return move(asked, target, act === 'undo')
}

const isRefused = (answer: object): answer is Refused => 'kind' in answer && answer.kind === 'refused'
