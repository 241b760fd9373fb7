// Handling asked beyond the minimum: read, written, kept, enforced. G09.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { plainFacts } from '#policy/facts-for-tests.ts'
import {
  accessRefusal,
  keptHandling,
  handlingIsUnderstood,
  nothingAsked,
  readHandlingAsked,
  recipientIsANamedReader,
  sentencesOfAsked,
  writeHandlingAsked,
} from '#policy/handling-asked.ts'
import { maxHandlingOctets, maxNamedReaders } from '#policy/limits.ts'

const keyOf = (address: string) => (/^[a-z0-9.]+@[a-z0-9.]+$/.test(address) ? address : null)
const read = (value: string) => readHandlingAsked(value, keyOf)

test('what is asked is read in any order and letter case, and written in one form (G09)', () => {
  const asked = read('until=2026-12-31, No-Download ,reader=a@x.test,no-forwarding, reader=b@x.test')
  assert.deepEqual(asked, {
    noForwarding: true,
    noDownload: true,
    readers: ['a@x.test', 'b@x.test'],
    untilMs: Date.UTC(2026, 11, 31, 23, 59, 59),
  })
  assert.equal(read('until=2026-07-31')?.untilMs, Date.UTC(2026, 6, 31, 22, 59, 59), 'a day ends when it ends in London')
  assert.ok(sentencesOfAsked(read('until=2026-07-31')!).join().includes('until 2026-07-31 only'))
  assert.equal(
    writeHandlingAsked(asked!),
    'no-forwarding, no-download, reader=a@x.test, reader=b@x.test, until=2026-12-31T23:59:59Z',
  )
  assert.equal(sentencesOfAsked(asked!).length, 4)
  assert.deepEqual(sentencesOfAsked(nothingAsked), [])
})

test('a field that is not understood as a whole is not understood at all (G09)', () => {
  const wrong = [
    '',
    'no-printing',
    'no-forwarding=yes',
    'reader=nobody',
    'until=tomorrow',
    'until=2026-02-30',
    'until=2026-12-31, until=2027-12-31',
    'no-forwarding,',
  ]
  for (const value of wrong) assert.equal(read(value), null, value)
  assert.equal(handlingIsUnderstood(plainFacts).kind, 'allowed')
  const verdict = handlingIsUnderstood({ ...plainFacts, handling: null })
  assert.equal(verdict.kind === 'refused' && verdict.clause, 'G09')
})

test('as many readers as a submission has recipients may be named, and no more (G09)', () => {
  const readers = (count: number) => Array.from({ length: count }, (_, index) => `reader=a${index}@x.test`).join(',')
  assert.equal(read(readers(maxNamedReaders))?.readers?.length, maxNamedReaders)
  assert.equal(read(readers(maxNamedReaders + 1)), null)
  assert.equal(read(`no-forwarding${' '.repeat(maxHandlingOctets - 13)}`)?.noForwarding, true)
  assert.equal(read(`no-forwarding${' '.repeat(maxHandlingOctets - 12)}`), null)
})

test('what is kept of the longest field that is read is read again, however much longer it is written (G09)', () => {
  const readers = Array.from(
    { length: maxNamedReaders },
    (_, index) => `reader=alongername${String(index).padStart(5, '0')}@x.test`,
  )
  const longest = read(`no-download,${readers.join(',')}`)!
  const written = writeHandlingAsked(longest)
  assert.ok(written.length > maxHandlingOctets)
  assert.deepEqual(keptHandling(written), longest)
})

test('what is written reads back as what was asked, and nothing that is read throws (G09)', () => {
  const asked = fc.record({
    noForwarding: fc.boolean(),
    noDownload: fc.boolean(),
    readers: fc.option(fc.array(fc.constantFrom('a@x.test', 'b@y.test'), { minLength: 1, maxLength: 5 })),
    untilMs: fc.option(fc.integer({ min: 0, max: 253_402_300_799 }).map((seconds) => seconds * 1000)),
  })
  const property = fc.property(asked, (one) => {
    const value = writeHandlingAsked(one)
    assert.deepEqual(value === '' ? nothingAsked : read(value), { ...one })
  })
  fc.assert(property, { seed: 21, numRuns: 1_000 })
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => void readHandlingAsked(text, keyOf)),
    { seed: 22, numRuns: 1_000 },
  )
})

test('where readers are named, nobody else gets it (G09)', () => {
  const recipient = { address: 'a@x.test', standing: 'member' as const }
  assert.equal(recipientIsANamedReader(recipient).kind, 'allowed')
  assert.equal(recipientIsANamedReader({ ...recipient, isNamedReader: true }).kind, 'allowed')
  const verdict = recipientIsANamedReader({ ...recipient, isNamedReader: false })
  assert.equal(verdict.kind === 'refused' && `${verdict.clause} ${verdict.about}`, 'G09 a@x.test')
})

test('access ends when the sender said, a download is not given where none was wanted, and the sender’s own copy is theirs (G09)', () => {
  const asked = keptHandling('no-download, until=2026-12-31')
  const at = (day: string, wants: 'reading' | 'download', isSender = false) =>
    accessRefusal(asked, { isSender, nowMs: Date.parse(day), wants })?.reason
  assert.equal(at('2026-12-31T23:59:58Z', 'reading'), undefined)
  assert.equal(at('2027-01-01', 'reading'), 'access-has-ended')
  assert.equal(at('2026-12-31', 'download'), 'download-was-not-allowed')
  assert.equal(at('2027-01-01', 'download', true), undefined)
  assert.equal(accessRefusal(keptHandling(undefined), { isSender: false, nowMs: 0, wants: 'download' }), null)
})
