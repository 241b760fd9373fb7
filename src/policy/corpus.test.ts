// The corpus of testdata/markings: nothing honest is stopped, nothing marked is missed. G04, G05, G07, G09.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fieldsNamed, parseHeader } from '#mail/header.ts'
import { decide } from '#policy/decide.ts'
import { plainFacts } from '#policy/facts-for-tests.ts'
import { findMarkings, isForward, namesAnEarlier } from '#policy/find-markings.ts'
import { findQuotedMarkings } from '#policy/quoted-markings.ts'
import { shippedSchemes } from '#policy/schemes.ts'

interface Example {
  name: string
  adopter: boolean
  subject: string
  fields: string[]
  body: string
  expected: {
    verdict: string
    level: string | null
    scheme?: string
    descriptors?: string[]
    caveats?: string[]
    floor?: string
    warning?: string
  }
}

function examplesOf(file: string): Example[] {
  const text = readFileSync(new URL(`../../testdata/markings/${file}`, import.meta.url), 'utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

function decideOn({ adopter, subject, fields, body }: Example) {
  const lines = [`Subject: ${subject}`, ...fields, '', '']
  const header = parseHeader(Buffer.from(lines.join('\r\n')))
  return decide({
    ...plainFacts,
    submitter: { ...plainFacts.submitter, adopter },
    markings: findMarkings(header, [body.replaceAll('\n', '\r\n')], shippedSchemes),
    quoted: findQuotedMarkings([body.replaceAll('\n', '\r\n')], shippedSchemes),
    protectiveMarkingFields: fieldsNamed(header, 'X-Protective-Marking').length,
    isReply: namesAnEarlier(header),
    isForward: isForward(header),
  })
}

function wrongWith(example: Example): string[] {
  const { message, asserted, floor, warnings } = decideOn(example)
  const { expected } = example
  const pairs: [string, unknown, unknown][] = [
    ['verdict', message.kind === 'refused' ? message.clause : 'allowed', expected.verdict],
    ['level', asserted?.level ?? null, expected.level],
    ['floor', floor, expected.floor ?? 'protected'],
    ['scheme', asserted?.scheme, expected.scheme ?? asserted?.scheme],
    ['descriptors', asserted?.descriptors, expected.descriptors ?? asserted?.descriptors],
    ['caveats', asserted?.caveats, expected.caveats ?? asserted?.caveats],
    ['warnings', warnings.map((warning) => warning.reason), expected.warning === undefined ? [] : [expected.warning]],
  ]
  return pairs
    .filter(([, actual, wanted]) => JSON.stringify(actual) !== JSON.stringify(wanted))
    .map(([what, actual, wanted]) => `${example.name}: ${what} is ${JSON.stringify(actual)}, not ${JSON.stringify(wanted)}`)
}

test('no honest message is stopped for its words, and none is taken for marked (G04, G05, G07)', () => {
  const examples = examplesOf('honest.jsonl')
  assert.ok(examples.length >= 150)
  assert.deepEqual(examples.flatMap(wrongWith), [])
})

test('every marked message is read in its carrier and judged by its clause (G05, G06, G07, G09)', () => {
  const examples = examplesOf('marked.jsonl')
  assert.ok(examples.length >= 150)
  assert.deepEqual(examples.flatMap(wrongWith), [])
})

test('the names of the corpus are unique, so that a failure names one message', () => {
  const names = [...examplesOf('honest.jsonl'), ...examplesOf('marked.jsonl')].map((example) => example.name)
  assert.equal(new Set(names).size, names.length)
})
