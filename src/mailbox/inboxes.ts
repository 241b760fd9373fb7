// Where new mail of somebody is: their INBOX, and the UID that the next message there gets.
import { inboxesAmong } from '#mailbox/mailboxes.sql.ts'
import type { Runner } from '#store/database.ts'

export interface Inbox {
  readonly mailbox: string
  readonly uidNext: number
}

/** The INBOXes of some holders, by holder. */
export async function inboxesOf(run: Runner, holders: readonly string[]): Promise<Map<string, Inbox>> {
  return new Map((await inboxesAmong(run, holders)).map(({ holder, ...inbox }) => [holder, inbox]))
}
