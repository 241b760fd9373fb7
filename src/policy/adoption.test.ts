// Who may use RESTRICTED. G06, G07.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { restrictedIsAnAdopters } from '#policy/adoption.ts'
import type { Carrier, FoundMarking, SubmissionFacts } from '#policy/facts.ts'
import { adopter, found, plainFacts } from '#policy/facts-for-tests.ts'

function judge(marking: FoundMarking, changed: Partial<SubmissionFacts> = {}): string {
  const verdict = restrictedIsAnAdopters({ ...plainFacts, ...changed, markings: [marking] })
  return verdict.kind === 'allowed' ? 'allowed' : `${verdict.clause} ${verdict.reason}`
}

const carriers: Carrier[] = ['x-protective-marking', 'sio-label', 'subject', 'banner']
const refusal = 'G07 non-adopter-originates-restricted'

for (const carrier of carriers) {
  test(`a non-adopter may not originate RESTRICTED in ${carrier}, an adopter may (G06, G07)`, () => {
    assert.equal(judge(found(carrier, 'RESTRICTED - LEGAL')), refusal)
    assert.equal(judge(found(carrier, 'RESTRICTED - LEGAL'), { submitter: adopter }), 'allowed')
  })

  test(`an inherited RESTRICTED in ${carrier} is anybody's to send back (G07)`, () => {
    assert.equal(judge(found(carrier, 'RESTRICTED - LEGAL', 'inherited')), 'allowed')
  })
}

test('in an answer, RESTRICTED in subject and fields is inherited, an own banner is not (G07)', () => {
  assert.equal(judge(found('subject', 'RESTRICTED'), { isReply: true }), 'allowed')
  assert.equal(judge(found('x-protective-marking', 'RESTRICTED'), { isReply: true }), 'allowed')
  assert.equal(judge(found('banner', 'RESTRICTED'), { isReply: true }), refusal)
})

test('in a calendar reply, a receipt or an automatic reply, RESTRICTED in subject and fields is inherited, an own banner is not (G07, T08)', () => {
  const notification = { automation: { kind: 'notification', matched: 'Content-Type: multipart/report' } } as const
  for (const carrier of ['subject', 'x-protective-marking'] as const)
    assert.equal(judge(found(carrier, 'RESTRICTED'), notification), 'allowed')
  assert.equal(judge(found('banner', 'RESTRICTED'), notification), refusal)
  const automated = { automation: { kind: 'automated', matched: 'Precedence: bulk' } } as const
  assert.equal(judge(found('subject', 'RESTRICTED'), automated), refusal)
})

test('Fw: alone makes nobody’s own subject, field or banner inherited (G07)', () => {
  for (const carrier of carriers) assert.equal(judge(found(carrier, 'RESTRICTED'), { isForward: true }), refusal)
})

for (const line of ['NOT PROTECTIVELY MARKED', 'PROTECT - PERSONAL', 'PRIVATE', 'UK EYES ONLY', 'OFFICIAL-SENSITIVE']) {
  test(`a non-adopter may use ${line} (G07)`, () => assert.equal(judge(found('subject', line)), 'allowed'))
}
