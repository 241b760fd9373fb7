import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maxContinuations } from '#mail/limits.ts'
import { parseParameterised } from '#mail/parameters.ts'
import { decodeParameters, joinContinuations, decodeWords, encodeWords } from '#mail/words.ts'

const words: [written: string, text: string][] = [
  ['plain', 'plain'],
  ['=?utf-8?Q?caf=C3=A9_au_lait?=', 'café au lait'],
  ['=?ISO-8859-1?q?caf=E9?=', 'café'],
  ['=?utf-8?B?Y2Fmw6k=?=', 'café'],
  ['=?utf-8*en-GB?B?Y2Fmw6k=?=', 'café'],
  ['a =?utf-8?q?b?= c', 'a b c'],
  ['=?utf-8?q?a?= =?utf-8?q?b?=', 'ab'],
  ['=?utf-8?q?a?=\t \t=?utf-8?q?b?=', 'ab'],
  ['=?utf-8?q?=C3?= =?utf-8?q?=A9?=', 'é'],
  ['=?utf-8?b?w6nDqQ?= =?iso-8859-1?q?=E9?= x', 'ééé x'],
  ['=?utf-8?q?a?==?utf-8?q?b?=', 'ab'],
  ['RE=?utf-8?q?STRICTED?=', 'RESTRICTED'],
  ['=?utf-8?q?with space?=', 'with space'],
  ['=?utf-8?q?trailing_?=', 'trailing '],
  ['=?utf-8?q?line=0D=0Aend=00?=', 'line  end '],
  ['=?x-unknown?q?a?=', '=?x-unknown?q?a?='],
  ['=?utf-8?x?a?=', '=?utf-8?x?a?='],
  ['=?utf-8?q?a', '=?utf-8?q?a'],
  ['=?utf-8?q?a?b?=', '=?utf-8?q?a?b?='],
  ['=?=?utf-8?q?a?=', '=?a'],
  ['=?shift_jis?B?k/qWew==?=', '日本'],
  ['=?utf-8?q??=', ''],
]

for (const [written, text] of words) {
  test(`RFC 2047: ${JSON.stringify(written)} reads ${JSON.stringify(text)}`, () => assert.equal(decodeWords(written), text))
}

test('RFC 2047 §2 and §5: encoded words have at most 75 octets, split no letter, and read back', () => {
  for (const text of ['Grüße aus Köln_? =', '日本語'.repeat(40), 'ascii =? marks', 'é'.repeat(100)]) {
    const written = encodeWords(text)
    assert.equal(decodeWords(written), text)
    assert.ok(
      written
        .split(' ')
        .every((word) => word.length <= 75 && decodeWords(word).isWellFormed() && !decodeWords(word).includes('\ufffd')),
    )
    assert.match(written, /^[!-~ ]*$/)
  }
  assert.equal(encodeWords('plain ASCII (stays)'), 'plain ASCII (stays)')
})

const values: [text: string, value: string, parameters: [string, string][]][] = [
  ['Text/Plain', 'text/plain', []],
  ['text/plain; charset=us-ascii (Plain text)', 'text/plain', [['charset', 'us-ascii']]],
  [
    'text/plain (a;b); (c) Charset = "us-\\"ascii" ;; x=',
    'text/plain',
    [
      ['charset', 'us-"ascii'],
      ['x', ''],
    ],
  ],
  [
    'attachment; filename="a;b.txt"; filename=two words.txt ; size=3',
    'attachment',
    [
      ['filename', 'a;b.txt'],
      ['filename', 'two words.txt'],
      ['size', '3'],
    ],
  ],
  ['a/b; "quoted"; noequals; =v; n="open', 'a/b', [['n', 'open']]],
  ['multipart/mixed; boundary=a=b/c:d', 'multipart/mixed', [['boundary', 'a=b/c:d']]],
  [
    'a/b; __proto__=x; constructor=y',
    'a/b',
    [
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ],
  ],
  ['', '', []],
]

for (const [text, value, parameters] of values) {
  test(`RFC 2045 §5.1: ${JSON.stringify(text)} is read`, () =>
    assert.deepEqual(parseParameterised(text), { value, parameters, whole: true }))
}

const parameters: [why: string, written: [string, string][], decoded: [string, string][]][] = [
  ['a charset and percent octets', [['name*', "utf-8'en'%e2%82%ac%20x"]], [['name', '€ x']]],
  [
    'pieces, encoded and not',
    [
      ['n*0*', "iso-8859-1''%A3"],
      ['n*1', '%20raw'],
      ['n*2*', '%20'],
    ],
    [['n', '£%20raw ']],
  ],
  [
    'pieces out of order',
    [
      ['n*1', 'b'],
      ['n*0', 'a'],
    ],
    [['n', 'ab']],
  ],
  [
    'a missing piece',
    [
      ['n*0', 'a'],
      ['n*2', 'c'],
    ],
    [['n', 'a']],
  ],
  ['no first piece', [['n*1', 'b']], [['n', '']]],
  [
    'a letter split between pieces',
    [
      ['n*0*', "utf-8''%c3"],
      ['n*1*', '%a9'],
    ],
    [['n', 'é']],
  ],
  ['an unknown charset', [['n*', "x-none''%e9"]], [['n', 'é']]],
  ['no charset at all', [['n*', '%41']], [['n', 'A']]],
  ['broken percents', [['n*', "utf-8''%4%zz%"]], [['n', '%4%zz%']]],
  ['an encoded word', [['n', '=?utf-8?q?=C3=A9?=']], [['n', 'é']]],
  ['hidden controls', [['n*', "utf-8''a%0d%0ab"]], [['n', 'a  b']]],
  ['an absurd number', [['n*999999999', 'x']], [['n', '']]],
]

for (const [why, written, decoded] of parameters) {
  test(`RFC 2231 §3 and §4: a parameter with ${why} is decoded`, () => assert.deepEqual(decodeParameters(written), decoded))
}

test('RFC 2231 §6: continuations are joined with nothing decoded; an asterisk stays where something is encoded', () => {
  const joined = (...written: [string, string][]) => joinContinuations(written)
  assert.deepEqual(joined(['n*1', 'b%'], ['n*0', 'a'], ['m', '=?utf-8?q?x?=']), [
    ['n', 'ab%'],
    ['m', '=?utf-8?q?x?='],
  ])
  assert.deepEqual(joined(['n*', "utf-8'en'%41"]), [['n*', "utf-8'en'%41"]])
  assert.deepEqual(joined(['n*0*', "utf-8''%c3"], ['n*1*', '%a9'], ['n*2', "%'é"]), [['n*', "utf-8''%c3%a9%25%27%C3%A9"]])
  assert.deepEqual(joined(['n*0', 'a b'], ['n*1*', '%41']), [['n*', "''a%20b%41"]])
  // Pieces without a first one tell nothing, and stand before no whole value.
  assert.deepEqual(joined(['n*1', 'b'], ['n', 'whole']), [['n', 'whole']])
})

test('RFC 2231 §3: pieces of a parameter are joined up to their limit', () => {
  const pieces = (count: number) => Array.from({ length: count }, (_, index): [string, string] => [`n*${index}`, 'x'])
  assert.equal(decodeParameters(pieces(maxContinuations))[0]![1].length, maxContinuations)
  assert.equal(decodeParameters(pieces(maxContinuations + 1))[0]![1].length, maxContinuations)
})
