// Folders and their lists of messages: see, page through, act on many, hear of new mail; make, rename and delete folders.
import type { WebDoors } from '#web/doors.ts'
import { type PersonRoute, type Route, route } from '#web/route.ts'
import { patterns, urls } from '#web/urls.ts'
import { actOnMany } from '#web/webmail/folders/acts.ts'
import { newFolderEvents } from '#web/webmail/folders/events.ts'
import { placeIn, showList } from '#web/webmail/folders/list.ts'
import { askNewName, askToDelete, createFolder, deleteFolder, renameFolder, showFolders } from '#web/webmail/folders/manage.ts'

const shows = { journey: 'webmail/folders', who: 'signed-in', method: 'GET' } as const satisfies Partial<PersonRoute>
const acts = { ...shows, method: 'POST' } as const
const lists = { none: 'a list shows summaries, never content' } as const

export function folderRoutes(doors: WebDoors): Route[] {
  const events = newFolderEvents(doors)
  return [
    route({
      ...shows,
      url: patterns.home,
      evidence: { none: 'leads to the inbox' },
      async run({ reader }) {
        const [inbox] = await doors.mailboxes.mailboxes(reader)
        return inbox === undefined ? { kind: 'not-found' } : { kind: 'redirect', to: urls.mailbox(inbox.id) }
      },
    }),
    route({ ...shows, url: patterns.mailbox, evidence: lists, run: (visit) => showList(doors, visit, placeIn(visit.query)) }),
    route({
      ...shows,
      url: patterns.mailboxActs,
      evidence: { none: 'leads back to the list, when its address was that of a form' },
      run: async ({ params }) => ({ kind: 'redirect', to: urls.mailbox(params.mailbox ?? '') }),
    }),
    route({
      ...acts,
      url: patterns.mailboxActs,
      evidence: ['MailboxMove', 'MailboxExpunge', 'MailboxCreated'],
      run: (visit) => actOnMany(doors, visit),
    }),
    route({
      ...shows,
      url: patterns.mailboxEvents,
      evidence: { none: 'says only that something changed' },
      isPassive: true,
      run: events,
    }),
    route({ ...shows, url: patterns.folders, evidence: lists, run: (visit) => showFolders(doors, visit) }),
    route({
      ...acts,
      url: patterns.folders,
      evidence: ['MailboxCreated'],
      whenExpired: 'keep',
      run: (visit) => createFolder(doors, visit),
    }),
    route({ ...shows, url: patterns.folderRename, evidence: lists, run: (visit) => askNewName(doors, visit) }),
    route({ ...acts, url: patterns.folderRename, evidence: ['MailboxRenamed'], run: (visit) => renameFolder(doors, visit) }),
    route({ ...shows, url: patterns.folderDelete, evidence: lists, run: (visit) => askToDelete(doors, visit) }),
    route({
      ...acts,
      url: patterns.folderDelete,
      evidence: ['MailboxDeleted', 'MailboxMove', 'MailboxCreated'],
      run: (visit) => deleteFolder(doors, visit),
    }),
  ]
}
