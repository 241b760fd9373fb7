// PLAIN and LOGIN are read strictly; nothing but BadCommand is thrown.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BadCommand } from '#base/faults.ts'
import { maxCredentialOctets } from '#net/limits.ts'
import { decodeSaslResponse, parseLoginPassword, parseLoginUserName, parsePlain } from '#net/sasl.ts'

const long = 'x'.repeat(maxCredentialOctets)

test('a PLAIN message has an authorization id, a user name and a password (RFC 4616 §2)', () => {
  assert.deepEqual(parsePlain(Buffer.from('\0ann\0secret')), { authorizationId: '', userName: 'ann', password: 'secret' })
  assert.deepEqual(parsePlain(Buffer.from('bob\0änn\0sécret')), { authorizationId: 'bob', userName: 'änn', password: 'sécret' })
  assert.equal(parsePlain(Buffer.from(`\0${long}\0${long}`)).userName, long)
})

for (const [why, message] of [
  ['has one part', 'ann'],
  ['has two parts', 'ann\0secret'],
  ['has four parts', '\0ann\0sec\0ret'],
  ['has no user name', '\0\0secret'],
  ['has no password', '\0ann\0'],
  ['has a control character in the user name', '\0an\rn\0secret'],
  ['has a user name one octet too long', `\0x${long}\0secret`],
  ['has a password one octet too long', `\0ann\0x${long}`],
] as const) {
  test(`a PLAIN message that ${why} is refused`, () => {
    assert.throws(() => parsePlain(Buffer.from(message)), BadCommand)
  })
}

test('a PLAIN message that is not UTF-8 is refused', () => {
  assert.throws(() => parsePlain(Buffer.from('\0ann\0\xff', 'latin1')), BadCommand)
})

test('LOGIN asks for a user name and a password', () => {
  assert.equal(parseLoginUserName(Buffer.from('ann')), 'ann')
  assert.equal(parseLoginPassword(Buffer.from('pass word')), 'pass word')
  assert.throws(() => parseLoginUserName(Buffer.alloc(0)), BadCommand)
  assert.throws(() => parseLoginPassword(Buffer.from('a\0b')), BadCommand)
})

test('a response is strict base64; a lone = is an empty one (RFC 4954 §4)', () => {
  assert.equal(decodeSaslResponse('YW5u').toString(), 'ann')
  assert.equal(decodeSaslResponse('=').length, 0)
  for (const text of ['YW5', 'YW5u=', 'YW 5u', 'YW5u\t', 'Y===', 'YW-_', '*'])
    assert.throws(() => decodeSaslResponse(text), BadCommand)
})

test('no octets make a reader throw anything but BadCommand, and what PLAIN reads composes to what was read', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc.string({ unit: 'binary' }).map((text) => new TextEncoder().encode(`\0${text}\0x`)),
      ),
      (octets) => {
        try {
          const { authorizationId, userName, password } = parsePlain(Buffer.from(octets))
          assert.deepEqual(Buffer.from(`${authorizationId}\0${userName}\0${password}`), Buffer.from(octets))
        } catch (fault) {
          assert.ok(fault instanceof BadCommand)
        }
      },
    ),
    { seed: 7, numRuns: 2000 },
  )
})
