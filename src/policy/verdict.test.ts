// What a refusal shows. G01, G05.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allowed, refuse, warn, withContact } from '#policy/verdict.ts'

test('a refusal’s fact is one short line without controls or bidirectional signs (G05)', () => {
  const { about } = refuse('G05', 'x', `a\r\nb\u202ec${'d'.repeat(300)}`, 'r')
  assert.equal(about.length, 160)
  assert.ok(about.startsWith('a  b c') && about.endsWith('…'))
  assert.equal(warn('G05', 'x', '\u0000a', 'r').about, 'a')
})

test('the Helpdesk’s contact ends a refusal and nothing else (G01)', () => {
  const refusal = refuse('G01', 'x', 'a', 'Do this.')
  assert.equal(withContact(allowed, 'help@cjsm.test'), allowed)
  assert.equal(withContact(refusal, undefined), refusal)
  assert.deepEqual(withContact(refusal, 'help@cjsm.test'), { ...refusal, remedy: 'Do this. Helpdesk: help@cjsm.test' })
})
