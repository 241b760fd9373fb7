// Answers for those who are away: found in their INBOXes by a job, so that acceptance knows nothing of it, and sent through the one door. T08, RFC 3834
// docs/decisions/0091-automatic-replies.md
import type { Clock } from '#base/clock.ts'
import { Unavailable } from '#base/faults.ts'
import { newId } from '#base/ids.ts'
import { describeFault, type Log } from '#base/log.ts'
import type { Away, InForce } from '#community/away.ts'
import { type StandingOf, keyOf } from '#community/standing.ts'
import type { Acceptance } from '#delivery/accept.ts'
import { noteReply, progressOf, putProgress, repliedTo, repliesSince } from '#delivery/automatic-replies.sql.ts'
import type { SubmissionSession } from '#delivery/envelope.ts'
import type { NewSpool } from '#delivery/spool.ts'
import type { Evidence } from '#evidence/record.ts'
import type { Accounts } from '#identity/accounts.ts'
import type { SignedIn } from '#identity/sign-in.ts'
import type { Keys } from '#keys/keys.ts'
import { addressKey } from '#mail/address.ts'
import { composeMessage, referencesOf } from '#mail/compose.ts'
import type { EnvelopeAddress } from '#mail/envelope.ts'
import { fieldsNamed, fieldText, type Header, parseHeader } from '#mail/header.ts'
import { maxSubjectCharacters } from '#mail/limits.ts'
import { decodeWords } from '#mail/words.ts'
import { inboxesOf } from '#mailbox/inboxes.ts'
import { readerOf } from '#mailbox/means.ts'
import type { Mailboxes } from '#mailbox/open-mailboxes.ts'
import type { CopySummary } from '#mailbox/summaries.ts'
import type { PlaceInMailbox } from '#mailbox/view.ts'
import { asksForNoReply, replyAgainMs, replyIsDue } from '#policy/automatic-reply.ts'
import { automationOf } from '#policy/automation.ts'
import type { Database } from '#store/database.ts'

export interface AutomaticReplyParts {
  readonly away: Away
  readonly accounts: Accounts
  readonly mailboxes: Pick<Mailboxes, 'page' | 'fetchSummaries' | 'openToCompare'>
  readonly acceptance: Pick<Acceptance, 'submit'>
  readonly standingOf: StandingOf
  readonly newSpool: NewSpool
  readonly database: Database
  readonly keys: Keys
  readonly evidence: Evidence
  readonly clock: Clock
  readonly log: Log
  readonly hostName: string
}

/** Messages of one INBOX that a run looks at, from where the last one ended. */
export const repliesLookedAt = 200
/** Replies of one person within a day: who is answered is told by messages, and a person can put any of them into their own INBOX (RFC 3501 §6.3.11). */
export const maxRepliesPerDay = 200
const dayMs = 24 * 3_600_000
const mostHeaderOctets = 64 * 1024
const session: SubmissionSession = { protocol: 'LMTP', helo: 'automatic-reply', remoteAddress: '', tls: 'none' }
/** No computer of theirs: nothing is given to anybody. */
const noComputer = '00000000-0000-0000-0000-000000000000'

/** A reply went to that sender meanwhile: this one is undone. */
class RepliedBefore extends Error {}

/** Sends what is due for everybody who is away; returns how many. One person's fault is not the others'. */
export async function replyWhileAway(parts: AutomaticReplyParts): Promise<number> {
  const notices = await parts.away.inForce()
  const accounts = notices.map(({ account }) => account)
  const inboxes = await inboxesOf(parts.database, accounts)
  const looked = new Map((await progressOf(parts.database, accounts)).map((row) => [row.account, row]))
  let sent = 0
  for (const notice of notices) {
    const inbox = inboxes.get(notice.account)
    const before = looked.get(notice.account)
    // A notice that was set since begins with what is newest.
    const above = before?.mailbox === inbox?.mailbox && before?.setMs === notice.setMs ? before?.uid : undefined
    if (inbox === undefined || inbox.uidNext - 1 <= (above ?? 0)) continue
    sent += await kept(parts, 0, () => replyFor(parts, notice, inbox.mailbox, above === undefined ? {} : { above }))
  }
  return sent
}

/** What is wrong with one account or message holds up no other; what must answer and does not is tried again by the next run. */
async function kept<T>({ log }: AutomaticReplyParts, otherwise: T, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (fault) {
    if (fault instanceof Unavailable) throw fault
    log.warn({ fault: describeFault(fault) }, 'an automatic reply could not be sent')
    return otherwise
  }
}

async function replyFor(parts: AutomaticReplyParts, notice: InForce, inbox: string, place: PlaceInMailbox): Promise<number> {
  const { mailboxes, database } = parts
  const who = await personOf(parts, notice.account)
  if (who === null) return 0
  const reader = readerOf(who)
  const uids = (await mailboxes.page(reader, inbox, place, repliesLookedAt)).toReversed()
  const [last] = uids.slice(-1)
  if (last === undefined) return 0
  const [lately] = await repliesSince(database, who.account, parts.clock.now() - dayMs)
  /** One at a time: what does not open is passed over, and the others are answered. */
  const replyToCopy = async (uid: number) => {
    for await (const summary of mailboxes.fetchSummaries(reader, inbox, [uid])) {
      const isSince = summary.internalDateMs >= Math.max(notice.fromMs, notice.setMs)
      return isSince && replyTo(parts, who, notice, inbox, summary)
    }
    return false
  }
  let sent = 0
  for (const uid of uids) {
    if (lately!.replies + sent >= maxRepliesPerDay) break
    if (await kept(parts, false, () => replyToCopy(uid))) sent++
  }
  await putProgress(database, who.account, inbox, last, notice.setMs)
  return sent
}

/** Who is away, as the one for whom it is sent; null where they may not send. G02 */
async function personOf({ accounts }: AutomaticReplyParts, id: string): Promise<SignedIn | null> {
  const [account] = await accounts.list({ id })
  const [address] = account?.addresses ?? []
  if (account?.state !== 'active' || address === undefined) return null
  const { organisation, name, addresses } = account
  const mayUse = addresses.map(addressKey)
  return { kind: 'signed-in', account: id, organisation, computer: noComputer, name, address, mayUse, maySend: true }
}

async function replyTo(
  parts: AutomaticReplyParts,
  who: SignedIn,
  notice: InForce,
  inbox: string,
  summary: CopySummary,
): Promise<boolean> {
  const header = await headerOf(parts, who, inbox, summary)
  const reversePath = header === null ? null : reversePathOf(header)
  if (header === null || reversePath === null) return false
  const sender = (await parts.keys.hashFor(who.account, 'automatic reply'))(reversePath)
  const [before] = await repliedTo(parts.database, who.account, sender)
  const nowMs = parts.clock.now()
  const { to, cc } = summary.envelope
  const isDue = replyIsDue({
    automation: automationOf(header, summary.structure),
    isUnwanted: asksForNoReply(header),
    reversePath,
    isFromMember: (await parts.standingOf([reversePath])).get(reversePath)?.standing === 'member',
    own: who.mayUse,
    addressed: keysOf([...to, ...cc]),
    arrivedMs: summary.internalDateMs,
    fromMs: Math.max(notice.fromMs, notice.setMs),
    untilMs: notice.untilMs,
    repliedMs: before?.repliedMs ?? null,
    nowMs,
  })
  return isDue && submitReply(parts, who, reversePath, sender, header)
}

async function headerOf(
  { mailboxes }: AutomaticReplyParts,
  who: SignedIn,
  inbox: string,
  { uid, headerOctets }: CopySummary,
): Promise<Header | null> {
  if (headerOctets > mostHeaderOctets) return null
  const content = await (await mailboxes.openToCompare(readerOf(who), inbox, [uid])).content(uid)
  if (content === null) return null
  const pieces: Buffer[] = []
  for await (const piece of content.range(0, Math.min(headerOctets, content.octets))) pieces.push(Buffer.from(piece))
  return parseHeader(Buffer.concat(pieces))
}

/** The address key of the first Return-Path, which acceptance wrote; null for `<>`. */
function reversePathOf(header: Header): string | null {
  const [field] = fieldsNamed(header, 'Return-Path')
  const path = field === undefined ? '' : (/^\s*<([^<>]+)>\s*$/.exec(fieldText(field))?.[1] ?? '')
  return path === '' ? null : keyOf(path)
}

const keysOf = (entries: readonly EnvelopeAddress[]) =>
  entries.flatMap(({ mailbox, host }) => (mailbox === null || host === null ? [] : [keyOf(`${mailbox}@${host}`) ?? []].flat()))

/** Through the one door, and noted in the transaction that delivers it: sent once, or not at all. */
async function submitReply(
  parts: AutomaticReplyParts,
  who: SignedIn,
  recipient: string,
  sender: Buffer,
  answered: Header,
): Promise<boolean> {
  const text = (await parts.away.noticeOf(who.account))?.text
  if (text === undefined) return false
  const atMs = parts.clock.now()
  const spool = parts.newSpool()
  try {
    for await (const piece of composeReply(parts, who, text, recipient, answered, atMs)) await spool.write(piece)
    const recipients = [{ address: recipient, originalRecipient: null, notify: ['NEVER' as const] }]
    const envelope = { reversePath: null, recipients, envid: null, ret: null, isAutomaticReply: true as const }
    const result = await parts.acceptance.submit(who, envelope, spool, session, {
      mailbox: null,
      settle: async (tx, { id, receipt }) => {
        if ((await noteReply(tx, who.account, sender, atMs, atMs - replyAgainMs)) === 0) throw new RepliedBefore()
        const details = [{ message: id, receipt, recipient }]
        await parts.evidence.write(tx, { event: 'AutomaticReplySent', actor: who.account, about: who.account, details })
      },
    })
    return result.kind === 'accepted'
  } catch (fault) {
    if (fault instanceof RepliedBefore) return false
    throw fault
  } finally {
    await spool.abandon()
  }
}

function composeReply(
  { hostName }: AutomaticReplyParts,
  who: SignedIn,
  text: string,
  recipient: string,
  answered: Header,
  atMs: number,
): AsyncIterable<Buffer> {
  const id = newId(atMs)
  const [subject] = fieldsNamed(answered, 'Subject')
  const about = decodeWords(subject === undefined ? '' : fieldText(subject))
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .slice(0, maxSubjectCharacters - 'Auto: '.length)
    .toWellFormed()
    .trim()
  return composeMessage({
    from: { name: null, address: who.address },
    to: [{ name: null, address: recipient }],
    cc: [],
    subject: `Auto: ${about}`,
    text: `${text}\n\nThis is an automatic reply for ${who.address}. Your message was delivered.\n`,
    references: referencesOf(answered),
    isReply: true,
    isAutomaticReply: true,
    marking: null,
    attachments: [],
    atMs,
    messageId: `<${id}@${hostName}>`,
    boundary: id,
  })
}
