// Holds the messages that were held against the record: each is there, stands as it was decided, and what still waits opens and is what was committed to. design.md, Evidence
import { createHash, hash } from 'node:crypto'
import { openAbout, openHeld } from '#delivery/held-message.ts'
import { type HoldRow, holdsAfter } from '#delivery/holds.sql.ts'
import type { Leaf, Opening } from '#evidence/leaf.ts'
import type { Keys } from '#keys/keys.ts'
import type { ContentStore } from '#store/content-store.ts'
import type { Transaction } from '#store/database.ts'

/** What the record says of held messages, gathered as it is read. */
export interface HeldAccounts {
  hear(leaf: Leaf, openings: readonly Opening[]): void
  /** By hold: how it should stand. */
  readonly states: ReadonlyMap<string, string>
}

export function newHeldAccounts(): HeldAccounts {
  const states = new Map<string, string>()
  return {
    states,
    hear({ event }, openings) {
      for (const { detail } of openings) {
        const hold = String(detail.hold ?? '')
        if (event === 'SubmissionAcceptance' && detail.outcome === 'held' && !states.has(hold)) states.set(hold, 'held')
      }
      if (event !== 'HoldDecided') return
      // A record says the same for each recipient; a second record is one too many, whatever it says.
      for (const [hold, decision] of new Map(openings.map(({ detail }) => [String(detail.hold), String(detail.decision)])))
        states.set(hold, (states.get(hold) ?? 'held') === 'held' ? decision : 'decided twice')
    },
  }
}

export interface HoldsAudit {
  readonly tx: Transaction
  readonly keys: Keys
  readonly contentStore: ContentStore
  readonly held: HeldAccounts
  /** False when details were disposed of: then the record cannot account for every one. */
  readonly complete: boolean
  readonly find: (sentence: string) => void
}

const holdsAtOnce = 100

/** Audits every held message; returns how many there are. */
export async function auditHolds(audit: HoldsAudit): Promise<number> {
  const missing = new Map(audit.held.states)
  let [count, after] = [0, '00000000-0000-0000-0000-000000000000']
  for (;;) {
    const rows = await holdsAfter(audit.tx, after, holdsAtOnce)
    for (const row of rows) {
      const recorded = audit.held.states.get(row.id)
      missing.delete(row.id)
      if (recorded !== row.state && (recorded !== undefined || audit.complete))
        audit.find(`held message ${row.id}: it stands as ${row.state}, and the record says ${recorded ?? 'nothing of it'}`)
      if (row.wrappedKey !== null) await auditContent(audit, { ...row, wrappedKey: row.wrappedKey })
      count++
    }
    if (rows.length < holdsAtOnce) break
    after = rows.at(-1)!.id
  }
  for (const id of missing.keys()) audit.find(`held message ${id}: it is missing`)
  return count
}

async function auditContent(audit: HoldsAudit, row: HoldRow & { readonly wrappedKey: Buffer }): Promise<void> {
  const parts = { ...audit, database: audit.tx }
  try {
    const { delivered } = (await openAbout(parts, row)).delivered as unknown as { delivered: { salt: string; sha256: string } }
    const { octets } = await openHeld(parts, row)
    const digest = createHash('sha256')
    for await (const piece of octets.range(0, octets.size)) digest.update(piece)
    const committed = hash('sha256', Buffer.concat([Buffer.from(delivered.salt, 'base64'), digest.digest()]), 'base64')
    if (committed !== delivered.sha256) audit.find(`held message ${row.id}: its content is not what was held`)
  } catch {
    audit.find(`held message ${row.id}: its content does not open`)
  }
}
