// The sql tag: plain SQL with values beside it, prepared once a connection under a name made from its text.
import { createHash } from 'node:crypto'

export interface Query {
  readonly name: string
  readonly text: string
  readonly values: readonly unknown[]
}

/** What a template says once its values are parameters: `pieces` is the text between them. */
interface Prepared {
  readonly name: string
  readonly text: string
  readonly pieces: readonly string[]
}

class Statement implements Query {
  readonly prepared: Prepared
  readonly values: readonly unknown[]
  constructor(prepared: Prepared, values: readonly unknown[]) {
    this.prepared = prepared
    this.values = values
  }
  get name(): string {
    return this.prepared.name
  }
  get text(): string {
    return this.prepared.text
  }
}

/** By template, and by the names of the queries that stand in it. */
const statements = new WeakMap<TemplateStringsArray, Map<string, Prepared>>()

/** A query whose `${values}` become parameters $1, $2, …; never spliced into the text. A value that is a query itself is a part of the statement. Buffers travel in binary. */
export function sql(strings: TemplateStringsArray, ...values: unknown[]): Query {
  const known = statements.get(strings) ?? new Map<string, Prepared>()
  const parts = values.filter((value) => value instanceof Statement)
  const key = parts.length === 0 ? '' : parts.map((part) => part.name).join()
  const prepared = known.get(key) ?? prepare(strings, values)
  if (!known.has(key)) statements.set(strings, known.set(key, prepared))
  if (parts.length === 0) return new Statement(prepared, values)
  return new Statement(
    prepared,
    values.flatMap((value) => (value instanceof Statement ? value.values : [value])),
  )
}

function prepare(strings: TemplateStringsArray, values: readonly unknown[]): Prepared {
  const pieces = [strings[0]!]
  for (const [index, value] of values.entries()) {
    const after = strings[index + 1]!
    if (!(value instanceof Statement)) {
      pieces.push(after)
      continue
    }
    const [first, ...more] = value.prepared.pieces
    pieces.push(`${pieces.pop()}${first}`, ...more)
    pieces.push(`${pieces.pop()}${after}`)
  }
  const text = pieces.reduce((before, after, index) => `${before}$${index}${after}`)
  return { text, pieces, name: createHash('sha256').update(text).digest('base64url').slice(0, 24) }
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
