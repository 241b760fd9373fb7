// The corpus of testdata/documents: nothing honest that is attached is stopped, nothing marked is missed. G04, G05, G07.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { build, type Described } from '#mail/documents/build.test-support.ts'
import { extract } from '#mail/documents/extract.ts'
import { findAttachedMarkings } from '#policy/attached-markings.ts'
import { decide } from '#policy/decide.ts'
import { plainFacts } from '#policy/facts-for-tests.ts'

interface Example {
  name: string
  file: string
  adopter: boolean
  isReply?: boolean
  content: Described
  expected: { verdict: string; level?: string; where?: string; path?: string[]; warning?: string }
}

const folder = new URL('../../testdata/documents/', import.meta.url)
const fileOf = ({ file }: Example) => new URL(`files/${encodeURIComponent(file)}`, folder)
const examplesOf = (list: string): Example[] =>
  readFileSync(new URL(`${list}.jsonl`, folder), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
const all = [...examplesOf('marked'), ...examplesOf('honest')]

if (process.env.CJSM_WRITE_TESTDATA === '1') {
  mkdirSync(new URL('files/', folder), { recursive: true })
  for (const example of all) writeFileSync(fileOf(example), build(example.content))
}

async function judge(example: Example) {
  const path = [example.file]
  const { places } = await extract({ path, type: '', charset: null, octets: readFileSync(fileOf(example)) })
  const named = { where: 'file name', path, lines: [example.file] } as const
  const attached = findAttachedMarkings([named, ...places])
  const submitter = { ...plainFacts.submitter, adopter: example.adopter }
  return { attached, ...decide({ ...plainFacts, submitter, attached, isReply: example.isReply ?? false }) }
}

test('no honest document is stopped for its words, wherever they stand (G04, G05, G07)', async () => {
  const wrong: string[] = []
  const examples = examplesOf('honest')
  assert.ok(examples.length >= 30)
  for (const example of examples) {
    const { message, warnings } = await judge(example)
    const said = message.kind === 'refused' ? message.about : warnings.map((warning) => warning.reason).join()
    if (message.kind === 'refused' || said !== (example.expected.warning ?? '')) wrong.push(`${example.name}: ${said}`)
  }
  assert.deepEqual(wrong, [])
})

test('every document that is marked above the ceiling is refused, and the place is named (G05)', async () => {
  const wrong: string[] = []
  const examples = examplesOf('marked')
  assert.ok(examples.length >= 30)
  for (const example of examples) {
    const { message, attached } = await judge(example)
    const { verdict, level, where, path } = example.expected
    const found = attached.some(
      (each) => each.marking.level === level && each.where === where && each.path.join('/') === path!.join('/'),
    )
    const names = message.kind === 'refused' && (where === 'nested message' || message.about.includes(`, ${where}: `))
    if (message.kind !== 'refused' || message.clause !== verdict || !found || !names) {
      wrong.push(`${example.name}: ${message.kind === 'refused' ? message.about : 'allowed'}, ${JSON.stringify(attached)}`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('the files of the corpus are those that their descriptions give', () => {
  const wrong = all.filter((example) => !readFileSync(fileOf(example)).equals(build(example.content)))
  assert.deepEqual(
    wrong.map(({ file }) => file),
    [],
  )
  assert.equal(new Set(all.map(({ file }) => file)).size, all.length)
  assert.equal(readdirSync(new URL('files/', folder)).length, all.length)
})
