// xtext (RFC 3461 §4): ASCII in which +XX stands for an octet; and its UTF-8 sister for ORCPT (RFC 6533 §3).
import { BadCommand } from '#base/faults.ts'

/** Decodes xtext that must give printable ASCII. Throws BadCommand. */
export function decodeXtext(text: string): string {
  if (!/^(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/.test(text)) throw new BadCommand('A parameter is not xtext')
  const decoded = text.replace(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  if (!/^[\x20-\x7e]*$/.test(decoded)) throw new BadCommand('A parameter holds characters that do not print')
  return decoded
}

/** Decodes an address of type utf-8: UTF-8 as it is, or characters as \x{HEX}. Throws BadCommand. */
export function decodeUtf8Address(text: string): string {
  const decoded = text.replace(/\\x\{([0-9A-F]{2,6})\}/g, (_, hex: string) => characterOf(Number.parseInt(hex, 16)))
  if (/[\p{C}\p{Z}]/u.test(decoded)) throw new BadCommand('An original recipient holds characters that do not print')
  return decoded
}

function characterOf(codePoint: number): string {
  if (codePoint > 0x10_ffff) throw new BadCommand('A parameter holds what is no character')
  return String.fromCodePoint(codePoint)
}
