// PostgreSQL: the pool, transactions and their faults. Knows no table.
import type { Duplex } from 'node:stream'
import pg from 'pg'
import { Unavailable } from '#base/faults.ts'
import type { Log } from '#base/log.ts'
import { describeFault } from '#base/log.ts'
import type { Query } from '#store/sql.ts'

// bigint columns hold counts, times in milliseconds and modseqs, all far below 2^53; bytea is read as hex (the driver knows no binary results).
const types = new pg.TypeOverrides()
types.setTypeParser(20, Number)
types.setTypeParser(17, (text: string) => Buffer.from(text.slice(2), 'hex'))

/** What runs queries: the pool, or one transaction. */
export interface Runner {
  /** The rows of a query, columns in camel case. */
  rows<Row>(query: Query): Promise<Row[]>
  /** Runs a query and returns how many rows it touched. */
  run(query: Query): Promise<number>
}

declare const inTransaction: unique symbol
/** A runner between BEGIN and COMMIT; what must happen together takes one. */
export interface Transaction extends Runner {
  readonly [inTransaction]: true
  /** Sends a query without waiting: its answer is awaited with the commit's, and its fault is the transaction's. */
  later(query: Query): void
}

export interface Database extends Runner {
  /** Runs `work` in one transaction: committed (durably) when it returns, rolled back when it throws. Serialisation faults are the caller's to retry. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** Calls `hear` with each payload of a channel, and `hear(null)` after every (re)connection, when hints may have been lost. */
  listen(channel: string, hear: (payload: string | null) => void): Promise<{ close(): Promise<void> }>
  /** Tells the listeners of a channel; a hint, outside any transaction. */
  notify(channel: string, payloads: readonly string[]): Promise<void>
  close(): Promise<void>
}

/** True for the faults that say the database is away or refuses for now, as opposed to a fault of ours. */
function isAway(fault: unknown): boolean {
  const code = fault instanceof Error && 'code' in fault ? String(fault.code) : ''
  return (
    /^(ECONN|EPIPE|ENOENT|ETIMEDOUT|08|53|57P|58)/.test(code) ||
    conflicts.has(code) ||
    (fault instanceof Error && /Connection terminated|timeout exceeded when trying to connect/.test(fault.message)) ||
    isTooLate(fault)
  )
}

/** The driver's own words when a statement took longer than it may. */
const isTooLate = (fault: unknown): boolean =>
  fault instanceof Error && (fault.message === 'Query read timeout' || isTooLate(fault.cause))

/** A deadlock, and a serialisation failure. */
const conflicts: ReadonlySet<string> = new Set(['40P01', '40001'])

/** True when a transaction was undone for the sake of another: taken again, it may well succeed. */
export function isConflict(fault: unknown): boolean {
  const cause = fault instanceof Unavailable ? fault.cause : fault
  return cause instanceof Error && 'code' in cause && conflicts.has(String(cause.code))
}

/** True for the fault that a unique key was there already. */
export function isDuplicate(fault: unknown): boolean {
  return fault instanceof Error && 'code' in fault && fault.code === '23505'
}

const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** What stands in an array's text without quotes: ids, mostly. */
const needsNoQuotes = /^(?!null$)[\w.:-]+$/i

/** An array of numbers or plain words as PostgreSQL's text: the driver would quote each element for itself. */
function arrayText(value: unknown): unknown {
  if (!Array.isArray(value)) return value
  const isPlain = (one: unknown) =>
    typeof one === 'number' || typeof one === 'boolean' || one === null || (typeof one === 'string' && needsNoQuotes.test(one))
  return value.every(isPlain) ? `{${value.map((one) => one ?? 'NULL').join()}}` : value
}

async function ask(client: pg.ClientBase | pg.Pool, query: Query): Promise<pg.QueryArrayResult> {
  try {
    return await client.query({ name: query.name, text: query.text, values: query.values.map(arrayText), rowMode: 'array' })
  } catch (fault) {
    throw isAway(fault) ? new Unavailable('database', { cause: fault }) : fault
  }
}

function runner(client: pg.ClientBase | pg.Pool): Runner {
  return {
    async rows<Row>(query: Query) {
      const { fields, rows } = await ask(client, query)
      const names = fields.map((field) => camel(field.name))
      return rows.map((values) => {
        const row: Record<string, unknown> = {}
        for (let column = 0; column < names.length; column++) row[names[column]!] = values[column]
        return row as Row
      })
    },
    run: async (query) => (await ask(client, query)).rowCount ?? 0,
  }
}

/** Holds back what is written in this turn of the event loop, so that queries sent together go out in one packet. */
function gather(client: pg.ClientBase): void {
  const { stream } = (client as unknown as { connection: { stream: Duplex } }).connection
  stream.cork()
  process.nextTick(() => stream.uncork())
}

/** One transaction on a client in pipeline mode: nothing waits for BEGIN, and what was sent by `later` is awaited together with COMMIT. */
async function transact<T>(client: pg.PoolClient, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const sent: Promise<unknown>[] = []
  const send = <R>(answer: Promise<R>): Promise<R> => {
    sent.push(answer)
    answer.catch(() => {}) // met below, with all the others
    return answer
  }
  gather(client)
  void send(client.query('begin'))
  const { rows, run } = runner(client)
  const later = (query: Query) => {
    gather(client)
    void send(ask(client, query))
  }
  const result = await work({ rows, run, later } as unknown as Transaction).catch(async (fault: unknown) => {
    // What was sent before may have failed first: what comes behind it only hears that the transaction is aborted.
    await Promise.all(sent)
    throw fault
  })
  gather(client)
  const committed = send(client.query('commit'))
  await Promise.all(sent)
  // PostgreSQL answers the COMMIT of a transaction that failed with ROLLBACK, which is no fault to the driver.
  if ((await committed).command !== 'COMMIT') throw new Error('the transaction was rolled back')
  return result
}

/** How long one statement may take by default: a server that hangs must not hold what waits for it. */
export const statementMs = 20_000

export interface DatabaseOptions {
  readonly connectionString: string
  readonly connections: number
  readonly waitMs: number
  readonly statementMs?: number
  readonly log: Log
}

/** Queries go out without waiting for the answers before them: the driver's option, which its types do not know yet. */
const pipelined: pg.PoolConfig & { pipeline: boolean } = { pipeline: true }

/** Opens a pool of at most `connections`; waits at most `waitMs` for one and `statementMs` for an answer, then throws Unavailable. */
export function openDatabase(options: DatabaseOptions): Database {
  const settings: pg.PoolConfig = { connectionString: options.connectionString, types, application_name: 'cjsm', keepAlive: true }
  const pool = new pg.Pool({
    ...settings,
    max: options.connections,
    ...pipelined,
    query_timeout: options.statementMs ?? statementMs,
    connectionTimeoutMillis: options.waitMs,
    idleTimeoutMillis: 60_000,
  })
  pool.on('error', (fault) => options.log.warn({ fault: describeFault(fault) }, 'an idle database connection ended'))
  return {
    ...runner(pool),
    async transaction(work) {
      const client = await pool.connect().catch((fault: unknown) => {
        throw new Unavailable('database', { cause: fault })
      })
      let broken: Error | undefined
      const lost = (fault: Error) => {
        broken = fault
      }
      client.on('error', lost) // Nobody else listens while it is ours: unheard, a lost connection would end the process.
      try {
        return await transact(client, work)
      } catch (fault) {
        // What waits for an answer would wait for this one too: the connection is given up, and with it the transaction.
        if (isTooLate(fault)) lost(fault as Error)
        else await client.query('rollback').catch(lost)
        throw broken !== undefined || isAway(fault) ? new Unavailable('database', { cause: fault }) : fault
      } finally {
        client.off('error', lost)
        client.release(broken)
      }
    },
    listen: (channel, hear) => listen(settings, channel, hear, options.log),
    async notify(channel, payloads) {
      if (payloads.length > 0)
        await pool.query({
          name: 'notify',
          text: 'select pg_notify($1, payload) from unnest($2::text[]) payload',
          values: [channel, payloads],
        })
    },
    close: () => pool.end(),
  }
}

/** One connection of its own that listens, and comes back after a loss. */
async function listen(
  settings: pg.ClientConfig,
  channel: string,
  hear: (payload: string | null) => void,
  log: Log,
): Promise<{ close(): Promise<void> }> {
  let client: pg.Client | undefined
  let closed = false
  let timer: NodeJS.Timeout | undefined
  const connect = async (): Promise<void> => {
    if (closed) return
    const next = new pg.Client(settings)
    next.on('error', (fault) => log.warn({ fault: describeFault(fault) }, 'the listening database connection ended'))
    next.on('end', () => {
      if (!closed) timer = setTimeout(() => void connect(), 250)
    })
    next.on('notification', (message) => hear(message.payload ?? ''))
    try {
      await next.connect()
      await next.query(`listen ${next.escapeIdentifier(channel)}`)
      if (closed) return await next.end() // closed while this one was on its way
      client = next
      hear(null)
    } catch (fault) {
      log.warn({ fault: describeFault(fault) }, 'cannot listen to the database; trying again')
      await next.end().catch(() => {})
    }
  }
  await connect()
  return {
    async close() {
      closed = true
      clearTimeout(timer)
      await client?.end()
    },
  }
}
