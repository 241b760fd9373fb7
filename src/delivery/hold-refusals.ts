// What is answered about held messages that cannot be decided about, and what their senders are told of those that nobody gets. T19
import { type Refused, refused } from '#base/faults.ts'
import type { HeldAbout } from '#delivery/hold.ts'
import type { HoldState } from '#delivery/holds.sql.ts'

export const noSuchHold = refused('T19', 'no-such-hold', 'there is no such held message', 'Look at the list of held messages.')
export const wasDecided = refused(
  'T19',
  'hold-was-decided',
  'somebody has decided about this message already',
  'Nothing was changed. Look at it again.',
)
export const isOwnMessage = refused(
  'T19',
  'hold-is-of-ones-own',
  'you sent this message yourself',
  'Another officer of the Helpdesk decides about it; you may withdraw it.',
)
export const isToOneself = refused(
  'T19',
  'hold-is-to-oneself',
  'it is addressed to you',
  'Another officer of the Helpdesk decides about it.',
)
export const isBroken = refused(
  'T19',
  'hold-is-broken',
  'what is stored of it is damaged, and it cannot be released',
  'Tell the operator: ./cjsm verify --all names what is damaged, a backup may have it whole, and ./cjsm hold refuse ends it.',
)
export const scannerIsAway = refused(
  'T19',
  'scanner-is-away',
  'the virus scanner does not answer, and nothing is released without it',
  'The message stays held. Try again later.',
)
export const senderIsSuspended = refused(
  'G02',
  'sender-is-suspended',
  'its sender may not send at present',
  'The message stays held. Release it when they may send again, or refuse it.',
)
const sendPlain = 'Send the files themselves, without encryption, or in smaller archives (zip), or ask the Helpdesk.'

/** What the sender is told of a held message that nobody gets; `reason` is the officer's. */
export function refusalOf(state: Exclude<HoldState, 'held' | 'released'>, { why }: HeldAbout, reason: string): Refused {
  const { clause } = why
  const remedy = why.reason === isBroken.reason ? 'Send it again.' : sendPlain
  if (state === 'expired')
    return refused(clause, 'hold-expired', `${why.about}; it was held, and nobody decided about it in time`, remedy)
  if (state === 'withdrawn') return refused(clause, 'hold-was-withdrawn', 'its sender withdrew it', '')
  return refused(clause, 'hold-was-refused', `${why.about}; the Helpdesk did not release it: ${reason}`, remedy)
}
