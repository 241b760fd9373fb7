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

/** A host name or an address literal; it goes into trace fields, so nothing else passes. */
function parseHelo(argument: string): string {
  if (argument.length > maxHeloOctets || !/^[A-Za-z0-9._:[\]-]+$/.test(argument))
    throw new BadCommand('Say EHLO and the name of your computer')
  return argument
}
