// Passwords that people choose, and those of devices. T06
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { devicePasswordKey, hashPassword, newDevicePassword, passwordIs } from '#identity/passwords.ts'

test('a password is kept as an argon2id PHC string with a salt of its own, and known again (T06)', async () => {
  const [one, two] = await Promise.all([hashPassword('Correct horse 9'), hashPassword('Correct horse 9')])
  assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  assert.notEqual(one, two)
  assert.equal(one.includes('Correct'), false)
  assert.deepEqual(
    await Promise.all([
      passwordIs(one, 'Correct horse 9'),
      passwordIs(two, 'Correct horse 9'),
      passwordIs(one, 'Correct horse 8'),
      passwordIs(one, 'correct horse 9'),
      passwordIs(one, ''),
    ]),
    [true, true, false, false, false],
  )
})

test('a password is the same whether its accents come composed or apart', async () => {
  assert.equal(await passwordIs(await hashPassword('Café-12345'), 'Cafe\u0301-12345'), true)
})

test('a hash made by the reference program of argon2 is read', async () => {
  // printf password | argon2 somesalt -id -t 2 -k 65536 -p 1 -l 24 -e (RFC 9106)
  const phc = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
  assert.equal(await passwordIs(phc, 'password'), true)
})

test('a string that is no PHC string of argon2id is nobody’s password', async () => {
  const phc = await hashPassword('Correct horse 9')
  const broken = [
    '',
    'x',
    phc.replace('argon2id', 'argon2i'),
    phc.slice(1),
    `${phc}$`,
    phc.replace('m=', 'm=-'),
    phc.replace('v=19', 'v=16'),
  ]
  broken.push(
    '$argon2id$v=19$m=8,t=1,p=1$AAAA$AA',
    '$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$A',
    '$argon2id$v=19$m=0,t=0,p=0$AAAAAAAAAAA$AAAAAA',
  )
  for (const one of broken) assert.equal(await passwordIs(one, 'Correct horse 9'), false, one)
})

test('device passwords are over 128 bits from letters that are not taken for one another, and never the same', () => {
  const all = Array.from({ length: 500 }, newDevicePassword)
  assert.equal(new Set(all).size, 500)
  for (const one of all) assert.match(one, /^([a-hjkmnp-z2-9]{6}-){4}[a-hjkmnp-z2-9]{6}$/)
  const letters = new Map<string, number>()
  for (const letter of all.join('').replaceAll('-', '')) letters.set(letter, (letters.get(letter) ?? 0) + 1)
  assert.equal(letters.size, 31)
  const expected = (500 * 30) / 31
  for (const [letter, times] of letters) assert.ok(times > expected * 0.7 && times < expected * 1.3, `${letter}: ${times} times`)
  assert.ok(30 * Math.log2(31) > 128)
})

test('a device password is the same however its groups were typed', () => {
  const password = newDevicePassword()
  for (const typed of [password.toUpperCase(), password.replaceAll('-', ' '), password.replaceAll('-', ''), ` ${password}\r\n`])
    assert.equal(devicePasswordKey(typed), devicePasswordKey(password))
  assert.notEqual(devicePasswordKey(`${password}x`), devicePasswordKey(password))
})
