// What became of a message that webmail sent, recipient by recipient, with the receipt that proves it. G14
import type { Evidence } from '#evidence/record.ts'
import { receiptOf } from '#evidence/receipt.ts'
import type { Receipt } from '#evidence/verify.ts'
import type { Directory, DirectoryEntry } from '#community/directory.ts'
import { type StandingOf, keyOf } from '#community/standing.ts'
import type { Sent } from '#mailbox/drafts.ts'
import { type Reached, reachedOf } from '#mailbox/reached.ts'
import type { Database } from '#store/database.ts'

export interface SentRecipient {
  readonly address: string
  readonly person: DirectoryEntry | null
  readonly outcome: 'delivered' | 'refused'
  /** Of a refusal. */
  readonly clause: string | null
  readonly reason: string | null
  /** How far it came after its delivery; null for what was refused. */
  readonly reached: Reached | null
}

export interface SentOutcomes {
  /** Null when what the record says was disposed of. */
  outcomes(sent: Sent): Promise<readonly SentRecipient[] | null>
  /** The receipt for one recipient, or a sentence that says why there is none. */
  receipt(sent: Sent, recipient: string): Promise<Receipt | string>
}

export function openSentOutcomes(o: {
  database: Database
  evidence: Evidence
  directory: Directory
  standingOf: StandingOf
}): SentOutcomes {
  return {
    async outcomes({ receipt, month, message }) {
      const details = (await o.evidence.read(receipt))?.openings?.map(({ detail }) => detail) ?? null
      if (details === null) return null
      const addresses = details.map((detail) => String(detail.recipient))
      const people = await o.directory.at(addresses)
      const standings = await o.standingOf(addresses.map((address) => keyOf(address) ?? ''))
      const holderOf = (address: string) => {
        const standing = standings.get(keyOf(address) ?? '')
        return standing?.standing === 'member' ? standing.holder : null
      }
      const reached = await reachedOf(
        o.database,
        { month, message },
        addresses.map(holderOf).filter((holder) => holder !== null),
      )
      return details.map((detail): SentRecipient => {
        const address = String(detail.recipient)
        const isDelivered = detail.outcome === 'delivered'
        return {
          address,
          person: people.get(address) ?? null,
          outcome: isDelivered ? 'delivered' : 'refused',
          clause: isDelivered ? null : String(detail.clause ?? ''),
          reason: isDelivered ? null : String(detail.reason ?? ''),
          reached: isDelivered ? (reached.get(holderOf(address) ?? '') ?? 'delivered') : null,
        }
      })
    },
    receipt: ({ receipt }, recipient) => receiptOf(o, receipt, recipient),
  }
}
