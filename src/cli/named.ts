// How a command of this instance is written elsewhere: ready to paste, or started in the background. The options that name it go with it.
import { resolve } from 'node:path'
import type { Options } from '#cli/command.ts'
import { quoted } from '#cli/shell.ts'
import { type Config, environmentOf } from '#config.ts'

const naming = ['data', 'config'] as const

/** The options by which this instance was named, with paths that are good in every folder. */
export function namedBy(options: Options): string[] {
  return naming.flatMap((option) => {
    const path = options.values.get(option)
    return path === undefined ? [] : [`--${option}`, resolve(path)]
  })
}

/** The same as it is put behind a command that is printed, ready to paste: nothing, or a blank and the options. */
export function namedInShell(options: Options): string {
  return namedBy(options)
    .map((word) => ` ${quoted(word)}`)
    .join('')
}

/** How `up` is started in another folder: the words, and the environment, with which it reads these settings there. */
export function upElsewhere(
  config: Config,
  options: Options,
  environment: Record<string, string | undefined>,
): { words: string[]; environment: Record<string, string | undefined> } {
  const { CJSM_CONFIG: _read, ...others } = environment
  return { words: ['up', ...namedBy(options)], environment: { ...others, ...environmentOf(config) } }
}
