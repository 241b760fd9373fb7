// The mailboxes as the faces use them: every act and every reading, bound to what it works with. Constructed by main.ts.
import type { Refused } from '#base/faults.ts'
import type { Part } from '#mail/part.ts'
import { type Copied, copyMessages, expungeMessages, moveMessages } from '#mailbox/copies.ts'
import { type CopyEntry, type FlagChange, storeFlags } from '#mailbox/flags.ts'
import { type MailboxEntry, createMailbox, deleteMailbox, listMailboxes, renameMailbox, subscribe } from '#mailbox/mailboxes.ts'
import type { Means, Reader } from '#mailbox/means.ts'
import { holdsSealed, receivedAs } from '#mailbox/named.ts'
import { type OpenedCopies, openCopies } from '#mailbox/open.ts'
import { type TextSearch, searchText } from '#mailbox/search.ts'
import { type CopySummary, fetchForPrograms, fetchSummaries } from '#mailbox/summaries.ts'
import {
  type Changes,
  type MailboxStatus,
  type Neighbours,
  type PlaceInMailbox,
  type Selected,
  changesSince,
  neighboursOf,
  readCounts,
  readPage,
  readStatus,
  selectMailbox,
} from '#mailbox/view.ts'

/** UIDs are ascending and without repeats, and may name copies that were expunged meanwhile: those are passed over. */
export interface Mailboxes {
  mailboxes(who: Reader): Promise<readonly MailboxEntry[]>
  createMailbox(who: Reader, name: string): Promise<MailboxEntry | Refused>
  deleteMailbox(who: Reader, name: string): Promise<MailboxEntry | Refused>
  renameMailbox(who: Reader, from: string, to: string): Promise<null | Refused>
  subscribe(who: Reader, name: string, on: boolean): Promise<null | Refused>
  status(who: Reader, name: string): Promise<MailboxStatus | null>
  select(who: Reader, name: string): Promise<Selected | null>
  counts(who: Reader, most: number): Promise<Map<string, { messages: number; unseen: number }>>
  page(who: Reader, mailbox: string, place: PlaceInMailbox, most: number): Promise<number[]>
  changesSince(who: Reader, mailbox: string, modseq: bigint, uidNext: number): Promise<Changes>
  fetchSummaries(who: Reader, mailbox: string, uids: readonly number[]): AsyncIterable<CopySummary>
  /** The same as mail programs are shown it. G09 */
  fetchForPrograms(who: Reader, mailbox: string, uids: readonly number[]): AsyncIterable<CopySummary>
  /** Opens copies to give them to the reader's computer, without what mail programs are not given, which is recorded before this returns. */
  open(who: Reader, mailbox: string, uids: readonly number[]): Promise<OpenedCopies>
  /** Opens copies to show them to the reader, which is recorded before this returns. */
  openToRead(who: Reader, mailbox: string, uids: readonly number[]): Promise<OpenedCopies>
  /** Opens copies to compare others with them here: nothing is given to anybody, and nothing recorded. */
  openToCompare(who: Reader, mailbox: string, uids: readonly number[]): Promise<OpenedCopies>
  /** Where the first message is that the reader got by that Message-ID, in any mailbox but Sent and Drafts. */
  receivedAs(who: Reader, messageId: string): Promise<{ mailbox: string; uid: number } | null>
  /** Whether a message of that structure holds one that is sealed, in whoever's mailboxes that is. */
  holdsSealed(structure: Part): Promise<boolean>
  /** The UIDs just below and just above one, or null where there is none. */
  neighbours(who: Reader, mailbox: string, uid: number): Promise<Neighbours>
  store(who: Reader, mailbox: string, uids: readonly number[], change: FlagChange): Promise<readonly CopyEntry[] | Refused>
  /** Copies what is there of `uids`; with `whole`, all or nothing. */
  copy(who: Reader, mailbox: string, uids: readonly number[], toName: string, whole?: boolean): Promise<Copied | Refused>
  move(who: Reader, mailbox: string, uids: readonly number[], toName: string): Promise<Copied | Refused>
  expunge(who: Reader, mailbox: string, uids: readonly number[] | null): Promise<readonly number[]>
  searchText(who: Reader, mailbox: string, uids: readonly number[], search: TextSearch): Promise<readonly number[]>
  watch(who: Reader, mailbox: string, hint: () => void): { close(): void }
}

/** Binds the acts of this folder to what they work with. */
export function openMailboxes(means: Means): Mailboxes {
  return {
    mailboxes: (who) => listMailboxes(means, who),
    createMailbox: (who, name) => createMailbox(means, who, name),
    deleteMailbox: (who, name) => deleteMailbox(means, who, name),
    renameMailbox: (who, from, to) => renameMailbox(means, who, from, to),
    subscribe: (who, name, on) => subscribe(means, who, name, on),
    status: (who, name) => readStatus(means, who, name),
    select: (who, name) => selectMailbox(means, who, name),
    counts: (who, most) => readCounts(means, who, most),
    page: (who, mailbox, place, most) => readPage(means, who, mailbox, place, most),
    changesSince: (who, mailbox, modseq, uidNext) => changesSince(means, who, mailbox, modseq, uidNext),
    fetchSummaries: (who, mailbox, uids) => fetchSummaries(means, who, mailbox, uids),
    fetchForPrograms: (who, mailbox, uids) => fetchForPrograms(means, who, mailbox, uids),
    open: (who, mailbox, uids) => openCopies(means, who, mailbox, uids, 'hand-over'),
    openToRead: (who, mailbox, uids) => openCopies(means, who, mailbox, uids, 'reading'),
    openToCompare: (who, mailbox, uids) => openCopies(means, who, mailbox, uids, 'search'),
    holdsSealed: (structure) => holdsSealed(means, structure),
    receivedAs: (who, messageId) => receivedAs(means, who, messageId),
    neighbours: (who, mailbox, uid) => neighboursOf(means, who, mailbox, uid),
    store: (who, mailbox, uids, change) => storeFlags(means, who, mailbox, uids, change),
    copy: (who, mailbox, uids, toName, whole) => copyMessages(means, who, mailbox, uids, toName, whole),
    move: (who, mailbox, uids, toName) => moveMessages(means, who, mailbox, uids, toName),
    expunge: (who, mailbox, uids) => expungeMessages(means, who, mailbox, uids),
    searchText: (who, mailbox, uids, search) => searchText(means, who, mailbox, uids, search),
    watch: (who, mailbox, hint) => means.watcher.watch({ holder: who.holder, mailbox }, hint),
  }
}
