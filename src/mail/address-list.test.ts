import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ListEntry, parseAddressList, soleMailboxes } from '#mail/address-list.ts'
import { maxListEntries } from '#mail/limits.ts'

const show = (entry: ListEntry) =>
  entry.kind === 'mailbox'
    ? [entry.name, entry.address, entry.localPart, entry.domain]
    : entry.kind === 'group-start'
      ? [`${entry.name}:`]
      : [';']

const lists: [body: string, entries: unknown[][]][] = [
  ['', []],
  [' , ,', []],
  ['ann@firm.test', [[null, 'ann@firm.test', 'ann', 'firm.test']]],
  ['Ann Other <ann@Firm.test>', [['Ann Other', 'ann@firm.test', 'ann', 'firm.test']]],
  ['"Other, \\"Ann\\"" <ann@firm.test>', [['Other, "Ann"', 'ann@firm.test', 'ann', 'firm.test']]],
  ['ann@firm.test (Ann (the) Other)', [['Ann (the) Other', 'ann@firm.test', 'ann', 'firm.test']]],
  ['=?utf-8?Q?J=C3=BC?= <j@x.test>', [['=?utf-8?Q?J=C3=BC?=', 'j@x.test', 'j', 'x.test']]],
  ['<@a.test,@b.test:j@x.test>', [[null, 'j@x.test', 'j', 'x.test']]],
  ['"a@evil x"@good.example', [[null, '"a@evil x"@good.example', 'a@evil x', 'good.example']]],
  [
    'Team: a@b.test, "C" <c@d.test>;, e@f.test',
    [['Team:'], [null, 'a@b.test', 'a', 'b.test'], ['C', 'c@d.test', 'c', 'd.test'], [';'], [null, 'e@f.test', 'e', 'f.test']],
  ],
  ['undisclosed-recipients:;', [['undisclosed-recipients:'], [';']]],
  ['Open: a@b.test', [['Open:'], [null, 'a@b.test', 'a', 'b.test'], [';']]],
  [
    'a@b.test; c@d.test',
    [
      [null, 'a@b.test', 'a', 'b.test'],
      [null, 'c@d.test', 'c', 'd.test'],
    ],
  ],
  ['root', [[null, null, 'root', '']]],
  ['Ann ann@firm.test', [[null, null, 'Ann ann', 'firm.test']]],
  ['"open <a@b.test>', [[null, null, 'open <a@b.test>', '']]],
  ['Ann <a@b.test', [['Ann', 'a@b.test', 'a', 'b.test']]],
  ['a@[192.0.2.1]', [[null, 'a@[192.0.2.1]', 'a', '[192.0.2.1]']]],
]

for (const [body, entries] of lists) {
  test(`RFC 5322 §3.4: the list ${JSON.stringify(body)} is read`, () =>
    assert.deepEqual(parseAddressList(body).map(show), entries))
}

test('a list is read up to its limit', () => {
  assert.equal(parseAddressList('a@b,'.repeat(maxListEntries + 10)).length, maxListEntries)
  assert.equal(soleMailboxes(`${'a@b,'.repeat(maxListEntries - 1)}a@b`)?.length, maxListEntries)
  assert.equal(soleMailboxes(`${'a@b,'.repeat(maxListEntries)}a@b`), null)
})

const readable: [body: string, addresses: string[]][] = [
  ['ann@firm.test', ['ann@firm.test']],
  [' Ann Other <Ann@Firm.test> ', ['Ann@firm.test']],
  ['"Other, Ann" <a@b.test>, c@d.test', ['a@b.test', 'c@d.test']],
  ['J. Smith (Police) <j@x.test>', ['j@x.test']],
  ['a@b.test (Ann)', ['a@b.test']],
  ['"joe"@x.test', ['joe@x.test']],
  ['"a@b.test" <a@b.test>', ['a@b.test']],
  ['=?utf-8?Q?M=C3=BCller=2C_J?= <a@b.test>', ['a@b.test']],
  ['Jürgen <jürgen@bücher.test>', ['jürgen@bücher.test']],
]

for (const [body, addresses] of readable) {
  test(`the From ${JSON.stringify(body)} can be read in one way only`, () => assert.deepEqual(soleMailboxes(body), addresses))
}

const ambiguous: [why: string, body: string][] = [
  ['nothing', ''],
  ['nothing but a comma', ','],
  ['an empty place', 'a@b.test,'],
  ['a group', 'g: a@b.test;'],
  ['a semicolon', 'a@b.test; c@d.test'],
  ['a route', '<@r.test:a@b.test>'],
  ['a quoted local part with an address in it', '"a@evil x"@good.example'],
  ['a quoted local part that needs its quotes', '"a b"@x.test'],
  ['an encoded word as local part', '=?utf-8?q?a?=@b.test'],
  ['an encoded word in angle brackets', '<=?utf-8?q?a?=@b.test>'],
  ['an encoded word that shows another address', '=?utf-8?q?boss=40good=2Etest?= <a@b.test>'],
  ['an encoded word with angle brackets', '=?utf-8?q?=3Cboss=40good.test=3E?= <a@b.test>'],
  ['a display name that is another address', '"boss@good.test" <a@b.test>'],
  ['a display name that holds another address', 'Boss boss@good.test <a@b.test>'],
  ['angle brackets in quotes', '"<boss@good.test>" <a@b.test>'],
  ['an open quote', '"a <a@b.test>'],
  ['an open angle bracket', 'a <a@b.test'],
  ['an open comment', 'a@b.test (x'],
  ['a comment inside the address', 'a(x)@b.test'],
  ['a comment that holds an address', 'a@b.test (<c@d.test>)'],
  ['two addresses without a comma', 'a@b.test c@d.test'],
  ['two pairs of angle brackets', '<a@b.test> <c@d.test>'],
  ['text after the address', '<a@b.test> x'],
  ['white space in the address', 'a @b.test'],
  ['a quote in an atom', 'x"y"@z.test'],
  ['an address literal', 'a@[192.0.2.1]'],
  ['a NUL', 'a@b.test\0'],
  ['a line end', 'a@b.test\r\nc'],
  ['a right-to-left override', '"\u202e" <a@b.test>'],
  ['a replacement character', '"\ufffd" <a@b.test>'],
  ['no address at all', 'Ann Other'],
  ['one good and one bad address', 'a@b.test, nonsense'],
]

for (const [why, body] of ambiguous) {
  test(`a From with ${why} is not read, since two programs could differ`, () => assert.equal(soleMailboxes(body), null))
}
