// The named alterations of a submission: trace fields in front, Bcc taken out, missing fields supplied, the marking written where it was only in text. RFC 6409 §8, RFC 5321 §4.4, G06
import { newId } from '#base/ids.ts'
import type { Envelope, SubmissionSession } from '#delivery/envelope.ts'
import type { Inspected } from '#delivery/inspect.ts'
import { formatDate } from '#mail/date.ts'
import { editHeader, receivedField } from '#mail/edit.ts'
import { composeField } from '#mail/header.ts'
import type { Decision } from '#policy/decide.ts'
import { writeProtectiveMarking } from '#policy/protective-marking.ts'

/** Who defines the names in the X-Protective-Marking that we write. */
const namespace = 'cjsm'
const removed = new Set(['bcc', 'resent-bcc', 'return-path'])

/** The header as it is delivered, blank line included. */
export function stampedHead(o: {
  inspected: Inspected
  envelope: Envelope
  session: SubmissionSession
  decision: Decision
  atMs: number
  hostName: string
}): Buffer {
  const { header } = o.inspected
  const has = (key: string) => header.fields.some((field) => field.key === key)
  const id = newId(o.atMs)
  const append: Buffer[] = []
  if (!has('date')) append.push(composeField('Date', formatDate(o.atMs)))
  if (!has('message-id')) append.push(composeField('Message-ID', `<${id}@${o.hostName}>`))
  if (!has('to') && !has('cc')) append.push(composeField('To', 'undisclosed-recipients:;'))
  const { writeMarking } = o.decision
  if (writeMarking !== null) append.push(composeField('X-Protective-Marking', writeProtectiveMarking(writeMarking, namespace)))
  return editHeader(header, {
    prepend: [
      composeField('Return-Path', `<${o.envelope.reversePath ?? ''}>`),
      receivedField({ from: o.session.helo, by: o.hostName, protocol: o.session.protocol, tls: o.session.tls, id, atMs: o.atMs }),
    ],
    remove: (field) => removed.has(field.key),
    append,
  })
}
