// The marking written into every header field that is to carry it, in its sender's scheme; what stood there before is kept beside it. G06, G09, RFC 7444
import { lowerMarkingField } from '#delivery/carried-facts.ts'
import { formatDate } from '#mail/date.ts'
import { type Field, composeField, type Header } from '#mail/header.ts'
import type { Part } from '#mail/part.ts'
import { encodeWords } from '#mail/words.ts'
import { carriersToWrite } from '#policy/carriers.ts'
import type { Decision } from '#policy/decide.ts'
import { type MarkingMap, mappedMarkings } from '#policy/marking-map.ts'
import { markingWords } from '#policy/marking.ts'
import { releaseField } from '#policy/release.ts'
import type { Scheme } from '#policy/schemes.ts'
import { writeLabelHistory } from '#policy/sio-label.ts'

/** Where a field that is changed stands as it was: `X-Original-Subject`. */
const originalName = (fieldName: string) => `X-Original-${fieldName}`
/** What the operator's table makes of the marking in other schemes; nobody reads it as this message's own. */
export const mappedField = 'X-CJSM-Mapped-Marking'
/** Fields for us alone, or that only we write. */
const ours = new Set([lowerMarkingField.toLowerCase(), mappedField.toLowerCase(), releaseField.toLowerCase()])

/** How a header changes: what goes, what is put in the place of a field, what is added. */
export interface HeaderMarks {
  readonly removes: (field: Field) => boolean
  readonly replace: (field: Field) => Buffer | null
  readonly append: readonly Buffer[]
}

/** The changes that write a decision's marking into a header; a signed or encrypted message keeps its subject. */
export function headerMarks(o: {
  header: Header
  root: Part
  decision: Pick<Decision, 'writeMarking' | 'lowered'>
  schemes: readonly Scheme[]
  map: MarkingMap
  atMs: number
  hostName: string
}): HeaderMarks {
  const { header, decision } = o
  const marking = decision.writeMarking
  if (marking === null) return { removes: (field) => ours.has(field.key), replace: () => null, append: [] }
  const write = carriersToWrite(header, marking, o.schemes)
  const tag = isSealedBySender(o.root) ? null : write.subjectTag
  const goes = new Set(ours)
  if (write.protectiveMarking !== null) goes.add('x-protective-marking')
  if (write.label !== null) goes.add('sio-label')
  const kept = header.fields.filter(({ key }) => !ours.has(key) && (goes.has(key) || (tag !== null && key === 'subject')))
  const append = [
    ...kept.map(renamed),
    ...fieldOf('X-Protective-Marking', write.protectiveMarking),
    ...fieldOf('SIO-Label', write.label),
  ]
  if (write.label !== null) {
    const comment = decision.lowered === null ? 'written to every carrier by the service' : 'lowered by the sender, with a reason'
    const before = decision.lowered === null ? write.labelBefore : markingWords(decision.lowered.from)
    const change = { before, after: marking, by: o.hostName, at: formatDate(o.atMs), comment }
    append.push(composeField('SIO-Label-History', writeLabelHistory(change)))
  }
  for (const mapped of mappedMarkings(marking, o.map))
    append.push(composeField(mappedField, encodeWords(`${mapped.scheme} ${mapped.level}`)))
  if (tag !== null && !header.fields.some(({ key }) => key === 'subject')) append.push(composeField('Subject', encodeWords(tag)))
  return {
    removes: (field) => goes.has(field.key),
    replace: (field) => (tag !== null && field.key === 'subject' ? withTag(field, tag) : null),
    append,
  }
}

function fieldOf(name: string, value: string | null): Buffer[] {
  return value === null ? [] : [composeField(name, value)]
}

/** What is signed or encrypted as a whole may hold its subject too (RFC 8551): the two must not differ. */
function isSealedBySender({ type, subtype }: Part): boolean {
  if (type === 'multipart') return subtype === 'signed' || subtype === 'encrypted'
  return type === 'application' && /^(?:x-)?pkcs7-mime$/.test(subtype)
}

/** The same octets under the name that says that they are the original's. */
function renamed({ fieldName, raw }: Field): Buffer {
  const whole = Buffer.concat([Buffer.from(originalName(fieldName)), raw.subarray(fieldName.length)])
  return whole.at(-1) === 0x0a ? whole : Buffer.concat([whole, Buffer.from('\r\n')])
}

/** The field with a tag at its head, where base subjects leave it out (RFC 5256 §2.1), on a line of its own: not one octet of the rest changes. */
function withTag({ fieldName, raw }: Field, tag: string): Buffer {
  let at = raw.indexOf(0x3a, fieldName.length) + 1
  while (at < raw.length && [0x20, 0x09, 0x0d, 0x0a].includes(raw[at]!)) at++
  const head = composeField(fieldName, encodeWords(tag))
  if (at === raw.length) return head
  const rest = raw.subarray(at)
  return Buffer.concat([head, Buffer.from(' '), rest, ...(rest.at(-1) === 0x0a ? [] : [Buffer.from('\r\n')])])
}
