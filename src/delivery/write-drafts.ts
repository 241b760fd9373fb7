// From a draft to a message: composed, judged before it is sent, and sent by the one door, with the sender's own copy in the same transaction. Never twice. G01–G09, G14
import { type Refused, refused } from '#base/faults.ts'
import type { Clock } from '#base/clock.ts'
import type { Directory, DirectoryEntry } from '#community/directory.ts'
import type { Organisations } from '#community/organisations.ts'
import { type StandingOf, keyOf } from '#community/standing.ts'
import type { Acceptance } from '#delivery/accept.ts'
import type { Accepted, Envelope, SubmissionSession } from '#delivery/envelope.ts'
import type { CountExpansion } from '#delivery/expansion.ts'
import { formRefusal } from '#delivery/form.ts'
import type { LookInside } from '#delivery/documents.ts'
import { withIntegrity } from '#delivery/carried-facts.ts'
import { gatherFacts } from '#delivery/gather.ts'
import { type IncidentCopies, wasReleased } from '#delivery/incident-copies.ts'
import { type Inspected, inspect, slice } from '#delivery/inspect.ts'
import type { FindIntegrity } from '#delivery/integrity.ts'
import type { GatherNeedToKnow } from '#delivery/need-to-know.ts'
import { noRoom, overQuota, sendingIsSuspended } from '#delivery/outcome.ts'
import { lookInto } from '#delivery/look-into.ts'
import type { NewSpool, Spool } from '#delivery/spool.ts'
import { type FieldProblem, type TypedDraft, type TypedRecipientAt, readDraft } from '#delivery/typed-draft.ts'
import type { Evidence } from '#evidence/record.ts'
import type { SignedIn } from '#identity/sign-in.ts'
import type { Keys } from '#keys/keys.ts'
import { type ToAttach, type Typed, composeMessage, composedDiffers, subjectFault } from '#mail/compose.ts'
import { type ChosenMarking, type Draft, DraftWasChanged, type Drafts, type Leftovers, type Sent } from '#mailbox/drafts.ts'
import { type Reader, readerOf } from '#mailbox/means.ts'
import type { Mailboxes } from '#mailbox/open-mailboxes.ts'
import type { RoomOf } from '#mailbox/quota.ts'
import type { Upload, Uploads } from '#mailbox/uploads.ts'
import { isAboveCeiling } from '#policy/ceiling.ts'
import { type Decision, decide } from '#policy/decide.ts'
import { type HandlingAsked, writeHandlingAsked } from '#policy/handling-asked.ts'
import { type MarkingSet, shippedSet } from '#policy/marking-set.ts'
import { type Offered, offeredMarkings } from '#policy/offered.ts'
import type { Scheme } from '#policy/schemes.ts'
import { writeProtectiveMarking } from '#policy/protective-marking.ts'
import { readRelease, type ReleaseDeclared, writeRelease } from '#policy/release.ts'
import { warningsOf } from '#policy/need-to-know.ts'
import type { Held, Verdict, Warning } from '#policy/verdict.ts'
import type { Database, Transaction } from '#store/database.ts'

export interface DraftWriterParts {
  readonly acceptance: Pick<Acceptance, 'submit'>
  readonly drafts: Drafts
  readonly mailboxes: Pick<Mailboxes, 'store'>
  readonly uploads: Uploads
  readonly directory: Directory
  readonly organisations: Organisations
  readonly standingOf: StandingOf
  readonly roomOf: RoomOf
  readonly keys: Keys
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
  readonly incidentCopies: Pick<IncidentCopies, 'hashOf' | 'isReleased'>
  readonly evidence: Evidence
  readonly database: Pick<Database, 'transaction'>
}

export interface JudgedRecipient extends TypedRecipientAt {
  /** Who that is, or null for an address that is not a person's of the community. */
  readonly person: DirectoryEntry | null
  readonly verdict: Verdict
  /** Not a member of the community. G15 */
  readonly isOutside: boolean
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
  /** With the marking in it, as it would be sent. */
  readonly subject: string
  /** The schemes that its writer chose the marking from. */
  readonly schemes: readonly Scheme[]
}

export type SendResult =
  | { readonly kind: 'sent'; readonly sent: Sent; readonly before: boolean; readonly isHeld: boolean }
  /** Another window changed it since this one saw it. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'not-ready'; readonly judged: Judged }
  | Refused

export type Declared = { readonly kind: 'declared' | 'wordless' | 'changed' | 'gone' } | Refused

export interface DraftWriter {
  /** Asks every rule before anything is sent: the same table that acceptance asks. Null when there is no such draft. */
  judge(who: SignedIn, id: string): Promise<Judged | null>
  /** Sends that version of a draft. A second call, at whatever time, says what became of the first. */
  send(
    who: SignedIn,
    id: string,
    version: number,
    remoteAddress: string,
    tls: string,
    /** True to have the door refuse what only the ceiling forbids, so that an officer looks at it. G05 */
    asksHelpdesk?: boolean,
  ): Promise<SendResult>
  /**
   * Keeps with that version of a draft, and records, what is declared for its recipients outside (G15). `wordless` where it has no
   * words of its own.
   */
  declareRelease(who: SignedIn, id: string, version: number, declared: ReleaseDeclared): Promise<Declared>
  /** The markings that this person may choose, none below `minimum`. */
  offered(who: SignedIn, minimum: ChosenMarking | null): Promise<Offered[]>
}

/** Who defines the names in the X-Protective-Marking that we write. */
const namespace = 'cjsm'
const cannotBeWritten = (what: string) =>
  refused(
    'T19',
    'message-cannot-be-composed',
    `the message cannot be written down unambiguously: ${what}`,
    'Use plainer names and words there.',
  )

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

export function newDraftWriter(parts: DraftWriterParts): DraftWriter {
  return {
    async offered(who, minimum) {
      const organisation = await parts.organisations.find(who.organisation)
      return offeredMarkings({ adopter: organisation?.adopter ?? false }, minimum, await schemesOf(parts, who))
    },
    async judge(who, id) {
      const draft = await parts.drafts.read(readerOf(who), id)
      return draft === null ? null : judge(parts, who, draft, 'with files')
    },
    declareRelease: (who, id, version, declared) => declareRelease(parts, who, id, version, declared),
    async send(who, id, version, remoteAddress, tls, asksHelpdesk = false) {
      const reader = readerOf(who)
      const before = await sentBefore(parts, reader, id)
      if (before !== null) return before
      const draft = await parts.drafts.read(reader, id)
      if (draft === null) return (await sentBefore(parts, reader, id)) ?? { kind: 'gone' }
      if (draft.version !== version) return { kind: 'changed' }
      const byName = await judge(parts, who, draft, 'by name') // acceptance looks into the files
      // Whether it was released is told by all that is in it.
      const judged =
        byName.refusal !== null && isAboveCeiling(byName.refusal) ? await judge(parts, who, draft, 'with files') : byName
      if (!canBeSent(judged) && !(asksHelpdesk && isForHelpdesk(judged))) return { kind: 'not-ready', judged }
      const session = { protocol: 'HTTPS', helo: 'webmail', remoteAddress, tls }
      return send(parts, who, judged, session)
    },
  }
}

/** No record, no act: what is declared is recorded before the draft holds it. */
async function declareRelease(
  parts: DraftWriterParts,
  { account, computer, ...who }: SignedIn,
  id: string,
  version: number,
  declared: ReleaseDeclared,
): Promise<Declared> {
  const reader = readerOf({ ...who, account, computer })
  const draft = await parts.drafts.read(reader, id)
  if (draft === null) return { kind: 'gone' }
  if (draft.version !== version) return { kind: 'changed' }
  const release = readRelease(writeRelease(declared))
  if (release === null || subjectFault(release.words) !== null) return { kind: 'wordless' }
  const { recipients } = readDraft(draft)
  const standings = await parts.standingOf(keysOf(recipients))
  const outside = recipients.filter(({ address }) => standings.get(keyOf(address) ?? '')?.standing === 'outside')
  if (outside.length === 0) return { kind: 'changed' }
  await parts.evidence.introduce([account])
  const details = outside.map(({ address }) => ({ draft: id, version, recipient: address, computer, ...release }))
  await parts.database.transaction((tx) =>
    parts.evidence.write(tx, { event: 'ReleaseDeclared', actor: account, about: account, details }),
  )
  const saved = await parts.drafts.save(reader, id, version, { ...draft.fields, release: { ...release, version: version + 1 } })
  if (saved.kind === 'refused') return saved
  return saved.kind === 'saved' ? { kind: 'declared' } : { kind: saved.kind === 'changed' ? 'changed' : 'gone' }
}

/** The schemes of a writer's organisation: its own behind everybody's (G07). */
async function schemesOf(parts: DraftWriterParts, who: SignedIn): Promise<readonly Scheme[]> {
  const organisation = await parts.organisations.find(who.organisation)
  return (parts.markings ?? shippedSet).schemesFor(organisation?.name ?? '')
}

async function sentBefore(parts: DraftWriterParts, reader: Reader, id: string): Promise<SendResult | null> {
  const sent = await parts.drafts.sent(reader, id)
  return sent === null ? null : { kind: 'sent', sent, before: true, isHeld: false }
}

type Files = 'with files' | 'by name'

async function judge(parts: DraftWriterParts, who: SignedIn, draft: Draft, how: Files): Promise<Judged> {
  const schemes = await schemesOf(parts, who)
  const read = readDraft(draft, schemes)
  const files = await parts.uploads.list(readerOf(who), draft.id)
  const standings = await parts.standingOf(keysOf(read.recipients))
  const people = await parts.directory.at(read.recipients.map((one) => one.address))
  const asked = read.problems.some(({ field }) => field === 'subject' || field === 'text')
    ? { refusal: null, decision: null }
    : await ask(parts, who, draft, read, files, standings, how)
  const recipients = await Promise.all(
    read.recipients.map(async (one, at): Promise<JudgedRecipient> => {
      const decided = asked.decision?.recipients[at]?.verdict ?? { kind: 'allowed' as const }
      const standing = standings.get(keyOf(one.address) ?? '')
      const isFull = standing?.standing === 'member' && (await parts.roomOf(standing.holder)) <= 0
      const verdict = decided.kind === 'allowed' && isFull ? overQuota(one.address) : decided
      return { ...one, person: people.get(one.address) ?? null, verdict, isOutside: standing?.standing === 'outside' }
    }),
  )
  const { refusal, decision } = asked
  const facts = await parts.needToKnow(readerOf(who), {
    addresses: read.recipients.map(({ address }) => address),
    answers: draft.origin.kind === 'reply' ? (draft.origin.references.at(-1) ?? null) : null,
    marking: decision?.asserted ?? null,
  })
  const missing = draft.origin.toCarry === undefined ? null : filesAreMissing
  const inForce = missing ?? parts.recordHeld() ?? (parts.hasRoom() ? null : noRoom) ?? (who.maySend ? null : sendingIsSuspended)
  return {
    draft,
    files,
    problems: read.problems,
    refusal: inForce ?? refusal,
    held: decision?.message.kind === 'held' ? decision.message : null,
    recipients,
    warnings: [...(decision?.warnings ?? []), ...warningsOf(facts)],
    handling: read.handling,
    subject: read.subject,
    schemes,
  }
}

/** What the rules say of the message as it would be composed, its files looked into as acceptance does, or by name only, so that nothing large is read twice. */
async function ask(
  parts: DraftWriterParts,
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
    const integrity = over === null ? ((await parts.findIntegrity?.(readerOf(who), spool, inspected)) ?? null) : null
    const gathered = gatherFacts(who, organisation, envelope, standings, inspected, attached, undefined, markings, channels)
    const facts = withIntegrity(gathered, integrity)
    const first = decide(facts)
    const decision = (await wasReleased(parts.incidentCopies, who.account, spool, inspected, first.message))
      ? decide({ ...facts, isReleased: true })
      : first
    const refusal = over ?? (decision.message.kind === 'refused' ? decision.message : null)
    return { refusal, decision }
  } finally {
    await spool.abandon()
  }
}

async function* nothing(): AsyncGenerator<Buffer> {}

async function send(parts: DraftWriterParts, who: SignedIn, judged: Judged, session: SubmissionSession): Promise<SendResult> {
  const { draft, files } = judged
  const reader = readerOf(who)
  const read = readDraft(draft, judged.schemes)
  const atMs = await parts.drafts.firstSend(reader, draft.id, draft.version)
  if (atMs === null) return (await sentBefore(parts, reader, draft.id)) ?? { kind: 'changed' }
  const boundary = (await parts.keys.hashFor(who.account, 'draft boundary'))(`${draft.id}/${draft.version}/${atMs}`)
  const attachments = await attachmentsOf(parts, reader, draft.id, files)
  const typed = typedOf(parts, who, draft, read, attachments, { atMs, boundary: boundary.toString('hex').slice(0, 32) })
  const spool = parts.newSpool()
  let leftovers: Leftovers = []
  try {
    const composed = await composeInto(spool, typed)
    if ('kind' in composed) return composed
    const result = await parts.acceptance.submit(who, envelopeOf(who, read), spool, session, {
      mailbox: await parts.drafts.sentMailbox(reader),
      settle: async (tx, { month, id, receipt }) => {
        const sent = { month, message: id, receipt, sentMs: parts.clock.now() }
        leftovers = await parts.drafts.become(tx, who.account, draft.id, draft.version, sent)
        await recordAnswer(parts, tx, who, judged, { message: id, receipt })
      },
    })
    if (result.kind === 'refused') return (await sentBefore(parts, reader, draft.id)) ?? result
    await parts.drafts.letGo(leftovers)
    await markAnswered(parts, reader, draft)
    return await becameOf(parts, reader, draft.id, result)
  } catch (fault) {
    if (!(fault instanceof DraftWasChanged)) throw fault
    return (await sentBefore(parts, reader, draft.id)) ?? { kind: 'changed' }
  } finally {
    await spool.abandon()
  }
}

/** Flags the copy that was answered, where it still is. The reply is sent whether this succeeds or not, and must not be said to have failed. RFC 3501 §2.3.2 */
async function markAnswered({ mailboxes }: DraftWriterParts, reader: Reader, { origin: { answers } }: Draft): Promise<void> {
  if (answers === undefined) return
  await mailboxes.store(reader, answers.mailbox, [answers.uid], { mode: 'add', flags: ['\\Answered'] }).catch(() => [])
}

/** G11: that the sender was shown warnings, and sent it all the same. */
async function recordAnswer(
  { evidence }: DraftWriterParts,
  tx: Transaction,
  { account, computer }: SignedIn,
  { warnings }: Judged,
  sent: { message: string; receipt: string },
): Promise<void> {
  if (warnings.length === 0) return
  const details = [{ ...sent, computer, warnings: warnings.map(({ clause, reason }) => `${clause} ${reason}`) }]
  await evidence.write(tx, { event: 'WarningsAnswered', actor: account, about: account, details })
}

async function becameOf(parts: DraftWriterParts, reader: Reader, id: string, { again, held }: Accepted): Promise<SendResult> {
  const sent = await parts.drafts.sent(reader, id)
  if (sent === null) throw new Error('a draft was sent, and nothing says what became of it')
  return { kind: 'sent', sent, before: again, isHeld: held > 0 }
}

async function attachmentsOf(
  parts: DraftWriterParts,
  reader: Reader,
  draft: string,
  files: readonly Upload[],
): Promise<ToAttach[]> {
  const attachments: ToAttach[] = []
  for (const file of files) {
    const content = await parts.uploads.content(reader, draft, file.id)
    if (content === null) throw new DraftWasChanged('a file was taken away meanwhile')
    attachments.push({ ...file, content: () => content.range(0, content.octets) })
  }
  return attachments
}

function typedOf(
  parts: DraftWriterParts,
  who: SignedIn,
  draft: Draft,
  read: TypedDraft,
  attachments: readonly ToAttach[],
  once: { atMs: number; boundary: string },
): Typed {
  const asked = writeHandlingAsked(read.handling)
  const list = (field: 'to' | 'cc') => read.recipients.filter((one) => one.field === field)
  return {
    ...once,
    from: { name: /[\p{Cc}]|=\?|@/u.test(who.name) ? null : who.name, address: who.address },
    to: list('to'),
    cc: list('cc'),
    subject: read.subject,
    text: draft.fields.text,
    references: draft.origin.references,
    isReply: draft.origin.kind === 'reply',
    marking: read.marking === null ? null : writeProtectiveMarking(read.marking, namespace),
    ...(read.lowering === null ? {} : { lowering: read.lowering }),
    ...(asked === '' ? {} : { handling: asked }),
    ...(read.release === null ? {} : { release: writeRelease(read.release) }),
    attachments,
    messageId: `<${draft.id}@${parts.hostName}>`,
  }
}

const keysOf = (recipients: readonly TypedRecipientAt[]) => [...new Set(recipients.map((one) => keyOf(one.address) ?? ''))]

function envelopeOf(who: SignedIn, read: TypedDraft): Envelope {
  return {
    reversePath: who.address,
    recipients: read.recipients.map(({ address }) => ({ address, originalRecipient: null, notify: null })),
    envid: null,
    ret: null,
  }
}

/** Composes into a spool and reads it back; refuses what does not read as it was typed. */
async function composeInto(spool: Spool, typed: Typed): Promise<Inspected | Refused> {
  for await (const piece of composeMessage(typed)) await spool.write(piece)
  const inspected = await inspect(spool)
  const { header, structure } = inspected
  const body = (part: { bodyStart: number; bodyEnd: number }) => slice(spool, part.bodyStart, part.bodyEnd)
  const differs = await composedDiffers(typed, { header, root: structure.root, body })
  return differs === null ? inspected : cannotBeWritten(differs)
}
