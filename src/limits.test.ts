// docs/limits.md says every limit with its value: a limit that is not there, or has another value, fails here.
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

const root = new URL('../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')

interface Row {
  readonly name: string
  readonly value: number
  readonly rest: readonly string[]
}

/** The rows below a heading that begins so. */
function rowsBelow(heading: string): Row[] {
  const section = read('docs/limits.md')
    .split(/^## /m)
    .find((one) => one.startsWith(heading))
  assert.ok(section, `docs/limits.md has a part ${heading}`)
  return [...section.matchAll(/^\| `([\w.]+)` \| ([\d,]+) \| (.*) \|$/gm)].map(([, name, value, rest]) => ({
    name: name!,
    value: Number(value!.replaceAll(',', '')),
    rest: rest!.split(' | '),
  }))
}

const unwrapped = new Set(['netLimits', 'smtpLimits', 'imapLimits'])

/** Every number that a module exports, by its name; those in an object or a map behind its name and a dot. */
function numbersOf(exported: object, prefix = ''): [string, number][] {
  return Object.entries(exported).flatMap(([name, value]): [string, number][] => {
    if (typeof value === 'number') return [[prefix + name, value]]
    const within = unwrapped.has(name) ? '' : `${prefix}${name}.`
    return value instanceof Map ? numbersOf(Object.fromEntries(value), within) : numbersOf(value as object, within)
  })
}

for (const file of globSync('src/**/limits.ts', { cwd: root }).sort()) {
  const folder = file.slice('src/'.length, -'/limits.ts'.length)
  test(`the limits of ${folder}/ are those that docs/limits.md names, with their values`, async () => {
    const told = rowsBelow(`${folder}:`).map(({ name, value }) => `${name} ${value}`)
    const found = numbersOf((await import(new URL(file, root).href)) as object).map(([name, value]) => `${name} ${value}`)
    assert.deepEqual(told.sort(), found.sort())
  })
}

test('constants that stand elsewhere have the value that docs/limits.md tells', () => {
  const rows = rowsBelow('Elsewhere')
  assert.ok(rows.length > 10)
  for (const { name, value, rest } of rows) {
    const file = rest[0]!.replaceAll('`', '')
    const written = new RegExp(`const ${name} = ([\\d_ *+]+)$`, 'm').exec(read(file))?.[1]
    assert.ok(written, `${name} stands in ${file}`)
    const factorsOf = (sum: string) => sum.split('*').map((factor) => Number(factor.replaceAll('_', '')))
    const found = written.split('+').map((sum) => factorsOf(sum).reduce((product, factor) => product * factor))
    assert.equal(
      found.reduce((sum, one) => sum + one),
      value,
      `${name} in ${file}`,
    )
  }
})

test('every test that docs/limits.md names is there', () => {
  const named = [...read('docs/limits.md').matchAll(/`([\w/-]+\.(?:test\.ts|txt))`/g)].map((match) => match[1]!)
  const fileOf = (path: string) => new URL(/^(src|test)\//.test(path) ? path : `src/${path}`, root)
  const missing = [...new Set(named)].filter((path) => !existsSync(fileOf(path)))
  assert.deepEqual(missing, [])
})
