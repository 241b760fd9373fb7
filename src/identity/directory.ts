// People as others look for them: by words of their names, by address, by organisation. Who is suspended, removed or ex-directory is not suggested. G02, G11
import {
  type PersonRow,
  listedNear,
  peopleAt,
  peopleByAddress,
  peopleByName,
  peopleOf,
  unlistedAt,
} from '#identity/directory.sql.ts'
import type { Runner } from '#store/database.ts'

export type { PersonRow as Person } from '#identity/directory.sql.ts'

export interface PersonSearch {
  /** Words in lower case, letters and digits only; each begins a word of the name. */
  readonly words: readonly string[]
  /** The beginning of an address in lower case, or null when it cannot be one. */
  readonly address: string | null
  /** Ids of organisations whose own names were meant: all of their people, and those of `partly` whose names fit. */
  readonly organisations: readonly string[]
  readonly partly: readonly string[]
}

/** At most so many people that a search means: by name first, then by address, by name and organisation together, and by organisation. */
export async function findPeople(run: Runner, search: PersonSearch, atMost: number): Promise<PersonRow[]> {
  const found = new Map<string, PersonRow>()
  const take = (rows: readonly PersonRow[]) => {
    for (const row of rows) if (found.size < atMost) found.set(row.address, row)
  }
  const { words, address, organisations, partly } = search
  if (words.length > 0) take(await peopleByName(run, prefixes(words, ' & '), null, atMost))
  if (found.size < atMost && address !== null) take(await peopleByAddress(run, address, `${address}\u{10ffff}`, atMost))
  if (found.size < atMost && words.length > 1 && partly.length > 0)
    take(await peopleByName(run, prefixes(words, ' | '), partly, atMost))
  if (found.size < atMost && organisations.length > 0) take(await peopleOf(run, organisations, atMost))
  return [...found.values()]
}

/** Who has these addresses, by address key. */
export async function peopleWith(run: Runner, addresses: readonly string[]): Promise<Map<string, PersonRow>> {
  const rows = await peopleAt(run, addresses)
  return new Map(rows.map(({ key, ...person }) => [key, person]))
}

/** Which of these address keys are of accounts that are not shown in the directory. G11 */
export async function unlistedAmong(run: Runner, addresses: readonly string[]): Promise<ReadonlySet<string>> {
  return new Set((await unlistedAt(run, addresses)).map(({ address }) => address))
}

/** Address keys in the directory that are among these, or begin with one of these beginnings, of each so many at most. G11 */
export async function keysNear(
  run: Runner,
  keys: readonly string[],
  starts: readonly string[],
  atMost: number,
): Promise<string[]> {
  return (await listedNear(run, keys, starts, atMost)).map(({ address }) => address)
}

/** A query of to_tsquery: words are letters and digits only, so nothing in them is an operator. */
export const prefixes = (words: readonly string[], operator: ' & ' | ' | '): string =>
  words.map((word) => `${word}:*`).join(operator)
