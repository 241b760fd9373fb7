// The SASL mechanisms PLAIN (RFC 4616) and LOGIN as pure readers of decoded responses.
import { isUtf8 } from 'node:buffer'
import { BadCommand } from '#base/faults.ts'
import { maxCredentialOctets } from '#net/limits.ts'

export interface Credentials {
  /** Empty when the peer acts as itself. */
  readonly authorizationId: string
  readonly userName: string
  readonly password: string
}

/** Decodes the base64 of a SASL response strictly (RFC 4954 §4); a lone `=` is an empty one. Throws BadCommand. */
export function decodeSaslResponse(text: string): Buffer {
  if (text === '=') return Buffer.alloc(0)
  const octets = Buffer.from(text, 'base64')
  if (octets.toString('base64') !== text) throw new BadCommand('The response is not base64')
  return octets
}

/** Reads a PLAIN message: authorization id, NUL, user name, NUL, password. Throws BadCommand. */
export function parsePlain(octets: Buffer): Credentials {
  const first = octets.indexOf(0)
  const second = first === -1 ? -1 : octets.indexOf(0, first + 1)
  if (second === -1 || octets.indexOf(0, second + 1) !== -1) throw new BadCommand('A PLAIN response has three parts')
  const authorizationId = first === 0 ? '' : nameOf(octets.subarray(0, first))
  const userName = nameOf(octets.subarray(first + 1, second))
  return { authorizationId, userName, password: passwordOf(octets.subarray(second + 1)) }
}

/** Reads the user name of a LOGIN exchange. Throws BadCommand. */
export function parseLoginUserName(octets: Buffer): string {
  return nameOf(octets)
}

/** Reads the password of a LOGIN exchange. Throws BadCommand. */
export function parseLoginPassword(octets: Buffer): string {
  return passwordOf(octets)
}

function nameOf(octets: Buffer): string {
  const text = textOf(octets)
  if (/[\x00-\x1f\x7f]/.test(text)) throw new BadCommand('A user name holds no control characters')
  return text
}

function passwordOf(octets: Buffer): string {
  const text = textOf(octets)
  if (text.includes('\0')) throw new BadCommand('A password holds no NUL')
  return text
}

function textOf(octets: Buffer): string {
  if (octets.length === 0) throw new BadCommand('A part of the response is empty')
  if (octets.length > maxCredentialOctets) throw new BadCommand('A part of the response is too long')
  if (!isUtf8(octets)) throw new BadCommand('The response is not UTF-8')
  return octets.toString()
}
