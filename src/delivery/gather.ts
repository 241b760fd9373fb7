// Gathers the facts that the rules ask for: who submits, for whom, to whom, and what the message says of itself.
import type { FoundOrganisation } from '#community/organisations.ts'
import { type Standing, keyOf } from '#community/standing.ts'
import { blockStanding } from '#delivery/closing.ts'
import { blindAmong, carriedFacts, withNamedReader } from '#delivery/carried-facts.ts'
import type { Envelope } from '#delivery/envelope.ts'
import type { Inspected } from '#delivery/inspect.ts'
import { releaseFacts } from '#delivery/release-facts.ts'
import type { SignedIn } from '#identity/sign-in.ts'
import { soleMailboxes } from '#mail/address-list.ts'
import { addressKey } from '#mail/address.ts'
import { type Header, fieldText, fieldsNamed } from '#mail/header.ts'
import { automationOf, type PermitFacts } from '#policy/automation.ts'
import type { AttachedMarking, RecipientFacts, SubmissionFacts, UnreadAttachment, Unscannable } from '#policy/facts.ts'
import { findMarkings, isForward, namesAnEarlier } from '#policy/find-markings.ts'
import type { PassedOn } from '#policy/handling-asked.ts'
import { type MarkingSet, shippedSet } from '#policy/marking-set.ts'
import { noWording } from '#policy/signature-block.ts'

/** What delivery/documents.ts found in the attachments. */
export interface AttachedFacts {
  readonly markings: readonly AttachedMarking[]
  readonly unread: readonly UnreadAttachment[]
  /** Archives that could not be counted; left out for none. */
  readonly unscannable?: readonly Unscannable[]
  /** What the senders of attached messages asked for. */
  readonly passedOn: readonly PassedOn[]
  /** Attached messages that answer others; left out for none. */
  readonly answers?: readonly (readonly string[])[]
}

export const nothingAttached: AttachedFacts = { markings: [], unread: [], passedOn: [] }

export function gatherFacts(
  who: SignedIn,
  organisation: FoundOrganisation | null,
  envelope: Envelope,
  standings: ReadonlyMap<string, Standing>,
  inspected: Inspected,
  attached: AttachedFacts = nothingAttached,
  permit: PermitFacts | null = null,
  markings: MarkingSet = shippedSet,
  channels: readonly string[] = [],
): SubmissionFacts {
  const schemes = markings.schemesFor(organisation?.name ?? '')
  const { header, texts } = inspected
  const automation = automationOf(header, inspected.structure.root, envelope.recipients.length)
  const carried = carriedFacts(header, texts, schemes)
  const recipients = envelope.recipients.map(
    (one): RecipientFacts =>
      withNamedReader(
        {
          address: one.address,
          standing: standings.get(keyOf(one.address) ?? '')?.standing ?? 'unknown',
        },
        carried.handling,
      ),
  )
  const isForOutside = recipients.some(({ standing }) => standing === 'outside')
  return {
    ...carried,
    ...(carried.handling?.readers == null
      ? {}
      : blindAmong(
          header,
          envelope.recipients.map(({ address }) => address),
        )),
    passedOn: attached.passedOn,
    submitter: {
      address: who.address,
      mayUse: who.mayUse,
      organisation: organisation?.name ?? '',
      adopter: organisation?.adopter ?? false,
    },
    reversePath: envelope.reversePath === null ? null : (keyOf(envelope.reversePath) ?? envelope.reversePath),
    from: soleKeys(header, 'From'),
    fromFields: fieldsNamed(header, 'From').length,
    sender: soleKeys(header, 'Sender'),
    senderFields: fieldsNamed(header, 'Sender').length,
    recipients,
    markings: findMarkings(header, texts, schemes),
    attached: attached.markings,
    unread: attached.unread,
    unscannable: attached.unscannable ?? [],
    protectiveMarkingFields: fieldsNamed(header, 'X-Protective-Marking').length,
    wording: organisation?.wording ?? noWording,
    block: blockStanding(inspected, who.mayUse, automation),
    integrity: null,
    automation,
    permit,
    release: isForOutside ? releaseFacts(inspected, attached, automation, channels) : null,
    isReply: namesAnEarlier(header),
    isForward: isForward(header),
  }
}

/** The address keys of the one field of a name; null where there is not exactly one, or it can be read in two ways. */
function soleKeys(header: Header, name: string): string[] | null {
  const fields = fieldsNamed(header, name)
  return fields.length === 1 ? (soleMailboxes(fieldText(fields[0]!))?.map(addressKey) ?? null) : null
}
