// Delivery status notifications: RFC 3464 within multipart/report (RFC 6522), what SMTP asked to be returned (RFC 3461 §6), in
// UTF-8 (RFC 6533).
import { isAscii } from 'node:buffer'
import { formatDate } from '#mail/date.ts'
import { composeField, fieldsNamed, fieldText, parseHeader } from '#mail/header.ts'
import { preferredLineOctets } from '#mail/limits.ts'
import { encodeWords } from '#mail/words.ts'

export type DsnAction = 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded'

export interface DsnRecipient {
  /** An address. */
  readonly finalRecipient: string
  /** ORCPT as `type;address`, xtext decoded, or an address, or null. */
  readonly originalRecipient: string | null
  readonly action: DsnAction
  /** RFC 3463, for example 5.1.1. */
  readonly status: string
  /** An SMTP reply, for example `550 5.1.1 No such mailbox`. */
  readonly diagnosticCode?: string
  /** The host that gave it, where it was not ours. */
  readonly remoteMta?: string
  /** An id of docs/clauses.md, and what to do about it. */
  readonly clause?: string
  readonly remedy?: string
  readonly lastAttemptMs?: number
  /** For a delayed one: until when it is tried. */
  readonly willRetryUntilMs?: number
}

export interface DsnInput {
  /** With its angle brackets. */
  readonly messageId: string
  readonly boundary: string
  readonly atMs: number
  readonly reportingMta: string
  /** The service's postmaster, an address. */
  readonly from: string
  /** The reverse-path of the message; a DSN itself is sent with `<>` (RFC 3464 §2). */
  readonly reversePath: string
  /** ENVID, xtext decoded, or null. */
  readonly envelopeId: string | null
  readonly arrivalMs: number
  readonly recipients: readonly DsnRecipient[]
  /** The original from its first octet: the whole for `full`, at least the header for `headers` (RFC 3461 §4.3). */
  readonly original: Buffer
  readonly returns: 'full' | 'headers'
}

const actionSentences: Record<DsnAction, string> = {
  failed: 'Your message was not delivered to',
  delayed: 'Your message has not been delivered yet, and nothing is needed from you, to',
  delivered: 'Your message was delivered to the mailbox of',
  relayed: 'Your message was passed on to a system that sends no delivery notices, for',
  expanded: 'Your message was delivered to the list',
}
const subjects: Record<DsnAction, string> = {
  failed: 'Not delivered',
  delayed: 'Delayed',
  delivered: 'Delivered',
  relayed: 'Passed on',
  expanded: 'Delivered to a list',
}

/** A whole DSN message with CRLF line ends; throws where there is no recipient, or the boundary occurs in what it holds. */
export function composeDsn(input: DsnInput): Buffer {
  if (input.recipients.length === 0 || !/^[\w.=-]{1,70}$/.test(input.boundary))
    throw new Error('a DSN needs a recipient and a plain boundary')
  const parts = [plainPart(input), statusPart(input), returnedPart(input)]
  if (parts.some((part) => part.includes(`--${input.boundary}`))) throw new Error('the boundary occurs in a part')
  const delimiter = Buffer.from(`--${input.boundary}\r\n`)
  const last = Buffer.from(`\r\n--${input.boundary}--\r\n`)
  return Buffer.concat([headerOf(input, parts.every(isAscii)), blankLine, ...parts.flatMap((part) => [delimiter, part]), last])
}

type Row = readonly [name: string, value: string | undefined]
const blankLine = Buffer.from('\r\n')

function headerOf(input: DsnInput, ascii: boolean): Buffer {
  const actions = [...new Set(input.recipients.map((recipient) => recipient.action))]
  return fields([
    ['From', `CJSM postmaster <${input.from}>`],
    ['To', `<${input.reversePath}>`],
    // Without the original's subject: a marking that it bears would be asserted once more.
    ['Subject', actions.map((action) => subjects[action]).join(', ')],
    ['Date', formatDate(input.atMs)],
    ['Message-ID', input.messageId],
    ['In-Reply-To', originalMessageId(input.original)],
    ['Auto-Submitted', 'auto-replied'],
    ['MIME-Version', '1.0'],
    ['Content-Type', `multipart/report; report-type=delivery-status; boundary="${input.boundary}"`],
    ['Content-Transfer-Encoding', encodingOf(ascii)],
  ])
}

/** RFC 3464 §1: what happened, for people. The clause and the remedy are said as a page would say them. */
function plainPart(input: DsnInput): Buffer {
  const text = input.recipients
    .flatMap((recipient) => [
      `${actionSentences[recipient.action]} ${recipient.finalRecipient}.`,
      recipient.clause === undefined ? '' : `Clause: ${recipient.clause}`,
      recipient.diagnosticCode === undefined ? '' : `Reason: ${recipient.diagnosticCode}`,
      recipient.remedy === undefined ? '' : `What to do: ${recipient.remedy}`,
      '\n',
    ])
    .filter((line) => line !== '')
    .map((line) => (line === '\n' ? '' : wrap(oneLine(line).trim())))
  const body = Buffer.from(`Your message of ${formatDate(input.arrivalMs)}\r\n\r\n${text.join('\r\n')}`)
  const header = [
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['Content-Transfer-Encoding', encodingOf(isAscii(body))],
  ] as const
  return Buffer.concat([fields(header), blankLine, body, blankLine])
}

function statusPart(input: DsnInput): Buffer {
  // RFC 6533 §3: addresses beyond ASCII need the utf-8 type, and the status part its international form.
  const ascii = input.recipients.every((recipient) =>
    isAscii(Buffer.from(recipient.finalRecipient + (recipient.originalRecipient ?? ''))),
  )
  const typed = (address: string) => (/^[\w-]+;/.test(address) ? address : `${ascii ? 'rfc822' : 'utf-8'}; ${address}`)
  const groups = input.recipients.map((recipient) =>
    fields([
      ['Original-Recipient', recipient.originalRecipient === null ? undefined : typed(recipient.originalRecipient)],
      ['Final-Recipient', typed(recipient.finalRecipient)],
      ['Action', recipient.action],
      ['Status', recipient.status],
      ['Remote-MTA', recipient.remoteMta && `dns; ${recipient.remoteMta}`],
      ['Diagnostic-Code', recipient.diagnosticCode && `smtp; ${recipient.diagnosticCode}`],
      ['Last-Attempt-Date', dateOf(recipient.lastAttemptMs)],
      ['Will-Retry-Until', dateOf(recipient.willRetryUntilMs)],
      ['X-CJSM-Clause', recipient.clause],
      ['X-CJSM-Remedy', recipient.remedy && encodeWords(oneLine(recipient.remedy))],
    ]),
  )
  const message = fields([
    ['Reporting-MTA', `dns; ${input.reportingMta}`],
    ['Original-Envelope-Id', input.envelopeId ?? undefined],
    ['Arrival-Date', formatDate(input.arrivalMs)],
  ])
  const header = [
    ['Content-Type', ascii ? 'message/delivery-status' : 'message/global-delivery-status'],
    ['Content-Transfer-Encoding', encodingOf([message, ...groups].every(isAscii))],
  ] as const
  return Buffer.concat([fields(header), blankLine, message, ...groups.flatMap((group) => [blankLine, group]), blankLine])
}

/** RFC 3461 §6.2 and 6522 §4: the original, or its header alone, octet for octet. */
function returnedPart(input: DsnInput): Buffer {
  const header = parseHeader(input.original)
  const headerOctets = Buffer.concat(header.fields.map((field) => field.raw))
  const octets = input.returns === 'full' ? input.original : headerOctets
  const ascii = isAscii(headerOctets)
  const type =
    input.returns === 'full'
      ? ascii
        ? 'message/rfc822'
        : 'message/global'
      : ascii
        ? 'text/rfc822-headers'
        : 'message/global-headers'
  const rows = [
    ['Content-Type', type],
    ['Content-Transfer-Encoding', encodingOf(isAscii(octets))],
  ] as const
  return Buffer.concat([fields(rows), blankLine, octets])
}

function fields(rows: readonly Row[]): Buffer {
  return Buffer.concat(rows.flatMap(([name, value]) => (value ? [composeField(name, oneLine(value))] : [])))
}

/** The original's Message-ID where it is one; a stranger wrote it. */
function originalMessageId(original: Buffer): string | undefined {
  const field = fieldsNamed(parseHeader(original), 'Message-ID')[0]
  const id = field === undefined ? '' : fieldText(field).trim()
  return /^<[!-;=?-~]{1,250}>$/.test(id) ? id : undefined
}

function encodingOf(ascii: boolean): string {
  return ascii ? '7bit' : '8bit'
}

function dateOf(atMs: number | undefined): string | undefined {
  return atMs === undefined ? undefined : formatDate(atMs)
}

/** Another host's reply may have several lines, and controls; here they become spaces. */
function oneLine(text: string): string {
  return text.replace(/[\0-\x1f\x7f]+/g, ' ')
}

function wrap(text: string): string {
  const wrapped: string[] = []
  for (const word of text.split(' ')) {
    const line = wrapped.at(-1)
    if (line === undefined || line.length + 1 + word.length > preferredLineOctets) wrapped.push(word)
    else wrapped[wrapped.length - 1] = `${line} ${word}`
  }
  return wrapped.join('\r\n')
}
