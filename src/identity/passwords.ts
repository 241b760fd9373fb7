// Passwords that people choose: argon2id, kept as PHC strings. Device passwords: 128 random bits, kept as a keyed hash. T06
import { argon2, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { randomOctets } from '#base/ids.ts'

const derive = promisify(argon2)
const cost = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 }
const saltOctets = 16

/** Bounds as in RFC 9106 §3.1: at least one pass and lane, 8 octets of salt, 4 of tag. */
const phcForm =
  /^\$argon2id\$v=19\$m=([1-9]\d{0,7}),t=([1-9]\d{0,2}),p=([1-9]\d{0,2})\$([A-Za-z0-9+/]{11,100})\$([A-Za-z0-9+/]{6,200})$/

/** The PHC string of a password under argon2id with a fresh salt. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomOctets(saltOctets)
  const tag = await derive('argon2id', { message: password.normalize('NFC'), nonce: salt, ...cost })
  const text = (octets: Buffer) => octets.toString('base64').replace(/=+$/, '')
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${text(salt)}$${text(tag)}`
}

/** Whether a password is the one that a PHC string was made from; false for a string that is none. */
export async function passwordIs(phc: string, password: string): Promise<boolean> {
  const match = phcForm.exec(phc)
  if (match === null) return false
  const [, memory, passes, parallelism, salt, tag] = match as unknown as [string, string, string, string, string, string]
  const expected = Buffer.from(tag, 'base64')
  if (Number(memory) < 8 * Number(parallelism)) return false
  const parameters = {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    tagLength: expected.length,
  }
  const found = await derive('argon2id', {
    message: password.normalize('NFC'),
    nonce: Buffer.from(salt, 'base64'),
    ...parameters,
  })
  return timingSafeEqual(found, expected)
}

// Without letters and digits that are taken for one another.
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789'
const groups = 5
const groupLetters = 6

/** A new device password: 30 characters of 31 (over 148 bits), in groups of six, easy to copy from paper. */
export function newDevicePassword(): string {
  const letters: string[] = []
  while (letters.length < groups * groupLetters) {
    for (const octet of randomOctets(32))
      if (octet < 248 && letters.length < groups * groupLetters) letters.push(alphabet[octet % alphabet.length]!)
  }
  return Array.from({ length: groups }, (_, group) =>
    letters.slice(group * groupLetters, (group + 1) * groupLetters).join(''),
  ).join('-')
}

/** A device password as it is hashed: however its groups were typed. */
export function devicePasswordKey(password: string): string {
  return password.slice(0, 200).toLowerCase().replaceAll(/[\s-]/g, '')
}
