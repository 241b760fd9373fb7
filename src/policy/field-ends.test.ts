// The ends of a field, cut between characters. RFC 3629.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fieldText, parseHeader } from '#mail/header.ts'
import { firstOctets, lastOctets } from '#policy/field-ends.ts'

const field = parseHeader(Buffer.from('Subject: aé€😀é\r\n\r\n')).fields[0]!

test('a field is cut between characters of UTF-8, never within one (RFC 3629)', () => {
  for (let octets = 0; octets <= field.body.length; octets++) {
    assert.ok('aé€😀é'.startsWith(fieldText(firstOctets(field, octets))), `first ${octets}`)
    assert.ok('aé€😀é'.endsWith(fieldText(lastOctets(field, octets))), `last ${octets}`)
  }
})

test('a short field stays as it is', () => assert.equal(firstOctets(field, 100), field))
