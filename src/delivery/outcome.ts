// What becomes of each recipient when the mailboxes are locked: delivered, or refused after all. G02, G20
import { type Refused, refused } from '#base/faults.ts'
import type { EnvelopeRecipient } from '#delivery/envelope.ts'
import type { HolderState } from '#identity/accounts.ts'
import { suspended } from '#identity/sign-in.ts'
import type { LockedTargets } from '#mailbox/deliver.ts'
import type { Held } from '#policy/verdict.ts'

/** A recipient that the rules admitted, with the holder whose INBOX it is. */
export interface MemberRecipient extends EnvelopeRecipient {
  readonly holder: string
}

export type Outcome =
  | { readonly kind: 'delivered'; readonly recipient: MemberRecipient }
  | { readonly kind: 'refused'; readonly recipient: EnvelopeRecipient; readonly refusal: Refused }
  /** A person decides, until then at the latest. */
  | { readonly kind: 'held'; readonly recipient: MemberRecipient; readonly why: Held; readonly untilMs: number }

export interface HolderFacts {
  readonly state: HolderState
  readonly quotaOctets: number
}

export const sendingIsSuspended = refused(
  'G02',
  'sending-is-suspended',
  'sending from this account is suspended',
  'You can go on reading. Ask your organisation’s administrator or the Helpdesk.',
)

/** Why a submitter in that state does not send, or null. */
export function whyNotSending(state: HolderState | undefined): Refused | null {
  if (state === 'active') return null
  return state === 'sending-suspended' ? sendingIsSuspended : suspended
}

const removed = (address: string) =>
  refused(
    'G02',
    'recipient-is-removed',
    `${address} is no longer in use`,
    'Ask its organisation who has taken over, and write to them.',
  )
export const overQuota = (address: string) =>
  refused('G20', 'over-quota', `the mailbox of ${address} is full`, 'Try again later, or telephone them: they need to make room.')

/** As many of theirs are held as may be. */
export const tooManyHeld = refused(
  'T19',
  'too-many-held',
  'too many of your messages are held already, and this one would be held too',
  'Wait until the Helpdesk has decided, or send the files themselves, without encryption.',
)

/** The disk is below its floor: nothing is taken in, and reading goes on. */
export const noRoom = refused(
  'G20',
  'no-room',
  'the service has too little free space at present',
  'Try again later: nothing was accepted, and mail that is here can be read.',
)

/** Decides for each recipient, by what holds under the lock. */
export function outcomesOf(
  recipients: readonly MemberRecipient[],
  octets: number,
  holders: ReadonlyMap<string, HolderFacts>,
  targets: LockedTargets,
): Outcome[] {
  const placed = new Set<string>()
  return recipients.map((recipient) => {
    // A second address of the same holder: the copy is there already.
    if (placed.has(recipient.holder)) return { kind: 'delivered', recipient }
    const holder = holders.get(recipient.holder)
    const before = targets.used(recipient.holder)
    if (holder === undefined || holder.state === 'removed' || before === null)
      return { kind: 'refused', recipient, refusal: removed(recipient.address) }
    if (before + octets > holder.quotaOctets) return { kind: 'refused', recipient, refusal: overQuota(recipient.address) }
    placed.add(recipient.holder)
    return { kind: 'delivered', recipient }
  })
}
