// Says that a folder changed, as it happens: server-sent events, hints only, so that the page asks for what is there. HTML, 9.2
import type { Answer } from '#web/answers.ts'
import type { WebDoors } from '#web/doors.ts'
import { eventStreamsPerSession } from '#web/limits.ts'
import type { PersonVisit } from '#web/route.ts'

/** Above every modseq: what is asked with it counts as unchanged. */
const beyond = BigInt(Number.MAX_SAFE_INTEGER)

/** Makes the handler; it counts the streams of each session of this process. */
export function newFolderEvents(doors: WebDoors): (visit: PersonVisit) => Promise<Answer> {
  const streams = new Map<string, number>()
  const count = (session: string, by: number) => {
    const now = (streams.get(session) ?? 0) + by
    if (now === 0) streams.delete(session)
    else streams.set(session, now)
    return now
  }
  return async (visit) => {
    const { reader, session } = visit
    const mailbox = visit.params.mailbox ?? ''
    // A URL's id may be anything.
    if (!(await doors.mailboxes.mailboxes(reader)).some((one) => one.id === mailbox)) return { kind: 'not-found' }
    const stateNow = () => doors.mailboxes.changesSince(reader, mailbox, beyond, 1)
    let known = (await stateNow()).highestModseq
    if (known === beyond) return { kind: 'not-found' }
    // An answer without content tells a browser to ask no more (HTML, 9.2.3).
    if (count(session.id, 1) > eventStreamsPerSession) {
      count(session.id, -1)
      return { kind: 'nothing' }
    }
    return {
      kind: 'events',
      open(send) {
        let isLooking = false
        const look = async () => {
          if (isLooking) return
          isLooking = true
          try {
            if (!(await visit.isStillSignedIn())) return send('end', '')
            const state = await stateNow()
            if (state.highestModseq === known) return
            known = state.highestModseq
            send('changed', String(state.uidNext))
          } catch {
            send('end', '') // the browser comes again
          } finally {
            isLooking = false
          }
        }
        const watch = doors.mailboxes.watch(reader, mailbox, () => void look())
        return {
          close() {
            watch.close()
            count(session.id, -1)
          },
        }
      },
    }
  }
}
