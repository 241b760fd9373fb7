// What the page of one message is given: plain data, every text of strangers made harmless.
import type { Body, LocatedPart } from '#mail/display.ts'
import { linkify, type Segment } from '#mail/display-links.ts'
import type { EnvelopeAddress, ImapEnvelope } from '#mail/envelope.ts'
import { parseDate } from '#mail/date.ts'
import { decodeWords } from '#mail/words.ts'
import { type Handling, type TakenAs, consultTheSender, handlingOf } from '#policy/handling.ts'
import { type HandlingAsked, nothingAsked, sentencesOfAsked } from '#policy/handling-asked.ts'
import { type Scheme, shippedSchemes } from '#policy/schemes.ts'
import { plainText } from '#web/format.ts'
import { maxShownPeople } from '#web/limits.ts'
import { damaged } from '#web/webmail/message/frame.ts'
import type { ShownText } from '#web/webmail/message/read.ts'

export interface Person {
  /** As they call themselves, or null. */
  readonly name: string | null
  /** Null for the name of a group. */
  readonly address: string | null
}

export interface PeopleList {
  readonly shown: readonly Person[]
  /** How many more there are. */
  readonly more: number
}

/** One text of the message: in a frame of its own, or as plain text. */
export type ShownBody =
  | { readonly kind: 'frame'; readonly path: string; readonly height: 'short' | 'medium' | 'tall' }
  | { readonly kind: 'text'; readonly path: string; readonly segments: readonly Segment[]; readonly told: readonly string[] }

export interface MessageHead {
  readonly subject: string
  readonly from: PeopleList
  /** Who sent it for those it is from, or null (RFC 5322 §3.6.2). */
  readonly sentBy: Person | null
  /** Where answers go, when elsewhere than to whom it is from. */
  readonly replyTo: PeopleList | null
  readonly to: PeopleList
  readonly cc: PeopleList
  readonly bcc: PeopleList
  /** As its Date field says, or null. */
  readonly dateMs: number | null
  readonly dateIso: string
  readonly handling: Handling & { readonly consult: string }
}

/** The head of a message; `marking`, what it is `takenAs` and what is `asked` are its summary's, the `schemes` its sender's (G08). */
export function headOf(
  envelope: ImapEnvelope,
  marking: string | null,
  asked: HandlingAsked = nothingAsked,
  schemes: readonly Scheme[] = shippedSchemes,
  takenAs: TakenAs | null = null,
): MessageHead {
  const handling = handlingOf(marking, schemes, takenAs)
  const from = peopleOf(envelope.from)
  const [sender] = peopleOf(envelope.sender).shown
  const isOther = sender !== undefined && !isSame(peopleOf(envelope.sender), from)
  const replyTo = peopleOf(envelope.replyTo)
  const dateMs = envelope.date === null ? null : parseDate(envelope.date)
  return {
    subject: plainText(decodeWords(envelope.subject ?? '')) || 'No subject',
    from,
    sentBy: isOther ? sender : null,
    replyTo: isSame(replyTo, from) || replyTo.shown.length === 0 ? null : replyTo,
    to: peopleOf(envelope.to),
    cc: peopleOf(envelope.cc),
    bcc: peopleOf(envelope.bcc),
    dateMs,
    dateIso: dateMs === null ? '' : new Date(dateMs).toISOString(),
    handling: { ...handling, sentences: [...handling.sentences, ...sentencesOfAsked(asked)], consult: consultTheSender },
  }
}

/** A plain text as a body of the page. */
export function textBody(path: string, read: ShownText, isOfHtml: boolean): ShownBody {
  const told = [
    ...(read.damaged ? [damaged] : []),
    ...(read.cut
      ? ['Only the beginning of this text is shown: it is very long. Download the whole message to read the rest.']
      : []),
    ...(isOfHtml ? ['This is the text of a message with formatting.'] : []),
  ]
  return { kind: 'text', path, segments: linkify(read.text), told }
}

/** An HTML text as a frame whose height suits how much there is of it. */
export function frameBody({ path, part }: LocatedPart): ShownBody {
  const octets = part.bodyEnd - part.bodyStart
  return { kind: 'frame', path, height: octets < 1500 ? 'short' : octets < 6000 ? 'medium' : 'tall' }
}

/** Whether any text of a message is in HTML, so that there is a choice. */
export const hasHtml = (bodies: readonly Body[]) => bodies.some((body) => body.html !== null)

function peopleOf(list: readonly EnvelopeAddress[]): PeopleList {
  const people = list.map(personOf).filter((person) => person !== null)
  return { shown: people.slice(0, maxShownPeople), more: Math.max(0, people.length - maxShownPeople) }
}

/** A group's end is nobody; its start is its name. */
function personOf({ name, mailbox, host }: EnvelopeAddress): Person | null {
  if (mailbox === null) return null
  if (host === null) return { name: plainText(decodeWords(mailbox), 200) || 'A group', address: null }
  const shown = name === null ? '' : plainText(decodeWords(name), 200)
  return { name: shown === '' ? null : shown, address: plainText(`${mailbox}@${host}`, 320) }
}

function isSame(one: PeopleList, other: PeopleList): boolean {
  const key = ({ shown }: PeopleList) =>
    shown
      .map((person) => person.address?.toLowerCase() ?? '')
      .sort()
      .join('\n')
  return key(one) === key(other)
}
