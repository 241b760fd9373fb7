// From what a person typed to the octets of a message (RFC 5322, 2045), made by nodemailer, and read back by our own parsers: what they do not read as it was typed is
// not sent. docs/decisions/0042-composing.md
import { Readable } from 'node:stream'
import { type ListEntry, parseAddressList } from '#mail/address-list.ts'
import { formatDate, parseDate } from '#mail/date.ts'
import { decodeText, decodeTransfer } from '#mail/decode.ts'
import { type Header, fieldText, fieldsNamed } from '#mail/header.ts'
import { maxComposedReferences, maxComposedTextCharacters, maxDisplayNameCharacters, maxSubjectCharacters } from '#mail/limits.ts'
import type { Part } from '#mail/part.ts'
import { decodeParameters, decodeWords, encodeWords } from '#mail/words.ts'

export interface Mailbox {
  readonly name: string | null
  readonly address: string
}

export interface ToAttach {
  readonly name: string
  /** In lower case; message/rfc822 is attached octet for octet, anything else in base64. */
  readonly type: string
  readonly octets: number
  content(): AsyncIterable<Buffer>
}

/** A message before it is one. `to` and `cc` only: who is in neither gets it by the envelope alone. */
export interface Typed {
  readonly from: Mailbox
  readonly to: readonly Mailbox[]
  readonly cc: readonly Mailbox[]
  readonly subject: string
  readonly text: string
  /** Of the message that is answered or passed on, the last being its own. */
  readonly references: readonly string[]
  readonly isReply: boolean
  /** The value of X-Protective-Marking, ASCII on one line. */
  readonly marking: string | null
  /** Why it is marked lower than what it answers or passes on (X-CJSM-Lower-Marking, G06); left out where it is not. */
  readonly lowering?: string
  /** What is asked beyond the minimum (X-CJSM-Handling, G09), ASCII on one line; left out for nothing. */
  readonly handling?: string
  /** What is declared for recipients outside (X-CJSM-Release, G15); left out for nothing. */
  readonly release?: string
  /** The service writes it in answer to a message (RFC 3834 §5); left out for what a person writes. */
  readonly isAutomaticReply?: true
  readonly attachments: readonly ToAttach[]
  readonly atMs: number
  readonly messageId: string
  /** Nobody who writes what is composed can know it: else an attached message could end its part. */
  readonly boundary: string
}

export type FieldFault = 'holds-controls' | 'too-long' | 'not-well-formed'

const controls = /[\p{Cc}\p{Zl}\p{Zp}]/u
const textControls = /(?![\t\n\r])\p{Cc}/u
const messageIdForm = /^<[!-;=?-~]{1,900}>$/

/** What is wrong with a field that is one line, or null. */
export function lineFault(text: string, maxCharacters: number): FieldFault | null {
  if (!text.isWellFormed()) return 'not-well-formed'
  if (controls.test(text)) return 'holds-controls'
  return text.length > maxCharacters ? 'too-long' : null
}

/** What is wrong with the subject, or null. */
export const subjectFault = (subject: string): FieldFault | null => lineFault(subject, maxSubjectCharacters)

/** What is wrong with the text, or null. */
export function textFault(text: string): FieldFault | null {
  if (!text.isWellFormed()) return 'not-well-formed'
  if (textControls.test(text)) return 'holds-controls'
  return text.length > maxComposedTextCharacters ? 'too-long' : null
}

/** One entry of what was typed as recipients. */
export type TypedRecipient =
  | { readonly kind: 'mailbox'; readonly name: string | null; readonly address: string }
  /** What stands there is no address; `written` is one line of at most 200 characters. */
  | { readonly kind: 'wrong'; readonly written: string }

/** Reads recipients as people type them: separated by commas, semicolons or lines, `Name <a@b>` or the address alone. Never throws. */
export function readRecipients(typed: string): TypedRecipient[] {
  const entries = parseAddressList(typed.replace(/[\r\n]+/g, ';'))
  return entries.flatMap((entry) =>
    entry.kind === 'mailbox' ? [recipientOf(entry)] : entry.kind === 'group-start' ? [wrong(entry.name)] : [],
  )
}

/** One recipient as people type it, and readRecipients reads it. */
export function writeRecipient({ name, address }: Mailbox): string {
  if (name === null || name === '') return address
  return `${/^[\p{L}\p{M}\p{N} '’-]+$/u.test(name) ? name : `"${name.replace(/["\\]/g, '\\$&')}"`} <${address}>`
}

function recipientOf(entry: Extract<ListEntry, { kind: 'mailbox' }>): TypedRecipient {
  const { address, localPart, domain } = entry
  if (address === null) return wrong(domain === '' ? localPart : `${localPart}@${domain}`)
  const name = entry.name === null ? null : decodeWords(entry.name).replace(/\s+/g, ' ').trim()
  return name !== null && lineFault(name, maxDisplayNameCharacters) !== null
    ? wrong(name)
    : // A name that reads as an encoded word would be shown as another.
      { kind: 'mailbox', name: name === '' || name?.includes('=?') === true ? null : name, address }
}

const wrong = (written: string): TypedRecipient => ({
  kind: 'wrong',
  written: written
    .toWellFormed()
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ')
    .trim()
    .slice(0, 200),
})

/** The text as it goes out: CRLF between lines and at the end. */
const outgoing = (text: string) => `${text.replace(/\r\n?|\n/g, '\r\n').replace(/(?:\r\n)+$/, '')}\r\n`

/** The octets of a message, the same for the same parameters, piece by piece. */
export async function* composeMessage(typed: Typed): AsyncGenerator<Buffer> {
  // At first use: a worker whose people do not write now has no need of it.
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer')
  const inReplyTo = typed.isReply ? typed.references.at(-1) : undefined
  const composer = new MailComposer({
    disableFileAccess: true,
    disableUrlAccess: true,
    newline: 'win',
    baseBoundary: typed.boundary,
    boundaryPrefix: 'cjsm',
    textEncoding: 'quoted-printable',
    from: mailboxOf(typed.from),
    to: typed.to.map(mailboxOf),
    cc: typed.cc.map(mailboxOf),
    messageId: typed.messageId,
    date: formatDate(typed.atMs),
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
    ...(typed.references.length === 0 ? {} : { references: [...typed.references] }),
    headers: [
      { key: 'Subject', value: prepared(encodeWords(typed.subject)) },
      ...(typed.marking === null ? [] : [{ key: 'X-Protective-Marking', value: prepared(typed.marking) }]),
      ...(typed.lowering === undefined ? [] : [{ key: 'X-CJSM-Lower-Marking', value: prepared(encodeWords(typed.lowering)) }]),
      ...(typed.handling === undefined ? [] : [{ key: 'X-CJSM-Handling', value: prepared(typed.handling) }]),
      ...(typed.isAutomaticReply === true ? [{ key: 'Auto-Submitted', value: prepared('auto-replied') }] : []),
      ...(typed.release === undefined ? [] : [{ key: 'X-CJSM-Release', value: prepared(encodeWords(typed.release)) }]),
    ],
    text: outgoing(typed.text),
    attachments: typed.attachments.map((one) => ({
      filename: one.name,
      contentType: one.type,
      contentDisposition: 'attachment',
      contentTransferEncoding: one.type === 'message/rfc822' ? '8bit' : 'base64',
      content: Readable.from(one.content(), { objectMode: false }),
    })),
  })
  for await (const piece of composer.compile().createReadStream()) yield piece as Buffer
}

const mailboxOf = ({ name, address }: Mailbox) => ({ name: name ?? '', address })
/** Emitted as it is, on lines that are folded. */
const prepared = (value: string) => ({ prepared: true, foldLines: true, value })

/** What our parsers read of composed octets, to be held against what was typed. */
export interface Composed {
  readonly header: Header
  readonly root: Part
  /** The octets of a part's body. */
  body(part: Part): Promise<Buffer>
}

/** Says in which respect a composed message is not what was typed, or null. Whatever it says, the message must not be sent. */
export async function composedDiffers(typed: Typed, composed: Composed): Promise<string | null> {
  return headerDiffers(typed, composed.header) ?? (await partsDiffer(typed, composed))
}

function headerDiffers(typed: Typed, header: Header): string | null {
  if (!header.hasBlankLine) return 'the header does not end'
  const wanted = [
    'from',
    'message-id',
    'date',
    'mime-version',
    'content-type',
    'subject',
    ...(typed.to.length > 0 ? ['to'] : []),
    ...(typed.cc.length > 0 ? ['cc'] : []),
    ...(typed.references.length > 0 ? ['references'] : []),
    ...(typed.isReply && typed.references.length > 0 ? ['in-reply-to'] : []),
    ...(typed.marking === null ? [] : ['x-protective-marking']),
    ...(typed.lowering === undefined ? [] : ['x-cjsm-lower-marking']),
    ...(typed.handling === undefined ? [] : ['x-cjsm-handling']),
    ...(typed.isAutomaticReply === true ? ['auto-submitted'] : []),
    ...(typed.release === undefined ? [] : ['x-cjsm-release']),
    ...(typed.attachments.length > 0 ? [] : ['content-transfer-encoding']),
  ].filter((key) => key !== 'subject' || typed.subject.trim() !== '')
  const keys = header.fields.map((field) => field.key)
  if ([...keys].sort().join() !== wanted.sort().join()) return 'the fields are not those that were meant'
  const text = (name: string) => fieldsNamed(header, name).map(fieldText)[0] ?? ''
  if (!sameMailboxes(text('from'), [typed.from])) return 'From'
  if (!sameMailboxes(text('to'), typed.to)) return 'To'
  if (!sameMailboxes(text('cc'), typed.cc)) return 'Cc'
  if (decodeWords(text('subject')) !== typed.subject) return 'Subject'
  if (text('message-id') !== typed.messageId) return 'Message-ID'
  if (parseDate(text('date')) !== Math.floor(typed.atMs / 1000) * 1000) return 'Date'
  if (text('references').split(/\s+/).filter(Boolean).join() !== typed.references.join()) return 'References'
  if (text('in-reply-to') !== (typed.isReply ? (typed.references.at(-1) ?? '') : '')) return 'In-Reply-To'
  if (text('x-cjsm-handling') !== (typed.handling ?? '')) return 'X-CJSM-Handling'
  if (decodeWords(text('x-cjsm-release')) !== (typed.release ?? '')) return 'X-CJSM-Release'
  if (decodeWords(text('x-cjsm-lower-marking')) !== (typed.lowering ?? '')) return 'X-CJSM-Lower-Marking'
  return text('x-protective-marking') === (typed.marking ?? '') ? null : 'X-Protective-Marking'
}

function sameMailboxes(body: string, typed: readonly Mailbox[]): boolean {
  const read = parseAddressList(body).map((entry) =>
    entry.kind === 'mailbox' ? `${entry.name === null ? '' : decodeWords(entry.name)}\0${entry.address}` : '\0group',
  )
  return read.length === typed.length && typed.every(({ name, address }, at) => read[at] === `${name ?? ''}\0${address}`)
}

async function partsDiffer(typed: Typed, { root, body }: Composed): Promise<string | null> {
  const isMixed = typed.attachments.length > 0
  if (isMixed !== (root.type === 'multipart' && root.subtype === 'mixed')) return 'the message is of another kind'
  const [text, ...attached] = isMixed ? root.parts : [root]
  if (text?.type !== 'text' || text.subtype !== 'plain' || text.disposition !== null) return 'the text is not a text'
  const read = decodeText(decodeTransfer(await body(text), text.encoding), 'utf-8')
  if (outgoing(read) !== outgoing(typed.text)) return 'the text'
  if (attached.length !== typed.attachments.length) return 'the number of attachments'
  return typed.attachments.map((one, at) => attachmentDiffers(one, attached[at]!)).find((what) => what !== null) ?? null
}

function attachmentDiffers(typed: ToAttach, part: Part): string | null {
  if (`${part.type}/${part.subtype}` !== typed.type) return 'the type of an attachment'
  if (part.disposition?.type !== 'attachment') return 'the disposition of an attachment'
  const names = decodeParameters(part.disposition.parameters).filter(([name]) => name === 'filename')
  const types = decodeParameters(part.parameters).filter(([name]) => name !== 'charset')
  if (names.length !== 1 || names[0]![1] !== typed.name) return 'the name of an attachment'
  if (types.some(([name, value]) => name !== 'name' || value !== typed.name)) return 'the parameters of an attachment'
  const octets = part.bodyEnd - part.bodyStart
  if (typed.type === 'message/rfc822') return octets === typed.octets ? null : 'the size of an attached message'
  // Lines of base64 with their CRLF; the last line's belongs to the delimiter.
  return octets - 2 * part.lines === Math.ceil(typed.octets / 3) * 4 ? null : 'the size of an attachment'
}

/** The Message-IDs that a reply refers to (RFC 5322 §3.6.4), of a header: those before it, and its own last; what is none is left out. */
export function referencesOf(header: Header): string[] {
  const text = (name: string) => fieldsNamed(header, name).map(fieldText)[0] ?? ''
  const before = text('references') || text('in-reply-to')
  const ids = before.slice(0, 32_768).match(/<[^<>\s]+>/g) ?? []
  const own = /<[^<>\s]+>/.exec(text('message-id').slice(0, 1000))?.[0]
  const all = [...new Set([...ids, ...(own === undefined ? [] : [own])])].filter((id) => messageIdForm.test(id) && id !== own)
  const kept = own !== undefined && messageIdForm.test(own) ? [...all, own] : all
  // The first and the last matter to who puts threads together.
  return kept.length <= maxComposedReferences ? kept : [kept[0]!, ...kept.slice(1 - maxComposedReferences)]
}
