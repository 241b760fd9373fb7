// The table of commands.
import { auth } from '#smtp/commands/auth.ts'
import { bdat } from '#smtp/commands/bdat.ts'
import { data } from '#smtp/commands/data.ts'
import { ehlo, helo } from '#smtp/commands/ehlo.ts'
import { help } from '#smtp/commands/help.ts'
import { mail } from '#smtp/commands/mail.ts'
import { noop } from '#smtp/commands/noop.ts'
import { quit } from '#smtp/commands/quit.ts'
import { rcpt } from '#smtp/commands/rcpt.ts'
import { rset } from '#smtp/commands/rset.ts'
import { starttls } from '#smtp/commands/starttls.ts'
import { expn, vrfy } from '#smtp/commands/vrfy.ts'
import type { Reply } from '#smtp/replies.ts'
import type { Command, Session } from '#smtp/session.ts'

/** A row that has read its argument: what `parse` gave goes to `run` and nowhere else. */
export interface Prepared {
  /** Octets that follow the command on the wire whatever its answer. */
  readonly octetsBehind: number
  run(session: Session): Promise<Reply> | Reply
}

/** A row without the type of its argument. */
export interface AnyCommand extends Pick<Command<unknown>, 'verb' | 'phases' | 'needs'> {
  readonly carriesOctets: boolean
  /** Throws BadCommand. */
  prepare(argument: string): Prepared
}

function row<Argument>(command: Command<Argument>): AnyCommand {
  const { verb, phases, needs } = command
  const prepare = (text: string): Prepared => {
    const argument = command.parse(text)
    return { octetsBehind: command.octetsBehind?.(argument) ?? 0, run: (session) => command.run(session, argument) }
  }
  return { verb, phases, needs, carriesOctets: command.octetsBehind !== undefined, prepare }
}

const rows: readonly AnyCommand[] = [
  row(ehlo),
  row(helo),
  row(starttls),
  row(auth),
  row(mail),
  row(rcpt),
  row(data),
  row(bdat),
  row(rset),
  row(noop),
  row(vrfy),
  row(expn),
  row(help),
  row(quit),
]

/** Commands by verb, in upper case. */
export const commands: ReadonlyMap<string, AnyCommand> = new Map(rows.map((command) => [command.verb, command]))
