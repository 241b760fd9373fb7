// RFC 8785 canonical JSON, by the RFC's own examples where they hold what evidence may hold.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Canonical, canonical } from '#evidence/canonical.ts'

test('text is written as RFC 8785 §3.2.2.2 shows', () => {
  const [string] = JSON.parse('["\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/"]') as [string]
  assert.equal(canonical({ string }), `{"string":"€$\\u000f\\nA'B\\"\\\\\\\\\\"/"}`)
  assert.equal(canonical([null, true, false]), '[null,true,false]')
  assert.equal(canonical('\b\t\n\f\r\u0000\u001f\u007f\u2028'), '"\\b\\t\\n\\f\\r\\u0000\\u001f\u007f\u2028"')
})

test('keys are sorted by UTF-16 code units as RFC 8785 §3.2.3 shows', () => {
  const given = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '1': 'One',
    '\ud83d\ude00': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  }
  assert.equal(
    canonical(given),
    '{"\\r":"Carriage Return","1":"One","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis","\u20ac":"Euro Sign","\ud83d\ude00":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
  )
})

test('whole numbers are written as in RFC 8785 appendix B, and all others are refused', () => {
  for (const [value, text] of [
    [0, '0'],
    [-0, '0'],
    [9007199254740991, '9007199254740991'],
    [-9007199254740991, '-9007199254740991'],
    [1_700_000_000_000, '1700000000000'],
  ] as const)
    assert.equal(canonical(value), text)
  for (const value of [0.5, 1e21, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]) assert.throws(() => canonical(value))
})

test('lone surrogates are refused, as text and as a key', () => {
  assert.throws(() => canonical('\ud800'))
  assert.throws(() => canonical({ '\ud800': 1 }))
  assert.throws(() => canonical(['\udc00x']))
})

test('what is not a value is refused, and keys such as __proto__ are keys like any other', () => {
  assert.throws(() => canonical(undefined as unknown as Canonical))
  assert.throws(() => canonical({ a: undefined } as unknown as Canonical))
  assert.equal(canonical(JSON.parse('{"b":1,"__proto__":{"x":2},"a":[]}') as Canonical), '{"__proto__":{"x":2},"a":[],"b":1}')
})

test('canonical text parses back to the value, and does not depend on the order in which keys were given', () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.string({ unit: 'grapheme' }),
      fc.maxSafeInteger().map((number) => number + 0),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('any'), { maxLength: 4 }),
      fc.dictionary(fc.string({ unit: 'grapheme' }), tie('any'), { maxKeys: 4, noNullPrototype: true }),
    ),
  })).any
  const reversed = (given: unknown): unknown => {
    if (Array.isArray(given)) return given.map(reversed)
    if (given === null || typeof given !== 'object') return given
    return Object.fromEntries(
      Object.entries(given)
        .reverse()
        .map(([key, one]) => [key, reversed(one)]),
    )
  }
  fc.assert(
    fc.property(value, (given) => {
      const text = canonical(given as Canonical)
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(given)))
      assert.equal(canonical(reversed(given) as Canonical), text)
    }),
    { seed: 1, numRuns: 300 },
  )
})
