// The one door for messages that enter: facts, rules, scan, seal, then delivery and record in one transaction. Every face comes through here. G01–G09, T08, T19
import { type Clock, steadyNow } from '#base/clock.ts'
import { type Refused, refused } from '#base/faults.ts'
import type { Organisations } from '#community/organisations.ts'
import type { Permits } from '#community/permits.ts'
import { type Standing, type StandingOf, keyOf } from '#community/standing.ts'
import type { Wordings } from '#community/wordings.ts'
import { withOriginals } from '#delivery/carried-facts.ts'
import { withClosing } from '#delivery/closing.ts'
import { bannerEdits } from '#delivery/banner.ts'
import { deliverBatch } from '#delivery/batches.ts'
import type { Keep, Pending, Result } from '#delivery/decided.ts'
import type { Accepted, Envelope, SubmissionSession } from '#delivery/envelope.ts'
import type { LookInside } from '#delivery/documents.ts'
import type { CountExpansion } from '#delivery/expansion.ts'
import { type CopyToKeep, type IncidentCopies, withFound } from '#delivery/incident-copies.ts'
import { formRefusal } from '#delivery/form.ts'
import { gatherFacts } from '#delivery/gather.ts'
import { type HoldParts, holdMessage } from '#delivery/hold.ts'
import { type Inspected, type Octets, inspect } from '#delivery/inspect.ts'
import type { FindIntegrity } from '#delivery/integrity.ts'
import { newLanes } from '#delivery/lanes.ts'
import { lookInto } from '#delivery/look-into.ts'
import { newNotices } from '#delivery/notices.ts'
import { type MemberRecipient, type Outcome, noRoom, overQuota, sendingIsSuspended } from '#delivery/outcome.ts'
import { acceptedBefore, type RecipientHashes, recipientHashes, repeated } from '#delivery/retries.ts'
import { unscannableOf } from '#delivery/scan-refusal.ts'
import type { Scanner } from '#delivery/scanner.ts'
import { type Sealed, type SealMessage, newSealMessage, wholeOf } from '#delivery/seal-message.ts'
import type { Spool } from '#delivery/spool.ts'
import type { Volume } from '#delivery/volume.ts'
import { stampedHead } from '#delivery/stamp.ts'
import { contentCommitment, type Detail } from '#evidence/leaf.ts'
import type { Evidence } from '#evidence/record.ts'
import type { Accounts } from '#identity/accounts.ts'
import type { SignedIn } from '#identity/sign-in.ts'
import { theService } from '#keys/epoch.ts'
import type { Keys } from '#keys/keys.ts'
import { parseHeader } from '#mail/header.ts'
import type { PlacedCopy } from '#mailbox/deliver.ts'
import { readerOf } from '#mailbox/means.ts'
import type { RoomOf } from '#mailbox/quota.ts'
import { noteHandling } from '#mailbox/withheld.ts'
import { automationOf } from '#policy/automation.ts'
import { linesAboveTheCeiling } from '#policy/attachments.ts'
import { isAboveCeiling, releasedWords } from '#policy/ceiling.ts'
import { decide, judgeRecipient } from '#policy/decide.ts'
import { isAskedOfPrograms, writeHandlingAsked } from '#policy/handling-asked.ts'
import type { HandlingInForce } from '#policy/handling-carried.ts'
import { type MarkingSet, shippedSet } from '#policy/marking-set.ts'
import { contentIsMalicious } from '#policy/looked-into.ts'
import { markingWords, ownScheme } from '#policy/marking.ts'
import { outsideIsJudgedLater, releaseRecorded } from '#policy/release.ts'
import type { Held, Warning } from '#policy/verdict.ts'
import type { Database } from '#store/database.ts'
import type { ContentStore } from '#store/content-store.ts'

export interface Acceptance {
  /** Whether this person may send with this reverse-path at all; null when they may. */
  admitReversePath(who: SignedIn, reversePath: string | null): Refused | null
  /** What RCPT is answered: null, the rule that refuses this recipient, or what the sender is to know of it. */
  admitRecipient(address: string): Promise<Refused | Warning | null>
  /** Judges, scans, seals, delivers and records a submission. Throws Unavailable when a part that must answer is away; nothing was delivered then. */
  submit(who: SignedIn, envelope: Envelope, content: Spool, session: SubmissionSession, keep?: Keep): Promise<Accepted | Refused>
}

export interface AcceptanceParts {
  readonly database: Database
  readonly accounts: Accounts
  readonly organisations: Organisations
  readonly wordings: Wordings
  readonly permits: Permits
  readonly volume: Volume
  readonly findIntegrity: FindIntegrity
  readonly incidentCopies: IncidentCopies
  readonly standingOf: StandingOf
  readonly roomOf: RoomOf
  readonly evidence: Evidence
  readonly keys: Keys
  readonly contentStore: ContentStore
  readonly countExpansion: CountExpansion
  readonly lookInside: LookInside
  readonly scanner: Scanner
  /** False while a disk is below its floor. */
  readonly hasRoom: () => boolean
  /** The refusal in force while the record does not stand; null when it does. G14 */
  readonly recordHeld: () => Refused | null
  /** The schemes and the mapping table; those that are shipped when left out. G06 */
  readonly markings?: MarkingSet
  /** Domains outside to which a channel with a verified certificate is agreed; none when left out. G15 */
  readonly channels?: readonly string[]
  /** After so long, a held message that nobody decided about is not delivered; 7 days when left out. T19 */
  readonly heldMs?: number
  readonly clock: Clock
  readonly hostName: string
  /** The page of the rules, for notices; they name none when left out. */
  readonly rulesUrl?: string
  /** Tells who watches the mailboxes, after the commit. */
  readonly announce: (placed: readonly PlacedCopy[]) => void
}

const lanes = 1
const batchMessages = 64
const usualHeldMs = 7 * 24 * 3_600_000

/** Opens the door; holds the lanes of this process. */
export function openAcceptance(parts: AcceptanceParts): Acceptance {
  const sealMessage = newSealMessage(parts)
  const batchParts: HoldParts = {
    ...parts,
    heldMs: parts.heldMs ?? usualHeldMs,
    steadyMs: steadyNow(parts.clock),
    composeNotice: newNotices({ ...parts, sealMessage }),
  }
  const batches = newLanes<Pending, Result>({ lanes, most: batchMessages, work: (batch) => deliverBatch(batchParts, batch) })
  return {
    admitReversePath(who, reversePath) {
      const held = parts.recordHeld()
      if (held !== null) return held
      if (!parts.hasRoom()) return noRoom
      if (!who.maySend) return sendingIsSuspended
      if (reversePath === null || who.mayUse.includes(keyOf(reversePath) ?? '')) return null
      return refused(
        'G03',
        'reverse-path-is-not-the-submitters',
        `MAIL FROM: ${reversePath}`.slice(0, 160),
        'Let your mail program give your own address as the sender (MAIL FROM).',
      )
    },
    async admitRecipient(address) {
      const key = keyOf(address)
      const standing = key === null ? undefined : (await parts.standingOf([key])).get(key)
      const verdict = judgeRecipient({ address, standing: standing?.standing ?? 'unknown' })
      if (verdict.kind === 'refused') return verdict
      if (standing?.standing === 'outside') return outsideIsJudgedLater(address)
      return standing?.standing === 'member' && (await parts.roomOf(standing.holder)) <= 0 ? overQuota(address) : null
    },
    async submit(who, envelope, content, session, keep) {
      const held = parts.recordHeld()
      if (held !== null) return content.abandon().then(() => held)
      if (!parts.hasRoom()) return content.abandon().then(() => noRoom)
      const withKeep = (pending: Pending) => (keep === undefined ? pending : { ...pending, keep })
      const deliver: Deliver = async (pending, why, sealOwn) =>
        why === null
          ? batches.submit(withKeep(pending))
          : holdMessage(batchParts, {
              pending: withKeep(pending),
              why,
              own: keep?.mailbox == null ? null : await sealOwn(),
            })
      const result = await submit(parts, sealMessage, who, envelope, content, session, deliver).finally(() => content.abandon())
      if (result.placed.length > 0) parts.announce(result.placed)
      const { reply } = result
      const isStopped = reply.kind === 'refused' && reply.reason === sendingIsSuspended.reason
      return isStopped ? ((await parts.volume.whyStopped(who.account)) ?? reply) : reply
    },
  }
}

/** Delivers what was judged, or holds it for a person; `sealOwn` seals a copy for the submitter apart from what is held. */
type Deliver = (pending: Pending, why: Held | null, sealOwn: () => Promise<Sealed>) => Promise<Result>

async function submit(
  parts: AcceptanceParts,
  sealMessage: SealMessage,
  who: SignedIn,
  envelope: Envelope,
  content: Spool,
  session: SubmissionSession,
  deliver: Deliver,
): Promise<Result> {
  const inspected = await inspect(content)
  const organisation = await parts.organisations.find(who.organisation)
  const standings = await parts.standingOf([...new Set(envelope.recipients.map((one) => keyOf(one.address) ?? ''))])
  const hashes = await recipientHashes(parts.keys, who, envelope, inspected.digest, standings)
  const over = formRefusal(inspected)
  const { markings = shippedSet, channels = [] } = parts
  const attached = await lookInto(parts, content, inspected, markings.readingFor(organisation?.name ?? ''))
  const automation = automationOf(inspected.header, inspected.structure.root, envelope.recipients.length)
  const permit = automation.kind === 'automated' ? await permitFor(parts, who, envelope, standings) : null
  const schemes = markings.schemesFor(organisation?.name ?? '')
  const originals = over === null ? await parts.findIntegrity(readerOf(who), content, inspected) : null
  const gathered = gatherFacts(who, organisation, envelope, standings, inspected, attached, permit, markings, channels)
  const facts = withOriginals(gathered, originals, parts.clock.now())
  const { integrity } = facts
  const first = decide(facts)
  // What the service writes for somebody is no act of theirs that an officer looks into.
  const isAbove = over === null && envelope.isAutomaticReply !== true && isAboveCeiling(first.message)
  const refusedContent = isAbove ? await parts.incidentCopies.hashOf(who.account, content, inspected) : null
  const found = refusedContent === null ? null : await parts.incidentCopies.found(refusedContent)
  const judged = found === null ? facts : withFound(facts, found, originals)
  let decision = found === null ? first : decide(judged)
  const released = releasedWords(judged)
  const submitted = {
    submitted: contentCommitment(inspected.digest),
    octets: content.size,
    reversePath: envelope.reversePath,
    computer: who.computer,
    remoteAddress: session.remoteAddress,
    marking: decision.asserted?.written ?? null,
    floor: decision.floor,
    ...(released.length === 0 ? {} : { isReleased: true }),
    ...(integrity === null ? {} : { integrity: integrity.verdict, original: integrity.original }),
    ...(decision.lowered === null ? {} : { loweredFrom: markingWords(decision.lowered.from) }),
    ...(facts.lowering.length === 0 ? {} : { loweringReason: facts.lowering.join(' ') }),
    ...releaseRecorded(facts),
  }
  const refuse = (refusal: Refused) => refuseAll(parts, who, hashes, submitted, refusal)
  if (over !== null) return refuse(over)
  if (decision.message.kind === 'refused' && refusedContent !== null && isAboveCeiling(decision.message)) {
    const lines = linesAboveTheCeiling(judged)
    const copy = await parts.incidentCopies.prepare(who.account, lines, refusedContent, content, inspected, envelope.draft)
    return refuseAll(parts, who, hashes, submitted, decision.message, copy).finally(() => copy?.abandon())
  }
  if (decision.message.kind === 'refused') return refuse(decision.message)

  const tooMuch = await parts.volume.note(who.account, envelope.recipients.length, shapeOf(inspected), organisationsOf(standings))
  if (tooMuch !== null) return refuse(tooMuch)
  const above = await bannerEdits(content, inspected, decision.writeMarking, schemes)
  const closed = await withClosing(parts.wordings, who, content, inspected, decision, above)
  const stamp = () =>
    stampedHead({
      inspected,
      envelope,
      session,
      decision,
      schemes,
      map: markings.map,
      atMs: parts.clock.now(),
      hostName: parts.hostName,
    })
  let head = stamp()
  const bodyStart = inspected.header.octets
  const scanned = await parts.scanner.scan(
    () => wholeOf(head, closed.octets, bodyStart) ?? withHead(head, closed.octets, bodyStart),
  )
  if (scanned.kind === 'found') return refuse(contentIsMalicious)
  if (scanned.kind === 'unscannable' && decision.notLookedInto === null) {
    decision = decide({ ...judged, unscannable: unscannableOf(scanned) })
    if (decision.message.kind === 'refused') return refuse(decision.message)
    head = stamp()
  }

  const recipients: MemberRecipient[] = []
  const turnedDown: Extract<Outcome, { kind: 'refused' }>[] = []
  const named = new Set<string>()
  envelope.recipients.forEach((recipient, index) => {
    const key = keyOf(recipient.address) ?? recipient.address
    // Named again, in whatever case: what was said of it first stands.
    if (named.has(key)) return
    named.add(key)
    const verdict = decision.recipients[index]!.verdict
    const standing = standings.get(key)
    if (verdict.kind === 'refused') turnedDown.push({ kind: 'refused', recipient, refusal: verdict })
    else if (standing?.standing === 'member') recipients.push({ ...recipient, holder: standing.holder })
  })
  const toSeal = {
    head,
    header: parseHeader(head),
    octets: closed.octets,
    bodyStart: inspected.header.octets,
    root: closed.root,
    marking: decision.asserted?.written ?? null,
    handling: writeHandlingAsked(decision.handling.asked),
    ...(decision.handling.askedBy === null ? {} : { askedBy: decision.handling.askedBy }),
    ...(decision.asserted?.scheme === ownScheme ? { isOwnMarking: true as const } : {}),
    released,
  }
  const sealed = await sealMessage(toSeal)
  await parts.evidence.introduce([who.account, theService])
  const message = { message: sealed.message.id, ...submitted }
  const delivered = { message: sealed.message.id, delivered: contentCommitment(sealed.digest), octets: sealed.message.octets }
  const pending = {
    hashes,
    submitter: who.account,
    envelope,
    recipients,
    refused: turnedDown,
    sealed,
    original: { head, octets: closed.octets, bodyStart: inspected.header.octets },
    submitted: message,
    delivered,
  }
  // Where nobody is left to get it, there is nothing to hold: it is refused as ever.
  const why = decision.message.kind === 'held' && recipients.length > 0 ? decision.message : null
  const holders = recipients.map(({ holder }) => holder)
  const note = (message: Sealed) => noteAsked(parts, who, message, holders, decision.handling)
  await note(sealed)
  const result = await deliver(pending, why, async () => {
    const own = await sealMessage(toSeal)
    await note(own)
    return own
  })
  if (result.reply.kind === 'accepted') parts.volume.delivered(who.account, inspected)
  if (result.reply.kind === 'refused') return result
  // A retry of what was delivered before is not held, whatever was chosen since.
  const isHeld = why !== null && result.reply.held > 0
  const warnings = [...(isHeld ? [{ ...why, kind: 'warning' as const }] : []), ...decision.warnings]
  if (warnings.length === 0) return result
  return { ...result, reply: { ...result.reply, warnings } }
}

/** The organisations of those who are to get it. T23 */
function* organisationsOf(standings: ReadonlyMap<string, Standing>): Generator<string> {
  for (const standing of standings.values()) if ('organisation' in standing) yield standing.organisation
}

/** Written before the message is delivered, so that no mail program gets it sooner than it is known not to. G09 */
async function noteAsked(
  parts: AcceptanceParts,
  who: SignedIn,
  { message: { month, id: message } }: Sealed,
  holders: readonly string[],
  { asked, askedBy }: HandlingInForce,
): Promise<void> {
  if (!isAskedOfPrograms(asked)) return
  const sender = askedBy === null ? who.account : await soleHolder(parts.standingOf, askedBy)
  // What is carried binds also who carries it.
  const bound = [...new Set(askedBy === null ? holders : [who.account, ...holders])]
  await noteHandling(parts.database, { month, message, sender, holders: bound, notedMs: parts.clock.now() }, asked)
}

/** Whose address it is; null where it is nobody's, several people's, or somebody's who is no member: then it binds everybody. */
async function soleHolder(standingOf: StandingOf, askedBy: readonly string[]): Promise<string | null> {
  const [standing, ...others] = (await standingOf(askedBy)).values()
  return standing?.standing === 'member' && others.length === 0 ? standing.holder : null
}

/** The same for messages that one program makes alike: the names of their fields, and how many parts they have. T08 */
const shapeOf = ({ header, structure }: Inspected) => `${header.fields.map(({ key }) => key).join()} ${structure.partCount}`

/** What a permit says of a message whose header says that a machine sends it. T08 */
function permitFor(parts: AcceptanceParts, who: SignedIn, envelope: Envelope, standings: ReadonlyMap<string, Standing>) {
  const recipients = envelope.recipients.map(({ address }) => {
    const key = keyOf(address) ?? address
    const standing = standings.get(key)
    return { key, organisation: standing !== undefined && 'organisation' in standing ? standing.organisation : null }
  })
  return parts.permits.use(who.account, who.computer, recipients)
}

/** Records a refusal of the whole message, and keeps a copy of what the ceiling refused; when it is a retry of what was accepted before, the answer is that one's. */
async function refuseAll(
  parts: AcceptanceParts,
  who: SignedIn,
  hashes: RecipientHashes,
  submitted: Pending['submitted'],
  refusal: Refused,
  copy: CopyToKeep | null = null,
): Promise<Result> {
  await parts.evidence.introduce([who.account])
  return parts.database.transaction(async (tx) => {
    const before = await acceptedBefore(tx, hashes)
    if (before.size > 0) return repeated(parts.evidence, tx, who.account, before)
    const kept = copy === null ? null : await copy.keep(tx)
    const incident: Detail = kept === null ? {} : { incident: kept }
    const details = [{ ...submitted, ...incident, clause: refusal.clause, reason: refusal.reason }]
    await parts.evidence.write(tx, { event: 'SubmissionRejection', actor: who.account, about: who.account, details })
    return { reply: refusal, placed: [] }
  })
}

/** The message as it will be delivered, for the scanner: its first field tells every engine that this is mail. */
async function* withHead(head: Buffer, content: Octets, bodyStart: number): AsyncGenerator<Buffer> {
  yield head
  yield* content.range(bodyStart, content.size)
}
