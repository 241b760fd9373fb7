// A person's own folders: make, rename and delete them. What everybody has stays as it is, since mail programs count on it. RFC 6154
import type { Refused } from '#base/faults.ts'
import type { Answer, FieldError, Page } from '#web/answers.ts'
import type { WebDoors } from '#web/doors.ts'
import { counted, plainText } from '#web/format.ts'
import type { PersonVisit } from '#web/route.ts'
import { urls } from '#web/urls.ts'
import { type FolderView, folderList } from '#web/webmail/folders/navigation.ts'

const ofOwn = ({ name, specialUse }: FolderView) => name !== 'INBOX' && specialUse === null
const trashName = 'Trash'
const labelCharacters = 60

interface FolderPage {
  readonly template: string
  readonly title: string
  readonly view: object
}

async function page(doors: WebDoors, visit: PersonVisit, shown: FolderPage, errors: readonly FieldError[] = []): Promise<Page> {
  const folders = await folderList(doors, visit.reader, null)
  const { template, title, view } = shown
  return {
    kind: 'page',
    template: `webmail/folders/${template}.njk`,
    title,
    view: { folders, own: folders.filter(ofOwn), ...view },
    errors,
  }
}

const managePage = (name: string): FolderPage => ({ template: 'manage', title: 'Folders', view: { name } })
const renamePage = (folder: FolderView, name: string): FolderPage => ({
  template: 'rename',
  title: 'Rename a folder',
  view: { folder, name },
})

/** What a refusal of a name means for its field; null for another refusal. */
function nameError({ reason, about }: Refused): FieldError | null {
  if (reason === 'mailbox-exists') return { field: 'name', text: 'You have a folder of that name already' }
  if (reason === 'mailbox-name-is-wrong') return { field: 'name', text: `Choose another name: ${about}` }
  return null
}

/** The folder that the URL names, when it is one of the person's own. */
async function ownFolder(doors: WebDoors, visit: PersonVisit): Promise<FolderView | null> {
  const found = (await folderList(doors, visit.reader, null)).find((one) => one.id === visit.params.mailbox)
  return found !== undefined && ofOwn(found) ? found : null
}

export function showFolders(doors: WebDoors, visit: PersonVisit): Promise<Answer> {
  return page(doors, visit, managePage(''))
}

export async function createFolder(doors: WebDoors, visit: PersonVisit): Promise<Answer> {
  const name = (visit.form.get('name') ?? '').trim()
  const shown = managePage(name)
  if (name === '') return page(doors, visit, shown, [{ field: 'name', text: 'Enter a name for the folder' }])
  const made = await doors.mailboxes.createMailbox(visit.reader, name)
  if (!('kind' in made)) {
    return {
      kind: 'redirect',
      to: urls.folders(),
      notice: { text: `The folder ${plainText(made.name, labelCharacters)} was made` },
    }
  }
  const error = nameError(made)
  return error === null ? made : page(doors, visit, shown, [error])
}

export async function askNewName(doors: WebDoors, visit: PersonVisit): Promise<Answer> {
  const folder = await ownFolder(doors, visit)
  return folder === null ? { kind: 'not-found' } : page(doors, visit, renamePage(folder, folder.name))
}

export async function renameFolder(doors: WebDoors, visit: PersonVisit): Promise<Answer> {
  const folder = await ownFolder(doors, visit)
  if (folder === null) return { kind: 'not-found' }
  const name = (visit.form.get('name') ?? '').trim()
  const shown = renamePage(folder, name)
  if (name === '') return page(doors, visit, shown, [{ field: 'name', text: 'Enter a name for the folder' }])
  const refusal = name === folder.name ? null : await doors.mailboxes.renameMailbox(visit.reader, folder.name, name)
  const error = refusal === null ? null : nameError(refusal)
  if (error !== null) return page(doors, visit, shown, [error])
  return refusal ?? { kind: 'redirect', to: urls.folders(), notice: { text: 'The folder was renamed' } }
}

export async function askToDelete(doors: WebDoors, visit: PersonVisit): Promise<Answer> {
  const folder = await ownFolder(doors, visit)
  if (folder === null) return { kind: 'not-found' }
  return page(doors, visit, {
    template: 'confirm-delete',
    title: 'Are you sure you want to delete this folder?',
    view: { folder },
  })
}

/** Deletes a folder; its messages go to Trash first, so that nothing is lost. */
export async function deleteFolder(doors: WebDoors, visit: PersonVisit): Promise<Answer> {
  const folder = await ownFolder(doors, visit)
  if (folder === null) return { kind: 'not-found' }
  const { mailboxes } = doors
  const selected = await mailboxes.select(visit.reader, folder.name)
  const uids = selected?.copies.map((copy) => copy.uid) ?? []
  const all = await folderList(doors, visit.reader, null)
  if (all.some((one) => one.name.startsWith(`${folder.name}/`))) {
    const shown = { template: 'confirm-delete', title: 'Are you sure you want to delete this folder?', view: { folder } }
    return page(doors, visit, shown, [{ field: 'delete', text: 'There are folders within this one: delete or move them first' }])
  }
  if (uids.length > 0) {
    const trash = all.find((one) => one.specialUse === '\\Trash')?.name ?? trashName
    if (!all.some((one) => one.name === trash)) {
      const made = await mailboxes.createMailbox(visit.reader, trash)
      if ('kind' in made) return made
    }
    const moved = await mailboxes.move(visit.reader, folder.id, uids, trash)
    if ('kind' in moved) return moved
  }
  const deleted = await mailboxes.deleteMailbox(visit.reader, folder.name)
  if ('kind' in deleted) return deleted
  const said = uids.length === 0 ? '' : `, and ${counted(uids.length, 'message')} moved to Trash`
  return { kind: 'redirect', to: urls.folders(), notice: { text: `The folder was deleted${said}` } }
}
