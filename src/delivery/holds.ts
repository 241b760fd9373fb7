// The register of held messages: those that wait, those that were decided, and what became of each. T19, G05
import type { Refused } from '#base/faults.ts'
import { decideHold, type HoldsParts } from '#delivery/decide-hold.ts'
import { type HoldRow, type HoldState, holdByReceipt, holdsOf, holdsShown } from '#delivery/holds.sql.ts'
import { maxHoldsShown } from '#delivery/limits.ts'
import { findHold, type Hold, showHold } from '#delivery/shown-hold.ts'

/** What became of one recipient's message in the end. */
interface FinalOutcome {
  readonly recipient: string
  readonly outcome: 'delivered' | 'refused' | 'withdrawn'
  readonly clause: string
  readonly refusal: string
}

type Decision = Exclude<HoldState, 'held' | 'expired'>

export interface Holds {
  /** Those that wait, the longest first; and the last that were decided. */
  list(): Promise<{ open: readonly Hold[]; decided: readonly Hold[] }>
  find(id: string): Promise<Hold | null>
  /** Of one submitter, the newest first. */
  of(submitter: string): Promise<readonly Hold[]>
  /** The hold of an acceptance, with its outcomes and the reason once it is decided; null where nothing was held. */
  ofReceipt(receipt: string): Promise<HoldOutcome | null>
  outcomeOf(id: string): Promise<HoldOutcome | null>
  /**
   * Gives a message its final outcome: `released` after another scan, which may turn it down; `withdrawn` by its submitter alone.
   * Refuses where it was decided before, or cannot be released now; it stays held then.
   */
  decide(actor: string, id: string, decision: Decision, reason: string): Promise<Hold | Refused>
}

export interface HoldOutcome {
  readonly hold: Hold
  readonly month: number
  readonly message: string
  readonly outcomes: readonly FinalOutcome[]
  readonly reason: string
}

/** Opens the register of held messages. */
export function openHolds(parts: HoldsParts): Holds {
  const { database } = parts
  const shown = (row: HoldRow) => showHold(parts, row)
  const all = (rows: readonly HoldRow[]) => Promise.all(rows.map(shown))
  const outcomeOf = async (row: HoldRow | undefined): Promise<HoldOutcome | null> => {
    if (row === undefined) return null
    const record = row.decision === null ? null : await parts.evidence.read(row.decision)
    const details = (record?.openings ?? []).map(({ detail }) => detail)
    const outcomes = details.map((detail) => ({
      recipient: String(detail.recipient),
      outcome: detail.outcome as FinalOutcome['outcome'],
      clause: String(detail.clause ?? ''),
      refusal: String(detail.refusal ?? ''),
    }))
    const { month, message } = row
    return { hold: await shown(row), month, message, outcomes, reason: String(details[0]?.reason ?? '') }
  }
  return {
    async list() {
      const rows = await Promise.all([true, false].map((isOpen) => holdsShown(database, isOpen, maxHoldsShown)))
      const [open, decided] = await Promise.all(rows.map(all))
      return { open: open!, decided: decided! }
    },
    async find(id) {
      const row = await findHold(database, id)
      return row === undefined ? null : shown(row)
    },
    of: async (submitter) => all(await holdsOf(database, submitter, maxHoldsShown)),
    ofReceipt: async (receipt) => outcomeOf((await holdByReceipt(database, receipt))[0]),
    outcomeOf: async (id) => outcomeOf(await findHold(database, id)),
    decide: (actor, id, decision, reason) => decideHold(parts, actor, id, decision, reason),
  }
}
