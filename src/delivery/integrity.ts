// Compares what a message quotes or attaches with the message that its sender received, found by its Message-ID in whatever mailbox it is. G16
import { createHash } from 'node:crypto'
import { keyOf } from '#community/standing.ts'
import { type Inspected, type Octets, inspect, mostComparedOctets, octetsOf, quotingTextOf, textOf } from '#delivery/inspect.ts'
import type { EnvelopeAddress, ImapEnvelope } from '#mail/envelope.ts'
import { fieldText, type Header } from '#mail/header.ts'
import { isMessage, type Part } from '#mail/part.ts'
import type { Reader } from '#mailbox/means.ts'
import type { Content } from '#mailbox/open.ts'
import type { Stopped } from '#mailbox/seals.ts'
import type { Mailboxes } from '#mailbox/open-mailboxes.ts'
import type { CopySummary } from '#mailbox/summaries.ts'
import type { ReleasedOriginal } from '#policy/ceiling.ts'
import { isForward } from '#policy/find-markings.ts'
import { keptHandling, type PassedOn } from '#policy/handling-asked.ts'
import { type Integrity, type IntegrityFacts, integrityOf, quotesSomething, statesTheChange } from '#policy/integrity.ts'

/** What is known of a message's originals. */
export interface Originals {
  readonly integrity: IntegrityFacts | null
  /** What the senders asked of those that it quotes or attaches. */
  readonly passedOn: readonly PassedOn[]
  /** Why one of them is not to be passed on. */
  readonly stopped?: Stopped
  /** What an officer released of them; left out for nothing. G05 */
  readonly released?: ReleasedOriginal
}

/** Finds the originals of a message; null where it quotes and attaches none that its sender received, and none that is sealed. */
export type FindIntegrity = (who: Reader, octets: Octets, inspected: Inspected) => Promise<Originals | null>

/** Originals of one message that are compared, and how large they may be. */
const mostOriginals = 4
const mostOctets = 1024 * 1024
type Source = Pick<Mailboxes, 'receivedAs' | 'fetchSummaries' | 'openToCompare' | 'holdsSealed'>

interface Original {
  /** Null for one that is too long to be compared. */
  readonly content: Content | null
  readonly stopped: Stopped | undefined
  readonly passedOn: readonly PassedOn[]
  readonly released: readonly string[]
}

/** Makes the comparison; what it opens for that leaves no trace, since nothing is given to anybody. */
export function newFindIntegrity({ mailboxes }: { mailboxes: Source }): FindIntegrity {
  async function original(who: Reader, id: string): Promise<Original | null> {
    const place = await mailboxes.receivedAs(who, id)
    if (place === null) return null
    const { mailbox, uid } = place
    const [summary] = await Array.fromAsync(mailboxes.fetchSummaries(who, mailbox, [uid]))
    const content = await (await mailboxes.openToCompare(who, mailbox, [uid])).content(uid)
    if (summary === undefined || content === null) return null
    const { stopped } = content
    return {
      content: content.octets > mostOctets ? null : content,
      stopped,
      passedOn: passedOnOf(summary),
      released: summary.released ?? [],
    }
  }

  return async (who, octets, inspected) => {
    const attached = attachedMessages(inspected.structure.root)
    const ids = answeredIds(inspected.header)
    const isQuoting = ids.length > 0 && inspected.quotingTexts.some(quotesSomething)
    // Whoever deletes the text of what they forward passes its files on all the same.
    const isPassing = isQuoting || (isForward(inspected.header) && filesOf(inspected).length > 0)
    const words: string[] = []
    const verdicts: { verdict: Integrity; original: string }[] = []
    const passedOn: PassedOn[] = []
    let stopped: Stopped | undefined
    let isQuoted = false
    let originals: readonly string[] = []
    for (const { id, part } of attached.slice(0, mostOriginals)) {
      const found = await original(who, id)
      if (found === null) continue
      words.push(...found.released)
      stopped ??= found.stopped
      const isVerbatim = found.content !== null && (await isSame(octets, part, found.content))
      passedOn.push(...found.passedOn.map((one) => (isVerbatim ? { ...one, messageId: id } : one)))
      if (found.content !== null) verdicts.push({ original: id, verdict: isVerbatim ? 'verbatim' : 'modified' })
    }
    const isWhole =
      attached.length === filesOf(inspected).length &&
      attached.length === verdicts.length &&
      verdicts.every(({ verdict }) => verdict === 'verbatim')
    for (const id of ids.slice(0, mostOriginals)) {
      const found = await original(who, id)
      if (found === null) continue
      words.push(...found.released)
      if (!isPassing) break
      stopped ??= found.stopped
      const { content } = found
      originals = stopped === undefined && isQuoting && content !== null ? ((await originalTexts(content)) ?? []) : []
      const read = originals.length === 0 ? [] : await compared(octets, inspected, originals)
      isQuoted = isQuoting && read.every((verdict) => verdict === 'verbatim' || verdict === 'extract')
      if (isQuoting) verdicts.push({ original: id, verdict: worst(read) })
      if (!isQuoting || originals.length === 0 || read.some((verdict) => verdict !== 'cannot-tell'))
        passedOn.push(...found.passedOn)
      break
    }
    if (await mailboxes.holdsSealed(inspected.structure.root)) stopped = 'sealed'
    if (verdicts.length === 0 && passedOn.length === 0 && stopped === undefined && words.length === 0) return null
    const said = worst(verdicts.map(({ verdict }) => verdict))
    const about = verdicts.find(({ verdict }) => verdict === said)
    const isStated = inspected.quotingTexts.some((text) => statesTheChange(text, originals))
    return {
      integrity: about === undefined ? null : { ...about, isStated },
      passedOn,
      ...(stopped === undefined ? {} : { stopped }),
      ...(words.length === 0 || (attached.length > 0 && !isWhole)
        ? {}
        : { released: { words, isWhole: attached.length > 0, isQuoted } }),
    }
  }
}

/** What the sender of an original asked, by whom it was asked, and who had it; nothing where nothing was. G09 */
function passedOnOf({ envelope, handling, askedBy }: Pick<CopySummary, 'envelope' | 'handling' | 'askedBy'>): PassedOn[] {
  if (handling === undefined) return []
  const from = askedBy ?? keysIn(envelope.from)
  const asked = keptHandling(handling)
  // Answers go where the sender wants them.
  const readers = asked.readers === null ? null : [...asked.readers, ...keysIn(envelope.replyTo)]
  return [{ path: [], from, asked: { ...asked, readers }, had: readersOf(envelope) }]
}

/** What goes with a message beside its own texts. */
const filesOf = ({ structure, textParts }: Inspected): Part[] =>
  leavesOf(structure.root).filter((part) => !textParts.includes(part))

const leavesOf = (part: Part): Part[] => (part.type === 'multipart' ? part.parts.flatMap(leavesOf) : [part])

/** Who has a message: who wrote it, and who stands in its header. */
const readersOf = ({ from, replyTo, to, cc }: ImapEnvelope) => keysIn([...from, ...replyTo, ...to, ...cc])

const keysIn = (entries: readonly EnvelopeAddress[]) =>
  entries.flatMap(({ mailbox, host }) => (mailbox === null || host === null ? [] : [keyOf(`${mailbox}@${host}`) ?? []].flat()))

/** What each alternative that quotes something says of the original; empty where one is too long to be compared. */
async function compared(octets: Octets, inspected: Inspected, originals: readonly string[]): Promise<Integrity[]> {
  const texts = (await wholeTexts(octets, inspected)) ?? []
  return texts.filter(quotesSomething).map((text) => integrityOf(text, originals))
}

async function originalTexts(content: Content): Promise<string[] | null> {
  const octets = octetsOf(await readAll(content.range(0, content.octets)))
  return wholeTexts(octets, await inspect(octets))
}

/** All of the texts, with quote marks in that of HTML too, or null where one is too long to be compared. */
async function wholeTexts(octets: Octets, { textParts }: Inspected): Promise<string[] | null> {
  if (textParts.some(({ bodyStart, bodyEnd }) => bodyEnd - bodyStart > mostComparedOctets)) return null
  const read = async (part: Part) => (await quotingTextOf(octets, part)) ?? (await textOf(octets, part, mostComparedOctets))
  return Promise.all(textParts.map(read))
}

function worst(verdicts: readonly Integrity[]): Integrity {
  return (['modified', 'extract', 'cannot-tell', 'verbatim'] as const).find((one) => verdicts.includes(one)) ?? 'cannot-tell'
}

/** Message-IDs that the header says it answers (RFC 5322 §3.6.4), the nearest first. */
function answeredIds(header: Header): string[] {
  const idsIn = (key: string) =>
    header.fields
      .filter((field) => field.key === key)
      .flatMap(
        (field) =>
          fieldText(field)
            .slice(-4_000)
            .match(/<[^<>\s]{1,900}>/g) ?? [],
      )
      .reverse()
  return [...new Set([...idsIn('in-reply-to'), ...idsIn('x-forwarded-message-id'), ...idsIn('references')])]
}

function attachedMessages(part: Part): { id: string; part: Part }[] {
  if (isMessage(part)) {
    const id = part.envelope?.messageId ?? null
    return id === null || part.parts[0] === undefined ? [] : [{ id, part: part.parts[0] }]
  }
  return part.parts.flatMap(attachedMessages)
}

/** Octet for octet, but for line ends at the very end, which MIME gives to the delimiter. */
async function isSame(octets: Octets, part: Part, content: Content): Promise<boolean> {
  if (Math.abs(part.bodyEnd - part.headerStart - content.octets) > 4) return false
  const digestOf = (whole: Buffer) => createHash('sha256').update(withoutLastLineEnds(whole)).digest()
  const passedOn = await readAll(octets.range(part.headerStart, part.bodyEnd))
  return digestOf(passedOn).equals(digestOf(await readAll(content.range(0, content.octets))))
}

function withoutLastLineEnds(octets: Buffer): Buffer {
  let end = octets.length
  while (end > 0 && (octets[end - 1] === 0x0a || octets[end - 1] === 0x0d)) end--
  return octets.subarray(0, end)
}

async function readAll(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = []
  for await (const piece of pieces) all.push(Buffer.from(piece))
  return Buffer.concat(all)
}
