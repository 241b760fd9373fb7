// NOOP does nothing, whatever stands behind it. RFC 5321 §4.1.1.9.
import { reply } from '#smtp/replies.ts'
import { everyPhase, type Command } from '#smtp/session.ts'

export const noop: Command<null> = {
  verb: 'NOOP',
  phases: everyPhase,
  needs: 'nothing',
  parse: () => null,
  run: () => reply(250, '2.0.0', 'Done'),
}
