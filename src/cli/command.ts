// What the operator types: a command with its words, options and settings; and the help that names them all.
import { parseArgs } from 'node:util'
import { type CommandName, type CommandSpec, commandSpecs, where } from '#cli/command-specs.ts'
import { type Config, readConfig } from '#config.ts'

/** What was typed is not a command or an option: one sentence for the operator. */
export class UsageError extends Error {
  override name = 'UsageError'
  constructor(sentence: string) {
    super(`${sentence} See ./cjsm help.`)
  }
}

export interface Options {
  readonly words: readonly string[]
  readonly flags: ReadonlySet<string>
  readonly values: ReadonlyMap<string, string>
}

export function isCommand(word: string): word is CommandName {
  return Object.hasOwn(commandSpecs, word)
}

/** Reads what follows a command's name, and the settings with it; throws UsageError or SettingError. */
export function parseCommand(
  name: CommandName,
  rest: readonly string[],
  environment: Record<string, string | undefined>,
): { config: Config; options: Options } {
  const spec: CommandSpec = commandSpecs[name]
  const options = readOptions(name, spec, rest)
  const overrides: Record<string, unknown> = {}
  for (const [option, { setting, type }] of Object.entries(spec.options)) {
    if (setting === undefined) continue
    if (type === 'boolean' && options.flags.has(option)) overrides[setting] = !option.startsWith('no-')
    const value = options.values.get(option)
    if (value !== undefined) overrides[setting] = setting === 'portOffset' && /^\d+$/.test(value) ? Number(value) : value
  }
  const file = options.values.get('config')
  return { options, config: readConfig(environment, { overrides, ...(file === undefined ? {} : { file }) }) }
}

function readOptions(name: CommandName, spec: CommandSpec, rest: readonly string[]): Options {
  const known = Object.fromEntries(Object.entries(spec.options).map(([option, { type }]) => [option, { type }]))
  let parsed: ReturnType<typeof parseArgs>
  try {
    parsed = parseArgs({ args: [...rest], options: known, allowPositionals: true, strict: true })
  } catch (fault) {
    throw new UsageError(`${name}: ${(fault as Error).message.split('.')[0]}.`)
  }
  const optional = spec.optionalWord === true && parsed.positionals.length === 1
  if (name !== 'test' && !optional && parsed.positionals.length !== spec.words.length) {
    const extra = parsed.positionals[spec.words.length]
    if (spec.words.length === 0) throw new UsageError(`${name} takes options only.`)
    throw new UsageError(
      extra === undefined
        ? `${name} needs: ${spec.words.join(', ')}.`
        : `${name}: ${extra.slice(0, 40)} is one word too many; it takes ${spec.words.join(', ')}.`,
    )
  }
  const values = Object.entries(parsed.values)
  return {
    words: parsed.positionals,
    flags: new Set(values.filter(([, value]) => value === true).map(([option]) => option)),
    values: new Map(values.filter((entry): entry is [string, string] => typeof entry[1] === 'string')),
  }
}

/** The value of an option that must be there, and may have lines; throws UsageError. */
export function neededText(options: Options, name: string): string {
  const value = options.values.get(name)
  if (value === undefined || value === '') throw new UsageError(`--${name} is missing.`)
  return value
}

/** The value of an option that must be there, in one line: names and reasons are printed where a line must not begin with them. Throws UsageError. */
export function needed(options: Options, name: string): string {
  const value = neededText(options, name)
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value)) throw new UsageError(`--${name} is one line, and has no control characters.`)
  return value
}

/** What `help` prints. */
export function helpText(): string {
  const lines = Object.values(commandSpecs).flatMap((spec: CommandSpec) => [
    `  ./cjsm ${spec.usage}`,
    `      ${spec.says}`,
    ...Object.entries(spec.options)
      .filter(([option]) => !(option in where) && !spec.usage.includes(`--${option}`))
      .map(([option, { says, type }]) => `      --${option}${type === 'string' ? ' …' : ''}: ${says}`),
  ])
  return `CJSM, a secure mail service for a closed community\n\n${lines.join('\n')}\n\n  Every command but help and test takes --data DIR and --config FILE. All settings: docs/settings.md\n`
}
