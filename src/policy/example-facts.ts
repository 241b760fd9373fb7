// Facts of a submission that nothing refuses: what examples and tests begin with. G03, G05.
import type { FoundMarking, SubmissionFacts } from '#policy/facts.ts'
import { nothingAsked } from '#policy/handling-asked.ts'
import { readMarkingLine } from '#policy/read-marking.ts'
import { shippedSchemes } from '#policy/schemes.ts'
import { noWording } from '#policy/signature-block.ts'

export const ownAddress = 'jane@firm.cjsm.test'

/** A non-adopter's unmarked message to nobody yet. */
export const plainFacts: SubmissionFacts = {
  submitter: { address: ownAddress, mayUse: [ownAddress], organisation: 'Firm', adopter: false },
  reversePath: ownAddress,
  from: [ownAddress],
  fromFields: 1,
  sender: null,
  senderFields: 0,
  recipients: [],
  markings: [],
  attached: [],
  unread: [],
  unscannable: [],
  protectiveMarkingFields: 0,
  labelFields: 0,
  quoted: [],
  lowering: [],
  handling: nothingAsked,
  passedOn: [],
  wording: noWording,
  block: 'present',
  integrity: null,
  automation: { kind: 'none', matched: '' },
  permit: null,
  release: null,
  isReply: false,
  isForward: false,
}

export const adopter = { ...plainFacts.submitter, adopter: true }

/** A found marking, read from the line as it would stand in that carrier; throws where the line is no marking. */
export function found(
  carrier: FoundMarking['carrier'],
  line: string,
  origin: FoundMarking['origin'] = 'originated',
): FoundMarking {
  const marking = readMarkingLine(line, { schemes: shippedSchemes, standsAlone: true })
  if (marking === null) throw new Error(`no marking: ${line}`)
  return { marking, carrier, origin, line }
}
