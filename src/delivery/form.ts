// Whether a message can be looked through whole: what is over a limit of mail/ was not, so no rule and no scan can vouch for it. T19, RFC 5322 §2.1
import { type Refused, refused } from '#base/faults.ts'
import type { Inspected } from '#delivery/inspect.ts'
import { maxFields, maxHeaderOctets, maxMimeDepth, maxMimeParts } from '#mail/limits.ts'

const tooDeep = refused(
  'T19',
  'message-is-too-deep',
  `the message has more than ${maxMimeDepth} levels of parts in parts, and cannot be looked through`,
  'Attach what it holds as files beside one another.',
)
const tooManyParts = refused(
  'T19',
  'message-has-too-many-parts',
  `the message has more than ${maxMimeParts} parts, and cannot be looked through`,
  'Put the files into one archive, or send several messages.',
)
const tooManyFields = refused(
  'T19',
  'header-has-too-many-fields',
  `the header has more than ${maxFields} fields, and cannot be looked through`,
  'Tell whoever looks after your mail program.',
)
const headerTooLarge = refused(
  'T19',
  'header-is-too-large',
  `a header of the message, or a list in one, is over its limit (${maxHeaderOctets} octets a header), and cannot be looked through`,
  'Name fewer recipients, or tell whoever looks after your mail program.',
)

/** The refusal of a message that is over a limit of its form, or null. */
export function formRefusal({ header, structure }: Inspected): Refused | null {
  if (structure.tooDeep) return tooDeep
  if (structure.tooManyParts) return tooManyParts
  if (structure.headerTooLarge || structure.headerOctets > maxHeaderOctets) return headerTooLarge
  return header.fields.length > maxFields ? tooManyFields : null
}
