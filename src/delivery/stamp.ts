// The named alterations of a submission: trace fields in front, Bcc taken out, missing fields supplied, the marking written to every carrier. RFC 6409 §8, RFC 5321 §4.4, G06
import { newId } from '#base/ids.ts'
import type { Envelope, SubmissionSession } from '#delivery/envelope.ts'
import type { Inspected } from '#delivery/inspect.ts'
import { headerMarks } from '#delivery/mark.ts'
import { formatDate } from '#mail/date.ts'
import { editHeader, receivedField } from '#mail/edit.ts'
import { composeField } from '#mail/header.ts'
import { encodeWords } from '#mail/words.ts'
import type { Decision } from '#policy/decide.ts'
import { handlingField } from '#policy/handling-asked.ts'
import { type MarkingMap, shippedMap } from '#policy/marking-map.ts'
import { type Scheme, shippedSchemes } from '#policy/schemes.ts'

/** What could not be looked into is said in a field of its own: the subject is the sender's. T19 */
export const notLookedIntoField = 'X-CJSM-Not-Looked-Into'

/** What only the service may say is taken out, too. */
const removed = new Set(['bcc', 'resent-bcc', 'return-path', 'x-cjsm-integrity', notLookedIntoField.toLowerCase()])

/** The header as it is delivered, blank line included. */
export function stampedHead(o: {
  inspected: Inspected
  envelope: Envelope
  session: SubmissionSession
  decision: Decision
  atMs: number
  hostName: string
  schemes?: readonly Scheme[]
  map?: MarkingMap
}): Buffer {
  const { header, structure } = o.inspected
  const marks = headerMarks({
    ...o,
    header,
    root: structure.root,
    schemes: o.schemes ?? shippedSchemes,
    map: o.map ?? shippedMap,
  })
  const has = (key: string) => header.fields.some((field) => field.key === key)
  const id = newId(o.atMs)
  const append: Buffer[] = []
  if (!has('date')) append.push(composeField('Date', formatDate(o.atMs)))
  if (!has('message-id')) append.push(composeField('Message-ID', `<${id}@${o.hostName}>`))
  if (!has('to') && !has('cc')) append.push(composeField('To', 'undisclosed-recipients:;'))
  const { integrity, notLookedInto, writeHandling } = o.decision
  if (writeHandling) append.push(composeField(handlingField, writeHandling))
  if (notLookedInto !== null) append.push(composeField(notLookedIntoField, encodeWords(notLookedInto.replaceAll('›', '>'))))
  if (integrity !== null) append.push(composeField('X-CJSM-Integrity', `${integrity.verdict}; original=${integrity.original}`))
  append.push(...marks.append)
  return editHeader(header, {
    prepend: [
      composeField('Return-Path', `<${o.envelope.reversePath ?? ''}>`),
      receivedField({ from: o.session.helo, by: o.hostName, protocol: o.session.protocol, tls: o.session.tls, id, atMs: o.atMs }),
    ],
    remove: (field) =>
      removed.has(field.key) || (writeHandling !== null && field.key === handlingField.toLowerCase()) || marks.removes(field),
    replace: marks.replace,
    append,
  })
}
