// What jobs tidy up after acceptance: submissions older than a retry can be, and content that no message refers to.
import type { Clock } from '#base/clock.ts'
import { forgetReplied } from '#delivery/automatic-replies.sql.ts'
import { isIncidentCopy } from '#delivery/incident-copies.ts'
import { heldObject } from '#delivery/holds.sql.ts'
import { expireSubmissions } from '#delivery/submissions.sql.ts'
import { messagesStored } from '#mailbox/stored.ts'
import { replyAgainMs } from '#policy/automatic-reply.ts'
import type { ContentStore } from '#store/content-store.ts'
import type { Database } from '#store/database.ts'

/** How long a retry is recognised. */
export const submissionKeptMs = 24 * 3_600_000
/** An object of the content store without a message is an orphan only after this: its transaction may be under way. */
export const orphanGraceMs = 24 * 3_600_000

/** Forgets submissions of more than 24 hours ago; returns how many. */
export function forgetSubmissions(o: { database: Database; clock: Clock }): Promise<number> {
  const nowMs = o.clock.now()
  return expireSubmissions(o.database, nowMs - submissionKeptMs, nowMs + submissionKeptMs)
}

/** Forgets to whom automatic replies went more than a week ago; returns how many. */
export function forgetReplies(o: { database: Database; clock: Clock }): Promise<number> {
  return forgetReplied(o.database, o.clock.now() - replyAgainMs)
}

/** Removes content that no message refers to, and drafts of a crash, once they are a day old; returns how many. The age is in the id (UUIDv7). */
export async function sweepContent(o: { database: Database; contentStore: ContentStore; clock: Clock }): Promise<number> {
  const beforeMs = o.clock.now() - orphanGraceMs
  let removed = 0
  for await (const object of o.contentStore.list()) {
    const madeMs = Number.parseInt(object.id.replaceAll('-', '').slice(0, 12), 16)
    if (!(madeMs < beforeMs)) continue
    // Asked first: a release makes a message of what is held, in one commit, so that what is no longer held is found as a message.
    if (!object.draft && (await heldObject(o.database, object.month, object.id)).length > 0) continue
    if (!object.draft && (await messagesStored(o.database, object.month, object.id))) continue
    if (!object.draft && (await isIncidentCopy(o.database, object.month, object.id))) continue
    await object.remove()
    removed++
  }
  return removed
}
