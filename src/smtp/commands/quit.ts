// QUIT says goodbye and closes. RFC 5321 §4.1.1.10.
import { parseNothing } from '#smtp/commands/nothing.ts'
import { closing, reply } from '#smtp/replies.ts'
import { everyPhase, type Command } from '#smtp/session.ts'

export const quit: Command<null> = {
  verb: 'QUIT',
  phases: everyPhase,
  needs: 'nothing',
  parse: parseNothing,
  run: () => closing(reply(221, '2.0.0', 'Goodbye')),
}
