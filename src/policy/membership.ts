// Who may be written to: members of the community; release.ts says when somebody outside may be. G01, G02.
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
