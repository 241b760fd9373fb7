// Mailbox names: INBOX in any case, what a new name may be, and the patterns of LIST. RFC 3501 §5.1 and §6.3.8.
import type { ImapLimits } from '#imap/limits.ts'
import { canonicalName, inboxName } from '#mailbox/names.ts'

// Controls, line and paragraph separators, and what turns the direction of text, so that a list of names reads as it is (RFC
// 5198).
const deceptive = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/

/** What is wrong with a name for a new mailbox, as a sentence, or null. */
export function nameFault(name: string, limits: ImapLimits): string | null {
  const levels = name.split('/')
  if (Buffer.byteLength(name) > limits.mailboxNameOctets)
    return `A mailbox name is at most ${limits.mailboxNameOctets} octets long`
  if (levels.length > limits.mailboxDepth) return `A mailbox name has at most ${limits.mailboxDepth} levels`
  if (levels.includes('')) return 'No level of a mailbox name is empty'
  if (deceptive.test(name)) return 'A mailbox name holds no control or direction characters'
  return name.includes('*') || name.includes('%') ? 'A mailbox name holds neither * nor %' : null
}

/** The names above a name, from the top: `a/b/c` gives `a` and `a/b`. */
export function namesAbove(name: string): string[] {
  const above: string[] = []
  for (let at = name.indexOf('/'); at !== -1; at = name.indexOf('/', at + 1)) above.push(name.slice(0, at))
  return above
}

export class ListPattern {
  readonly #pattern: string

  constructor(pattern: string) {
    this.#pattern = canonicalName(pattern)
  }

  /** How many wildcards the pattern holds: the cost of a match is at most this times the name's length. */
  get wildcards(): number {
    return this.#pattern.replace(/[^*%]/g, '').length
  }

  /** Whether the whole name matches; `*` stands for anything, `%` for anything but the separator. INBOX matches in any case. */
  matches(name: string): boolean {
    let at = this.#open([0])
    let inAnyCase = `${name}/`.startsWith(`${inboxName}/`) ? inboxName.length : 0
    for (const character of name) {
      const other = inAnyCase-- > 0 ? character.toLowerCase() : character
      const next: number[] = []
      for (const position of at) {
        const expected = this.#pattern[position]
        if (expected === '*' || (expected === '%' && character !== '/')) next.push(position)
        else if (expected !== '%' && [character, other].some((form) => this.#pattern.startsWith(form, position)))
          next.push(position + character.length)
      }
      if (next.length === 0) return false
      at = this.#open(next)
    }
    return at.has(this.#pattern.length)
  }

  /** A wildcard may also stand for nothing: adds the positions behind it. A set, so that no position is tried twice. */
  #open(positions: number[]): Set<number> {
    const open = new Set<number>()
    for (let position of positions) {
      open.add(position)
      while (this.#pattern[position] === '*' || this.#pattern[position] === '%') open.add(++position)
    }
    return open
  }
}
