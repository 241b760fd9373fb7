// The three kinds of error, as values and classes that every folder may name. See CONTRIBUTING.md.

/** Rules or state say no: a value, never thrown. `clause` is an id of docs/clauses.md, `about` the fact that matched, `remedy` what to do. */
export interface Refused {
  readonly kind: 'refused'
  readonly clause: string
  /** A slug that names the rule, e.g. `recipient-is-not-a-member`; a face maps it to its reply code. */
  readonly reason: string
  readonly about: string
  readonly remedy: string
}

export function refused(clause: string, reason: string, about: string, remedy: string): Refused {
  return { kind: 'refused', clause, reason, about, remedy }
}

/** The peer broke the grammar: thrown by parsers only, met once by a face's loop (501, BAD, 400). Its text may be shown to the peer and never quotes input. */
export class BadCommand extends Error {
  override name = 'BadCommand'
}

/** A part that we depend on is away (scanner, key process, database): the act is refused for now with a 4xx that names the part. */
export class Unavailable extends Error {
  override name = 'Unavailable'
  readonly part: 'scanner' | 'keys' | 'database' | 'evidence' | 'content-store'
  constructor(part: Unavailable['part'], options?: ErrorOptions) {
    super(`${part} is not available`, options)
    this.part = part
  }
}

/** Something that the operator must put right. Its message is whole sentences for them, and is printed as it stands. */
export class OperatorFault extends Error {
  override name = 'OperatorFault'
}

/** True when a disk, ours or PostgreSQL's (53100), had no room for what was to be written. */
export function isDiskFull(fault: unknown): boolean {
  for (let at: unknown = fault; at instanceof Error; at = at.cause) {
    if ('code' in at && (at.code === 'ENOSPC' || at.code === 'EDQUOT' || at.code === '53100')) return true
  }
  return false
}

/** For the end of a closed union: a case that the types say cannot be. */
export function unreachable(value: never): never {
  throw new Error(`a case that cannot be: ${typeof value}`)
}
