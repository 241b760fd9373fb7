// What a person does to their mailboxes: list, create, rename, delete, subscribe. RFC 3501 §6.3.3 to §6.3.9; G20
import type { Clock } from '#base/clock.ts'
import { type Refused, refused } from '#base/faults.ts'
import type { Keys } from '#keys/keys.ts'
import { actOf, inRecords, recordActs } from '#mailbox/acts.ts'
import { type Unlinked, moveLocked, recordRemoval, releaseMessages, unlink } from '#mailbox/copies.ts'
import { everyUid, removeEveryCopy } from '#mailbox/copies.sql.ts'
import { type LockedMailbox, type SpecialUse, lockMailboxes, removeMailbox, subscribeMailbox } from '#mailbox/mailboxes.sql.ts'
import { type Means, type Reader, mailboxDoesNotExist } from '#mailbox/means.ts'
import { canonicalName, inboxName, isBelow, nameFault, namesAbove } from '#mailbox/names.ts'
import {
  type LockedTree,
  type NamedMailbox,
  createMissing,
  lockAndReadTree,
  readTree,
  standardMailboxes,
  writeMailboxes,
  writeNames,
} from '#mailbox/tree.ts'
import type { Transaction } from '#store/database.ts'

/** A mailbox as LIST shows it: `name` in NFC with `/` between the levels, `specialUse` an attribute of RFC 6154 (`\Sent`) or null. */
export interface MailboxEntry {
  readonly id: string
  readonly name: string
  readonly specialUse: string | null
  readonly subscribed: boolean
}

// RFC 6154 has no attribute for INBOX: its name says it.
const attributes = {
  inbox: null,
  drafts: '\\Drafts',
  sent: '\\Sent',
  junk: '\\Junk',
  trash: '\\Trash',
  archive: '\\Archive',
} as const satisfies Record<SpecialUse, string | null>

const mailboxExists = refused('G20', 'mailbox-exists', 'there is a mailbox of that name already', 'Choose another name.')
const mailboxIsNeeded = (about: string) =>
  refused('G20', 'mailbox-is-needed', about, 'Leave it, or delete what is below it first.')

/** Makes INBOX, Drafts, Sent, Junk, Trash and Archive for a new holder, in the transaction that makes the holder; recorded with that act. */
export async function createStandardMailboxes(tx: Transaction, keys: Keys, clock: Clock, holder: string): Promise<void> {
  await writeMailboxes(tx, keys, clock, holder, [], [...standardMailboxes.keys()])
}

/** All mailboxes of the reader, INBOX first, the others by name. */
export async function listMailboxes(means: Means, who: Reader): Promise<MailboxEntry[]> {
  const entries = (await readTree(means.keys, means.database, who.holder)).map(entryOf)
  const others = entries.filter((entry) => entry.name !== inboxName).sort((a, b) => (a.name < b.name ? -1 : 1))
  return [...entries.filter((entry) => entry.name === inboxName), ...others]
}

/** Creates a mailbox, and those above it that are missing. */
export async function createMailbox(means: Means, who: Reader, wanted: string): Promise<MailboxEntry | Refused> {
  const name = canonicalName(wanted)
  const wrong = nameFault(name)
  if (wrong !== null) return wrong
  return means.database.transaction(async (tx) => {
    const tree = await lockAndReadTree(means.keys, tx, who.holder)
    if (find(tree, name) !== undefined) return mailboxExists
    const made = await createMissing(means, tx, who, tree, [...namesAbove(name), name])
    return 'kind' in made ? made : entryOf(made.at(-1)!)
  })
}

/** Deletes a mailbox and what is in it, and gives what it was; refuses INBOX, and one that has mailboxes below it. */
export async function deleteMailbox(means: Means, who: Reader, wanted: string): Promise<MailboxEntry | Refused> {
  const name = canonicalName(wanted)
  if (name === inboxName) return mailboxIsNeeded('INBOX is where mail arrives')
  const deleted = await means.database.transaction(async (tx) => {
    const tree = await lockAndReadTree(means.keys, tx, who.holder)
    const mailbox = find(tree, name)
    if (mailbox === undefined) return mailboxDoesNotExist
    if (tree.mailboxes.some((one) => isBelow(one.name, name))) return mailboxIsNeeded('there are mailboxes below it')
    return { mailbox, unlinked: await deleteLocked(means, tx, who, tree.locks.get(mailbox.id)!, name) }
  })
  if ('kind' in deleted) return deleted
  means.watcher.announce([{ holder: who.holder, mailbox: deleted.mailbox.id }])
  await unlink(means, deleted.unlinked)
  return entryOf(deleted.mailbox)
}

async function deleteLocked(
  means: Means,
  tx: Transaction,
  who: Reader,
  mailbox: LockedMailbox,
  name: string,
): Promise<Unlinked[]> {
  const removed = await removeEveryCopy(tx, mailbox)
  await removeMailbox(tx, mailbox)
  const unlinked = await releaseMessages(tx, who.holder, removed)
  await recordRemoval(means, tx, who, mailbox, removed)
  await recordActs(means.evidence, tx, [actOf(who, 'MailboxDeleted', [{ mailbox: mailbox.id, name, messages: removed.length }])])
  return unlinked
}

/** Renames a mailbox and those below it, and creates what is missing above the new name; INBOX stays and its messages move (RFC 3501 §6.3.5). */
export async function renameMailbox(means: Means, who: Reader, wantedFrom: string, wantedTo: string): Promise<null | Refused> {
  const from = canonicalName(wantedFrom)
  const to = canonicalName(wantedTo)
  const wrong = nameFault(to)
  if (wrong !== null) return wrong
  const changed = await means.database.transaction(async (tx) => {
    const tree = await lockAndReadTree(means.keys, tx, who.holder)
    if (find(tree, from) === undefined) return mailboxDoesNotExist
    if (find(tree, to) !== undefined) return mailboxExists
    return from === inboxName ? emptyInbox(means, tx, who, tree, to) : renameBranch(means, tx, who, tree, from, to)
  })
  if ('kind' in changed) return changed
  means.watcher.announce(changed.map((mailbox) => ({ holder: who.holder, mailbox })))
  return null
}

/** Moves all of INBOX to a new mailbox; gives the ids of both. */
async function emptyInbox(means: Means, tx: Transaction, who: Reader, tree: LockedTree, to: string): Promise<string[] | Refused> {
  const made = await createMissing(means, tx, who, tree, [...namesAbove(to), to])
  if ('kind' in made) return made
  const inbox = tree.locks.get(find(tree, inboxName)!.id)!
  const [target] = await lockMailboxes(tx, who.holder, [made.at(-1)!.id])
  const uids = (await everyUid(tx, inbox)).map((row) => row.uid)
  await moveLocked(means, tx, who, inbox, target!, uids)
  return [inbox.id, target!.id]
}

/** Renames a mailbox and what is below it; gives their ids. */
async function renameBranch(
  means: Means,
  tx: Transaction,
  who: Reader,
  tree: LockedTree,
  from: string,
  to: string,
): Promise<string[] | Refused> {
  if (isBelow(to, from))
    return refused('G20', 'mailbox-name-is-wrong', 'the new name is below the old one', 'Choose another name.')
  const renamed = tree.mailboxes
    .filter((one) => one.name === from || isBelow(one.name, from))
    .map((one) => ({ id: one.id, from: one.name, to: `${to}${one.name.slice(from.length)}` }))
  const wrong = renamed.map((one) => nameFault(one.to)).find((fault) => fault !== null)
  if (wrong !== undefined) return wrong
  const made = await createMissing(means, tx, who, tree, namesAbove(to))
  if ('kind' in made) return made
  await writeNames(tx, means.keys, who.holder, renamed)
  const acts = inRecords(renamed).map((some) =>
    actOf(who, 'MailboxRenamed', [{ renamed: some.map((one) => ({ mailbox: one.id, from: one.from, to: one.to })) }]),
  )
  await recordActs(means.evidence, tx, acts)
  return renamed.map((one) => one.id)
}

/** Subscribes to a mailbox, or ends it. What is not there is subscribed by nobody, so that ending it is no fault. */
export async function subscribe(means: Means, who: Reader, name: string, on: boolean): Promise<null | Refused> {
  const hash = await means.keys.hashFor(who.holder, 'mailbox name')
  const found = await subscribeMailbox(means.database, who.holder, hash(canonicalName(name)), on)
  return on && found === 0 ? mailboxDoesNotExist : null
}

const find = (tree: LockedTree, name: string) => tree.mailboxes.find((one) => one.name === name)

const entryOf = ({ id, name, specialUse, subscribed }: NamedMailbox): MailboxEntry => ({
  id,
  name,
  specialUse: specialUse === null ? null : attributes[specialUse],
  subscribed,
})
