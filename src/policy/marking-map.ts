// The operator's table from one scheme's levels to another's, as data: there is no official one. The original marking stays;
// what it is mapped to is added, and refuses nothing. G06, G07.
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import type { Marking } from '#policy/marking.ts'
import mapData from '#policy/schemes/mapping.json' with { type: 'json' }

export interface MappedLevel {
  readonly scheme: string
  readonly level: string
}

/** What each `scheme/level` is mapped to. */
export type MarkingMap = ReadonlyMap<string, readonly MappedLevel[]>

/** How the table names a sensitivity label of Microsoft’s, whose id only its organisation knows. */
export const labelPrefix = 'MSIP/'

const side = Type.String({ minLength: 3, maxLength: 120, pattern: '^[A-Za-z0-9-]+/.+$' })
const rows = Type.Array(Type.Object({ from: side, to: side }, { additionalProperties: false }), { maxItems: 1_000 })

/** A table from its data file's content; throws an Error that says what is wrong with the first wrong row. */
export function readMarkingMap(data: unknown): MarkingMap {
  if (!Value.Check(rows, data)) {
    const [first] = Value.Errors(rows, data)
    throw new Error(`not a mapping table: ${first?.instancePath ?? ''} ${first?.message ?? 'is not as expected'}`)
  }
  const read: Static<typeof rows> = data
  const map = new Map<string, MappedLevel[]>()
  for (const { from: written, to } of read) {
    const from = written.startsWith(labelPrefix) ? written.toLowerCase().replace(/^msip/, 'MSIP') : written
    const slash = to.indexOf('/')
    const mapped = { scheme: to.slice(0, slash), level: to.slice(slash + 1) }
    map.set(from, [...(map.get(from) ?? []), mapped])
  }
  return map
}

/** The table that is shipped; an operator's own takes its place. */
export const shippedMap: MarkingMap = readMarkingMap(mapData)

/** What a marking is in other schemes by a table; empty where the table does not say. */
export function mappedMarkings({ scheme, level }: Marking, map: MarkingMap): readonly MappedLevel[] {
  return level === null ? [] : (map.get(`${scheme}/${level}`) ?? [])
}
