// The sql tag: plain SQL with values beside it, prepared once a connection under a name made from its text.
import { createHash } from 'node:crypto'

export interface Query {
  readonly name: string
  readonly text: string
  readonly values: readonly unknown[]
}

const statements = new WeakMap<TemplateStringsArray, { name: string; text: string }>()

/** A query whose `${values}` become parameters $1, $2, …; never spliced into the text. Buffers travel in binary. */
export function sql(strings: TemplateStringsArray, ...values: unknown[]): Query {
  let statement = statements.get(strings)
  if (statement === undefined) {
    const text = strings.reduce((before, after, index) => `${before}$${index}${after}`)
    statement = { text, name: createHash('sha256').update(text).digest('base64url').slice(0, 24) }
    statements.set(strings, statement)
  }
  return { ...statement, values }
}

/** Many octet strings as one parameter: the driver sends a Buffer in binary but an array of Buffers as hex text. Taken apart in SQL by `substring(octets from start for length)`. */
export interface Packed {
  readonly octets: Buffer
  /** Where each begins; PostgreSQL counts from 1. */
  readonly starts: readonly number[]
  /** How long each is; null where there is none. */
  readonly lengths: readonly (number | null)[]
}

export function pack(pieces: readonly (Buffer | null)[]): Packed {
  const starts: number[] = []
  const lengths: (number | null)[] = []
  let at = 1
  for (const piece of pieces) {
    starts.push(at)
    lengths.push(piece === null ? null : piece.length)
    at += piece?.length ?? 0
  }
  return { octets: Buffer.concat(pieces.filter((piece) => piece !== null)), starts, lengths }
}
