// Who may be written to. G01, G02.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeRecipient } from '#policy/decide.ts'
import type { RecipientFacts } from '#policy/facts.ts'

const cases: [RecipientFacts['standing'], string | null, string | null][] = [
  ['member', null, null],
  ['unknown', 'G01', 'recipient-is-unknown'],
  ['removed', 'G02', 'recipient-is-removed'],
  ['outside', null, null], // judged with the message: release.test.ts
  ['server-organisation', 'G01', 'recipient-is-at-a-server-organisation'],
]

for (const [standing, clause, reason] of cases) {
  test(`a recipient who is "${standing}" is ${clause === null ? 'allowed' : `refused by ${clause}`} (G01, G02)`, () => {
    const verdict = judgeRecipient({ address: 'a@firm.cjsm.test', standing })
    if (clause === null) return assert.deepEqual(verdict, { kind: 'allowed' })
    assert.equal(verdict.kind, 'refused')
    assert.deepEqual([verdict.clause, verdict.reason, verdict.about], [clause, reason, 'a@firm.cjsm.test'])
    assert.ok(verdict.remedy.length > 20 && verdict.remedy.length <= 200)
  })
}

test('a refusal of a recipient ends with the contact of the Helpdesk where there is one, within 200 characters (G01)', () => {
  const verdict = judgeRecipient({ address: 'a@b.example', standing: 'unknown' }, `help@cjsm.test ${'x'.repeat(100)}`)
  assert.ok(verdict.kind === 'refused' && verdict.remedy.includes('Helpdesk: help@cjsm.test') && verdict.remedy.length <= 200)
})
