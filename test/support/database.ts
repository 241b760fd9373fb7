// A migrated database of a test file's own, cloned from a template in a PostgreSQL that the whole run shares.
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import pg from 'pg'
import { newLog } from '#base/log.ts'
import { startPostgres } from '#host/postgres.ts'
import { serviceUser } from '#host/privileges.ts'
import { type Database, openDatabase } from '#store/database.ts'
import { migrate } from '#store/migrate.ts'

const log = newLog('silent', {})
const folder = new URL('../../migrations/', import.meta.url)

/** Names the template by what the migrations say, so that a changed one makes a new template. */
function templateName(): string {
  const digest = createHash('sha256')
  for (const name of readdirSync(folder).sort()) digest.update(readFileSync(new URL(name, folder)))
  return `template_${digest.digest('hex').slice(0, 16)}`
}

/** The server of this run: CJSM_TEST_DATABASE (set by ./cjsm test), or one started for this database alone, which `stop` ends. */
async function testServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const shared = process.env.CJSM_TEST_DATABASE
  if (shared !== undefined) return { url: shared, stop: async () => {} }
  const scratch = await mkdtemp(join(tmpdir(), 'cjsm-test-'))
  await chmod(scratch, 0o711) // PostgreSQL's user must be able to go through
  const postgres = await startPostgres({
    folder: join(scratch, 'postgres'),
    runFolder: join(scratch, 'run'),
    user: await serviceUser(),
    log,
    settings: { fsync: 'off' },
  })
  const stop = async () => {
    await postgres.stop('immediate')
    await rm(scratch, { recursive: true, force: true })
  }
  return { url: postgres.connectionString, stop }
}

function urlOf(server: string, database: string): string {
  const url = new URL(server)
  url.pathname = `/${database}`
  return url.href
}

async function ensureTemplate(admin: pg.Client, server: string): Promise<string> {
  const name = templateName()
  await admin.query('select pg_advisory_lock(7001)')
  const { rowCount } = await admin.query('select from pg_database where datname = $1', [name])
  if (rowCount === 0) {
    await admin.query(`create database ${name}_making`)
    await migrate(urlOf(server, `${name}_making`), log)
    await admin.query(`alter database ${name}_making rename to ${name}`)
  }
  await admin.query('select pg_advisory_unlock(7001)')
  return name
}

/** A database of this file's own, dropped at its end. */
export async function testDatabase(): Promise<{ database: Database; connectionString: string }> {
  const { url: server, stop } = await testServer()
  const admin = new pg.Client(server)
  await admin.connect()
  const name = `test_${randomBytes(8).toString('hex')}`
  await admin.query(`create database ${name} template ${await ensureTemplate(admin, server)}`)
  await admin.end() // a test may end every connection that there is
  const connectionString = urlOf(server, name)
  const database = openDatabase({ connectionString, connections: 10, waitMs: 5000, log })
  after(async () => {
    await database.close()
    const last = new pg.Client(server)
    await last.connect()
    await last.query(`drop database ${name} with (force)`)
    await last.end()
    await stop()
  })
  return { database, connectionString }
}
