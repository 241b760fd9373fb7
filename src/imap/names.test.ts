// Mailbox names and LIST patterns. RFC 3501 §5.1, §6.3.8.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { imapLimits } from '#imap/limits.ts'
import { ListPattern, nameFault, namesAbove } from '#imap/names.ts'
import { canonicalName } from '#mailbox/names.ts'

test('INBOX is one mailbox in any case, and composed letters are one letter (RFC 3501 §5.1)', () => {
  assert.equal(canonicalName('inBox'), 'INBOX')
  assert.equal(canonicalName('inbox/Old'), 'INBOX/Old')
  assert.equal(canonicalName('inboxes'), 'inboxes')
  assert.equal(canonicalName('Cafe\u0301'), 'Caf\u00e9')
})

test('a new name has 255 octets and 20 levels at most, no more', () => {
  const levels = (count: number) => Array.from({ length: count }, () => 'a').join('/')
  assert.equal(nameFault('a'.repeat(255), imapLimits), null)
  assert.match(nameFault('a'.repeat(256), imapLimits)!, /255 octets/)
  assert.match(nameFault('é'.repeat(128), imapLimits)!, /255 octets/)
  assert.equal(nameFault(levels(20), imapLimits), null)
  assert.match(nameFault(levels(21), imapLimits)!, /20 levels/)
})

for (const name of ['', '/a', 'a/', 'a//b', 'a\nb', 'a\u001bb', 'a\u0085b', 'a\u202eb', 'a\u2066b', 'a*', 'a%b']) {
  test(`${JSON.stringify(name)} is no name for a new mailbox (RFC 5198)`, () => {
    assert.notEqual(nameFault(name, imapLimits), null)
  })
}

test('the names above a name are its levels from the top', () => {
  assert.deepEqual(namesAbove('a/b/c'), ['a', 'a/b'])
  assert.deepEqual(namesAbove('a'), [])
})

const matches: [pattern: string, name: string, outcome: boolean][] = [
  ['*', 'a/b/c', true],
  ['%', 'a', true],
  ['%', 'a/b', false],
  ['%/%', 'a/b', true],
  ['a/%', 'a/b/c', false],
  ['a/*', 'a', false],
  ['a*', 'a', true],
  ['inbox', 'INBOX', true],
  ['inB*', 'INBOX', true],
  ['inbox*', 'INBOX/Sub', true],
  ['%box/sub', 'INBOX/Sub', false],
  ['inbox*', 'INBOXES', false],
  ['\u0131nbo%', 'INBOX', false],
  ['a%c', 'abbc', true],
  ['*c', 'a/b/c', true],
  ['', 'a', false],
  ['日%', '日本', true],
  ['%💼', 'x💼', true],
]
for (const [pattern, name, outcome] of matches) {
  test(`the pattern ${JSON.stringify(pattern)} ${outcome ? 'matches' : 'does not match'} ${name} (RFC 3501 §6.3.8)`, () => {
    assert.equal(new ListPattern(pattern).matches(name), outcome)
  })
}

test('patterns match as the regular expression that says the same', () => {
  const part = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '%'), maxLength: 8 })
  fc.assert(
    fc.property(part, fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 8 }), (pattern, name) => {
      const expression = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('%', '[^/]*')}$`)
      assert.equal(new ListPattern(pattern).matches(name), expression.test(name))
    }),
    { numRuns: 2_000, seed: 3501 },
  )
})
