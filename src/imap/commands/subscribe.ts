// SUBSCRIBE and UNSUBSCRIBE. RFC 3501 §6.3.6 and §6.3.7.
import { afterSignIn, type Command, mailboxArgument } from '#imap/command.ts'
import { ok, replyToRefusal } from '#imap/responses.ts'

export const subscribe = subscribing('SUBSCRIBE', true)
export const unsubscribe = subscribing('UNSUBSCRIBE', false)

function subscribing(verb: string, on: boolean): Command<string> {
  return {
    verb,
    states: afterSignIn,
    parse: mailboxArgument,
    async run(session, name) {
      const refusal = await session.doors.subscribe(session.who, name, on)
      return refusal === null ? ok(on ? 'Subscribed' : 'Unsubscribed') : replyToRefusal(refusal)
    },
  }
}
