// The argument of MAIL and RCPT: a path in angle brackets, then parameters. RFC 5321 §4.1.2, §4.1.1.11.
import { BadCommand } from '#base/faults.ts'
import { parseAddress, type Address } from '#mail/address.ts'
import { BadArgument } from '#smtp/bad-argument.ts'

export interface PathArgument {
  /** What stands between the brackets. */
  readonly path: string
  /** Keywords in upper case; null where there is no value. */
  readonly parameters: ReadonlyMap<string, string | null>
}

/** Splits `FROM:<path> KEY=VALUE …` after the keyword, which is `FROM:` or `TO:`. Throws BadCommand. */
export function parsePathArgument(argument: string, keyword: 'FROM:' | 'TO:'): PathArgument {
  if (argument.slice(0, keyword.length).toUpperCase() !== keyword) throw new BadCommand(`The syntax is ${keyword}<address>`)
  // Many programs put a space here, against the RFC.
  const text = argument.slice(keyword.length).trimStart()
  const end = text.startsWith('<') ? endOfPath(text) : -1
  if (end === -1) throw new BadCommand(`The syntax is ${keyword}<address>`)
  return { path: text.slice(1, end), parameters: parseParameters(text.slice(end + 1)) }
}

/** RFC 5321 §4.1.1.3, Appendix C: the hosts that a message was once to go by; taken, and not followed. */
const sourceRoute = /^@[^@,:"<>\\\s]+(?:,@[^@,:"<>\\\s]+)*:/

/** Reads an address of a path, behind its source route; a broken one is answered with the given status. */
export function parsePathAddress(path: string, status: '5.1.3' | '5.1.7'): Address {
  try {
    return parseAddress(path.replace(sourceRoute, ''))
  } catch (fault) {
    if (fault instanceof BadCommand) throw new BadArgument(501, status, fault.message)
    throw fault
  }
}

/** A code of its own for parameters that we do not know (RFC 5321 §4.1.1.11). */
export function refuseUnknownParameters(parameters: ReadonlyMap<string, string | null>, known: readonly string[]): void {
  if ([...parameters.keys()].some((keyword) => !known.includes(keyword)))
    throw new BadArgument(555, '5.5.4', 'A parameter is not known here')
}

/** Where the `>` is that closes the path, not counting those in a quoted local part; or -1. */
function endOfPath(text: string): number {
  let quoted = false
  for (let at = 1; at < text.length; at += 1) {
    if (quoted && text[at] === '\\') at += 1
    else if (text[at] === '"') quoted = !quoted
    else if (text[at] === '>' && !quoted) return at
  }
  return -1
}

function parseParameters(text: string): Map<string, string | null> {
  const parameters = new Map<string, string | null>()
  if (text.trim() === '') return parameters
  if (!text.startsWith(' ')) throw new BadCommand('A space comes before a parameter')
  for (const word of text.split(' ').filter((part) => part !== '')) {
    const match = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^=]+))?$/.exec(word)
    if (match === null) throw new BadCommand('A parameter is not KEYWORD or KEYWORD=value')
    const keyword = match[1]!.toUpperCase()
    if (parameters.has(keyword)) throw new BadCommand('A parameter stands twice')
    parameters.set(keyword, match[2] ?? null)
  }
  return parameters
}
