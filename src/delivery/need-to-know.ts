// Gathers whom a sender knows, for the check before sending: from the newest of what they sent and received, so that nothing is kept of whom people write to. G11, T07
import type { Away } from '#community/away.ts'
import type { Directory } from '#community/directory.ts'
import { type Standing, type StandingOf, keyOf } from '#community/standing.ts'
import type { EnvelopeAddress, ImapEnvelope } from '#mail/envelope.ts'
import type { Reader } from '#mailbox/means.ts'
import type { Mailboxes } from '#mailbox/open-mailboxes.ts'
import type { Marking } from '#policy/marking.ts'
import { type NeedToKnowFacts, oneMistakeFrom } from '#policy/need-to-know.ts'

export interface NeedToKnowParts {
  readonly mailboxes: Pick<Mailboxes, 'mailboxes' | 'page' | 'fetchSummaries' | 'receivedAs'>
  readonly directory: Directory
  readonly away: Pick<Away, 'awayAmong'>
  readonly standingOf: StandingOf
  readonly limits: NeedToKnowFacts['limits']
}

export interface ToGather {
  readonly addresses: readonly string[]
  /** The Message-ID of what is answered, or null. */
  readonly answers: string | null
  readonly marking: Marking | null
}

export type GatherNeedToKnow = (who: Reader, message: ToGather) => Promise<NeedToKnowFacts>

/** Messages of INBOX and Sent, each, that are looked through. */
const mostMessages = 300
/** Recipients that the directory is asked about, of those who are new: for each, some 80 addresses for each sign of a name. */
const mostAsked = 20

/** Makes the function that gathers the facts of one message; it reads summaries only, and records nothing. */
export function newNeedToKnow(parts: NeedToKnowParts): GatherNeedToKnow {
  return async (who, { addresses, answers, marking }) => {
    const keys = addresses.map((address) => keyOf(address) ?? address)
    const { known, original } = await correspondents(parts, who, answers)
    const standings = await parts.standingOf([...new Set(keys)])
    const people = await parts.directory.at(keys)
    const fresh = keys.filter((key) => !known.has(key)).slice(0, mostAsked)
    const names = fresh.map((key) => key.slice(0, key.lastIndexOf('@')))
    // No member has an address at a domain outside.
    const inside = fresh.filter((key) => standings.get(key)?.standing !== 'outside')
    const similar = await parts.directory.near(inside.flatMap(oneMistakeFrom), names)
    const holders = keys.flatMap((address) => holderOf(standings.get(address)) ?? [])
    const away = await parts.away.awayAmong(holders)
    const unlisted = await parts.directory.exDirectory(keys)
    const recipients = keys.map((address) => {
      const standing = standings.get(address)
      const organisation = standing !== undefined && 'organisation' in standing ? standing.organisation : null
      const untilMs = away.get(holderOf(standing) ?? '')
      return {
        address,
        organisation,
        isGroup: standing?.standing === 'member' && !people.has(address),
        awayUntil: untilMs === undefined ? null : new Date(untilMs - 1).toISOString().slice(0, 10),
        isExDirectory: unlisted.has(address),
      }
    })
    return { recipients, known: [...known], similar, original, marking, limits: parts.limits }
  }
}

const holderOf = (standing: Standing | undefined) => (standing?.standing === 'member' ? standing.holder : undefined)

async function correspondents({ mailboxes }: NeedToKnowParts, who: Reader, answers: string | null) {
  const known = new Set([keyOf(who.address) ?? who.address])
  let original: ImapEnvelope | null = null
  for (const { id, name, specialUse } of await mailboxes.mailboxes(who)) {
    const isSent = specialUse === '\\Sent'
    if (name !== 'INBOX' && !isSent) continue
    const uids = await mailboxes.page(who, id, {}, mostMessages)
    const ascending = uids.toSorted((one, other) => one - other)
    for await (const { envelope } of mailboxes.fetchSummaries(who, id, ascending)) {
      const { from, to, cc, bcc } = envelope
      for (const key of keysOf(isSent ? [...to, ...cc, ...bcc] : from)) known.add(key)
      if (answers !== null && envelope.messageId === answers) original = envelope
    }
  }
  if (answers !== null) original ??= await envelopeOf(mailboxes, who, answers)
  for (const key of keysOf(original?.from ?? [])) known.add(key)
  return { known, original: original === null ? null : readersOf(original) }
}

/** Of what they got by that Message-ID, wherever they filed it. */
async function envelopeOf({ receivedAs, fetchSummaries }: NeedToKnowParts['mailboxes'], who: Reader, messageId: string) {
  const place = await receivedAs(who, messageId)
  if (place === null) return null
  return (await Array.fromAsync(fetchSummaries(who, place.mailbox, [place.uid])))[0]?.envelope ?? null
}

const readersOf = ({ from, replyTo, to, cc }: ImapEnvelope) => keysOf([...from, ...replyTo, ...to, ...cc])

const keysOf = (entries: readonly EnvelopeAddress[]) =>
  entries.flatMap(({ mailbox, host }) => (mailbox === null || host === null ? [] : [keyOf(`${mailbox}@${host}`) ?? []].flat()))
