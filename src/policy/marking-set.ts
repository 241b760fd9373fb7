// The marking schemes of an installation: those that are shipped, those that an operator adds as data files for some organisations or for
// all, and the operator's mapping table. G06, G07.
import { type AttachedReading, shippedReading } from '#policy/attached-markings.ts'
import { labelPrefix, type MarkingMap, readMarkingMap, shippedMap } from '#policy/marking-map.ts'
import { readScheme, type Scheme, shippedSchemes } from '#policy/schemes.ts'

export interface MarkingSet {
  /** The schemes that count for who writes from an organisation, by its name: its own behind those that are everybody's. */
  schemesFor(organisation: string): readonly Scheme[]
  readonly map: MarkingMap
  /** What attachments of who writes from an organisation are read by. */
  readingFor(organisation: string): AttachedReading
}

/** What a data file is called, and what it holds. */
export interface MarkingFile {
  readonly name: string
  readonly data: unknown
}

/** The name of the file that takes the place of the shipped mapping table. */
export const mapFile = 'mapping.json'

/** What is shipped, for everybody. */
export const shippedSet: MarkingSet = { schemesFor: () => shippedSchemes, map: shippedMap, readingFor: () => shippedReading }

/**
 * The set of some data files: a scheme each, of the organisations in its `organisations` or of everybody, and `mapping.json`.
 * Throws an Error that names the file and what is wrong in it.
 */
export function readMarkingSet(files: readonly MarkingFile[]): MarkingSet {
  let map = shippedMap
  const everybodys: Scheme[] = [...shippedSchemes]
  const own = new Map<string, Scheme[]>()
  for (const { name, data } of files) {
    try {
      if (name === mapFile) map = readMarkingMap(data)
      else {
        const { scheme, organisations } = ofOrganisations(data)
        const all = [...everybodys, ...own.values()].flat()
        if (all.some(({ id }) => id === scheme.id)) throw new Error(`there is a scheme ${scheme.id} already`)
        if (organisations === null) everybodys.push(scheme)
        for (const one of organisations ?? []) own.set(one, [...(own.get(one) ?? []), scheme])
      }
    } catch (cause) {
      throw new Error(`${name}: ${cause instanceof Error ? cause.message : 'cannot be read'}`, { cause })
    }
  }
  const sets = new Map([...own].map(([organisation, schemes]) => [organisation, [...everybodys, ...schemes]]))
  const schemesFor = (organisation: string) => sets.get(organisation) ?? everybodys
  const labels = labelsIn(map, [...everybodys, ...own.values()].flat())
  const isShipped = labels.size === 0 && everybodys.length === shippedSchemes.length
  const readingFor = (organisation: string) =>
    isShipped && !own.has(organisation) ? shippedReading : { schemes: schemesFor(organisation), labels }
  return { schemesFor, map, readingFor }
}

/** The table's rows about Microsoft's labels; throws an Error where one names a level that is in no scheme. */
function labelsIn(map: MarkingMap, schemes: readonly Scheme[]): MarkingMap {
  const labels = [...map].filter(([from]) => from.startsWith(labelPrefix))
  for (const { scheme, level } of labels.flatMap(([, to]) => to)) {
    if (!schemes.some(({ id, levels }) => id === scheme && levels.some(({ name }) => name === level)))
      throw new Error(`${mapFile}: there is no level ${scheme}/${level}`)
  }
  return new Map(labels)
}

function ofOrganisations(data: unknown): { scheme: Scheme; organisations: readonly string[] | null } {
  if (typeof data !== 'object' || data === null || !('organisations' in data))
    return { scheme: readScheme(data), organisations: null }
  const { organisations, ...scheme } = data
  if (!Array.isArray(organisations) || !organisations.every((one) => typeof one === 'string'))
    throw new Error('organisations is a list of names')
  return { scheme: readScheme(scheme), organisations }
}
