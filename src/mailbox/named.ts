// Messages by their Message-ID, of which a keyed hash stands with each: the original of an answer, and copies of a message that are messages of their own. G05, G16
// docs/decisions/0093-messages-by-name.md
import { theService } from '#keys/epoch.ts'
import type { Keys } from '#keys/keys.ts'
import { SealBroken } from '#keys/sealing.ts'
import type { ImapEnvelope } from '#mail/envelope.ts'
import { isMessage, type Part } from '#mail/part.ts'
import type { Means, Reader } from '#mailbox/means.ts'
import { firstReceived, sameName, sealedAmong } from '#mailbox/named.sql.ts'
import type { MessagePlace } from '#mailbox/seals.ts'
import { fetchSummaries } from '#mailbox/summaries.ts'

const nameOctets = 16

/** What stands with a message of that Message-ID; null where it has none. */
export async function nameOf(keys: Pick<Keys, 'hashFor'>, messageId: string | null): Promise<Buffer | null> {
  if (messageId === null) return null
  const hash = await keys.hashFor(theService, 'message id')
  return hash(/<[^<>\s]+>/.exec(messageId)?.[0] ?? messageId).subarray(0, nameOctets)
}

/** Where the first message is that a reader got by that name, in any mailbox but Sent and Drafts; null where there is none. */
export async function receivedAs(
  { database, keys }: Pick<Means, 'database' | 'keys'>,
  who: Reader,
  messageId: string,
): Promise<{ mailbox: string; uid: number } | null> {
  const name = await nameOf(keys, messageId)
  return name === null ? null : ((await firstReceived(database, who.holder, name))[0] ?? null)
}

/** Whether a message of that structure holds one, however deep, whose Message-ID is that of a sealed message, whoever has that. */
export async function holdsSealed({ database, keys }: Pick<Means, 'database' | 'keys'>, structure: Part): Promise<boolean> {
  const ids = idsWithin(structure)
  if (ids.length === 0) return false
  const names = (await Promise.all(ids.map((id) => nameOf(keys, id)))).filter((name) => name !== null)
  return (await sealedAmong(database, names)).length > 0
}

function idsWithin(part: Part): string[] {
  const id = isMessage(part) ? (part.envelope?.messageId ?? null) : null
  return [...(id === null ? [] : [id]), ...part.parts.flatMap(idsWithin)]
}

/** The other messages that have the Message-ID, date and author of this one, as a mail program files what it sends by APPEND. */
export async function findAlike(means: Means, { month, message }: MessagePlace): Promise<MessagePlace[]> {
  const named = await sameName(means.database, { month, message })
  const likenesses = new Map<string, string>()
  for (const { message: id, holder, mailbox, uid } of named) {
    const envelope = await envelopeOf(means, holder, mailbox, uid)
    if (envelope !== null) likenesses.set(id, likenessOf(envelope))
  }
  const wanted = likenesses.get(message)
  if (wanted === undefined) return []
  return named.flatMap((one) =>
    one.message !== message && likenesses.get(one.message) === wanted ? [{ month: one.month, message: one.message }] : [],
  )
}

/** Headers are compared here, and shown to nobody. Null for one that is damaged, or gone. */
async function envelopeOf(means: Means, holder: string, mailbox: string, uid: number): Promise<ImapEnvelope | null> {
  const byService: Reader = { holder, computer: theService, address: '' }
  try {
    return (await Array.fromAsync(fetchSummaries(means, byService, mailbox, [uid])))[0]?.envelope ?? null
  } catch (fault) {
    if (!(fault instanceof SealBroken)) throw fault
    return null
  }
}

/** What two copies of one message have in common; a notice that stands for one has it too. */
const likenessOf = ({ date, from }: ImapEnvelope) =>
  JSON.stringify([date, from.map(({ mailbox, host }) => `${mailbox}@${host}`.toLowerCase())])
