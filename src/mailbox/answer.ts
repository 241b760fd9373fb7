// What an answer to a message, or its passing on, begins with: recipients, subject, quoted text, the marking that it must keep, what goes with it. RFC 5322 §3.6; G06
import { londonDay } from '#base/london.ts'
import { keyOf } from '#community/standing.ts'
import { parseAddressList } from '#mail/address-list.ts'
import { type Mailbox, referencesOf, writeRecipient } from '#mail/compose.ts'
import { parseDate } from '#mail/date.ts'
import { readHtml, readPlain } from '#mail/display-read.ts'
import { type LocatedPart, displayOf } from '#mail/display.ts'
import { type Header, fieldText, fieldsNamed, parseHeader } from '#mail/header.ts'
import { textOfHtml } from '#mail/html.ts'
import type { Part } from '#mail/part.ts'
import { decodeParameters, decodeWords } from '#mail/words.ts'
import { decodedPieces } from '#mail/decode-stream.ts'
import type { AskedFields, ChosenMarking, DraftFields, DraftOrigin } from '#mailbox/drafts.ts'
import { maxQuotedOctets } from '#mailbox/limits.ts'
import type { Content } from '#mailbox/open.ts'
import { uploadName } from '#mailbox/uploads.ts'
import { findMarkings } from '#policy/find-markings.ts'
import { handlingField, keptHandling } from '#policy/handling-asked.ts'
import { type Marking, highestMarking, markingWords, ownScheme } from '#policy/marking.ts'
import { shippedSchemes } from '#policy/schemes.ts'

export const answerKinds = ['reply', 'reply-all', 'forward', 'forward-inline', 'again', 'continue'] as const
export type AnswerKind = (typeof answerKinds)[number]

/** A file that goes with the answer, read only when it is attached. */
export interface CarriedFile {
  readonly name: string
  readonly type: string
  content(): AsyncIterable<Buffer>
}

export interface Beginning {
  readonly fields: DraftFields
  readonly origin: DraftOrigin
  readonly files: readonly CarriedFile[]
}

export interface Answered {
  readonly structure: Part
  readonly headerOctets: number
  readonly content: Content
}

/** Begins an answer of that kind; `own` are the keys of the writer's addresses, `longDate` writes a time for people. */
export async function beginAnswer(
  kind: AnswerKind,
  answered: Answered,
  own: readonly string[],
  longDate: (atMs: number) => string,
): Promise<Beginning> {
  const { content } = answered
  const header = parseHeader(await read(content, 0, answered.headerOctets))
  const text = await ownText(answered)
  const marking = markingOf(header, text)
  const subject = subjectOf(header)
  const isOwn = kind === 'again' || kind === 'continue'
  const fields: DraftFields = {
    ...recipientsOf(kind, header, own),
    subject: isOwn ? subject : prefixed(kind.startsWith('reply') ? 'Re' : 'Fwd', subject),
    text: kind === 'again' ? withoutBanner(text, marking) : textOf(kind, header, text, longDate),
    marking,
    ...askedOf(header, isOwn || !peopleIn(firstField(header, 'from')).some(({ address }) => own.includes(keyOf(address) ?? ''))),
  }
  // What is sent again answers what it answered before, and no more may be taken from that marking (G06, G07).
  const references = referencesOf(isOwn ? withoutField(header, 'message-id') : header)
  const isOfAnother = !isOwn || references.length > 0
  const isReply = isOwn ? fieldsNamed(header, 'in-reply-to').length > 0 : kind.startsWith('reply')
  const origin: DraftOrigin = {
    kind: isOfAnother ? (isReply ? 'reply' : 'forward') : 'new',
    references,
    minimum: isOfAnother ? marking : null,
  }
  return { fields, origin, files: filesOf(kind, answered, subject) }
}

async function read(content: Content, from: number, to: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of content.range(from, to)) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** The first text of a message, its beginning only; HTML as text. */
async function ownText({ structure, content }: Answered): Promise<string> {
  const [body] = displayOf(structure).bodies
  const part = body?.plain?.part ?? body?.html?.part
  if (part === undefined) return ''
  const raw = await read(content, part.bodyStart, Math.min(part.bodyEnd, part.bodyStart + maxQuotedOctets))
  const text = part.subtype === 'html' ? textOfHtml(readHtml(raw, part).text) : readPlain(raw, part).text
  return text
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(/(?![\t\n])\p{Cc}/gu, '')
    .trimEnd()
}

const firstField = (header: Header, name: string) => fieldsNamed(header, name).map(fieldText)[0] ?? ''
/** What a stranger wrote as one line that can stand in a field of a form. */
const oneLine = (text: string) =>
  text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
const subjectOf = (header: Header) =>
  oneLine(decodeWords(firstField(header, 'subject')))
    .slice(0, 400)
    .toWellFormed()

const prefixed = (prefix: 'Re' | 'Fwd', subject: string) =>
  (prefix === 'Re' ? /^\s*re\s*:/i : /^\s*fwd?\s*:/i).test(subject) ? subject : `${prefix}: ${subject}`.trimEnd()

/** The highest marking, as it can be chosen: an own one, or one above the ceiling, is none that webmail writes. */
function markingOf(header: Header, text: string): ChosenMarking | null {
  const markings = findMarkings(header, [text], shippedSchemes).map((found) => found.marking)
  const highest = highestMarking(markings.filter((one: Marking) => !one.aboveCeiling && one.scheme !== ownScheme))
  if (highest === null) return null
  const { scheme, level, descriptors, caveats } = highest
  return { scheme, level, descriptors, caveats }
}

/** What the message asked of its readers is asked again: of one's own when it is sent again, of another's always. G09 */
function askedOf(header: Header, isKept: boolean): { asked?: AskedFields } {
  const { noForwarding, noDownload, readers, untilMs } = keptHandling(isKept ? firstField(header, handlingField) : undefined)
  const until = untilMs === null ? '' : londonDay(untilMs)
  const asked = { noForwarding, noDownload, onlyRecipients: readers !== null, until }
  return Object.values(asked).some(Boolean) ? { asked } : {}
}

/** A text without the line of its marking above it, which acceptance put there and puts there again. */
function withoutBanner(text: string, marking: ChosenMarking | null): string {
  const [line = '', ...rest] = text.split('\n')
  return marking !== null && line.trim() === markingWords(marking) ? rest.join('\n').replace(/^\n/, '') : text
}

const withoutField = (header: Header, key: string): Header => ({
  ...header,
  fields: header.fields.filter((field) => field.key !== key),
})

function recipientsOf(kind: AnswerKind, header: Header, own: readonly string[]): Pick<DraftFields, 'to' | 'cc' | 'bcc'> {
  const list = (name: string) => peopleIn(firstField(header, name))
  if (kind === 'again' || kind === 'continue')
    return { to: joined(list('to')), cc: joined(list('cc')), bcc: kind === 'continue' ? joined(list('bcc')) : '' }
  if (!kind.startsWith('reply')) return { to: '', cc: '', bcc: '' }
  const isOwn = (one: Mailbox) => own.includes(keyOf(one.address) ?? '')
  const writers = list('reply-to').length > 0 ? list('reply-to') : list('from')
  // An answer to what one wrote oneself goes to those whom one wrote to.
  const to = writers.every(isOwn) && writers.length > 0 ? list('to') : writers
  if (kind === 'reply') return { to: joined(to), cc: '', bcc: '' }
  const named = new Set(to.map((one) => keyOf(one.address)))
  const others = [...list('to'), ...list('cc')].filter((one) => {
    const key = keyOf(one.address)
    const isNew = !isOwn(one) && !named.has(key)
    named.add(key)
    return isNew
  })
  return { to: joined(to), cc: joined(others), bcc: '' }
}

function peopleIn(body: string): Mailbox[] {
  return parseAddressList(body).flatMap((entry) =>
    entry.kind === 'mailbox' && entry.address !== null
      ? [
          {
            name: entry.name === null ? null : oneLine(decodeWords(entry.name)).slice(0, 200).toWellFormed(),
            address: entry.address,
          },
        ]
      : [],
  )
}

const joined = (people: readonly Mailbox[]) => people.map(typed).join(', ')

/** A name that only says the address again is left out. */
const typed = ({ name, address }: Mailbox) =>
  writeRecipient({ name: name?.toLowerCase() === address.toLowerCase() ? null : name, address })

function textOf(kind: AnswerKind, header: Header, text: string, longDate: (atMs: number) => string): string {
  if (kind === 'continue') return text
  if (kind === 'forward') return ''
  const at = parseDate(firstField(header, 'date'))
  const from = oneLine(decodeWords(firstField(header, 'from')))
    .slice(0, 300)
    .toWellFormed()
  if (kind !== 'forward-inline') {
    const quoted = text.split('\n').map((line) => (line.startsWith('>') ? `>${line}` : `> ${line}`.trimEnd()))
    return `\n\n${at === null ? '' : `On ${longDate(at)}, `}${from} wrote:\n${quoted.join('\n')}\n`
  }
  const line = (name: string) =>
    oneLine(decodeWords(firstField(header, name)))
      .slice(0, 1000)
      .toWellFormed()
  const head = [
    `From: ${from}`,
    ...(at === null ? [] : [`Sent: ${longDate(at)}`]),
    `To: ${line('to')}`,
    `Subject: ${line('subject')}`,
  ]
  return `\n\n---------- Forwarded message ----------\n${head.join('\n')}\n\n${text}\n`
}

function filesOf(kind: AnswerKind, { structure, content }: Answered, subject: string): CarriedFile[] {
  if (kind.startsWith('reply')) return []
  if (kind === 'forward') {
    const name = uploadName(`${subject.replace(/[/\\]/g, '-') || 'message'}.eml`)
    return [{ name, type: 'message/rfc822', content: () => content.range(0, content.octets) }]
  }
  return displayOf(structure).attachments.map((located) => carried(content, located))
}

function carried(content: Content, { part }: LocatedPart): CarriedFile {
  const isMessage = part.type === 'message' && part.subtype === 'rfc822' && ['7BIT', '8BIT', 'BINARY'].includes(part.encoding)
  const named = [...decodeParameters(part.disposition?.parameters ?? []), ...decodeParameters(part.parameters)]
  const name = named.find(([key]) => key === 'filename' || key === 'name')?.[1] ?? (isMessage ? 'message.eml' : 'file')
  return {
    name: uploadName(name),
    type: isMessage ? 'message/rfc822' : `${part.type}/${part.subtype}`,
    content: () => decodedPieces(content.range(part.bodyStart, part.bodyEnd), part.encoding),
  }
}
