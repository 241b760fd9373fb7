// STARTTLS: the loop brings up TLS once the reply is sent, and forgets all that was said before. RFC 3207.
import { BadCommand } from '#base/faults.ts'
import { reply } from '#smtp/replies.ts'
import type { Command } from '#smtp/session.ts'

export const starttls: Command<null> = {
  verb: 'STARTTLS',
  phases: ['ready'],
  needs: 'nothing',
  parse(argument) {
    if (argument !== '') throw new BadCommand('STARTTLS takes no parameters')
    return null
  },
  run(session) {
    if (session.wire.secure) return reply(503, '5.5.1', 'TLS is there already')
    return { ...reply(220, '2.0.0', 'Ready to start TLS'), afterwards: 'start-tls' }
  },
}
