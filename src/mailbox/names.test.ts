// Mailbox names against RFC 3501 §5.1 and RFC 5198, whatever is asked for.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalName, isBelow, nameFault, namesAbove } from '#mailbox/names.ts'

test('INBOX is meant in any case of its letters, as first level too, and nothing else is (RFC 3501 §5.1)', () => {
  for (const [name, canonical] of [
    ['inbox', 'INBOX'],
    ['InBox/a', 'INBOX/a'],
    ['a/inbox', 'a/inbox'],
    ['inboxes', 'inboxes'],
    ['ınbox', 'ınbox'],
    ['inbox\n', 'inbox\n'],
    ['', ''],
  ] as const) {
    assert.equal(canonicalName(name), canonical)
  }
})

test('a canonical name stays as it is, and no name makes a function throw', () => {
  const name = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('a', '/', 'İ', 'ı', 'i', 'e\u0301', '-') }),
    fc.constantFrom('inbox/', '//'),
  )
  fc.assert(
    fc.property(name, (given) => {
      const canonical = canonicalName(given)
      assert.equal(canonicalName(canonical), canonical)
      if (nameFault(canonical) === null) {
        for (const above of namesAbove(canonical)) assert.ok(isBelow(canonical, above) && nameFault(above) === null)
      }
    }),
    { seed: 3501, numRuns: Number(process.env.CJSM_FUZZ_RUNS ?? 2000) },
  )
})

test('the names above a name come from the top, and a name that only begins alike is not below', () => {
  assert.deepEqual(namesAbove('a/b/c'), ['a', 'a/b'])
  assert.deepEqual(namesAbove('a'), [])
  assert.equal(isBelow('ab/c', 'a'), false)
  assert.equal(isBelow('a', 'a'), false)
})
