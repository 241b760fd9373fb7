// Brings the schema up to date: plain SQL files of migrations/, forward only, one starter at a time.
import { fileURLToPath } from 'node:url'
import { runner } from 'node-pg-migrate'
import type { Log } from '#base/log.ts'

const folder = fileURLToPath(new URL('../../migrations', import.meta.url))

/** Applies what is missing, under the tool's advisory lock, and returns the names of the migrations applied. */
export async function migrate(connectionString: string, log: Log): Promise<string[]> {
  const quiet = () => {}
  const applied = await runner({
    databaseUrl: connectionString,
    dir: folder,
    direction: 'up',
    migrationsTable: 'schema_migration',
    count: Number.POSITIVE_INFINITY,
    logger: { debug: quiet, info: quiet, warn: (text) => log.warn({}, String(text).slice(0, 200)), error: quiet },
  })
  return applied.map((migration) => migration.name)
}
