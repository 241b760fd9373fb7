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

/** What each decision means, as its button and its hint say it. */
export const decisionWords: Readonly<
  Record<IncidentDecision, { readonly act: string; readonly hint: string; readonly done: string }>
> = {
  lifted: { act: 'Lift it', hint: 'Nothing was wrong. The person may send again.', done: 'Lifted' },
  confirmed: { act: 'Confirm it', hint: 'It stays as it is, until the person’s account is reinstated.', done: 'Confirmed' },
  released: {
    act: 'Release it',
    hint: 'It is not above RESTRICTED. The sender is told, and may send the same content again within 30 days. The copy kept here is destroyed.',
    done: 'Released',
  },
  destroyed: {
    act: 'Destroy the copy',
    hint: 'It is above RESTRICTED. The copy kept here can be read by nobody ever again, which is certified.',
    done: 'Destroyed',
  },
  closed: {
    act: 'Close it',
    hint: 'It is not above RESTRICTED, or there is nothing more to do. Who told that it is above may pass it on again, and is told so.',
    done: 'Closed',
  },
  sealed: { act: 'Seal it', hint: 'Nobody can read the message in any mailbox.', done: 'Message sealed' },
}
