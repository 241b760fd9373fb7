// The options of a benchmark: one table gives its parser and its help.
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'

/** An option: its default decides how it is read (a number, text, or true when it is given). */
export type OptionTable = Readonly<Record<string, { readonly default: number | string | boolean; readonly says: string }>>
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name]['default'] extends number
    ? number
    : Table[Name]['default'] extends boolean
      ? boolean
      : string
}

/** Reads the command line; prints the options and ends the process when they are wrong or `--help` is asked for. */
export function readOptions<const Table extends OptionTable>(says: string, table: Table): OptionValues<Table> {
  const types = Object.entries(table).map(([name, one]) => [
    name,
    { type: typeof one.default === 'boolean' ? ('boolean' as const) : ('string' as const) },
  ])
  try {
    const options: ParseArgsOptionsConfig = { ...Object.fromEntries(types), help: { type: 'boolean' } }
    const values: Record<string, string | boolean | undefined> = { ...parseArgs({ options }).values } as Record<
      string,
      string | boolean | undefined
    >
    if (values.help === true) end(0, helpText(says, table))
    return Object.fromEntries(
      Object.entries(table).map(([name, one]) => [name, readValue(name, one.default, values[name])]),
    ) as OptionValues<Table>
  } catch (fault) {
    return end(2, `${(fault as Error).message}\n\n${helpText(says, table)}`)
  }
}

function readValue(name: string, byDefault: number | string | boolean, given: string | boolean | undefined) {
  if (given === undefined) return byDefault
  if (typeof byDefault !== 'number') return given
  if (!/^\d+$/.test(String(given))) throw new Error(`--${name} is a whole number.`)
  return Number(given)
}

function helpText(says: string, table: OptionTable): string {
  const lines = Object.entries(table).map(([name, one]) => {
    const shown = one.default === '' || one.default === false ? '' : ` (default ${one.default})`
    return `  --${name.padEnd(16)} ${one.says}${shown}`
  })
  return `${says}\n\n${lines.join('\n')}`
}

function end(code: number, text: string): never {
  process.stderr.write(`${text}\n`)
  process.exit(code)
}

/** Whether the module with this `import.meta.url` is what was started, and not a part of another benchmark. */
export function isMain(url: string): boolean {
  const started = process.argv[1]
  return started !== undefined && realpathSync(started) === realpathSync(fileURLToPath(url))
}

/** A comma-separated list. */
export function listOf(text: string): string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
}
