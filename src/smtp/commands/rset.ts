// RSET forgets the envelope and content under way. RFC 5321 §4.1.1.5.
import { parseNothing } from '#smtp/commands/nothing.ts'
import { reply } from '#smtp/replies.ts'
import { everyPhase, resetTransaction, type Command } from '#smtp/session.ts'

export const rset: Command<null> = {
  verb: 'RSET',
  phases: everyPhase,
  needs: 'tls',
  parse: parseNothing,
  async run(session) {
    await resetTransaction(session)
    return reply(250, '2.0.0', 'Forgotten')
  },
}
