// EHLO and HELO open the session, or begin it anew. RFC 5321 §4.1.1.1.
import { BadCommand } from '#base/faults.ts'
import { maxHeloOctets } from '#smtp/limits.ts'
import { plainReply, type Reply } from '#smtp/replies.ts'
import { everyPhase, resetTransaction, type Command, type Session } from '#smtp/session.ts'

export const ehlo: Command<string> = {
  verb: 'EHLO',
  phases: everyPhase,
  needs: 'nothing',
  parse: parseHelo,
  async run(session, helo) {
    await greet(session, helo)
    return plainReply(250, session.hostName, ...(session.wire.secure ? extensions(session) : extensionsBeforeTls))
  },
}

export const helo: Command<string> = {
  verb: 'HELO',
  phases: everyPhase,
  needs: 'nothing',
  parse: parseHelo,
  async run(session, name): Promise<Reply> {
    await greet(session, name)
    return plainReply(250, session.hostName)
  },
}

/** Before TLS nothing is said of signing in, so that no program tries (RFC 3207 §4.2, RFC 8314). */
const extensionsBeforeTls = ['PIPELINING', 'ENHANCEDSTATUSCODES', 'STARTTLS']

function extensions({ limits }: Session): string[] {
  const size = `SIZE ${limits.messageOctets}`
  return ['PIPELINING', size, '8BITMIME', 'SMTPUTF8', 'ENHANCEDSTATUSCODES', 'CHUNKING', 'DSN', 'AUTH PLAIN LOGIN']
}

async function greet(session: Session, name: string): Promise<void> {
  session.helo = name
  session.phase = 'ready'
  await resetTransaction(session)
}

/** What a client calls itself refuses no mail (RFC 5321 §4.1.4); trace fields get it cut, and with hyphens for all that no host name or address literal holds. */
function parseHelo(argument: string): string {
  if (argument === '') throw new BadCommand('Say EHLO and the name of your computer')
  return argument.replace(/[^A-Za-z0-9._:[\]-]+/g, '-').slice(0, maxHeloOctets)
}
