// The folders at the side of every page of mail, with how many messages are unseen.
import type { Reader } from '#mailbox/means.ts'
import type { WebDoors } from '#web/doors.ts'
import { unseenCounted } from '#web/limits.ts'
import { urls } from '#web/urls.ts'

/** A folder as pages show it. */
export interface FolderView {
  readonly id: string
  /** As its person named it; what everybody has is called as in the rest of government. */
  readonly label: string
  /** The whole name, with `/` between levels. */
  readonly name: string
  readonly href: string
  readonly isCurrent: boolean
  /** One level below another: 0 at the top. */
  readonly level: number
  /** "3", "999+", or empty when all was seen. */
  readonly unseen: string
  readonly messages: number
  readonly specialUse: string | null
}

const labels: ReadonlyMap<string, string> = new Map([
  ['\\Drafts', 'Drafts'],
  ['\\Sent', 'Sent'],
  ['\\Junk', 'Junk'],
  ['\\Trash', 'Trash'],
  ['\\Archive', 'Archive'],
])
const order = ['INBOX', '\\Drafts', '\\Sent', '\\Archive', '\\Junk', '\\Trash']

/** Folders below this level stand as far in as those of it. */
const deepestShown = 3

/** The folders of a person: those that everybody has first, then their own by name. */
export async function folderList(doors: WebDoors, reader: Reader, current: string | null): Promise<FolderView[]> {
  const [entries, counts] = await Promise.all([
    doors.mailboxes.mailboxes(reader),
    doors.mailboxes.counts(reader, unseenCounted + 1),
  ])
  const place = ({ name, specialUse }: { name: string; specialUse: string | null }) => {
    const at = order.indexOf(name === 'INBOX' ? name : (specialUse ?? ''))
    return at < 0 ? order.length : at
  }
  const views = entries.map(({ id, name, specialUse }) => {
    const { unseen = 0, messages = 0 } = counts.get(id) ?? {}
    const own = name.slice(name.lastIndexOf('/') + 1)
    return {
      id,
      name,
      specialUse,
      label: name === 'INBOX' ? 'Inbox' : (labels.get(specialUse ?? '') ?? own),
      href: urls.mailbox(id),
      isCurrent: id === current,
      level: Math.min(name.split('/').length - 1, deepestShown),
      unseen: unseen === 0 ? '' : unseen > unseenCounted ? `${unseenCounted}+` : `${unseen}`,
      messages,
    }
  })
  return views.sort((one, other) => place(one) - place(other) || (one.name < other.name ? -1 : 1))
}
