// The IMAP face's doors: each act of a signed-in person is one of the holder's on their own mailboxes; each refusal says how to reach the Helpdesk. T00
import type { Refused } from '#base/faults.ts'
import type { Append } from '#delivery/append.ts'
import type { Attempt, SignedIn } from '#identity/sign-in.ts'
import { type ImapDoors, SignedOut } from '#imap/doors.ts'
import { type Reader, readerOf } from '#mailbox/means.ts'
import type { Mailboxes } from '#mailbox/open-mailboxes.ts'

/** How to reach the Helpdesk, and the page of the rules. */
export interface Help {
  readonly helpdesk: string
  readonly rulesUrl: string
}

/** An answer as it is, or a refusal with the Helpdesk's contact and its rule's page behind its remedy. */
export function withHelp<T>(answer: T, { helpdesk, rulesUrl }: Help): T {
  if (!isRefused(answer)) return answer
  const page = answer.clause === '' ? '' : `. See ${rulesUrl}#${answer.clause}`
  return { ...answer, remedy: `${answer.remedy} Helpdesk: ${helpdesk}${page}` }
}

const isRefused = (answer: unknown): answer is Refused =>
  typeof answer === 'object' && answer !== null && 'kind' in answer && answer.kind === 'refused'

export interface ImapDoorParts {
  readonly signIn: (attempt: Attempt) => Promise<SignedIn | Refused>
  /** Why a signed-in person may no longer be, or null: asked before each act, so that a suspension ends open sessions (G02). */
  readonly stillSignedIn: (who: SignedIn) => Promise<Refused | null>
  readonly mailboxes: Mailboxes
  readonly append: Append
  readonly help: Help
}

export function imapDoors({ signIn, stillSignedIn, mailboxes, append, help }: ImapDoorParts): ImapDoors {
  // The face holds what signIn gave as a thing of its own, and gives it back here.
  const person = (who: { account: string }) => who as SignedIn
  const as = async (who: { account: string }): Promise<Reader> => {
    const refusal = await stillSignedIn(person(who))
    if (refusal !== null) throw new SignedOut(withHelp(refusal, help))
    return readerOf(person(who))
  }
  const told = async <T>(answer: Promise<T>) => withHelp(await answer, help)
  return {
    signIn: (attempt) => told(signIn(attempt)),
    stillSignedIn: async (who) => void (await as(who)),
    append: async (who, name, options, content) => {
      await as(who)
      return told(append(person(who), name, options, content))
    },
    mailboxes: async (who) => mailboxes.mailboxes(await as(who)),
    createMailbox: async (who, name) => told(mailboxes.createMailbox(await as(who), name)),
    deleteMailbox: async (who, name) => told(mailboxes.deleteMailbox(await as(who), name)),
    renameMailbox: async (who, from, to) => told(mailboxes.renameMailbox(await as(who), from, to)),
    subscribe: async (who, name, on) => told(mailboxes.subscribe(await as(who), name, on)),
    status: async (who, name) => mailboxes.status(await as(who), name),
    select: async (who, name) => mailboxes.select(await as(who), name),
    changesSince: async (who, mailbox, modseq, uidNext) => mailboxes.changesSince(await as(who), mailbox, modseq, uidNext),
    async *fetchSummaries(who, mailbox, uids) {
      yield* mailboxes.fetchForPrograms(await as(who), mailbox, uids)
    },
    open: async (who, mailbox, uids) => mailboxes.open(await as(who), mailbox, uids),
    store: async (who, mailbox, uids, change) => told(mailboxes.store(await as(who), mailbox, uids, change)),
    copy: async (who, mailbox, uids, toName, whole) => told(mailboxes.copy(await as(who), mailbox, uids, toName, whole)),
    move: async (who, mailbox, uids, toName) => told(mailboxes.move(await as(who), mailbox, uids, toName)),
    expunge: async (who, mailbox, uids) => mailboxes.expunge(await as(who), mailbox, uids),
    searchText: async (who, mailbox, uids, search) => mailboxes.searchText(await as(who), mailbox, uids, search),
    watch: (who, mailbox, hint) => mailboxes.watch(readerOf(person(who)), mailbox, hint),
  }
}
