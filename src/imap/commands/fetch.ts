// FETCH and UID FETCH: what a summary tells, without touching content; sections of content, opened once for the whole command.
// RFC 3501 §6.4.5.
import { type Command, copiesNamed, noSuchMessage, whenSelected } from '#imap/command.ts'
import type { CopySummary } from '#imap/doors.ts'
import { dateTime, flagList, type Octets } from '#imap/encode.ts'
import { ahead, type Block, blockOf, type OpenCopy, openCopy } from '#imap/fetch/blocks.ts'
import { envelopeText, structureText } from '#imap/fetch/envelope.ts'
import { type Item, type PlainItem, parseItems, type SectionItem } from '#imap/fetch/items.ts'
import { isRefused, ok, type Reply } from '#imap/responses.ts'
import type { SequenceSet } from '#imap/sequence-set.ts'
import type { Session } from '#imap/session.ts'
import type { View } from '#imap/view.ts'

interface FetchRequest {
  readonly set: SequenceSet
  readonly plan: Plan
}

/** What a FETCH asks for, and what it needs from below. */
interface Plan {
  readonly plain: readonly PlainItem[]
  readonly sections: readonly SectionItem[]
  readonly needsSummary: boolean
  readonly setsSeen: boolean
}

interface Subject {
  readonly uid: number
  readonly summary: CopySummary | null
}

const copiesAhead = 8

/** A response broke off in its middle: nothing that could follow would be understood, so the connection must close. */
export class ResponseCutShort extends Error {
  override name = 'ResponseCutShort'
}

export const fetch = fetching('FETCH', false)
export const uidFetch = fetching('UID FETCH', true)

function fetching(verb: string, byUid: boolean): Command<FetchRequest> {
  return {
    verb,
    states: whenSelected,
    withholdsExpunges: !byUid,
    parse(input) {
      input.space()
      const set = input.sequenceSet()
      input.space()
      return { set, plan: planOf(parseItems(input), byUid) }
    },
    async *run(session, { set, plan }) {
      // What the view alone tells is told as it is now.
      if (session.selected.hinted || (!plan.needsSummary && plan.sections.length === 0)) yield* await session.news(false)
      const uids = copiesNamed(session, set, byUid)
      if (uids === null) return noSuchMessage
      if (uids.length === 0) return ok('No message was named')
      const told = yield* plan.sections.length === 0 ? plainResponses(session, plan, uids) : contentResponses(session, plan, uids)
      return fetched(told === uids.length || byUid)
    },
  }
}

function fetched(all: boolean): Reply {
  return all ? ok('Those are the messages') : ok('Some of the messages are gone', 'EXPUNGEISSUED')
}

function planOf(items: readonly Item[], byUid: boolean): Plan {
  const sections = items.filter((item) => item.kind === 'section')
  const asked = items.flatMap((item) => (item.kind === 'section' ? [] : [item.kind]))
  const plain = byUid ? [...new Set<PlainItem>(['UID', ...asked])] : asked
  const inView = (kind: PlainItem) => kind === 'UID' || kind === 'FLAGS' || (kind === 'RFC822.SIZE' && sections.length > 0)
  const isWhole = ({ section }: SectionItem) => section.path.length === 0 && section.text === 'whole'
  return {
    plain,
    sections,
    needsSummary: !plain.every(inView) || !sections.every(isWhole),
    setsSeen: sections.some((item) => !item.peek),
  }
}

async function* plainResponses(session: Session, plan: Plan, uids: readonly number[]): AsyncGenerator<Octets, number, void> {
  const { view } = session.selected
  let told = 0
  for await (const subject of subjects(session, plan, uids)) {
    const sequenceNumber = view.sequenceNumber(subject.uid)
    if (sequenceNumber === 0) continue
    yield `* ${sequenceNumber} FETCH (${plainText(plan, subject, view, subject.summary?.octets ?? 0)})\r\n`
    told++
  }
  return told
}

async function* contentResponses(session: Session, plan: Plan, uids: number[]): AsyncGenerator<Octets | Buffer, number, void> {
  const { mailboxId, view, readOnly } = session.selected
  const opened = await session.doors.open(session.who, mailboxId, uids)
  const justSeen = plan.setsSeen && !readOnly ? await markSeen(session, uids) : new Set<number>()
  const start = async (subject: Subject) => {
    const copy = await openCopy(opened, subject.uid, subject.summary, plan.sections[0]!)
    return { subject, copy }
  }
  let told = 0
  for await (const { subject, copy } of ahead(subjects(session, plan, uids), copiesAhead, start)) {
    if (copy === null || view.sequenceNumber(subject.uid) === 0) continue
    yield* contentResponse(plan, subject, copy, view, justSeen.has(subject.uid))
    told++
  }
  return told
}

async function* subjects(session: Session, plan: Plan, uids: readonly number[]): AsyncGenerator<Subject, void> {
  if (!plan.needsSummary) {
    for (const uid of uids) yield { uid, summary: null }
    return
  }
  const { mailboxId, view } = session.selected
  for await (const summary of session.doors.fetchSummaries(session.who, mailboxId, uids)) {
    if (plan.plain.includes('FLAGS')) view.note(summary)
    yield { uid: summary.uid, summary }
  }
}

/** Sets \Seen where it is not set yet, and gives the UIDs whose flags that changed. */
async function markSeen(session: Session, uids: readonly number[]): Promise<Set<number>> {
  const { mailboxId, view } = session.selected
  const unseen = uids.filter((uid) => !view.flags(uid).includes('\\Seen'))
  if (unseen.length === 0) return new Set()
  const entries = await session.doors.store(session.who, mailboxId, unseen, { mode: 'add', flags: ['\\Seen'] })
  // \Seen is a system flag, which is never refused.
  return new Set(isRefused(entries) ? [] : entries.filter((entry) => view.note(entry)).map((entry) => entry.uid))
}

async function* contentResponse(
  plan: Plan,
  subject: Subject,
  copy: OpenCopy,
  view: View,
  tellFlags: boolean,
): AsyncGenerator<Octets | Buffer, void> {
  const flags = tellFlags && !plan.plain.includes('FLAGS') ? [`FLAGS ${flagList(view.flags(subject.uid))}`] : []
  const plain = [plainText(plan, subject, view, copy.content.octets), ...flags].filter((text) => text !== '').join(' ')
  let line = `* ${view.sequenceNumber(subject.uid)} FETCH (${plain}`
  let begun = plain !== ''
  try {
    for (const [index, item] of plan.sections.entries()) {
      const block = index === 0 ? copy.first : await blockOf(copy.content, subject.summary?.structure ?? null, item)
      line += `${begun ? ' ' : ''}${item.label} `
      begun = true
      if (block === null) line += 'NIL'
      else {
        yield `${line}{${block.length}}\r\n`
        yield* pieces(block)
        line = ''
      }
    }
  } catch (fault) {
    throw new ResponseCutShort('a response broke off', { cause: fault })
  }
  yield `${line})\r\n`
}

async function* pieces(block: Block): AsyncGenerator<Buffer, void> {
  if (Buffer.isBuffer(block)) {
    yield block
    return
  }
  let left = block.length
  for await (const piece of block.pieces()) {
    left -= piece.length
    if (left < 0) break
    yield piece
  }
  if (left !== 0) throw new Error('content has another length than was announced')
}

function plainText(plan: Plan, { uid, summary }: Subject, view: View, octets: number): Octets {
  let text = ''
  for (const kind of plan.plain) text += `${text === '' ? '' : ' '}${kind} ${plainValue(kind, uid, summary, view, octets)}`
  return text
}

function plainValue(kind: PlainItem, uid: number, summary: CopySummary | null, view: View, octets: number): Octets {
  if (kind === 'UID') return `${uid}`
  if (kind === 'FLAGS') return flagList(summary?.flags ?? view.flags(uid))
  if (kind === 'RFC822.SIZE') return `${octets}`
  if (summary === null) throw new Error(`${kind} needs a summary`)
  if (kind === 'ENVELOPE') return envelopeText(summary.envelope)
  if (kind === 'INTERNALDATE') return dateTime(summary.internalDateMs)
  return structureText(summary.structure, kind === 'BODYSTRUCTURE')
}
