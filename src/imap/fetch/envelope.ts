// ENVELOPE and BODYSTRUCTURE as IMAP writes them. RFC 3501 §7.4.2.
import { nstring, type Octets, string } from '#imap/encode.ts'
import type { EnvelopeAddress, ImapEnvelope } from '#mail/envelope.ts'
import type { Parameter } from '#mail/parameters.ts'
import type { Part } from '#mail/structure.ts'
import { joinContinuations } from '#mail/words.ts'

/** The envelope: ten fields in the order of the RFC. */
export function envelopeText(envelope: ImapEnvelope): Octets {
  const { date, subject, from, sender, replyTo, to, cc, bcc, inReplyTo, messageId } = envelope
  const people = [from, sender, replyTo, to, cc, bcc].map(addresses).join(' ')
  return `(${nstring(date)} ${nstring(subject)} ${people} ${nstring(inReplyTo)} ${nstring(messageId)})`
}

function addresses(list: readonly EnvelopeAddress[]): Octets {
  if (list.length === 0) return 'NIL'
  return `(${list.map(({ name, adl, mailbox, host }) => `(${nstring(name)} ${nstring(adl)} ${nstring(mailbox)} ${nstring(host)})`).join('')})`
}

/** The body structure of a part and all in it; with `extended`, the extension data that BODYSTRUCTURE has and BODY has not. */
export function structureText(part: Part, extended: boolean): Octets {
  if (part.type === 'multipart') return multipartText(part, extended)
  const fields = `${nstring(part.id)} ${nstring(part.description)} ${string(part.encoding)} ${part.bodyEnd - part.bodyStart}`
  const basic = `${string(part.type)} ${string(part.subtype)} ${parameterList(part.parameters)} ${fields}`
  const extension = extended ? ` ${nstring(part.md5)}${commonExtension(part)}` : ''
  const nested = part.parts[0]
  // message/global, whose header is UTF-8, is no message to a client of IMAP4rev1 (RFC 6855 §3).
  if (nested !== undefined && part.envelope !== null && part.subtype === 'rfc822') {
    return `(${basic} ${envelopeText(part.envelope)} ${structureText(nested, extended)} ${part.lines}${extension})`
  }
  return `(${basic}${part.type === 'text' ? ` ${part.lines}` : ''}${extension})`
}

function multipartText(part: Part, extended: boolean): Octets {
  const children = part.parts.map((child) => structureText(child, extended)).join('')
  const extension = extended ? ` ${parameterList(part.parameters)}${commonExtension(part)}` : ''
  return `(${children} ${string(part.subtype)}${extension})`
}

function commonExtension(part: Part): Octets {
  const { disposition, language, location } = part
  const shown = disposition === null ? 'NIL' : `(${string(disposition.type)} ${parameterList(disposition.parameters)})`
  const languages = language.length === 0 ? 'NIL' : `(${language.map(string).join(' ')})`
  return ` ${shown} ${languages} ${nstring(location)}`
}

/** RFC 2231 §6: a client is told whole values, not their pieces. */
function parameterList(parameters: readonly Parameter[]): Octets {
  const whole = joinContinuations(parameters)
  if (whole.length === 0) return 'NIL'
  return `(${whole.map(([name, value]) => `${string(name)} ${string(value)}`).join(' ')})`
}
