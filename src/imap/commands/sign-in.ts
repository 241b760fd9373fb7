// LOGIN and AUTHENTICATE: a device credential signs in. RFC 3501 §6.2.2 and §6.2.3, RFC 4616, RFC 4959.
import { BadCommand } from '#base/faults.ts'
import type { Command, Talk } from '#imap/command.ts'
import { capabilities } from '#imap/commands/capability.ts'
import { utf8 } from '#imap/grammar.ts'
import { bad, isRefused, no, ok, type Reply, replyToRefusal } from '#imap/responses.ts'
import type { Session } from '#imap/session.ts'
import { type Credentials, decodeSaslResponse, parseLoginPassword, parseLoginUserName, parsePlain } from '#net/sasl.ts'

const cancelled = bad('Sign-in was cancelled')

export const login: Command<Credentials> = {
  verb: 'LOGIN',
  states: ['stranger'],
  signsIn: true,
  parse(input) {
    input.space()
    const userName = parseLoginUserName(input.astring())
    input.space()
    return { authorizationId: '', userName, password: parseLoginPassword(input.astring()) }
  },
  run: signIn,
}

interface AuthenticateRequest {
  readonly mechanism: string
  /** SASL-IR, still in base64; null where the client waits to be asked. */
  readonly initial: string | null
}

export const authenticate: Command<AuthenticateRequest> = {
  verb: 'AUTHENTICATE',
  states: ['stranger'],
  signsIn: true,
  parse(input) {
    input.space()
    const mechanism = input.atom().toUpperCase()
    return { mechanism, initial: input.take(' ') ? utf8(input.astring()) : null }
  },
  async run(session, { mechanism, initial }, talk) {
    if (mechanism === 'PLAIN') {
      const response = initial === null ? await answer(talk, '') : decodeSaslResponse(initial)
      return response === null ? cancelled : signIn(session, parsePlain(response))
    }
    if (mechanism !== 'LOGIN') return no('CANNOT', 'The mechanisms here are PLAIN and LOGIN')
    const userName = initial === null ? await answer(talk, 'User Name') : decodeSaslResponse(initial)
    if (userName === null) return cancelled
    const name = parseLoginUserName(userName)
    const password = await answer(talk, 'Password')
    if (password === null) return cancelled
    return signIn(session, { authorizationId: '', userName: name, password: parseLoginPassword(password) })
  },
}

/** The decoded answer to a challenge, or null when the client cancels with `*`. */
async function answer(talk: Talk, challenge: string): Promise<Buffer | null> {
  const line = (await talk.ask(Buffer.from(challenge).toString('base64'))).toString('latin1')
  return line === '*' ? null : decodeSaslResponse(line)
}

async function signIn(session: Session, credentials: Credentials): Promise<Reply> {
  const { authorizationId, userName, password } = credentials
  if (authorizationId !== '' && authorizationId !== userName) {
    throw new BadCommand('Everybody signs in as themselves: leave the authorization identity empty')
  }
  const who = await session.doors.signIn({ userName, password, remoteAddress: session.remoteAddress, protocol: 'imap' })
  if (isRefused(who)) return replyToRefusal(who)
  session.signIn(who)
  return ok('Signed in', `CAPABILITY ${capabilities(true, session.limits)}`)
}
