// PostgreSQL: the pool, transactions and their faults. Knows no table.
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
    (fault instanceof Error && /Connection terminated|timeout exceeded when trying to connect/.test(fault.message))
  )
}

const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

async function ask(client: pg.ClientBase | pg.Pool, query: Query): Promise<pg.QueryResult> {
  try {
    return await client.query({ name: query.name, text: query.text, values: query.values as unknown[] })
  } catch (fault) {
    throw isAway(fault) ? new Unavailable('database', { cause: fault }) : fault
  }
}

function runner(client: pg.ClientBase | pg.Pool): Runner {
  return {
    async rows<Row>(query: Query) {
      const result = await ask(client, query)
      const names = result.fields.map((field) => camel(field.name))
      if (names.every((name, index) => name === result.fields[index]!.name)) return result.rows as Row[]
      return result.rows.map(
        (row) => Object.fromEntries(result.fields.map((field, index) => [names[index]!, row[field.name]])) as Row,
      )
    },
    run: async (query) => (await ask(client, query)).rowCount ?? 0,
  }
}

/** Opens a pool of at most `connections`; waits at most `waitMs` for one, then throws Unavailable. */
export function openDatabase(options: { connectionString: string; connections: number; waitMs: number; log: Log }): Database {
  const settings: pg.PoolConfig = { connectionString: options.connectionString, types, application_name: 'cjsm', keepAlive: true }
  const pool = new pg.Pool({
    ...settings,
    max: options.connections,
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
        await client.query('begin')
        const result = await work(runner(client) as Transaction)
        await client.query('commit')
        return result
      } catch (fault) {
        await client.query('rollback').catch(lost)
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
