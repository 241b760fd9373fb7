// From a draft to a message: judged before it is sent, and sent by the one door, with the sender's own copy in the same transaction. Never twice. G01–G09, G14
import type { Refused } from '#base/faults.ts'
import { keyOf } from '#community/standing.ts'
import type { Acceptance } from '#delivery/accept.ts'
import { attachmentsOf, composeInto, envelopeOf, typedOf } from '#delivery/compose-draft.ts'
import type { Accepted, SubmissionSession } from '#delivery/envelope.ts'
import { type DraftJudgeParts, type Judged, canBeSent, isForHelpdesk, judgeDraft, schemesOf } from '#delivery/judge-draft.ts'
import { type ShownWarning, readShown, wereShown, writeShown } from '#delivery/shown-warnings.ts'
import { keysOf, readDraft } from '#delivery/typed-draft.ts'
import type { Evidence } from '#evidence/record.ts'
import type { SignedIn } from '#identity/sign-in.ts'
import type { Keys } from '#keys/keys.ts'
import { subjectFault } from '#mail/compose.ts'
import { type ChosenMarking, type Draft, DraftWasChanged, type Drafts, type Leftovers, type Sent } from '#mailbox/drafts.ts'
import { type Reader, readerOf } from '#mailbox/means.ts'
import type { Mailboxes } from '#mailbox/open-mailboxes.ts'
import { isAboveCeiling } from '#policy/ceiling.ts'
import { type Offered, offeredMarkings } from '#policy/offered.ts'
import { readRelease, type ReleaseDeclared, writeRelease } from '#policy/release.ts'
import type { Database, Transaction } from '#store/database.ts'

export interface DraftWriterParts extends DraftJudgeParts {
  readonly acceptance: Pick<Acceptance, 'submit'>
  readonly drafts: Drafts
  readonly mailboxes: Pick<Mailboxes, 'store'>
  readonly keys: Keys
  readonly evidence: Evidence
  readonly database: Pick<Database, 'transaction'>
}

export type SendResult =
  | { readonly kind: 'sent'; readonly sent: Sent; readonly before: boolean; readonly isHeld: boolean }
  /** Another window changed it since this one saw it. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'not-ready'; readonly judged: Judged }
  /** There are warnings that its sender was not shown. G11 */
  | { readonly kind: 'not-shown'; readonly judged: Judged }
  | Refused

export type Declared = { readonly kind: 'declared' | 'wordless' | 'changed' | 'gone' } | Refused

export interface DraftWriter {
  /** Asks every rule before anything is sent: the same table that acceptance asks. Null when there is no such draft. */
  judge(who: SignedIn, id: string): Promise<Judged | null>
  /** What the form of the check carries, to say at sending which warnings it showed. G11 */
  shownOf(who: SignedIn, judged: Judged): Promise<string>
  /** Sends that version of a draft, whose warnings were `shown`. A second call, at whatever time, says what became of the first. */
  send(
    who: SignedIn,
    id: string,
    version: number,
    shown: string,
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

export function newDraftWriter(parts: DraftWriterParts): DraftWriter {
  return {
    async offered(who, minimum) {
      const organisation = await parts.organisations.find(who.organisation)
      return offeredMarkings({ adopter: organisation?.adopter ?? false }, minimum, await schemesOf(parts, who))
    },
    async judge(who, id) {
      const draft = await parts.drafts.read(readerOf(who), id)
      return draft === null ? null : judgeDraft(parts, who, draft, 'with files')
    },
    shownOf: (who, { draft, warnings }) => writeShown(parts.keys, who.account, draft, warnings),
    declareRelease: (who, id, version, declared) => declareRelease(parts, who, id, version, declared),
    async send(who, id, version, written, remoteAddress, tls, asksHelpdesk = false) {
      const reader = readerOf(who)
      const before = await sentBefore(parts, reader, id)
      if (before !== null) return before
      const draft = await parts.drafts.read(reader, id)
      if (draft === null) return (await sentBefore(parts, reader, id)) ?? { kind: 'gone' }
      if (draft.version !== version) return { kind: 'changed' }
      const byName = await judgeDraft(parts, who, draft, 'by name') // acceptance looks into the files
      const shown = await readShown(parts.keys, who.account, draft, written)
      // Whether it was released is told by all that is in it; and what is not shown yet is shown as the check would.
      const isWhole = (byName.refusal !== null && isAboveCeiling(byName.refusal)) || !wereShown(byName.warnings, shown)
      const judged = isWhole ? await judgeDraft(parts, who, draft, 'with files') : byName
      if (!canBeSent(judged) && !(asksHelpdesk && isForHelpdesk(judged))) return { kind: 'not-ready', judged }
      if (!wereShown(judged.warnings, shown)) return { kind: 'not-shown', judged }
      const session = { protocol: 'HTTPS', helo: 'webmail', remoteAddress, tls }
      return send(parts, who, judged, shown, session)
    },
  }
}

/** No record, no act: what is declared is recorded before the draft holds it. */
async function declareRelease(
  parts: DraftWriterParts,
  who: SignedIn,
  id: string,
  version: number,
  declared: ReleaseDeclared,
): Promise<Declared> {
  const { account, computer } = who
  const reader = readerOf(who)
  const draft = await parts.drafts.read(reader, id)
  if (draft === null) return { kind: 'gone' }
  if (draft.version !== version) return { kind: 'changed' }
  const release = readRelease(writeRelease(declared))
  if (release === null || subjectFault(release.words) !== null) return { kind: 'wordless' }
  const { recipients } = readDraft(draft, await schemesOf(parts, who), parts.clock.now())
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

async function sentBefore(parts: DraftWriterParts, reader: Reader, id: string): Promise<SendResult | null> {
  const sent = await parts.drafts.sent(reader, id)
  return sent === null ? null : { kind: 'sent', sent, before: true, isHeld: false }
}

async function send(
  parts: DraftWriterParts,
  who: SignedIn,
  judged: Judged,
  shown: readonly ShownWarning[],
  session: SubmissionSession,
): Promise<SendResult> {
  const { draft, files } = judged
  const reader = readerOf(who)
  const read = readDraft(draft, judged.schemes, parts.clock.now())
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
    const result = await parts.acceptance.submit(who, { ...envelopeOf(who, read), draft: draft.id }, spool, session, {
      mailbox: await parts.drafts.sentMailbox(reader),
      settle: async (tx, { month, id, receipt }) => {
        const sent = { month, message: id, receipt, sentMs: parts.clock.now() }
        leftovers = await parts.drafts.become(tx, who.account, draft.id, draft.version, sent)
        await recordAnswer(parts, tx, who, shown, { message: id, receipt })
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
  warnings: readonly ShownWarning[],
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
