// VRFY never says who exists, and EXPN is not offered; RCPT answers those who may ask. RFC 5321 §3.5.3, §7.3.
import { BadCommand } from '#base/faults.ts'
import { reply } from '#smtp/replies.ts'
import { everyPhase, type Command } from '#smtp/session.ts'

export const vrfy: Command<null> = {
  verb: 'VRFY',
  phases: everyPhase,
  needs: 'sign-in',
  parse: parseSomething,
  run: () => reply(252, '2.5.0', 'Send the message and see'),
}

export const expn: Command<null> = {
  verb: 'EXPN',
  phases: everyPhase,
  needs: 'sign-in',
  parse: parseSomething,
  run: () => reply(502, '5.5.1', 'EXPN is not offered'),
}

function parseSomething(argument: string): null {
  if (argument === '') throw new BadCommand('The command takes a name')
  return null
}
