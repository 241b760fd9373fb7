// The directory: people of the community with role and organisation, found by the beginnings of words. G02, G11, T07
import { organisationNames, organisationsByName } from '#community/organisations.sql.ts'
import { keyOf } from '#community/standing.ts'
import { type Person, findPeople, keysNear, peopleWith, prefixes, unlistedAmong } from '#identity/directory.ts'
import type { Database } from '#store/database.ts'

export interface DirectoryEntry {
  readonly address: string
  readonly name: string
  readonly role: string
  /** Its name. */
  readonly organisation: string
}

export interface Directory {
  /** At most ten people for what was typed: words of names and organisations, or the beginning of an address. None for fewer than two characters. */
  find(typed: string): Promise<readonly DirectoryEntry[]>
  /** Who has these addresses, by the address as given; nothing for those who are nobody's. */
  at(addresses: readonly string[]): Promise<Map<string, DirectoryEntry>>
  /** Which of these address keys are in the directory, and at most ten that have each of these names before the `@`. */
  near(keys: readonly string[], names: readonly string[]): Promise<readonly string[]>
  /** Which of some address keys are of ex-directory accounts: reached, and suggested to nobody. */
  exDirectory(keys: readonly string[]): Promise<ReadonlySet<string>>
}

/** What one search gives. */
export const maxFound = 10
const maxWords = 6
const maxTypedCharacters = 200
const leastCharacters = 2
const maxOrganisations = 50

export function openDirectory(o: { database: Database }): Directory {
  const { database } = o
  return {
    async find(typed) {
      const text = typed.slice(0, maxTypedCharacters).toWellFormed().toLowerCase().trim()
      const words = (text.match(/[\p{L}\p{N}]+/gu) ?? []).slice(0, maxWords)
      if (words.join('').length < leastCharacters) return []
      const organisationsOf = async (operator: ' & ' | ' | ') =>
        (await organisationsByName(database, prefixes(words, operator), maxOrganisations)).map((row) => row.id)
      const people = await findPeople(
        database,
        {
          words,
          address: /^[^\s<>(),;:"\\\0]+$/.test(text) ? text : null,
          organisations: await organisationsOf(' & '),
          partly: words.length > 1 ? await organisationsOf(' | ') : [],
        },
        maxFound,
      )
      return named(database, people)
    },
    near: (keys, names) =>
      keysNear(
        database,
        keys,
        names.map((name) => `${name}@`),
        maxFound,
      ),
    exDirectory: (keys) => unlistedAmong(database, keys),
    async at(addresses) {
      const keys = new Map(addresses.map((address) => [address, keyOf(address)]))
      const people = await peopleWith(
        database,
        [...keys.values()].filter((key) => key !== null),
      )
      const entries = new Map((await named(database, [...people.values()])).map((entry) => [keyOf(entry.address), entry]))
      const found = [...keys].flatMap(([address, key]) => {
        const person = key === null ? undefined : people.get(key)
        const entry = person === undefined ? undefined : entries.get(keyOf(person.address))
        return entry === undefined ? [] : [[address, entry] as const]
      })
      return new Map(found)
    },
  }
}

async function named(database: Database, people: readonly Person[]): Promise<DirectoryEntry[]> {
  const rows = await organisationNames(database, [...new Set(people.map((person) => person.organisation))])
  const names = new Map(rows.map((row) => [row.id, row.name]))
  return people.map((person) => ({ ...person, organisation: names.get(person.organisation) ?? '' }))
}
