// Whether content in the content store is still somebody's.
import { storedMessage } from '#mailbox/stored.sql.ts'
import type { Runner } from '#store/database.ts'

/** True when a message refers to this object. */
export async function messagesStored(run: Runner, month: number, id: string): Promise<boolean> {
  return (await storedMessage(run, month, id)).length > 0
}
