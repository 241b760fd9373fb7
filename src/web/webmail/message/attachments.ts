// A message's attachments as they are listed: a harmless name, what the file truly is, its size, and a warning where name and file differ.
import { decodeTransfer } from '#mail/decode.ts'
import { decodedOctets, type Display, type LocatedPart, nestedIn } from '#mail/display.ts'
import { fileNameOf, safeFileName } from '#mail/display-text.ts'
import { leadingOctetsNeeded, nameMisleads, type TrueType, trueTypeOf } from '#mail/display-type.ts'
import { decodeWords } from '#mail/words.ts'
import type { Content } from '#mailbox/open.ts'
import { sizeText } from '#base/size-text.ts'
import { maxTypedAttachments } from '#web/limits.ts'
import { leadingOctets } from '#web/webmail/message/read.ts'

export interface ListedAttachment {
  readonly path: string
  readonly name: string
  /** What it is, in words. */
  readonly noun: string
  readonly size: string
  /** What to beware of, or null. */
  readonly warning: string | null
  readonly isMessage: boolean
}

/** The endings of parts that have no name of their own. */
const endings = new Map([
  ['text/plain', '.txt'],
  ['text/html', '.html'],
  ['text/calendar', '.ics'],
  ['message/rfc822', '.eml'],
  ['message/global', '.eml'],
  ['message/delivery-status', '.txt'],
  ['image/png', '.png'],
  ['image/jpeg', '.jpg'],
  ['image/gif', '.gif'],
  ['application/pdf', '.pdf'],
])

/** Lists attachments, with the true types of the first fifty. */
export async function listAttachments(content: Content, { attachments }: Display): Promise<ListedAttachment[]> {
  const listed: ListedAttachment[] = []
  for (const [index, located] of attachments.entries()) {
    const name = nameOf(located)
    const isMessage = nestedIn(located) !== null
    const type = isMessage || index >= maxTypedAttachments ? null : await trueTypeIn(content, located, name)
    listed.push({
      path: located.path,
      name,
      noun: isMessage ? 'Message' : (type?.noun ?? 'File'),
      size: sizeText(decodedOctets(located.part)),
      warning: type === null ? null : warningOf(type, name),
      isMessage,
    })
  }
  return listed
}

/** The name under which a part is shown and saved. */
export function nameOf({ path, part }: LocatedPart): string {
  const given = fileNameOf(part)
  if (given !== null) return given
  const ending = endings.get(`${part.type}/${part.subtype}`) ?? ''
  const subject = part.envelope?.subject ?? null
  const called = subject === null ? null : safeFileName(decodeWords(subject))
  return `${called ?? `attachment-${path.replaceAll('.', '-')}`}${ending}`
}

/** What a part is, by its first octets. */
export async function trueTypeIn(content: Content, located: LocatedPart, name: string): Promise<TrueType> {
  // Encoded octets are up to three times as many, and lines of a text may be few.
  const raw = await leadingOctets(content, located, 3 * leadingOctetsNeeded)
  return trueTypeOf(decodeTransfer(raw, located.part.encoding), name)
}

function warningOf(type: TrueType, name: string): string | null {
  if (nameMisleads(type, name))
    return `The name of this file does not fit what it is. It is: ${type.noun}. Do not open it unless you know why.`
  return type.runs ? 'This is a program: it would run when you open it. Do not open it unless you know why.' : null
}
