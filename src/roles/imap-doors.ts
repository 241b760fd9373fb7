// The IMAP face's doors: each act of a signed-in person is one of the holder's on their own mailboxes; each refusal says how to reach the Helpdesk. T00
import type { Refused } from '#base/faults.ts'
import type { Append } from '#delivery/append.ts'
import type { Attempt, SignedIn } from '#identity/sign-in.ts'
import type { ImapDoors } from '#imap/doors.ts'
import type { Reader } from '#mailbox/means.ts'
import type { Mailboxes } from '#mailbox/open-mailboxes.ts'

export const readerOf = (who: SignedIn): Reader => ({ holder: who.account, computer: who.computer, address: who.address })

/** An answer as it is, or a refusal with the Helpdesk's contact behind its remedy. */
export function withHelpdesk<T>(answer: T, helpdesk: string): T {
  return isRefused(answer) ? { ...answer, remedy: `${answer.remedy} Helpdesk: ${helpdesk}` } : answer
}

const isRefused = (answer: unknown): answer is Refused =>
  typeof answer === 'object' && answer !== null && 'kind' in answer && answer.kind === 'refused'

export interface ImapDoorParts {
  readonly signIn: (attempt: Attempt) => Promise<SignedIn | Refused>
  readonly mailboxes: Mailboxes
  readonly append: Append
  readonly helpdesk: string
}

export function imapDoors({ signIn, mailboxes, append, helpdesk }: ImapDoorParts): ImapDoors {
  // The face holds what signIn gave as a thing of its own, and gives it back here.
  const person = (who: { account: string }) => who as SignedIn
  const as = (who: { account: string }) => readerOf(person(who))
  const told = async <T>(answer: Promise<T>) => withHelpdesk(await answer, helpdesk)
  return {
    signIn: (attempt) => told(signIn(attempt)),
    append: (who, name, options, content) => told(append(person(who), name, options, content)),
    mailboxes: (who) => mailboxes.mailboxes(as(who)),
    createMailbox: (who, name) => told(mailboxes.createMailbox(as(who), name)),
    deleteMailbox: (who, name) => told(mailboxes.deleteMailbox(as(who), name)),
    renameMailbox: (who, from, to) => told(mailboxes.renameMailbox(as(who), from, to)),
    subscribe: (who, name, on) => told(mailboxes.subscribe(as(who), name, on)),
    status: (who, name) => mailboxes.status(as(who), name),
    select: (who, name) => mailboxes.select(as(who), name),
    changesSince: (who, mailbox, modseq, uidNext) => mailboxes.changesSince(as(who), mailbox, modseq, uidNext),
    fetchSummaries: (who, mailbox, uids) => mailboxes.fetchSummaries(as(who), mailbox, uids),
    open: (who, mailbox, uids) => mailboxes.open(as(who), mailbox, uids),
    store: (who, mailbox, uids, change) => mailboxes.store(as(who), mailbox, uids, change),
    copy: (who, mailbox, uids, toName) => told(mailboxes.copy(as(who), mailbox, uids, toName)),
    move: (who, mailbox, uids, toName) => told(mailboxes.move(as(who), mailbox, uids, toName)),
    expunge: (who, mailbox, uids) => mailboxes.expunge(as(who), mailbox, uids),
    searchText: (who, mailbox, uids, search) => mailboxes.searchText(as(who), mailbox, uids, search),
    watch: (who, mailbox, hint) => mailboxes.watch(as(who), mailbox, hint),
  }
}
