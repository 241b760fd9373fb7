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
import { keptHandling } from '#policy/handling-asked.ts'
import { type Integrity, type IntegrityFacts, integrityOf, quotesSomething, statesTheChange } from '#policy/integrity.ts'

/** What is known of a message's originals; null where it quotes and attaches none that its sender received. */
export type FindIntegrity = (who: Reader, octets: Octets, inspected: Inspected) => Promise<IntegrityFacts | null>

/** Originals of one message that are compared, and how large they may be. */
const mostOriginals = 4
const mostOctets = 1024 * 1024
type Source = Pick<Mailboxes, 'receivedAs' | 'fetchSummaries' | 'openToCompare'>

interface Original {
  readonly content: Content
  /** Who had it, where its sender asked that it is not forwarded; null where anybody may get it. G09 */
  readonly keptTo: readonly string[] | null
}

/** Makes the comparison; what it opens for that leaves no trace, since nothing is given to anybody. */
export function newFindIntegrity({ mailboxes }: { mailboxes: Source }): FindIntegrity {
  async function original(who: Reader, id: string): Promise<Original | null> {
    const place = await mailboxes.receivedAs(who, id)
    if (place === null) return null
    const { mailbox, uid } = place
    const [summary] = await Array.fromAsync(mailboxes.fetchSummaries(who, mailbox, [uid]))
    const content = await (await mailboxes.openToCompare(who, mailbox, [uid])).content(uid)
    if (summary === undefined || content === null || (content.octets > mostOctets && content.stopped === undefined)) return null
    const { envelope, handling } = summary
    const isKept = keptHandling(handling).noForwarding && !keysIn(envelope.from).includes(keyOf(who.address) ?? '')
    return { content, keptTo: isKept ? readersOf(envelope) : null }
  }

  return async (who, octets, inspected) => {
    const attached = attachedMessages(inspected.structure.root)
    const ids = answeredIds(inspected.header)
    const answered = ids.length > 0 && inspected.quotingTexts.some(quotesSomething) ? ids : []
    const verdicts: { verdict: Integrity; original: string }[] = []
    let stopped: Stopped | undefined
    let readers: readonly string[] | undefined
    let originals: readonly string[] = []
    for (const { id, part } of attached.slice(0, mostOriginals)) {
      const found = await original(who, id)
      stopped ??= found?.content.stopped
      if (found !== null)
        verdicts.push({ original: id, verdict: (await isSame(octets, part, found.content)) ? 'verbatim' : 'modified' })
    }
    for (const id of answered.slice(0, mostOriginals)) {
      const found = await original(who, id)
      if (found === null) continue
      stopped ??= found.content.stopped
      originals = stopped === undefined ? ((await originalTexts(found.content)) ?? []) : []
      const read = originals.length === 0 ? [] : await compared(octets, inspected, originals)
      verdicts.push({ original: id, verdict: worst(read) })
      if (read.some((verdict) => verdict !== 'cannot-tell')) readers = found.keptTo ?? undefined
      break
    }
    const said = worst(verdicts.map(({ verdict }) => verdict))
    const about = verdicts.find(({ verdict }) => verdict === said)
    if (about === undefined) return null
    const isStated = inspected.quotingTexts.some((text) => statesTheChange(text, originals))
    return { ...about, isStated, ...(stopped === undefined ? {} : { stopped }), ...(readers === undefined ? {} : { readers }) }
  }
}

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
