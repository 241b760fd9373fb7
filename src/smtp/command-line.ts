// One command line as its verb and what stands behind it. RFC 5321 §2.4, §4.1.1; RFC 6531 §3.3 for UTF-8.
import { isUtf8 } from 'node:buffer'
import { extendedLineOctets, maxCommandLineOctets } from '#smtp/limits.ts'
import { BadArgument } from '#smtp/bad-argument.ts'

export interface CommandLine {
  /** In upper case. */
  readonly verb: string
  readonly argument: string
}

/** Reads a line (without its CRLF). Throws BadArgument with code 500 for octets that no command holds, and for one too long for its verb. */
export function parseCommandLine(line: Buffer): CommandLine {
  const text = textOf(line).trimEnd()
  const space = text.indexOf(' ')
  const verb = (space === -1 ? text : text.slice(0, space)).toUpperCase()
  if (line.length + 2 > (extendedLineOctets.get(verb) ?? maxCommandLineOctets))
    throw new BadArgument(500, '5.5.2', 'The line is too long')
  return { verb, argument: space === -1 ? '' : text.slice(space + 1).trim() }
}

function textOf(line: Buffer): string {
  if (line.some((octet) => octet < 0x20 || octet === 0x7f))
    throw new BadArgument(500, '5.5.2', 'A command holds no control characters')
  // What a client calls itself refuses nothing, in whatever character set.
  if (!isUtf8(line) && !/^(?:EHLO|HELO) /i.test(line.toString('latin1')))
    throw new BadArgument(500, '5.5.2', 'The line is not UTF-8')
  return line.toString()
}
