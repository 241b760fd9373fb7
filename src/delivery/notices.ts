// Delivery status notifications: written in the transaction that made them true, into the submitter's own INBOX. RFC 3461, 3464, G14
import type { Clock } from '#base/clock.ts'
import type { Refused } from '#base/faults.ts'
import { newId, randomId } from '#base/ids.ts'
import type { Envelope, EnvelopeRecipient } from '#delivery/envelope.ts'
import { inspect, type Octets, octetsOf, slice } from '#delivery/inspect.ts'
import type { Outcome } from '#delivery/outcome.ts'
import type { Sealed, SealMessage } from '#delivery/seal-message.ts'
import { composeDsn } from '#mail/dsn.ts'

/** What the submitter is to be told of, by RFC 3461 §4.1: failures and delays unless they said otherwise, deliveries when they asked. */
export function toBeNotified(outcomes: readonly Outcome[]): Outcome[] {
  const asked = ({ notify }: EnvelopeRecipient, what: 'SUCCESS' | 'FAILURE' | 'DELAY') =>
    notify === null ? what !== 'SUCCESS' : notify.includes(what)
  return outcomes.filter(({ kind, recipient }) => asked(recipient, told[kind]))
}

const told = { delivered: 'SUCCESS', refused: 'FAILURE', held: 'DELAY' } as const

const statusOf: Readonly<Record<string, string>> = {
  'over-quota': '5.2.2',
  'recipient-is-removed': '5.1.6',
  'hold-expired': '5.4.7',
}

function failed({ reason, clause, about, remedy }: Refused) {
  return { action: 'failed' as const, status: statusOf[reason] ?? '5.7.1', clause, remedy: `${about}. ${remedy}` }
}

function saidOf(outcome: Outcome) {
  if (outcome.kind === 'delivered') return { action: 'delivered' as const, status: '2.1.5' }
  if (outcome.kind === 'refused') return failed(outcome.refusal)
  const { clause, about, remedy } = outcome.why
  return { action: 'delayed' as const, status: '4.7.1', clause, remedy: `${about}. ${remedy}`, willRetryUntilMs: outcome.untilMs }
}

/** What is to be done, and where the rule stands at length. */
const withPage = (said: ReturnType<typeof saidOf>, rulesUrl: string | undefined) =>
  'clause' in said && said.clause !== '' && rulesUrl !== undefined
    ? { ...said, remedy: `${said.remedy} See ${rulesUrl}#${said.clause}` }
    : said

/** The message as it would have been delivered, for the notice about it: its header, and its body when that is asked for. */
export interface Original {
  readonly head: Buffer
  readonly octets: Octets
  readonly bodyStart: number
}

/** A notice returns the whole message (RET=FULL, RFC 3461 §4.3) up to this size; of a larger one the header, which the RFC allows. */
export const fullReturnOctets = 1_048_576

async function returned({ head, octets, bodyStart }: Original, envelope: Envelope, outcomes: readonly Outcome[]) {
  const size = head.length + octets.size - bodyStart
  const isFull = envelope.ret === 'FULL' && size <= fullReturnOctets && outcomes.some((outcome) => outcome.kind === 'refused')
  if (!isFull) return { original: head, returns: 'headers' as const }
  return { original: Buffer.concat([head, await slice(octets, bodyStart, octets.size)]), returns: 'full' as const }
}

/** Makes the function that composes and seals one notice; the original goes with it, its header or the whole (RFC 3462). */
export function newNotices(o: {
  sealMessage: SealMessage
  clock: Clock
  hostName: string
  /** The page of the rules; a notice names none when left out. */
  rulesUrl?: string
}) {
  return async (envelope: Envelope, original: Original, outcomes: readonly Outcome[], arrivalMs?: number): Promise<Sealed> => {
    const atMs = o.clock.now()
    const octets = composeDsn({
      messageId: `<${newId(atMs)}@${o.hostName}>`,
      boundary: `dsn-${randomId()}`,
      atMs,
      reportingMta: o.hostName,
      from: `postmaster@${o.hostName}`,
      reversePath: envelope.reversePath ?? '',
      envelopeId: envelope.envid,
      arrivalMs: arrivalMs ?? atMs,
      ...(await returned(original, envelope, outcomes)),
      recipients: outcomes.map((outcome) => ({
        finalRecipient: outcome.recipient.address,
        originalRecipient: outcome.recipient.originalRecipient,
        ...withPage(saidOf(outcome), o.rulesUrl),
      })),
    })
    const { header, structure } = await inspect(octetsOf(octets))
    return o.sealMessage({
      head: octets.subarray(0, header.octets),
      header,
      octets: octetsOf(octets),
      bodyStart: header.octets,
      root: structure.root,
      marking: null,
    })
  }
}
