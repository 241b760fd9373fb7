// What the functions of this folder work with, and for whom.
import type { Clock } from '#base/clock.ts'
import { refused } from '#base/faults.ts'
import type { Log } from '#base/log.ts'
import type { Evidence } from '#evidence/record.ts'
import type { Accounts } from '#identity/accounts.ts'
import type { SignedIn } from '#identity/sign-in.ts'
import type { Keys } from '#keys/keys.ts'
import type { Watcher } from '#mailbox/watch.ts'
import type { ContentStore } from '#store/content-store.ts'
import type { Database } from '#store/database.ts'

export interface Means {
  readonly database: Database
  readonly keys: Keys
  readonly evidence: Evidence
  readonly contentStore: ContentStore
  readonly clock: Clock
  readonly watcher: Watcher
  readonly accounts: Pick<Accounts, 'holdersById'>
  readonly log: Log
}

/** The signed-in person, as holder of their own mailboxes. */
export interface Reader {
  readonly holder: string
  /** The device credential that signed in. */
  readonly computer: string
  /** Their address, as evidence names them. */
  readonly address: string
}

export const mailboxDoesNotExist = refused(
  'G20',
  'mailbox-does-not-exist',
  'there is no mailbox of that name',
  'Create it first, or choose one from the list.',
)

/** A signed-in person as the reader of their own mailboxes. */
export const readerOf = (who: SignedIn): Reader => ({ holder: who.account, computer: who.computer, address: who.address })
