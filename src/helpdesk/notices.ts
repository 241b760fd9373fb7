// What the Helpdesk tells the person whom an incident is about, of what it decided: which message it was, and what to do now. G05, T07
import type { Incident, IncidentDecision } from '#community/incidents.ts'

/** What a notice says of the incident that was decided. */
export interface ToTell {
  readonly kind: string
  /** The lines that an officer saw; never more of the message. */
  readonly detail: string
  /** When it was refused, or told of. */
  readonly openedAt: string
  /** Where its draft can be checked and sent; null where there is none any more. */
  readonly draftUrl: string | null
  /** Whether the message is sealed, whatever was decided of this incident. */
  readonly isSealed: boolean
}

export interface Notice {
  readonly subject: string
  readonly text: string
}

/** What the account of an incident is told of a decision; null for nothing. */
export function noticeOf(decision: IncidentDecision, about: ToTell): Notice | null {
  if (decision === 'released') return released(about)
  if (decision === 'destroyed') return destroyed(about)
  return about.kind === 'told-above' && decision === 'closed' && !about.isSealed ? notAbove(about) : null
}

const whichMessage = ({
  openedAt,
  detail,
}: ToTell) => `Your message was refused on ${openedAt}, since a marking above RESTRICTED was read in it:

${detail
  .split('\n')
  .map((line) => `  ${line}`)
  .join('\n')}
`

const released = (about: ToTell): Notice => ({
  subject: 'The Helpdesk released your message',
  text: `${whichMessage(about)}
An officer of the Helpdesk looked at that, and found that it is not above RESTRICTED. You may send the message within 30 days.

${
  about.draftUrl === null
    ? `Send the same message again. Its subject, text and attached files must be as they were; the people it goes to, its date and
its number may differ.`
    : `Check your draft and send it here:
${about.draftUrl}`
}

All other rules are asked as for every message.
`,
})

const destroyed = (about: ToTell): Notice => ({
  subject: 'The Helpdesk found that your message is above RESTRICTED',
  text: `${whichMessage(about)}
An officer of the Helpdesk looked at that, and found that it is above RESTRICTED. The copy that the Helpdesk had is destroyed.
The message was sent to nobody, and cannot be sent from here.

What you must do now:

- Delete your draft of it${about.draftUrl === null ? ', in webmail or in your mail program' : `, and the files that were attached:\n  ${about.draftUrl}`}
- Delete what else you have of it on this computer: in Sent, in an outbox, in saved files.
- Tell who is in charge of security in your organisation, and send it only in a way that they allow for it.

If that decision is wrong, tell the Helpdesk. Two officers can release it then.
`,
})

const notAbove = ({ openedAt }: ToTell): Notice => ({
  subject: 'The Helpdesk decided about a message that you told it of',
  text: `You told the Helpdesk on ${openedAt} that a message is above RESTRICTED. An officer looked into it, and closed it: the
message is not above RESTRICTED, as far as is known.

You may pass it on again to those who need it for their work.
`,
})

/** True when what was decided last of the same content is that it is above the ceiling: two officers release it then. */
export function wasDestroyed(alike: readonly Incident[]): boolean {
  return alike.find(({ decision }) => decision !== null)?.decision === 'destroyed'
}
