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
      const next = session.selection?.nextHint(session.limits.idlePollMs)
      const said = await (next === undefined ? answered : Promise.race([answered, next.hinted])).finally(next?.cancel)
      if (said !== undefined) return said.toUpperCase() === 'DONE' ? ok('No longer idling') : bad('IDLE ends with DONE')
    }
  },
}

/** The news, or none while the database is away: the next poll asks again, no sooner. */
async function idleNews(session: Session): Promise<Octets[]> {
  const { selection } = session
  if (selection === null) return []
  try {
    return await session.news(true)
  } catch (fault) {
    if (!(fault instanceof Unavailable)) throw fault
    selection.hinted = false
    return []
  }
}
