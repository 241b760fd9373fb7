// The register, docs/clauses.md, against what the source and the tests cite: every citation has a row, and what is called done is cited by both.
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const read = (path: string) => readFileSync(`${root}${path}`, 'utf8')
const statuses = ['done', 'part', 'later', 'declared']

interface Row {
  readonly id: string
  readonly status: string
  readonly where: string
}

const rows: readonly Row[] = [...read('docs/clauses.md').matchAll(/^\| ([GT]\d\d|RFC \d+) \| .* \| (\S+) \| ?(.*) \|$/gm)].map(
  ([, id, status, where]) => ({ id: id!, status: status!, where: where! }),
)
const byId = new Map(rows.map((row) => [row.id, row]))

/** The clauses and RFCs that a text cites: `G05`, `RFC 5321 §4.4`, and each of `RFC 3461, 3464`. */
function citedBy(text: string): string[] {
  const clauses = [...text.matchAll(/\b[GT]\d\d\b/g)].map((match) => match[0])
  const rfcs = [...text.matchAll(/\bRFCs? (\d{3,5}\b(?:(?: §[\d.]+)?(?:, (?:and )?| and )\d{4}\b)*)/g)].flatMap((match) =>
    [...match[1]!.replaceAll(/§[\d.]+/g, '').matchAll(/\d{3,5}/g)].map((number) => `RFC ${number[0]}`),
  )
  return [...clauses, ...rfcs]
}

// This file's own examples are no citations.
const files = [...globSync(['src/**/*.{ts,txt,json}', 'test/**/*.ts', 'migrations/*.sql'], { cwd: root }), 'cjsm'].filter(
  (path) => path !== 'src/clauses.test.ts',
)
const isTest = (path: string) => /\.test\.ts$|\.test-support\.ts$|^test\/|\/dialogues\/|-for-tests\.ts$/.test(path)
const cited = { source: new Map<string, string>(), tests: new Map<string, string>() }
for (const path of files) {
  const into = isTest(path) ? cited.tests : cited.source
  for (const id of citedBy(read(path))) into.set(id, path)
}

test('lists and sections are read as citations, times and other numbers are not', () => {
  assert.deepEqual(citedBy('G01–G03; RFC 3461, 3464 and 2045 §6.7, RFC 5321 §4.4. T14'), [
    'G01',
    'G03',
    'T14',
    'RFC 3461',
    'RFC 3464',
    'RFC 2045',
    'RFC 5321',
  ])
  assert.deepEqual(citedBy('2026-11-21T10:00:00Z, XG05, RFC 822.SIZE, 2045 alone'), ['RFC 822'])
})

test('every clause has a row, once, with a status that there is', () => {
  const letters = { G: [1, 21], T: [0, 24] } as const
  const wanted = Object.entries(letters).flatMap(([letter, [first, last]]) =>
    Array.from({ length: last - first + 1 }, (_, index) => `${letter}${String(first + index).padStart(2, '0')}`),
  )
  assert.deepEqual(
    rows.filter((row) => !row.id.startsWith('RFC')).map((row) => row.id),
    wanted,
  )
  assert.equal(byId.size, rows.length, 'each id stands once')
  assert.deepEqual(
    rows.filter((row) => !statuses.includes(row.status)).map((row) => `${row.id}: ${row.status}`),
    [],
  )
})

test('whatever source and tests cite has a row', () => {
  const unknown = [...cited.source, ...cited.tests].filter(([id]) => !byId.has(id)).map(([id, path]) => `${id} in ${path}`)
  assert.deepEqual(unknown, [])
})

test('what is done is cited by the source and by a test', () => {
  const done = rows.filter((row) => row.status === 'done').map((row) => row.id)
  assert.deepEqual(
    done.filter((id) => !cited.source.has(id) || !cited.tests.has(id)),
    [],
  )
})

test('what is partly there or done says where, and every file that is named is there', () => {
  const silent = rows.filter((row) => ['done', 'part'].includes(row.status) && row.where === '').map((row) => row.id)
  assert.deepEqual(silent, [])
  const named = rows.flatMap((row) => [...row.where.matchAll(/`([\w./-]+(?:\.ts|\/))`/g)].map((match) => match[1]!))
  assert.deepEqual(
    named.filter((path) => !existsSync(`${root}src/${path}`)),
    [],
  )
})

test('every document that source and tests name is there', () => {
  const named = files.flatMap((path) =>
    [...read(path).matchAll(/\bdocs\/[\w/-]+\.md\b/g)].map((match) => [match[0], path] as const),
  )
  assert.deepEqual(
    named.filter(([document]) => !existsSync(`${root}${document}`)).map(([document, path]) => `${document} in ${path}`),
    [],
  )
})
