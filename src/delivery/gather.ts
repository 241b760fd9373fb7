// Gathers the facts that the rules ask for: who submits, for whom, to whom, and what the message says of itself.
import { type Standing, keyOf } from '#community/standing.ts'
import type { Envelope } from '#delivery/envelope.ts'
import type { Inspected } from '#delivery/inspect.ts'
import type { SignedIn } from '#identity/sign-in.ts'
import { soleMailboxes } from '#mail/address-list.ts'
import { addressKey } from '#mail/address.ts'
import { type Header, fieldText, fieldsNamed } from '#mail/header.ts'
import type { RecipientFacts, SubmissionFacts } from '#policy/facts.ts'
import { findMarkings, isReply } from '#policy/find-markings.ts'
import { gpms, gsc } from '#policy/schemes.ts'

const schemes = [gpms, gsc]

export function gatherFacts(
  who: SignedIn,
  organisation: { name: string; adopter: boolean } | null,
  envelope: Envelope,
  standings: ReadonlyMap<string, Standing>,
  { header, texts }: Inspected,
): SubmissionFacts {
  return {
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
    recipients: envelope.recipients.map(
      (one): RecipientFacts => ({
        address: one.address,
        standing: standings.get(keyOf(one.address) ?? '')?.standing ?? 'unknown',
      }),
    ),
    markings: findMarkings(header, texts, schemes),
    protectiveMarkingFields: fieldsNamed(header, 'X-Protective-Marking').length,
    isReply: isReply(header),
  }
}

/** The address keys of the one field of a name; null where there is not exactly one, or it can be read in two ways. */
function soleKeys(header: Header, name: string): string[] | null {
  const fields = fieldsNamed(header, name)
  return fields.length === 1 ? (soleMailboxes(fieldText(fields[0]!))?.map(addressKey) ?? null) : null
}
