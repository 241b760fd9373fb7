// Keeps the order of the folders (order.ts), the privacy of *.sql.ts, the form of imports, and the absence of barrels.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { order } from './order.ts'

const root = new URL('./', import.meta.url)
const files = (readdirSync(root, { recursive: true }) as string[]).filter((name) => name.endsWith('.ts'))
const rank = new Map(order.flatMap((row, index) => row.map((folder) => [folder as string, index] as const)))
const importsOf = (name: string) =>
  [...readFileSync(new URL(name, root), 'utf8').matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => match[1]!)

test('every folder of src is in the order', () => {
  const folders = new Set(files.filter((name) => name.includes('/')).map((name) => name.split('/')[0]!))
  assert.deepEqual(
    [...folders].filter((folder) => !rank.has(folder)),
    [],
  )
})

test('a file imports only from its own folder or an earlier one, and a face never a face', () => {
  const wrong = files
    .filter((name) => name.includes('/') && !name.endsWith('.test.ts'))
    .flatMap((name) => {
      const own = name.split('/')[0]!
      return importsOf(name)
        .filter((path) => path.startsWith('#'))
        .map((path) => path.slice(1).split('/')[0]!)
        .filter((folder) => folder !== own && folder !== 'config.ts' && !(rank.get(folder)! < rank.get(own)!))
        .map((folder) => `${name} imports ${folder}`)
    })
  assert.deepEqual(wrong, [])
})

test('imports are written #folder/file.ts, and only main.ts and tests at the root use ./', () => {
  const wrong = files.flatMap((name) =>
    importsOf(name)
      .filter((path) => (path.startsWith('.') && name.includes('/')) || (path.startsWith('#') && !/\.(ts|json)$/.test(path)))
      .map((path) => `${name}: ${path}`),
  )
  assert.deepEqual(wrong, [])
})

test('SQL is private to the folder that owns the table', () => {
  const wrong = files.flatMap((name) =>
    importsOf(name)
      .filter((path) => path.endsWith('.sql.ts') && !path.startsWith(`#${name.split('/')[0]}/`))
      .map((path) => `${name}: ${path}`),
  )
  assert.deepEqual(wrong, [])
})

test('there are no barrels and no drawers for everything', () => {
  assert.deepEqual(
    files.filter((name) => /(^|\/)index\.ts$|(^|\/)(utils|common|helpers)\//.test(name)),
    [],
  )
})
