// What IMAP calls the ENVELOPE of a message (RFC 3501 §7.4.2): a digest of its header, not SMTP's envelope.
import { parseAddressList } from '#mail/address-list.ts'
import { fieldText, type Header } from '#mail/header.ts'
import { maxListEntries } from '#mail/limits.ts'

export interface ImapEnvelope {
  date: string | null
  subject: string | null
  from: EnvelopeAddress[]
  sender: EnvelopeAddress[]
  replyTo: EnvelopeAddress[]
  to: EnvelopeAddress[]
  cc: EnvelopeAddress[]
  bcc: EnvelopeAddress[]
  inReplyTo: string | null
  messageId: string | null
}

/** A group starts with an entry whose host is null and whose mailbox is its name, and ends with one where both are null. */
export interface EnvelopeAddress {
  name: string | null
  /** The route of RFC 5322 §4.4, which RFC 3501 calls the at-domain-list. */
  adl: string | null
  mailbox: string | null
  host: string | null
}

/** The envelope of a header: values unfolded, encoded words kept; Sender and Reply-To default to From. */
export function imapEnvelopeOf(header: Header): ImapEnvelope {
  const texts = new Map<string, string[]>(wanted.map((key) => [key, []]))
  for (const field of header.fields) texts.get(field.key)?.push(fieldText(field).trim())
  const first = (key: Wanted) => texts.get(key)![0] ?? null
  const list = (key: Wanted) => addressesIn(texts.get(key)!)
  const from = list('from')
  const or = (addresses: EnvelopeAddress[]) => (addresses.length > 0 ? addresses : from)
  return {
    date: first('date'),
    subject: first('subject'),
    from,
    sender: or(list('sender')),
    replyTo: or(list('reply-to')),
    to: list('to'),
    cc: list('cc'),
    bcc: list('bcc'),
    inReplyTo: first('in-reply-to'),
    messageId: first('message-id'),
  }
}

type Wanted = (typeof wanted)[number]
const wanted = ['date', 'subject', 'from', 'sender', 'reply-to', 'to', 'cc', 'bcc', 'in-reply-to', 'message-id'] as const

/** The entries of all fields of a name, which should be one, as far as one may go. */
function addressesIn(bodies: readonly string[]): EnvelopeAddress[] {
  const found: EnvelopeAddress[] = []
  for (const body of bodies) {
    if (found.length >= maxListEntries) break
    found.push(...addressesOf(body))
  }
  return found.slice(0, maxListEntries)
}

/** How many entries its lists have. */
export function entriesIn({ from, sender, replyTo, to, cc, bcc }: ImapEnvelope): number {
  return [from, sender, replyTo, to, cc, bcc].reduce((sum, list) => sum + list.length, 0)
}

function addressesOf(body: string): EnvelopeAddress[] {
  return parseAddressList(body).map((entry) => {
    if (entry.kind === 'group-start') return { name: null, adl: null, mailbox: entry.name, host: null }
    if (entry.kind === 'group-end') return { name: null, adl: null, mailbox: null, host: null }
    return { name: entry.name, adl: entry.route, mailbox: entry.localPart, host: entry.domain }
  })
}
