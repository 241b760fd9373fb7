// The rules about what is attached, over facts. G05, G07.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from '#policy/decide.ts'
import { adopter, found, plainFacts } from '#policy/facts-for-tests.ts'
import type { AttachedMarking, SubmissionFacts } from '#policy/facts.ts'

const attached = (line: string, more: Partial<AttachedMarking> = {}): AttachedMarking => ({
  ...found('attachment', line),
  where: 'header',
  path: ['annex.zip', 'report.docx'],
  ...more,
})
const decideOn = (more: Partial<SubmissionFacts>) => decide({ ...plainFacts, ...more })
const saidOf = (more: Partial<SubmissionFacts>) => {
  const { message, warnings } = decideOn(more)
  return message.kind === 'refused' ? `${message.clause} ${message.about}` : warnings.map(({ reason }) => reason).join()
}

test('a marking above the ceiling in an attachment refuses the message and names the place (G05)', () => {
  assert.equal(saidOf({ attached: [attached('UK SECRET')] }), 'G05 annex.zip › report.docx, header: UK SECRET')
  const highest = [attached('SECRET'), attached('TOP SECRET', { where: 'properties', path: ['b.pdf'] })]
  assert.equal(saidOf({ attached: highest }), 'G05 b.pdf, properties: TOP SECRET')
  const nested = attached('SECRET', { where: 'nested message', path: ['one.eml'], origin: 'inherited' })
  assert.equal(saidOf({ attached: [nested] }), 'G05 one.eml: SECRET')
})

test('what is not above the ceiling is attached freely, RESTRICTED by a non-adopter too (G07)', () => {
  assert.equal(saidOf({ attached: [attached('RESTRICTED - COMMERCIAL')] }), '')
  const { asserted, floor } = decideOn({ attached: [attached('NOT PROTECTIVELY MARKED')] })
  assert.deepEqual({ asserted, floor }, { asserted: null, floor: 'protected' })
})

test('CONFIDENTIAL alone is the level where an adopter attaches it to a message of their own (G05, G07)', () => {
  const own = 'attached-confidential-taken-as-own-marking'
  assert.match(saidOf({ attached: [attached('CONFIDENTIAL')], submitter: adopter }), /^G05 /)
  assert.equal(saidOf({ attached: [attached('CONFIDENTIAL')] }), own)
  assert.equal(saidOf({ attached: [attached('CONFIDENTIAL')], submitter: adopter, isReply: true }), own)
  assert.equal(saidOf({ attached: [attached('CONFIDENTIAL', { origin: 'inherited' })], submitter: adopter }), own)
  assert.match(saidOf({ attached: [attached('UK CONFIDENTIAL', { origin: 'inherited' })] }), /^G05 /)
  const forward = { submitter: adopter, isForward: true }
  assert.equal(saidOf({ attached: [attached('CONFIDENTIAL')], ...forward }), own)
  for (const line of ['SECRET', 'UK CONFIDENTIAL']) assert.match(saidOf({ attached: [attached(line)], ...forward }), /^G05 /)
})

test('a document that is damaged or took too long is delivered with a warning (G05)', () => {
  for (const why of ['damaged', 'too large'] as const) {
    assert.equal(saidOf({ unread: [{ path: ['annex.docx'], why }] }), 'attachment-not-looked-through')
  }
})

test('long names and deep paths leave room for the line that matched (G05)', () => {
  const path = ['z'.repeat(300), 'b', 'c', `${'y'.repeat(300)}.docx`]
  const said = saidOf({ attached: [attached('TOP SECRET - UK EYES ONLY', { path })] })
  assert.match(said, /^G05 …z{39} › … › …y{34}\.docx, header: TOP SECRET - UK EYES ONLY$/)
})
