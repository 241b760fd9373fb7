// Every marking that a submitted message bears in its own header, subject and body text, as facts for the rules. G05, G06, G07.
import { type Field, fieldsNamed, fieldText, type Header } from '#mail/header.ts'
import { decodeWords } from '#mail/words.ts'
import { quotesLineByLine } from '#policy/banner-lines.ts'
import { firstOctets, lastOctets } from '#policy/field-ends.ts'
import type { Carrier, FoundMarking } from '#policy/facts.ts'
import { maxMarkingCharacters, maxMarkingFields, maxTexts, subjectEndOctets } from '#policy/limits.ts'
import { highestMarking, type Marking } from '#policy/marking.ts'
import { readBannerMarkings, readMarkingHeader, readSubjectMarking } from '#policy/read-marking.ts'
import type { Scheme } from '#policy/schemes.ts'
import { isAnswerSubject } from '#policy/subject-edges.ts'

/**
 * A message's markings, from its header and the text of its body alternatives (HTML as text): the header's first, then subject,
 * then banners.
 */
export function findMarkings(header: Header, texts: readonly string[], schemes: readonly Scheme[]): FoundMarking[] {
  const subjects = fieldsNamed(header, 'subject').slice(0, maxMarkingFields).map(decodedEnds)
  const isAnswer = isReply(header) || subjects.some(isAnswerSubject)
  const inHeader = readMarkingHeader(header, schemes)
  return [
    ...(inHeader === null ? [] : [foundMarking(inHeader.marking, inHeader.carrier, false)]),
    ...subjects.flatMap((subject) => {
      const read = readSubjectMarking(subject, schemes)
      return read === null ? [] : [foundMarking(read.marking, 'subject', read.inherited)]
    }),
    ...texts.slice(0, maxTexts).flatMap((text) => findBanner(text, isAnswer, schemes)),
  ]
}

/** Whether the header says that the message answers another (RFC 5322 §3.6.4). */
export function isReply(header: Header): boolean {
  return header.fields.some((field) => field.key === 'in-reply-to' || field.key === 'references')
}

/** Whether the header names a message that this one answers or, as Thunderbird writes it, passes on. */
export function namesAnEarlier(header: Header): boolean {
  return isReply(header) || fieldsNamed(header, 'X-Forwarded-Message-Id').length > 0
}

/** Whether a subject says that the message passes another on. */
export function isForward(header: Header): boolean {
  return fieldsNamed(header, 'subject')
    .slice(0, maxMarkingFields)
    .some((subject) => /^\s*fwd?\s*:/i.test(decodedEnds(subject)))
}

/**
 * The last line of an answer that quotes nothing visibly may be the original's: only one that is certainly the writer's own is
 * originated.
 */
function findBanner(text: string, isAnswer: boolean, schemes: readonly Scheme[]): FoundMarking[] {
  const isUncertain = isAnswer && !quotesLineByLine(text)
  const found = readBannerMarkings(text, schemes).map(({ marking, where, inherited }) =>
    foundMarking(marking, 'banner', inherited || (isUncertain && where === 'last-line')),
  )
  // Of each origin the highest: what came with an original hides nothing of the writer's own.
  return (['originated', 'inherited'] as const).flatMap((origin) => {
    const ofOrigin = found.filter((one) => one.origin === origin)
    const highest = highestMarking(ofOrigin.map(({ marking }) => marking))
    return ofOrigin.filter(({ marking }) => marking === highest).slice(0, 1)
  })
}

function foundMarking(marking: Marking, carrier: Carrier, inherited: boolean): FoundMarking {
  const origin = inherited ? 'inherited' : 'originated'
  return { marking, carrier, origin, line: marking.written.slice(0, maxMarkingCharacters) }
}

/** A subject decoded, of a very long one only both ends. */
function decodedEnds(subject: Field): string {
  if (subject.body.length <= 2 * subjectEndOctets) return decodeWords(fieldText(subject))
  return [firstOctets(subject, subjectEndOctets), lastOctets(subject, subjectEndOctets)]
    .map((end) => decodeWords(fieldText(end)))
    .join('')
}
