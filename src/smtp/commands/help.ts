// HELP says where help is. RFC 5321 §4.1.1.8.
import { reply } from '#smtp/replies.ts'
import { everyPhase, type Command } from '#smtp/session.ts'

export const help: Command<null> = {
  verb: 'HELP',
  phases: everyPhase,
  needs: 'tls',
  parse: () => null,
  run: (session) =>
    reply(214, '2.0.0', 'Secure mail submission for members: RFC 6409, signed in and under TLS', `Helpdesk: ${session.helpdesk}`),
}
