// What became of a message that webmail sent, recipient by recipient, with the receipt that proves it. G14
import type { HoldOutcome, Holds } from '#delivery/holds.ts'
import type { Detail } from '#evidence/leaf.ts'
import type { Evidence } from '#evidence/record.ts'
import { cosignaturesOf, receiptOf } from '#evidence/receipt.ts'
import type { Receipt } from '#evidence/verify.ts'
import type { Directory, DirectoryEntry } from '#community/directory.ts'
import { type StandingOf, keyOf } from '#community/standing.ts'
import type { Sent } from '#mailbox/drafts.ts'
import type { Verifier } from '#keys/note.ts'
import { type Reached, reachedOf } from '#mailbox/reached.ts'
import type { Database } from '#store/database.ts'

export interface SentRecipient {
  readonly address: string
  readonly person: DirectoryEntry | null
  /** `held` as long as a person has not decided. */
  readonly outcome: 'delivered' | 'refused' | 'held' | 'withdrawn'
  /** Of a refusal. */
  readonly clause: string | null
  readonly reason: string | null
  /** How far it came after its delivery; null for what was refused. */
  readonly reached: Reached | null
}

export interface SentOutcomes {
  /** Null when what the record says was disposed of. */
  outcomes(sent: Sent): Promise<readonly SentRecipient[] | null>
  /** What was held of it, and what became of that; null where nothing was. */
  held(sent: Sent): Promise<HoldOutcome | null>
  /** The receipt for one recipient, or a sentence that says why there is none. */
  receipt(sent: Sent, recipient: string): Promise<Receipt | string>
  /** False when there are witnesses, and none of them cosigned it: by the public keys it is not good. */
  isCosigned(receipt: Receipt): boolean
}

export function openSentOutcomes(o: {
  database: Database
  evidence: Evidence
  directory: Directory
  standingOf: StandingOf
  holds: Pick<Holds, 'ofReceipt'>
  witnesses: readonly Verifier[]
}): SentOutcomes {
  return {
    async outcomes({ receipt, month, message }) {
      const details = (await o.evidence.read(receipt))?.openings?.map(({ detail }) => detail) ?? null
      if (details === null) return null
      const hold = details.some(({ outcome }) => outcome === 'held') ? await o.holds.ofReceipt(receipt) : null
      const addresses = details.map((detail) => String(detail.recipient))
      const people = await o.directory.at(addresses)
      const standings = await o.standingOf(addresses.map((address) => keyOf(address) ?? ''))
      const holderOf = (address: string) => {
        const standing = standings.get(keyOf(address) ?? '')
        return standing?.standing === 'member' ? standing.holder : null
      }
      const reached = await reachedOf(
        o.database,
        hold ?? { month, message },
        addresses.map(holderOf).filter((holder) => holder !== null),
      )
      return details.map((detail): SentRecipient => {
        const address = String(detail.recipient)
        const { outcome, clause, reason } = endOf(detail, hold)
        const isRefused = outcome === 'refused'
        return {
          address,
          person: people.get(address) ?? null,
          outcome,
          clause: isRefused ? clause : null,
          reason: isRefused ? reason : null,
          reached: outcome === 'delivered' ? (reached.get(holderOf(address) ?? '') ?? 'delivered') : null,
        }
      })
    },
    held: ({ receipt }) => o.holds.ofReceipt(receipt),
    receipt: ({ receipt }, recipient) => receiptOf(o, receipt, recipient),
    isCosigned: (receipt) => o.witnesses.length === 0 || cosignaturesOf(receipt, o.witnesses) > 0,
  }
}

/** The acceptance says how a recipient's message began; of one that was held, its decision says how it ended. */
function endOf(detail: Detail, hold: HoldOutcome | null): Pick<SentRecipient, 'outcome'> & { clause: string; reason: string } {
  const end = detail.outcome === 'held' ? hold?.outcomes.find(({ recipient }) => recipient === detail.recipient) : undefined
  if (end !== undefined) return { outcome: end.outcome, clause: end.clause, reason: end.refusal }
  const outcome = detail.outcome === 'delivered' || detail.outcome === 'held' ? detail.outcome : 'refused'
  return { outcome, clause: String(detail.clause ?? ''), reason: String(detail.reason ?? '') }
}
