// What would be said of a draft if it were sent now: the same table that acceptance asks, its recipients, its files. G01–G09, G11, G20
import { type Refused, refused } from '#base/faults.ts'
import type { Clock } from '#base/clock.ts'
import type { Directory, DirectoryEntry } from '#community/directory.ts'
import type { Organisations } from '#community/organisations.ts'
import { type StandingOf, keyOf } from '#community/standing.ts'
import { withOriginals } from '#delivery/carried-facts.ts'
import { attachmentsOf, composeInto, envelopeOf, typedOf } from '#delivery/compose-draft.ts'
import type { LookInside } from '#delivery/documents.ts'
import type { CountExpansion } from '#delivery/expansion.ts'
import { formRefusal } from '#delivery/form.ts'
import { gatherFacts } from '#delivery/gather.ts'
import { type IncidentCopies, foundByDesk } from '#delivery/incident-copies.ts'
import type { FindIntegrity } from '#delivery/integrity.ts'
import { lookInto } from '#delivery/look-into.ts'
import type { GatherNeedToKnow } from '#delivery/need-to-know.ts'
import { noRoom, overQuota, sendingIsSuspended } from '#delivery/outcome.ts'
import type { NewSpool } from '#delivery/spool.ts'
import { type FieldProblem, type TypedDraft, type TypedRecipientAt, keysOf, readDraft } from '#delivery/typed-draft.ts'
import type { SignedIn } from '#identity/sign-in.ts'
import type { ToAttach } from '#mail/compose.ts'
import type { Draft } from '#mailbox/drafts.ts'
import { readerOf } from '#mailbox/means.ts'
import type { RoomOf } from '#mailbox/quota.ts'
import type { Upload, Uploads } from '#mailbox/uploads.ts'
import { subjectWith } from '#policy/carriers.ts'
import { isAboveCeiling } from '#policy/ceiling.ts'
import { type Decision, decide } from '#policy/decide.ts'
import type { HandlingAsked } from '#policy/handling-asked.ts'
import { type MarkingSet, shippedSet } from '#policy/marking-set.ts'
import type { Marking } from '#policy/marking.ts'
import { marksOf, warningsOf } from '#policy/need-to-know.ts'
import { asksForLess } from '#policy/offered.ts'
import type { Scheme } from '#policy/schemes.ts'
import type { Held, Verdict, Warning } from '#policy/verdict.ts'

export interface DraftJudgeParts {
  readonly uploads: Uploads
  readonly directory: Directory
  readonly organisations: Organisations
  readonly standingOf: StandingOf
  readonly roomOf: RoomOf
  readonly newSpool: NewSpool
  readonly hasRoom: () => boolean
  readonly recordHeld: () => Refused | null
  /** The schemes; those that are shipped when left out. G06 */
  readonly markings?: MarkingSet
  /** Domains outside to which a channel with a verified certificate is agreed; none when left out. G15 */
  readonly channels?: readonly string[]
  readonly clock: Clock
  readonly hostName: string
  readonly needToKnow: GatherNeedToKnow
  /** Compares what a draft quotes with its original, as acceptance does; left out, that is judged when it is sent. */
  readonly findIntegrity?: FindIntegrity
  readonly lookInside: LookInside
  readonly countExpansion: CountExpansion
  readonly incidentCopies: Pick<IncidentCopies, 'hashOf' | 'found'>
}

export interface JudgedRecipient extends TypedRecipientAt {
  /** Who that is, or null for an address that is not a person's of the community. */
  readonly person: DirectoryEntry | null
  readonly verdict: Verdict
  /** Not a member of the community. G15 */
  readonly isOutside: boolean
  /** What a sender should know of this one before sending, a few words each. G11 */
  readonly marks: readonly string[]
}

/** What would be said of a draft if it were sent now. It can be sent when there are no problems, no refusal, and no recipient is refused. */
export interface Judged {
  readonly draft: Draft
  readonly files: readonly Upload[]
  readonly problems: readonly FieldProblem[]
  readonly refusal: Refused | null
  /** Why it would be held for a person; null where it would not. T19 */
  readonly held: Held | null
  readonly recipients: readonly JudgedRecipient[]
  readonly warnings: readonly Warning[]
  /** What it asks for beyond the minimum. */
  readonly handling: HandlingAsked
  /** What it would be delivered as: the highest of what its writer chose and of what subject, text and files say; null for no marking. G06 */
  readonly marking: Marking | null
  /** Why it is marked lower than what it answers or passes on; null where it is not. */
  readonly lowering: string | null
  /** With the marking in it, as it would be sent. */
  readonly subject: string
  /** The schemes that its writer chose the marking from. */
  readonly schemes: readonly Scheme[]
}

const filesAreMissing = refused(
  'G20',
  'files-are-missing',
  'not all the files that were to go with the message are there',
  'Delete this draft, and begin again from the message that had them.',
)

export const canBeSent = ({ problems, refusal, recipients }: Judged): boolean =>
  problems.length === 0 && refusal === null && recipients.every((one) => one.verdict.kind === 'allowed')

/** True when the ceiling is all that stands in its way: the Helpdesk may find that it is not above it. G05 */
export const isForHelpdesk = (judged: Judged): boolean =>
  judged.refusal !== null && isAboveCeiling(judged.refusal) && canBeSent({ ...judged, refusal: null })

/** The schemes of a writer's organisation: its own behind everybody's (G07). */
export async function schemesOf(parts: DraftJudgeParts, who: SignedIn): Promise<readonly Scheme[]> {
  const organisation = await parts.organisations.find(who.organisation)
  return (parts.markings ?? shippedSet).schemesFor(organisation?.name ?? '')
}

type Files = 'with files' | 'by name'

/** Judges a draft, its files looked into or by their names only. */
export async function judgeDraft(parts: DraftJudgeParts, who: SignedIn, draft: Draft, how: Files): Promise<Judged> {
  const schemes = await schemesOf(parts, who)
  const read = readDraft(draft, schemes, parts.clock.now())
  const files = await parts.uploads.list(readerOf(who), draft.id)
  const standings = await parts.standingOf(keysOf(read.recipients))
  const people = await parts.directory.at(read.recipients.map((one) => one.address))
  const asked = read.problems.some(({ field }) => field === 'subject' || field === 'text')
    ? { refusal: null, decision: null }
    : await ask(parts, who, draft, read, files, standings, how)
  const recipients = await Promise.all(
    read.recipients.map(async (one, at): Promise<Omit<JudgedRecipient, 'marks'>> => {
      const decided = asked.decision?.recipients[at]?.verdict ?? { kind: 'allowed' as const }
      const standing = standings.get(keyOf(one.address) ?? '')
      const isFull = standing?.standing === 'member' && (await parts.roomOf(standing.holder)) <= 0
      const verdict = decided.kind === 'allowed' && isFull ? overQuota(one.address) : decided
      return { ...one, person: people.get(one.address) ?? null, verdict, isOutside: standing?.standing === 'outside' }
    }),
  )
  const { refusal, decision } = asked
  const marking = decision === null ? read.marking : decision.asserted
  const facts = await parts.needToKnow(readerOf(who), {
    addresses: read.recipients.map(({ address }) => address),
    answers: draft.origin.kind === 'reply' ? (draft.origin.references.at(-1) ?? null) : null,
    marking,
  })
  const marks = marksOf(facts)
  const missing = draft.origin.toCarry === undefined ? null : filesAreMissing
  const inForce = missing ?? parts.recordHeld() ?? (parts.hasRoom() ? null : noRoom) ?? (who.maySend ? null : sendingIsSuspended)
  return {
    draft,
    files,
    problems: read.problems,
    refusal: inForce ?? refusal,
    held: decision?.message.kind === 'held' ? decision.message : null,
    recipients: recipients.map((one) => ({ ...one, marks: marks.get(keyOf(one.address) ?? one.address) ?? [] })),
    warnings: [...(decision?.warnings ?? []), ...warningsOf(facts)],
    handling: decision?.handling.asked ?? read.handling,
    marking,
    lowering: asksForLess(marking, draft.origin.minimum, schemes) ? read.lowering : null,
    subject: subjectWith(read.subject, decision?.writeMarking ?? null, schemes),
    schemes,
  }
}

/** What the rules say of the message as it would be composed, its files looked into as acceptance does, or by name only, so that nothing large is read twice. */
async function ask(
  parts: DraftJudgeParts,
  who: SignedIn,
  draft: Draft,
  read: TypedDraft,
  files: readonly Upload[],
  standings: Awaited<ReturnType<StandingOf>>,
  how: Files,
): Promise<{ refusal: Refused | null; decision: Decision | null }> {
  // What goes outside is judged by what every file bears: by name alone nothing of it would be open.
  const isWhole = how === 'with files' || [...standings.values()].some(({ standing }) => standing === 'outside')
  const attachments = isWhole
    ? await attachmentsOf(parts, readerOf(who), draft.id, files)
    : files.map((file): ToAttach => ({ ...file, octets: 0, type: 'application/octet-stream', content: nothing }))
  const typed = typedOf(parts, who, draft, read, attachments, { atMs: parts.clock.now(), boundary: 'before-sending' })
  const spool = parts.newSpool()
  try {
    const inspected = await composeInto(spool, typed)
    if ('kind' in inspected) return { refusal: inspected, decision: null }
    const organisation = await parts.organisations.find(who.organisation)
    const over = formRefusal(inspected)
    const { markings, channels } = parts
    const reading = markings?.readingFor(organisation?.name ?? '')
    const attached = isWhole ? await lookInto(parts, spool, inspected, reading) : undefined
    const envelope = envelopeOf(who, read)
    const originals = over === null ? ((await parts.findIntegrity?.(readerOf(who), spool, inspected)) ?? null) : null
    const gathered = gatherFacts(who, organisation, envelope, standings, inspected, attached, undefined, markings, channels)
    const facts = withOriginals(gathered, originals, parts.clock.now())
    const first = decide(facts)
    const released = await foundByDesk(parts.incidentCopies, who.account, spool, inspected, facts, originals, first.message)
    const decision = released === facts ? first : decide(released)
    const refusal = over ?? (decision.message.kind === 'refused' ? decision.message : null)
    return { refusal, decision }
  } finally {
    await spool.abandon()
  }
}

async function* nothing(): AsyncGenerator<Buffer> {}
