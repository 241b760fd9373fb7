// The operator's data files of marking schemes, read when a process starts. G06, G07
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { SettingError } from '#config.ts'
import { type MarkingSet, readMarkingSet, shippedSet } from '#policy/marking-set.ts'

/** The marking set of a folder of JSON files; what is shipped where the folder's name is empty. Throws a SettingError that says what is wrong with which file. */
export function markingSetIn(folder: string): MarkingSet {
  if (folder === '') return shippedSet
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
    return readMarkingSet(names.sort().map((name) => ({ name, data: parsed(join(folder, name)) })))
  } catch (fault) {
    throw new SettingError(`markingsFolder: ${fault instanceof Error ? fault.message : 'cannot be read'}.`)
  }
}

function parsed(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new Error(`${path} is not a file of JSON`, { cause })
  }
}
