// Incidents in the words of the Helpdesk's pages. G05, T07, T08, T23
import { type IncidentDecision, type IncidentKind, incidentKinds } from '#community/incidents.ts'

export const kindWords: Readonly<Record<IncidentKind, string>> = {
  'above-ceiling': 'Refused: marked above RESTRICTED',
  'told-above': 'Told to be above RESTRICTED',
  reported: 'Message reported',
  'sending-stopped': 'Sending stopped: too much was sent',
  'automated-pattern': 'As regular as a machine',
}

/** What can be shown of them all; `id` stands in the URL. */
export const groups: readonly { readonly id: string; readonly text: string; readonly kinds: readonly IncidentKind[] }[] = [
  { id: 'all', text: 'All', kinds: incidentKinds },
  { id: 'ceiling', text: 'Above RESTRICTED', kinds: ['above-ceiling', 'told-above'] },
  { id: 'reports', text: 'Reports', kinds: ['reported'] },
  { id: 'sending', text: 'Sending', kinds: ['sending-stopped', 'automated-pattern'] },
]

/** What each decision means, as its button says it, and what is said when it is done. */
export const decisionWords: Readonly<Record<IncidentDecision, { readonly act: string; readonly done: string }>> = {
  lifted: { act: 'Lift it', done: 'Lifted' },
  confirmed: { act: 'Confirm it', done: 'Confirmed' },
  released: { act: 'Release it', done: 'Released' },
  destroyed: { act: 'Destroy the copy', done: 'Destroyed' },
  closed: { act: 'Close it', done: 'Closed' },
  sealed: { act: 'Seal it', done: 'Message sealed' },
}

/** How an incident stands when it is decided. */
export interface Standing {
  readonly kind: IncidentKind
  readonly isSealed: boolean
  /** Whether the same content was destroyed before: two officers release it. */
  readonly wasDestroyed: boolean
  /** Whether another officer proposed to release it. */
  readonly isProposed: boolean
}

const passes =
  'It is not above RESTRICTED. The sender is told, and may send the same content again within 30 days. The copy kept here is destroyed.'

/** What a decision brings about, for an incident of that kind. */
export function hintOf(decision: IncidentDecision, { kind, isSealed, wasDestroyed, isProposed }: Standing): string {
  switch (decision) {
    case 'lifted':
      return 'Nothing was wrong. The person may send again.'
    case 'confirmed':
      return 'It stays as it is, until the person’s account is reinstated.'
    case 'released':
      return wasDestroyed && !isProposed ? `${passes} It was destroyed before: another officer must agree.` : passes
    case 'destroyed':
      return 'It is above RESTRICTED. The copy kept here can be read by nobody ever again, which is certified. The sender is told to delete it.'
    case 'closed':
      if (kind === 'reported') return 'There is nothing more to do. Nobody is told.'
      return isSealed
        ? 'The message is sealed. Who told of it is told nothing more.'
        : 'It is not above RESTRICTED. Who told that it is may pass it on again, and is told so.'
    case 'sealed':
      return 'Nobody can read the message in any mailbox.'
  }
}
