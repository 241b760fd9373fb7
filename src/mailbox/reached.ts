// How far a delivered message came at its recipients: whether a computer of theirs was given it, and whether it was shown to them. G14
import { handOversOf } from '#mailbox/reached.sql.ts'
import type { Runner } from '#store/database.ts'

export type Reached = 'delivered' | 'fetched' | 'opened'

/** By holder, for those of whom more is known than that it was delivered. */
export async function reachedOf(
  run: Runner,
  { month, message }: { month: number; message: string },
  holders: readonly string[],
): Promise<Map<string, Reached>> {
  const rows = await handOversOf(run, month, message, holders)
  return new Map(rows.map(({ holder, opened }) => [holder, opened ? 'opened' : 'fetched']))
}
