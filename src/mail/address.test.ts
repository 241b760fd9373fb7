import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BadCommand } from '#base/faults.ts'
import { addressKey, formatAddress, parseAddress } from '#mail/address.ts'

const good: [text: string, localPart: string, domain: string, key: string][] = [
  ['ann@firm.cjsm.test', 'ann', 'firm.cjsm.test', 'ann@firm.cjsm.test'],
  ['Ann.Other+tag@Firm.CJSM.Test', 'Ann.Other+tag', 'firm.cjsm.test', 'ann.other+tag@firm.cjsm.test'],
  ["!#$%&'*+-/=?^_`{|}~@a.b", "!#$%&'*+-/=?^_`{|}~", 'a.b', "!#$%&'*+-/=?^_`{|}~@a.b"],
  ['"ann"@firm.test', 'ann', 'firm.test', 'ann@firm.test'],
  ['"\\a\\nn"@firm.test', 'ann', 'firm.test', 'ann@firm.test'],
  ['"a@evil x"@good.example', 'a@evil x', 'good.example', '"a@evil x"@good.example'],
  ['"a\\"b\\\\c"@x.y', 'a"b\\c', 'x.y', '"a\\"b\\\\c"@x.y'],
  ['""@x.y', '', 'x.y', '""@x.y'],
  ['"a..b"@x.y', 'a..b', 'x.y', '"a..b"@x.y'],
  ['a@[192.0.2.1]', 'a', '[192.0.2.1]', 'a@[192.0.2.1]'],
  ['a@[IPv6:2001:DB8::1]', 'a', '[ipv6:2001:db8::1]', 'a@[ipv6:2001:db8::1]'],
  ['JÜRGEN@BÜCHER.example', 'JÜRGEN', 'bücher.example', 'jürgen@bücher.example'],
  ['ju\u0308rgen@bu\u0308cher.example', 'ju\u0308rgen', 'bücher.example', 'jürgen@bücher.example'],
  ['__proto__@constructor.example', '__proto__', 'constructor.example', '__proto__@constructor.example'],
]

for (const [text, localPart, domain, key] of good) {
  test(`RFC 5321 §4.1.2, RFC 6531 §3.3: ${text} is read`, () => {
    const address = parseAddress(text)
    assert.deepEqual(address, { localPart, domain })
    assert.equal(addressKey(address), key)
    assert.equal(addressKey(text), key)
    assert.deepEqual(parseAddress(formatAddress(address)), address)
  })
}

const bad: [why: string, text: string][] = [
  ['empty', ''],
  ['only @', '@'],
  ['no domain', 'a@'],
  ['no local part', '@b'],
  ['no @', 'ab'],
  ['a source route', '@a,@b:c@d'],
  ['angle brackets', '<a@b>'],
  ['two @', 'a@b@c'],
  ['a leading dot', '.a@b'],
  ['a trailing dot', 'a.@b'],
  ['two dots', 'a..b@c'],
  ['a space', 'a b@c'],
  ['an open quote', '"a@b'],
  ['text after a quote', '"a"b@c'],
  ['a quote in an atom', 'a"b"@c'],
  ['a NUL', 'a\0b@c'],
  ['a line end', 'a@b\r\n'],
  ['a quoted line end', '"a\r\nb"@c'],
  ['an empty label', 'a@b..c'],
  ['a root dot', 'a@b.'],
  ['a leading hyphen', 'a@-b'],
  ['a trailing hyphen', 'a@b-'],
  ['an underscore', 'a@b_c'],
  ['a comment', 'a@b(c)'],
  ['a literal that is no address', 'a@[300.1.1.1]'],
  ['a literal with a zone', 'a@[IPv6:fe80::1%eth0]'],
  ['an open literal', 'a@[192.0.2.1'],
  ['an ideographic full stop', 'a@b\u3002c'],
  ['full-width letters', 'a@\uff45xample.test'],
  ['a ligature', 'a@\ufb01rm.test'],
  ['a zero-width space', 'a\u200bb@c'],
  ['a right-to-left override', 'a\u202eb@c'],
  ['a no-break space', '"a\u00a0b"@c'],
  ['a lone surrogate', 'a\ud800@b'],
]

for (const [why, text] of bad) {
  test(`RFC 5321 §4.1.2: an address with ${why} is refused as bad grammar`, () => {
    assert.throws(() => parseAddress(text), BadCommand)
    assert.throws(() => addressKey(text), BadCommand)
  })
}

test('RFC 5321 §4.5.3.1: 64 octets of local part, 63 of a label and 254 in all are read, one more is not', () => {
  const domainOf = (octets: number) => `${`${'d'.repeat(49)}.`.repeat(Math.floor(octets / 50))}${'e'.repeat(octets % 50)}`
  assert.equal(parseAddress(`${'a'.repeat(64)}@${domainOf(189)}`).domain.length, 189)
  assert.throws(() => parseAddress(`${'a'.repeat(65)}@b`), BadCommand)
  assert.throws(() => parseAddress(`${'a'.repeat(64)}@${domainOf(191)}`), BadCommand)
  assert.equal(parseAddress(`a@${'b'.repeat(63)}`).domain.length, 63)
  assert.throws(() => parseAddress(`a@${'b'.repeat(64)}`), BadCommand)
  assert.equal(parseAddress(`${'é'.repeat(32)}@b`).localPart.length, 32)
  assert.throws(() => parseAddress(`${'é'.repeat(33)}@b`), BadCommand, 'octets, not characters, are counted')
  assert.throws(() => parseAddress(`"${'a'.repeat(63)}"@b`), BadCommand, 'the quotes count as they are written')
})

test('a refusal of an address never quotes it', () => {
  assert.throws(
    () => parseAddress('canary word@x'),
    (fault: Error) => !fault.message.includes('canary'),
  )
})
