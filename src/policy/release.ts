// Who outside the community may receive what: declared by the sender in X-CJSM-Release, or open in every part. G15, T07.
// `certain-not-sensitive; WORDS` or `trusted-recipient; REASON`.
import { isBelowAnOriginal, isReason, markingWithCarried } from '#policy/carried.ts'
import type { AttachedMarking, RecipientFacts, SubmissionFacts } from '#policy/facts.ts'
import { maxReleasedAttachments, maxShownNameCharacters } from '#policy/limits.ts'
import { markingAsMeant } from '#policy/ceiling.ts'
import { markingWords, ownScheme } from '#policy/marking.ts'
import { floorOf, isOpen } from '#policy/protection.ts'
import { allowed, refuse, type Verdict, type Warning, warn } from '#policy/verdict.ts'

/** The field in which a sender declares it; it is taken out of what is delivered. */
export const releaseField = 'X-CJSM-Release'

export const releaseGrounds = ['certain-not-sensitive', 'trusted-recipient'] as const

/** What a sender declares: on which ground it may leave the community, and in their own words why. */
export interface ReleaseDeclared {
  readonly ground: (typeof releaseGrounds)[number]
  readonly words: string
}

/** What must be known of a message that names somebody outside. */
export interface ReleaseFacts {
  /** One for each X-CJSM-Release field; null for one that is not understood. */
  readonly declared: readonly (ReleaseDeclared | null)[]
  /** Everything that is attached, by its file names from the outermost in. */
  readonly attachments: readonly (readonly string[])[]
  /** Attached messages that answer others: what they bear in their headers may come from those. */
  readonly answers: readonly (readonly string[])[]
  /** Whether a text quotes an earlier message. */
  readonly quotes: boolean
  /** The field by which a machine says that it passes this on; null for none. */
  readonly forwardedBy: string | null
  /** Domains to which a channel with a verified certificate is agreed. */
  readonly channels: readonly string[]
}

/** What the rules about somebody outside must know; the same for all of a message's but the channel. */
export interface RecipientRelease {
  /** What is not marked NOT PROTECTIVELY MARKED by its originator; null where all of it is. */
  readonly protectedPart: string | null
  readonly declared: ReleaseFacts['declared']
  /** The protective marking that it bears or carries, in words; null for none. */
  readonly marking: string | null
  readonly forwardedBy: string | null
  readonly isVerifiedChannel: boolean
}

/** Reads the field's value, decoded; null for one that is not understood, or has no words of its own. */
export function readRelease(value: string): ReleaseDeclared | null {
  const semicolon = value.indexOf(';')
  if (semicolon < 0) return null
  const written = value.slice(0, semicolon).trim().toLowerCase()
  const ground = releaseGrounds.find((one) => one === written)
  const words = value.slice(semicolon + 1).trim()
  return ground === undefined || !isReason(words) ? null : { ground, words }
}

/** The field's value for what is declared, before its words are encoded. */
export const writeRelease = ({ ground, words }: ReleaseDeclared): string => `${ground}; ${words}`

/** The recipients, those outside with what is known of the release to them. */
export function withRelease(facts: SubmissionFacts): readonly RecipientFacts[] {
  const { release, recipients } = facts
  if (release === null) return recipients
  const { declared, forwardedBy, channels } = release
  const part = protectedPart(facts, release)
  const found = [markingWithCarried(facts), ...facts.attached.map((one) => markingAsMeant(one, facts))]
  const marked = found.find((one) => one !== null && one.scheme !== ownScheme && !isOpen(one)) ?? null
  const marking = marked === null ? null : markingWords(marked)
  return recipients.map((recipient): RecipientFacts => {
    if (recipient.standing !== 'outside') return recipient
    const domain = recipient.address.slice(recipient.address.lastIndexOf('@') + 1).toLowerCase()
    const isVerifiedChannel = channels.includes(domain)
    return { ...recipient, release: { protectedPart: part, declared, marking, forwardedBy, isVerifiedChannel } }
  })
}

/** G15: what a sender is told at RCPT of somebody outside, who is judged with the message. */
export function outsideIsJudgedLater(address: string): Warning {
  const remedy = `They get it only where each part is NOT PROTECTIVELY MARKED, or ${releaseField} says why it may go.`
  return warn('G15', 'recipient-is-outside', `${address} is not a member`, remedy)
}

/** G15: mail leaves the community by somebody's act, never by a machine's rule. */
export function forwardingOutsideIsNotAutomatic({ address, release }: RecipientFacts): Verdict {
  if (release === undefined || release.forwardedBy === null) return allowed
  const remedy = `A machine sends it (${release.forwardedBy.slice(0, maxShownNameCharacters)}), and no machine may send outside. Send it yourself.`
  return refuse('G15', 'automatic-forwarding-goes-outside', address, remedy)
}

/** G15: what leaves the community is open in every part, declared certain not to be sensitive, or goes to who is trusted, over a verified channel. */
export function releaseIsDeclared({ address, release }: RecipientFacts): Verdict {
  if (release === undefined) return allowed
  const { declared, protectedPart: part, marking, isVerifiedChannel } = release
  const [first] = declared
  if (first === null || declared.length > 1) {
    const remedy = `Write ${releaseField} once: certain-not-sensitive; WORDS or trusted-recipient; REASON.`
    return refuse('G15', 'release-is-not-understood', address, remedy)
  }
  if (first?.ground === 'certain-not-sensitive' && marking !== null) {
    const remedy = `It is marked ${marking.slice(0, maxShownNameCharacters).toWellFormed()}, which says that it is sensitive. Ask its originator to mark it anew, or the Helpdesk.`
    return refuse('G15', 'release-contradicts-the-marking', address, remedy)
  }
  if (part === null || first?.ground === 'certain-not-sensitive') return allowed
  if (first === undefined) {
    const remedy = `${part} is protected. If you are certain that it is not sensitive, say so: in webmail where it says “It goes outside the community”, elsewhere in ${releaseField}.`
    return refuse('G15', 'release-is-not-declared', address, remedy)
  }
  if (isVerifiedChannel) return allowed
  const remedy = 'No verified channel leads there. Ask the Helpdesk how they can be reached securely.'
  return refuse('G15', 'channel-is-not-verified', address, remedy)
}

/** G15: mail for somebody outside can be sent there. Asked last: what is refused here the rules would let go. */
export function outsideIsReached({ address, standing, release }: RecipientFacts): Verdict {
  if (standing !== 'outside' || release === undefined) return allowed
  return refuse(
    'G15',
    'outside-is-not-reached-yet',
    address,
    'The rules let it go to them, but this service cannot send outside the community yet: use another way that your organisation allows.',
  )
}

/** What the record says of a message's release; null where nobody outside is named. */
export function releaseRecorded(facts: SubmissionFacts): { release: string; releaseWords?: string } | null {
  if (facts.release === null) return null
  const [declared] = facts.release.declared
  if (facts.release.declared.length > 1 || declared === null) return { release: 'not-understood' }
  if (declared !== undefined) return { release: declared.ground, releaseWords: declared.words }
  return { release: protectedPart(facts, facts.release) === null ? 'not-protectively-marked' : 'not-declared' }
}

/** The first of a message's parts that its originator has not marked NOT PROTECTIVELY MARKED: a copy keeps its source's marking. */
function protectedPart(facts: SubmissionFacts, release: ReleaseFacts): string | null {
  if (floorOf(facts) !== 'not-protectively-marked') return 'Its text'
  // Also what the sender lowered on purpose: its originator did not do that.
  const quoted = [...facts.quoted, ...facts.markings.filter(isBelowAnOriginal)]
  if (release.quotes && (quoted.length === 0 || !quoted.every(({ marking }) => isOpen(marking)))) return 'What it quotes'
  if (release.attachments.length > maxReleasedAttachments) return 'One of so many files'
  const found = release.attachments.find((path) => !isOpenAttachment(path, facts, release))
  return found === undefined ? null : shownFile(found)
}

function shownFile(path: readonly string[]): string {
  const name = path
    .join(' › ')
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ')
    .trim()
  return name === '' ? 'A file without a name' : `“${name.slice(-maxShownNameCharacters).toWellFormed()}”`
}

function isOpenAttachment(path: readonly string[], { attached, unread }: SubmissionFacts, release: ReleaseFacts): boolean {
  if (unread.some((one) => isWithin(one.path, path))) return false
  const inside = attached.filter((one) => isWithin(one.path, path))
  const own = inside.filter((one) => one.path.length === path.length && isOriginators(one, release))
  // Two of one name: what one bears says nothing of the other, but for the name.
  const isTwice = release.attachments.filter((other) => other.length === path.length && isWithin(other, path)).length > 1
  return inside.every(({ marking }) => isOpen(marking)) && own.some(({ where }) => !isTwice || where === 'file name')
}

const isOriginators = ({ where, path }: AttachedMarking, { answers }: ReleaseFacts) =>
  where !== 'nested message' || !answers.some((answer) => answer.length === path.length && isWithin(answer, path))

const isWithin = (path: readonly string[], outer: readonly string[]) => outer.every((name, at) => path[at] === name)
