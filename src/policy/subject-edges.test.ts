// The head and tail of a subject. G05, G07.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headEdges, isAnswerSubject, tailEdges } from '#policy/subject-edges.ts'

const answers = [
  'Re: x',
  'RE: x',
  're:x',
  'Fwd: x',
  'FW: x',
  'Fw : x',
  'Re[2]: x',
  'Re (3): x',
  'AW: x',
  'SV: x',
  'TR: x',
  '[ext] Re: x',
  '  Re: x',
  'Re：x',
  'Auto: x',
  'Auto: Re: x',
  'Accepted: x',
  'Tentatively accepted: x',
  'Declined: x',
  'Tentative: x',
  'Read: x',
  'Not read: x',
  'Automatic reply: x',
]
const others = [
  'Regarding: x',
  'Re x',
  'R v x',
  'Report: x',
  'x Re: y',
  '',
  'Area: x',
  'Automatic: x',
  '[Re: x] y',
  'Read me: x',
  'Reading: x',
  'Not accepted: x',
]

test('Re:, Fw: and their like in other languages, and what replies to invitations and receipts begin with, are recognised at the head only (G07)', () => {
  assert.deepEqual(
    answers.filter((subject) => !isAnswerSubject(subject)),
    [],
  )
  assert.deepEqual(others.filter(isAnswerSubject), [])
})

test('bracketed groups and the text behind them are the head (G05)', () => {
  const edges = headEdges('[one] Re: (two [deep]) three')
  assert.deepEqual(
    edges.map(({ text, kind, inherited }) => [text, kind, inherited]),
    [
      ['one', 'bracketed', false],
      ['two [deep]', 'bracketed', true],
      ['three', 'head', true],
    ],
  )
})

test('groups at the end and what follows a dash are the tail, the longest first (G05)', () => {
  const texts = tailEdges('a - b - c [d]', false).map(({ text }) => text)
  assert.deepEqual(texts, ['d', ' b - c [d]', ' c [d]', ' b - c', ' c'])
})

test('a hyphen within a word parts nothing (G05)', () => {
  assert.deepEqual(tailEdges('pre-sentence', false), [])
})
