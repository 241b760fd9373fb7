// Nobody sends as another. G03.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from '#policy/decide.ts'
import type { SubmissionFacts } from '#policy/facts.ts'
import { ownAddress as own, plainFacts } from '#policy/facts-for-tests.ts'

const group = 'office@firm.cjsm.test'
const other = 'chief@force.cjsm.test'

function reasonFor(changed: Partial<SubmissionFacts>): string | null {
  const submitter = { ...plainFacts.submitter, mayUse: [own, group] }
  const { message } = decide({ ...plainFacts, submitter, ...changed })
  if (message.kind === 'allowed') return null
  assert.equal(message.clause, 'G03')
  assert.ok(message.about.length <= 160 && message.remedy.length <= 129)
  return message.reason
}

const cases: [string, Partial<SubmissionFacts>, string | null][] = [
  ['own From, no Sender', {}, null],
  ['From a group mailbox that is theirs', { from: [group] }, null],
  ['two addresses in From, both theirs', { from: [own, group], sender: [own], senderFields: 1 }, null],
  ['own Sender', { sender: [own], senderFields: 1 }, null],
  ['reverse-path of a group mailbox that is theirs', { reversePath: group }, null],
  ['From of somebody else', { from: [other] }, 'from-is-not-the-submitters'],
  ['a second address in From that is somebody else', { from: [own, other] }, 'from-is-not-the-submitters'],
  ['two From fields', { fromFields: 2 }, 'from-cannot-be-read'],
  ['no From field', { from: null, fromFields: 0 }, 'from-cannot-be-read'],
  ['a From that two readers read differently', { from: null }, 'from-cannot-be-read'],
  ['an empty From', { from: [] }, 'from-cannot-be-read'],
  ['Sender of somebody else', { sender: [other], senderFields: 1 }, 'sender-is-not-the-submitters'],
  ['two Sender fields', { sender: null, senderFields: 2 }, 'sender-is-not-the-submitters'],
  ['two addresses in Sender', { sender: [own, group], senderFields: 1 }, 'sender-is-not-the-submitters'],
  ['a Sender that cannot be read', { sender: null, senderFields: 1 }, 'sender-is-not-the-submitters'],
  ['reverse-path of somebody else', { reversePath: other }, 'reverse-path-is-not-the-submitters'],
  ['the empty reverse-path (RFC 6409 §3.2)', { reversePath: null }, null],
  ['the empty reverse-path and From of somebody else', { reversePath: null, from: [other] }, 'from-is-not-the-submitters'],
]

for (const [name, changed, reason] of cases) {
  test(`${name}: ${reason ?? 'allowed'} (G03)`, () => assert.equal(reasonFor(changed), reason))
}

test('the refused address cannot break the reply line or turn its direction (G03)', () => {
  const from = [`x\r\n250 ok\u202e\u2028@evil.example${'y'.repeat(500)}`]
  const { message } = decide({ ...plainFacts, from })
  assert.ok(message.kind === 'refused' && message.about.length <= 160)
  assert.doesNotMatch(message.about, /[\p{Cc}\p{Cf}\p{Zl}]/u)
})

test('a From with 40,000 addresses is judged at once (G03)', () => {
  const started = performance.now()
  assert.equal(
    reasonFor({ from: Array.from({ length: 40_000 }, (_, i) => (i < 39_999 ? own : other)) }),
    'from-is-not-the-submitters',
  )
  assert.ok(performance.now() - started < 1_000)
})
