// What is shown of a held message: whose it is, to whom, and why it is held; never its subject, and never its content. T19, G05
import type { HeldAbout } from '#delivery/hold.ts'
import { type HeldParts, openAbout } from '#delivery/held-message.ts'
import { isBroken } from '#delivery/hold-refusals.ts'
import { type HoldRow, type HoldState, holdById } from '#delivery/holds.sql.ts'
import { SealBroken } from '#keys/sealing.ts'
import type { Runner } from '#store/database.ts'

/** What may be seen of a held message: never its subject, and never its content. */
export interface Hold {
  readonly id: string
  /** The account that sent it. */
  readonly submitter: string
  readonly receipt: string
  readonly reversePath: string | null
  readonly recipients: readonly string[]
  /** The accounts that they are. */
  readonly holders: readonly string[]
  readonly octets: number
  readonly clause: string
  /** What could not be looked into, and why. */
  readonly why: string
  readonly heldMs: number
  readonly expiresMs: number
  readonly state: HoldState
  /** An account; null for the operator's command and for the service itself. */
  readonly decidedBy: string | null
  readonly decidedMs: number | null
  /** What stands beside it does not open: recipients and reason are not shown, and nobody can release it. */
  readonly isBroken: boolean
}

const isId = (id: string) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)

/** The row of that id, whatever somebody wrote for one. */
export async function findHold(run: Runner, id: string): Promise<HoldRow | undefined> {
  return isId(id) ? (await holdById(run, id))[0] : undefined
}

/** What is sealed beside it; null where that does not open, which must not hide the others. */
export async function readAbout(parts: HeldParts, row: HoldRow): Promise<HeldAbout | null> {
  try {
    return await openAbout(parts, row)
  } catch (fault) {
    if (fault instanceof SealBroken) return null
    throw fault
  }
}

export async function showHold(parts: HeldParts, row: HoldRow): Promise<Hold> {
  const about = await readAbout(parts, row)
  return about === null ? brokenHold(row) : holdOf(row, about)
}

export function holdOf(row: HoldRow, about: HeldAbout): Hold {
  return {
    ...openlyOf(row),
    reversePath: about.envelope.reversePath,
    recipients: about.recipients.map(({ address }) => address),
    holders: [...new Set(about.recipients.map(({ holder }) => holder))],
    clause: about.why.clause,
    why: about.why.about,
    isBroken: false,
  }
}

const brokenHold = (row: HoldRow): Hold => ({
  ...openlyOf(row),
  reversePath: null,
  recipients: [],
  holders: [],
  clause: isBroken.clause,
  why: isBroken.about,
  isBroken: true,
})

/** What is not sealed. */
function openlyOf({ id, submitter, receipt, octets, heldMs, expiresMs, state, decidedBy, decidedMs }: HoldRow) {
  return { id, submitter, receipt, octets, heldMs, expiresMs, state, decidedBy, decidedMs }
}
