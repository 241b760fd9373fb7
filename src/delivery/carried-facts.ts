// What a message says of the handling that it wants, and of the marking that it carries from earlier ones. G06, G09
import { keyOf } from '#community/standing.ts'
import type { Originals } from '#delivery/integrity.ts'
import { parseAddressList, soleMailboxes } from '#mail/address-list.ts'
import { addressKey } from '#mail/address.ts'
import { type Field, type Header, fieldText, fieldsNamed } from '#mail/header.ts'
import { decodeWords } from '#mail/words.ts'
import { findQuotedMarkings } from '#policy/quoted-markings.ts'
import type { RecipientFacts, SubmissionFacts } from '#policy/facts.ts'
import { type HandlingAsked, handlingField, nothingAsked, type PassedOn, readHandlingAsked } from '#policy/handling-asked.ts'
import { askedByOthers, whoMayHave } from '#policy/handling-carried.ts'
import { maxHandlingOctets, maxReasonCharacters } from '#policy/limits.ts'
import type { Scheme } from '#policy/schemes.ts'

/** The field that gives the reason for a lower marking; it is taken out of what is delivered. */
export const lowerMarkingField = 'X-CJSM-Lower-Marking'

const noOriginals: Originals = { integrity: null, passedOn: [] }

type CarriedFacts = Pick<SubmissionFacts, 'labelFields' | 'quoted' | 'lowering' | 'handling'>

/** What its own header and text say. */
export function carriedFacts(header: Header, texts: readonly string[], schemes: readonly Scheme[]): CarriedFacts {
  return {
    labelFields: fieldsNamed(header, 'SIO-Label').length,
    quoted: findQuotedMarkings(texts, schemes),
    lowering: fieldsNamed(header, lowerMarkingField).map((field) =>
      decodeWords(fieldText(field).slice(0, 4 * maxReasonCharacters))
        .trim()
        .slice(0, maxReasonCharacters)
        .toWellFormed(),
    ),
    handling: handlingIn(header),
  }
}

/** What a header asks for; null where it asks in more than one field, or in words that are not known. */
export function handlingIn(header: Header): HandlingAsked | null {
  const fields = fieldsNamed(header, handlingField)
  if (fields.length === 0) return nothingAsked
  const [field] = fields
  return fields.length > 1 || field!.body.length > maxHandlingOctets ? null : readHandlingAsked(fieldText(field!), keyOf)
}

/** What the sender of an attached message asked for; null where it asked for nothing. */
export function passedOnIn(header: Header, path: readonly string[]): PassedOn | null {
  if (fieldsNamed(header, handlingField).length === 0) return null
  const [from] = fieldsNamed(header, 'From')
  const keys = from === undefined ? [] : (soleMailboxes(fieldText(from).slice(0, maxHandlingOctets)) ?? []).map(addressKey)
  // Of a field that is not understood the strictest is taken: somebody asked for something.
  const asked = handlingIn(header) ?? { ...nothingAsked, noForwarding: true }
  const messageId = /<[^<>\s]+>/.exec(fieldsNamed(header, 'Message-ID').map(fieldText)[0]?.slice(0, 1000) ?? '')?.[0]
  return { path, from: keys, asked, ...(messageId === undefined ? {} : { messageId }) }
}

/** A recipient, and whether the sender named it where readers were named. */
export function withNamedReader(recipient: RecipientFacts, handling: HandlingAsked | null): RecipientFacts {
  if (handling === null || handling.readers === null) return recipient
  return { ...recipient, isNamedReader: handling.readers.includes(keyOf(recipient.address) ?? '') }
}

/** The recipients whom To and Cc do not name: their copies are blind. RFC 5322 §3.6.3 */
export function blindAmong(header: Header, recipients: readonly string[]): Pick<SubmissionFacts, 'blind'> {
  const seen = new Set(['To', 'Cc'].flatMap((name) => fieldsNamed(header, name)).flatMap(addressesIn))
  const blind = recipients.map((one) => keyOf(one) ?? one).filter((key) => !seen.has(key))
  return blind.length === 0 ? {} : { blind }
}

const addressesIn = (field: Field): string[] =>
  parseAddressList(fieldText(field)).flatMap((one) =>
    one.kind === 'mailbox' && one.address !== null ? [keyOf(one.address) ?? one.address] : [],
  )

/** The facts with what was found of the originals: how quotations compare, what their senders asked, and whom that leaves. G09, G16 */
export function withOriginals(facts: SubmissionFacts, found: Originals | null, nowMs: number): SubmissionFacts {
  const { integrity, passedOn, stopped } = found ?? noOriginals
  const isOwn = ({ from }: PassedOn) => from.some((key) => facts.submitter.mayUse.includes(key))
  // An answer to the submitter says in its own header what they asked themselves.
  const own = new Set(passedOn.filter(isOwn).flatMap(({ messageId }) => messageId ?? []))
  const said = facts.passedOn.filter(({ messageId }) => messageId === undefined || !own.has(messageId))
  const all = { ...facts, integrity, passedOn: [...said, ...passedOn], ...(stopped === undefined ? {} : { stopped }) }
  const others = askedByOthers(all)
  const keys = facts.recipients.map(({ address }) => keyOf(address) ?? address)
  const among = others.map(whoMayHave).filter((one) => one !== null)
  const mayHave = (key: string) => facts.submitter.mayUse.includes(key) || among.every((one) => one.includes(key))
  const recipients =
    among.length === 0 ? facts.recipients : facts.recipients.map((one, at) => ({ ...one, mayHaveOriginal: mayHave(keys[at]!) }))
  const isPast = ({ untilMs }: HandlingAsked) => untilMs !== null && untilMs < nowMs
  const hasEnded =
    (facts.handling !== null && isPast(facts.handling)) ||
    others.some(({ asked, from }) => isPast(asked) && keys.some((key) => !from.includes(key)))
  return { ...all, recipients, ...(hasEnded ? { accessHasEnded: true } : {}) }
}
