// What could not be looked into or scanned whole is refused, held for a person, or delivered with that said, as the submitter's organisation chose. G05, T19
import { refused } from '#base/faults.ts'
import { shownPath } from '#policy/attachments.ts'
import type { SubmissionFacts, UnreadAttachment, Unscannable } from '#policy/facts.ts'
import { allowed, hold, type MessageVerdict, refuse, type Warning, warn } from '#policy/verdict.ts'

/** T19: what is said where a scanner finds something, whoever sends it. */
export const contentIsMalicious = refused(
  'T19',
  'content-is-malicious',
  'the virus scanner found malicious content',
  'Do not send it again: have your computer checked, and tell the Helpdesk if you did not expect this.',
)

/** What becomes of a message that cannot be looked into whole: its submitter's organisation chooses. */
export const unscannableChoices = ['refuse', 'hold', 'deliver-flagged'] as const
export type UnscannableChoice = (typeof unscannableChoices)[number]

const sendPlain =
  'Send the files themselves, without encryption, or in smaller archives (zip): the service protects them on the way.'
const whenHeld =
  'The Helpdesk sees sender, recipients and file name, not the content, and decides. You are told if it is refused. Or send it plain.'
const whenFlagged = 'It goes to its readers with a note that says so. Make sure yourself that nothing in it is above RESTRICTED.'

/** Not a document that is damaged or took too long: that one was scanned, and its sender is told (attachmentNotRead). */
const isChosen = ({ why }: UnreadAttachment | Unscannable) => why !== 'damaged' && why !== 'too large'

/** The sentence about what could not be looked into; null where all was. */
export function notLookedInto({ unread, unscannable }: Pick<SubmissionFacts, 'unread' | 'unscannable'>): string | null {
  const found = unread.find(isChosen) ?? unscannable[0]
  if (found === undefined) return null
  const what = found.path.length === 0 ? 'something attached' : shownPath(found.path)
  return `${what} ${how[found.why]} looked into`
}

const how: Readonly<Record<UnreadAttachment['why'] | Unscannable['why'], string>> = {
  encrypted: 'is encrypted and cannot be',
  'too large': 'is too large or too deep to be',
  'too deep': 'is too large or too deep to be',
  malformed: 'is put together in a way that cannot be',
  damaged: 'is damaged and cannot be',
  closed: 'is an archive of a kind that cannot be',
}

/** T19: everything attached could be looked into and scanned, or the submitter's organisation chose to have it delivered all the same. */
export function contentCanBeLookedInto(facts: Pick<SubmissionFacts, 'unread' | 'unscannable' | 'wording'>): MessageVerdict {
  const about = notLookedInto(facts)
  if (about === null) return allowed
  switch (facts.wording.unscannable) {
    case 'refuse':
      return refuse('T19', 'content-cannot-be-scanned', about, sendPlain)
    case 'hold':
      return hold('T19', 'content-cannot-be-scanned', about, whenHeld)
    case 'deliver-flagged':
      return allowed
  }
}

/** T19: tells a sender whose message goes out with a note that it was not looked into. */
export function deliveredUnlooked(facts: SubmissionFacts): Warning | null {
  const about = notLookedInto(facts)
  if (about === null || facts.wording.unscannable !== 'deliver-flagged') return null
  return warn('T19', 'delivered-not-looked-into', about, whenFlagged)
}

/** G05: tells a sender whose attachment was delivered without having been looked through for markings. */
export function attachmentNotRead(facts: SubmissionFacts): Warning | null {
  if (notLookedInto(facts) !== null) return null // which is said already, with what becomes of the message
  const found = facts.unread.find(({ why }) => why === 'damaged' || why === 'too large')
  if (found === undefined) return null
  const remedy = 'Delivered all the same. Make sure yourself that nothing in it is above RESTRICTED.'
  return warn('G05', 'attachment-not-looked-through', `${shownPath(found.path)} is ${found.why}`, remedy)
}
