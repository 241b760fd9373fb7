// What cannot be looked into, over facts: refused, held or delivered with that said, as the organisation chose. G05, T19
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from '#policy/decide.ts'
import { found, plainFacts } from '#policy/example-facts.ts'
import type { SubmissionFacts, UnreadAttachment, Unscannable } from '#policy/facts.ts'
import type { UnscannableChoice } from '#policy/looked-into.ts'

const decideOn = (unscannable: UnscannableChoice, more: Partial<SubmissionFacts>) =>
  decide({ ...plainFacts, wording: { ...plainFacts.wording, unscannable }, ...more })
const unread = (why: UnreadAttachment['why']) => ({ unread: [{ path: ['annex.zip', 'b.docx'], why }] })
const counted = (why: Unscannable['why'], path: readonly string[] = ['annex.zip']) => ({ unscannable: [{ path, why }] })

const cannot: readonly (readonly [Partial<SubmissionFacts>, string])[] = [
  [unread('encrypted'), 'annex.zip › b.docx is encrypted and cannot be looked into'],
  [unread('too deep'), 'annex.zip › b.docx is too large or too deep to be looked into'],
  [unread('closed'), 'annex.zip › b.docx is an archive of a kind that cannot be looked into'],
  [counted('encrypted'), 'annex.zip is encrypted and cannot be looked into'],
  [counted('too large'), 'annex.zip is too large or too deep to be looked into'],
  [counted('malformed'), 'annex.zip is put together in a way that cannot be looked into'],
  [counted('encrypted', []), 'something attached is encrypted and cannot be looked into'],
]

for (const [facts, about] of cannot) {
  test(`“${about}”: refused, held or delivered flagged, in the same words (T19)`, () => {
    const refused = decideOn('refuse', facts)
    assert.deepEqual([refused.message.kind, 'about' in refused.message && refused.message.about], ['refused', about])
    const held = decideOn('hold', facts)
    assert.deepEqual([held.message.kind, 'about' in held.message && held.message.about], ['held', about])
    const flagged = decideOn('deliver-flagged', facts)
    assert.equal(flagged.message.kind, 'allowed')
    assert.deepEqual([flagged.notLookedInto, flagged.warnings[0]?.about], [about, about])
    assert.deepEqual(held.warnings, [])
  })
}

test('what could be looked into, or is only damaged, or took too long, is neither held nor flagged, whatever was chosen (T19)', () => {
  for (const choice of ['refuse', 'hold', 'deliver-flagged'] as const)
    for (const facts of [{}, unread('damaged'), unread('too large')]) {
      const { message, notLookedInto } = decideOn(choice, facts)
      assert.deepEqual([message.kind, notLookedInto], ['allowed', null])
    }
})

test('a refusal counts before a hold, also where its rule stands behind (T19, G05, G07)', () => {
  const restricted = { markings: [found('banner', 'RESTRICTED')], ...unread('encrypted') }
  const { message } = decideOn('hold', restricted)
  assert.deepEqual([message.kind, 'clause' in message && message.clause], ['refused', 'G07'])
  const secret = decideOn('deliver-flagged', { markings: [found('subject', 'SECRET')], ...unread('encrypted') })
  assert.equal(secret.message.kind, 'refused')
})
