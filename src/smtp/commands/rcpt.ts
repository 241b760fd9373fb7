// RCPT TO adds one recipient to the envelope. RFC 5321 §4.1.1.3, RFC 3461 §4.
import { BadCommand } from '#base/faults.ts'
import { formatAddress } from '#mail/address.ts'
import { isAscii, needsSmtputf8 } from '#smtp/commands/mail.ts'
import type { Notify, Recipient } from '#smtp/doors.ts'
import { maxOrcptOctets } from '#smtp/limits.ts'
import { parsePathAddress, parsePathArgument, refuseUnknownParameters } from '#smtp/path.ts'
import { closing, noteOf, reply, replyToRefusal } from '#smtp/replies.ts'
import type { Command } from '#smtp/session.ts'
import { decodeUtf8Address, decodeXtext } from '#smtp/xtext.ts'

const postmaster = 'postmaster'

export const rcpt: Command<Recipient> = {
  verb: 'RCPT',
  phases: ['envelope'],
  needs: 'sign-in',
  parse(argument) {
    const { path, parameters } = parsePathArgument(argument, 'TO:')
    refuseUnknownParameters(parameters, ['NOTIFY', 'ORCPT'])
    return {
      address: path.toLowerCase() === postmaster ? postmaster : formatAddress(parsePathAddress(path, '5.1.3')),
      originalRecipient: originalRecipientOf(parameters.get('ORCPT')),
      notify: notifyOf(parameters.get('NOTIFY')),
    }
  },
  async run(session, given) {
    const envelope = session.envelope!
    session.recipientsAsked += 1
    if (session.recipientsAsked > session.limits.recipientsAsked)
      return closing(reply(421, '4.7.0', 'Too many recipients were asked for'))
    // RFC 5321 §4.1.1.3: the postmaster may be written to without a domain.
    const recipient = given.address === postmaster ? { ...given, address: `${postmaster}@${session.hostName}` } : given
    if (!envelope.smtputf8 && !isAscii(`${recipient.address}${recipient.originalRecipient ?? ''}`)) return needsSmtputf8
    if (envelope.recipients.length >= session.limits.recipients) return reply(452, '4.5.3', 'Too many recipients')
    const said = await session.doors.admitRecipient(session.signedIn!, envelope, recipient)
    if (said?.kind === 'refused') return replyToRefusal(said, session)
    session.envelope = { ...envelope, recipients: [...envelope.recipients, recipient] }
    return reply(250, '2.1.5', said === null ? 'Recipient accepted' : `Recipient accepted. ${noteOf(said)}`)
  },
}

/** RFC 3461 §4.2: the type of the address, a semicolon, the address as xtext. */
function originalRecipientOf(value: string | null | undefined): string | null {
  if (value === undefined) return null
  const match = value === null || value.length > maxOrcptOctets ? null : /^([A-Za-z0-9-]+);(.+)$/.exec(value)
  if (match === null) throw new BadCommand(`ORCPT is type;address, at most ${maxOrcptOctets} characters`)
  const type = match[1]!.toLowerCase()
  return `${type};${type === 'utf-8' ? decodeUtf8Address(match[2]!) : decodeXtext(match[2]!)}`
}

/** RFC 3461 §4.1: NEVER stands alone. */
function notifyOf(value: string | null | undefined): readonly Notify[] | null {
  if (value === undefined) return null
  const words = (value ?? '').toUpperCase().split(',')
  const known = words.filter((word): word is Notify => ['NEVER', 'SUCCESS', 'FAILURE', 'DELAY'].includes(word))
  const twice = new Set(words).size !== words.length
  if (known.length !== words.length || twice || (words.includes('NEVER') && words.length > 1))
    throw new BadCommand('NOTIFY is NEVER alone, or some of SUCCESS, FAILURE, DELAY')
  return known
}
