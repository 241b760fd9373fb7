// What mail programs are not given, because its sender asked so: a notice stands for it, with sizes and structure that agree. Webmail shows the message itself, as long as access lasts. G09
// docs/decisions/0092-handling-in-mail-programs.md
import type { Clock } from '#base/clock.ts'
import { londonDay } from '#base/london.ts'
import type { ImapEnvelope } from '#mail/envelope.ts'
import { decodeWords, encodeWords } from '#mail/words.ts'
import { endedAtOnce } from '#mailbox/limits.ts'
import type { Means } from '#mailbox/means.ts'
import { renewCopies, type StandIn, standIn } from '#mailbox/seals.ts'
import type { Summary } from '#mailbox/summary.ts'
import { forgetHandlingsOfNone, type HandlingRow, handlingsEnded, insertHandling, markEnded } from '#mailbox/withheld.sql.ts'
import { type HandlingAsked, keptHandling } from '#policy/handling-asked.ts'
import type { Database, Runner } from '#store/database.ts'

/** `no-download-ended` shows as `no-download` does: a program has that notice under its UID already. */
export type Withheld = 'no-download' | 'ended' | 'no-download-ended'

/** A message that is not in any mailbox after so long was never delivered, or is gone from all of them. One that is held waits up to 90 days (T19). */
const forgetAfterMs = 120 * 24 * 3_600_000

/** Notes what a sender asks of mail programs, before the message is delivered. */
export async function noteHandling(
  run: Runner,
  message: Pick<HandlingRow, 'month' | 'message' | 'sender' | 'holders' | 'notedMs'>,
  { noDownload, untilMs }: HandlingAsked,
): Promise<void> {
  await insertHandling(run, { ...message, noDownload, untilMs })
}

/** Gives copies of messages to which access has just ended new UIDs, so that programs let go of what they hold; returns how many messages. */
export async function endAccess(means: Means): Promise<number> {
  const ended = await handlingsEnded(means.database, means.clock.now(), endedAtOnce)
  const faults: unknown[] = []
  for (const { month, message, holders, noDownload } of ended) {
    // One that fails holds back none of the others.
    const renewed = noDownload ? Promise.resolve() : renewCopies(means, { month, message }, holders)
    await renewed.then(() => markEnded(means.database, { month, message })).catch((fault: unknown) => faults.push(fault))
  }
  if (faults.length > 0) throw new AggregateError(faults, 'some copies could not be renewed')
  return ended.length
}

export function forgetHandlings(o: { database: Database; clock: Clock }): Promise<number> {
  return forgetHandlingsOfNone(o.database, o.clock.now() - forgetAfterMs)
}

/** The notice that a mail program gets instead of a message; the same octets under one UID. */
export function withheldNotice({ envelope, handling }: Pick<Summary, 'envelope' | 'handling'>, why: Withheld): StandIn {
  return standIn(envelope, subjectOf(envelope), why === 'ended' ? endedText(keptHandling(handling).untilMs) : noDownloadText)
}

/** As it was, in ASCII. */
function subjectOf({ subject }: ImapEnvelope): string {
  const text = decodeWords(subject ?? '')
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
  return encodeWords(text.slice(0, 500).toWellFormed())
}

const noDownloadText = `The sender of this message asked that it is read in webmail and not downloaded (rule G09).

Sign in to webmail to read it: it is in the same folder there.
`

const endedText = (untilMs: number | null) => `Access to this message has ended${
  untilMs === null ? '' : ` on ${londonDay(untilMs)}`
}, as its sender asked (rule G09).

Ask the sender if you still need it.
`
