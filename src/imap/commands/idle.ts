// IDLE: news as they happen, until the client says DONE. RFC 2177.
import { Unavailable } from '#base/faults.ts'
import { afterSignIn, type Command, noArguments } from '#imap/command.ts'
import type { Octets } from '#imap/encode.ts'
import { bad, ok } from '#imap/responses.ts'
import type { Session } from '#imap/session.ts'

export const idle: Command<null> = {
  verb: 'IDLE',
  states: afterSignIn,
  parse: noArguments,
  async *run(session, _, talk) {
    const answered = talk.ask('idling').then((line) => line.toString('latin1'))
    // What it fails with is met by the race below; this only keeps it from counting as unhandled until then.
    answered.catch(() => {})
    for (;;) {
      yield* await idleNews(session)
      const { idlePollMs } = session.limits
      const next = session.selection?.nextHint(idlePollMs) ?? noHint(idlePollMs)
      const said = await Promise.race([answered, next.hinted]).finally(next.cancel)
      if (said !== undefined) return said.toUpperCase() === 'DONE' ? ok('No longer idling') : bad('IDLE ends with DONE')
    }
  },
}

/**
 * The news, or none while the database is away: the next poll asks again, no sooner. Without a mailbox there are none, but who may
 * no longer be signed in is told so all the same (G02).
 */
async function idleNews(session: Session): Promise<Octets[]> {
  const { selection } = session
  try {
    if (selection !== null) return await session.news(true)
    await session.doors.stillSignedIn(session.who)
  } catch (fault) {
    if (!(fault instanceof Unavailable)) throw fault
    if (selection !== null) selection.hinted = false
  }
  return []
}

/** Nothing hints at what a session without a mailbox waits for: the time of the next poll alone. */
function noHint(timeoutMs: number): { hinted: Promise<void>; cancel: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, timeoutMs)
  return { hinted: promise, cancel: () => clearTimeout(timer) }
}
