// What must be known of a message that names somebody outside the community: gathered for such a one only. G15
import type { AttachedFacts } from '#delivery/gather.ts'
import type { Inspected } from '#delivery/inspect.ts'
import { contentsOf, fileName } from '#mail/documents/message.ts'
import { type Header, fieldText, fieldsNamed } from '#mail/header.ts'
import { isMessage, type Part } from '#mail/part.ts'
import { decodeWords } from '#mail/words.ts'
import type { Automation } from '#policy/automation.ts'
import { isReply } from '#policy/find-markings.ts'
import { quotesSomething } from '#policy/integrity.ts'
import { maxReasonCharacters } from '#policy/limits.ts'
import { readRelease, type ReleaseFacts, releaseField } from '#policy/release.ts'

/** Fields that programs and servers write when a rule of somebody's forwards a message. */
const forwarding = new Set([
  'autoforwarded',
  'x-autoforward',
  'x-forwarded-for',
  'x-forwarded-to',
  'x-ms-exchange-inbox-rules-loop',
  'x-ms-exchange-generated-message-source',
  'x-sieve-redirected-from',
])
/** A text that is longer is not read whole, and may quote anything. */
const mostTextOctets = 16 * 1024

/** Gathers what the rules about somebody outside ask for; never throws. */
export function releaseFacts(
  { header, structure, texts, textParts }: Inspected,
  { answers = [] }: Pick<AttachedFacts, 'answers'>,
  automation: Automation,
  channels: readonly string[],
): ReleaseFacts {
  const isLong = textParts.some(({ bodyStart, bodyEnd }) => bodyEnd - bodyStart > mostTextOctets)
  const signatures = signaturesIn(structure.root)
  return {
    declared: declaredIn(header),
    attachments: contentsOf(structure.root)
      .attached.filter(({ part }) => !signatures.includes(part))
      .map(({ part, path }) => [...path, fileName(part) ?? (isMessage(part) ? 'attached message' : '')]),
    answers,
    // What HTML quotes by its look alone is not found in its text; and a second text of the message is what a program forwarded inline.
    quotes:
      isLong ||
      textsShown(structure.root, textParts) > 1 ||
      texts.some(quotesSomething) ||
      (isReply(header) && textParts.some(({ subtype }) => subtype === 'html')),
    forwardedBy: forwardedBy(header, automation),
    channels,
  }
}

function declaredIn(header: Header): ReleaseFacts['declared'] {
  return fieldsNamed(header, releaseField)
    .slice(0, 2)
    .map((field) => readRelease(decodeWords(fieldText(field).slice(0, 4 * maxReasonCharacters)).toWellFormed()))
}

/** The field by which a machine says that it sends or passes this on; null where none does. */
function forwardedBy(header: Header, { kind, matched }: Automation): string | null {
  if (kind !== 'none') return matched
  return header.fields.find(({ key }) => forwarding.has(key))?.fieldName ?? null
}

/** The second parts of multipart/signed that are signatures: anywhere else it is a file that only says so. RFC 1847 §2.1 */
function signaturesIn({ type, subtype, parts }: Part): Part[] {
  if (type !== 'multipart') return []
  const own = subtype === 'signed' ? parts.slice(1, 2).filter(isSignature) : []
  return [...own, ...parts.flatMap(signaturesIn)]
}

const isSignature = ({ type, subtype }: Part) => type === 'application' && /^(?:(?:x-)?pkcs7|pgp)-signature$/.test(subtype)

/** How many of the message's own texts a reader sees one after another: of alternatives one. */
function textsShown(part: Part, texts: readonly Part[]): number {
  if (part.type !== 'multipart') return texts.includes(part) ? 1 : 0
  const below = part.parts.map((child) => textsShown(child, texts))
  return below.reduce((most, count) => (part.subtype === 'alternative' ? Math.max(most, count) : most + count), 0)
}
