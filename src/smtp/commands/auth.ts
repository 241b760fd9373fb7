// AUTH PLAIN and AUTH LOGIN: signs in with a device credential. RFC 4954, RFC 4616.
import { BadCommand } from '#base/faults.ts'
import { decodeSaslResponse, parseLoginPassword, parseLoginUserName, parsePlain, type Credentials } from '#net/sasl.ts'
import { BadArgument } from '#smtp/bad-argument.ts'
import { isRefused } from '#smtp/doors.ts'
import { closing, plainReply, reply, replyToRefusal, type Reply } from '#smtp/replies.ts'
import type { Command, Session, Wire } from '#smtp/session.ts'

interface AuthArgument {
  readonly mechanism: 'PLAIN' | 'LOGIN'
  readonly initial: string | null
}

export const auth: Command<AuthArgument> = {
  verb: 'AUTH',
  phases: ['ready'],
  needs: 'tls',
  parse(argument) {
    const [name = '', initial, ...more] = argument.split(' ')
    const mechanism = name.toUpperCase()
    if (mechanism === '' || more.length > 0) throw new BadCommand('The syntax is AUTH mechanism [initial-response]')
    if (mechanism !== 'PLAIN' && mechanism !== 'LOGIN') throw new BadArgument(504, '5.5.4', 'The mechanisms are PLAIN and LOGIN')
    return { mechanism, initial: initial ?? null }
  },
  async run(session, { mechanism, initial }) {
    if (session.signedIn !== null) return reply(503, '5.5.1', 'You are signed in already')
    const credentials = mechanism === 'PLAIN' ? await askPlain(session.wire, initial) : await askLogin(session.wire, initial)
    return signIn(session, credentials)
  },
}

async function askPlain(wire: Wire, initial: string | null): Promise<Credentials> {
  return parsePlain(decodeSaslResponse(initial ?? (await ask(wire, ''))))
}

async function askLogin(wire: Wire, initial: string | null): Promise<Credentials> {
  const userName = parseLoginUserName(decodeSaslResponse(initial ?? (await ask(wire, 'VXNlcm5hbWU6'))))
  const password = parseLoginPassword(decodeSaslResponse(await ask(wire, 'UGFzc3dvcmQ6')))
  return { authorizationId: '', userName, password }
}

async function ask(wire: Wire, challenge: string): Promise<string> {
  const response = await wire.ask(plainReply(334, challenge))
  if (response === '*') throw new BadArgument(501, '5.7.0', 'Sign-in was called off')
  return response
}

async function signIn(session: Session, { authorizationId, userName, password }: Credentials): Promise<Reply> {
  // Nobody acts as another by SASL: whoever acts for another signs in as themselves (G03).
  if (authorizationId !== '' && authorizationId !== userName) return failed(session, reply(535, '5.7.8', 'Sign in as yourself'))
  const { remoteAddress } = session.wire
  const outcome = await session.doors.signIn({ userName, password, remoteAddress, protocol: 'submission' })
  if (!isRefused(outcome)) {
    session.signedIn = outcome
    return reply(235, '2.7.0', 'Signed in')
  }
  const answer = replyToRefusal(outcome, session, [535, '5.7.8'])
  return answer.code === 535 ? failed(session, answer) : answer
}

/** Answers late, and closes after the last guess allowed. */
async function failed(session: Session, answer: Reply): Promise<Reply> {
  session.signInFailures += 1
  await session.wire.pause(session.limits.signInFailureDelayMs)
  return session.signInFailures >= session.limits.signInFailures ? closing(answer) : answer
}
