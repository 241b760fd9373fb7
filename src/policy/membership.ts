// Who may be written to: members of the community, and nobody else. G01, G02.
import type { RecipientFacts } from '#policy/facts.ts'
import { allowed, refuse, type Verdict } from '#policy/verdict.ts'

/** G01: the address is somebody's. */
export function recipientIsKnown(recipient: RecipientFacts): Verdict {
  if (recipient.standing !== 'unknown') return allowed
  return refuse(
    'G01',
    'recipient-is-unknown',
    recipient.address,
    'There is no such address in the community. Look it up in the directory, or ask its organisation.',
  )
}

/** G02: the address was not removed; a removed one is never given to somebody else. */
export function recipientIsNotRemoved(recipient: RecipientFacts): Verdict {
  if (recipient.standing !== 'removed') return allowed
  return refuse(
    'G02',
    'recipient-is-removed',
    recipient.address,
    'This address is no longer in use. Ask its organisation who has taken over, and write to them.',
  )
}

/** G01: the address is inside the community; G15 says how others may be reached. */
export function recipientIsInside(recipient: RecipientFacts): Verdict {
  if (recipient.standing !== 'outside') return allowed
  return refuse(
    'G01',
    'recipient-is-outside-the-community',
    recipient.address,
    'Only members can be written to. G15 says when others may have it: use a suitably secure channel of your own.',
  )
}

/** G01: the address is one that this service delivers to itself; mail is not yet relayed to servers of member organisations. */
export function recipientIsDeliveredHere(recipient: RecipientFacts): Verdict {
  if (recipient.standing !== 'server-organisation') return allowed
  return refuse(
    'G01',
    'recipient-is-at-a-server-organisation',
    recipient.address,
    'The address is right, but mail is not relayed to its organisation’s own server yet. Reach them another way.',
  )
}
