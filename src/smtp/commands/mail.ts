// MAIL FROM begins an envelope. RFC 5321 §4.1.1.2; SIZE (RFC 1870), BODY (6152), SMTPUTF8 (6531), AUTH (4954), RET and ENVID (3461).
import { BadCommand } from '#base/faults.ts'
import { formatAddress, type Address } from '#mail/address.ts'
import { BadArgument } from '#smtp/bad-argument.ts'
import type { Envelope } from '#smtp/doors.ts'
import { maxEnvidOctets } from '#smtp/limits.ts'
import { parsePathAddress, parsePathArgument, refuseUnknownParameters } from '#smtp/path.ts'
import { reply, replyToRefusal } from '#smtp/replies.ts'
import type { Command } from '#smtp/session.ts'
import { decodeXtext } from '#smtp/xtext.ts'

type Parameters = ReadonlyMap<string, string | null>

interface MailArgument {
  readonly reversePath: Address | null
  readonly envelope: Envelope
}

export const mail: Command<MailArgument> = {
  verb: 'MAIL',
  phases: ['ready'],
  needs: 'sign-in',
  parse(argument) {
    const { path, parameters } = parsePathArgument(argument, 'FROM:')
    refuseUnknownParameters(parameters, ['SIZE', 'BODY', 'SMTPUTF8', 'AUTH', 'RET', 'ENVID'])
    const reversePath = path === '' ? null : parsePathAddress(path, '5.1.7')
    checkAuth(parameters.get('AUTH'))
    const envelope: Envelope = {
      reversePath: reversePath && formatAddress(reversePath),
      recipients: [],
      body: bodyOf(parameters),
      smtputf8: smtputf8Of(parameters),
      declaredOctets: sizeOf(parameters.get('SIZE')),
      envid: envidOf(parameters.get('ENVID')),
      ret: retOf(parameters.get('RET')),
    }
    return { reversePath, envelope }
  },
  async run(session, { reversePath, envelope }) {
    const { limits, doors } = session
    if (!envelope.smtputf8 && !isAscii(envelope.reversePath ?? '')) return needsSmtputf8
    if ((envelope.declaredOctets ?? 0) > limits.messageOctets)
      return reply(552, '5.3.4', `The message is larger than ${limits.messageOctets} octets`)
    const refusal = await doors.admitReversePath(session.signedIn!, reversePath)
    if (refusal !== null) return replyToRefusal(refusal, session)
    session.envelope = envelope
    session.recipientsAsked = 0
    session.phase = 'envelope'
    return reply(250, '2.1.0', 'Reverse-path accepted')
  },
}

/** RFC 6531 §3.5. */
export const needsSmtputf8 = reply(553, '5.6.7', 'An address that is not ASCII needs the SMTPUTF8 parameter of MAIL')

export function isAscii(text: string): boolean {
  return /^[\x00-\x7f]*$/.test(text)
}

function sizeOf(value: string | null | undefined): number | null {
  if (value === undefined) return null
  if (value === null || !/^\d{1,20}$/.test(value)) throw new BadCommand('SIZE is a number of octets')
  return Number(value)
}

function bodyOf(parameters: Parameters): Envelope['body'] {
  const value = parameters.get('BODY')
  if (value === undefined) return '7BIT'
  const body = value?.toUpperCase()
  if (body === '7BIT' || body === '8BITMIME') return body
  // RFC 3030 §3: BINARYMIME is not offered, since mail programs here read lines.
  if (body === 'BINARYMIME') throw new BadArgument(555, '5.6.1', 'BINARYMIME is not offered')
  throw new BadCommand('BODY is 7BIT or 8BITMIME')
}

function smtputf8Of(parameters: Parameters): boolean {
  const value = parameters.get('SMTPUTF8')
  if (typeof value === 'string') throw new BadCommand('SMTPUTF8 has no value')
  return value === null
}

/** RFC 4954 §5: accepted and not believed, since the submitter is signed in. */
function checkAuth(value: string | null | undefined): void {
  if (value === null) throw new BadCommand('AUTH has a value')
  if (value !== undefined && value !== '<>') decodeXtext(value)
}

function envidOf(value: string | null | undefined): string | null {
  if (value === undefined) return null
  if (value === null || value.length > maxEnvidOctets) throw new BadCommand(`ENVID has 1 to ${maxEnvidOctets} characters`)
  return decodeXtext(value)
}

function retOf(value: string | null | undefined): Envelope['ret'] {
  if (value === undefined) return null
  const ret = value?.toUpperCase()
  if (ret !== 'FULL' && ret !== 'HDRS') throw new BadCommand('RET is FULL or HDRS')
  return ret
}
