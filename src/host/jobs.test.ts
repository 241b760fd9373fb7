// Background jobs on a real PostgreSQL: they run, they fail without giving their text away, and stopping waits for them.
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { newLog } from '#base/log.ts'
import { startJobs, type Task } from '#host/jobs.ts'
import { type EmbeddedPostgres, startPostgres } from '#host/postgres.ts'
import { serviceUser } from '#host/privileges.ts'

const base = mkdtempSync(join(tmpdir(), 'cjsm-jobs-'))
chmodSync(base, 0o711)
const log = newLog('silent', {})
let server: EmbeddedPostgres
let pool: pg.Pool
before(async () => {
  server = await startPostgres({ folder: join(base, 'postgres'), runFolder: join(base, 'run'), user: serviceUser(), log })
  pool = new pg.Pool({ connectionString: server.connectionString, max: 5 })
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
})
after(async () => {
  await pool.end()
  await server.stop('immediate')
  rmSync(base, { recursive: true, force: true })
})

test('a job runs with its payload, and stopping waits for the one under way', async () => {
  const begun = Promise.withResolvers<unknown>()
  let finished = false
  const slow: Task = async (payload) => {
    begun.resolve(payload)
    await new Promise((resolve) => setTimeout(resolve, 200))
    finished = true
  }
  const jobs = await startJobs({ pool, tasks: new Map([['slow', slow]]), log })
  await pool.query(`select graphile_worker.add_job('slow', '{"n": 1}')`)
  assert.deepEqual(await begun.promise, { n: 1 })
  await jobs.stop()
  assert.equal(finished, true)
})

test('a failed job is kept for another attempt, and its row holds nothing of the text of its fault', async () => {
  const failed = Promise.withResolvers<void>()
  const failing: Task = async () => {
    setImmediate(failed.resolve)
    throw new TypeError('canary in the text', { cause: new Error('canary in the cause') })
  }
  const jobs = await startJobs({ pool, tasks: new Map([['failing', failing]]), log })
  await pool.query(`select graphile_worker.add_job('failing')`)
  await failed.promise
  const failures = () => pool.query(`select attempts, last_error from graphile_worker._private_jobs where last_error is not null`)
  const end = performance.now() + 10_000
  while ((await failures()).rows.length === 0 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20))
  await jobs.stop()
  const { rows } = await failures()
  assert.equal(rows.length, 1)
  assert.equal(rows[0].attempts, 1)
  assert.match(rows[0].last_error, /^TypeError/)
  assert.doesNotMatch(rows[0].last_error, /canary/)
})

test('a task of the timetable runs by itself, again and again, and no more once stopped', async () => {
  let runs = 0
  const thrice = Promise.withResolvers<void>()
  const tidy: Task = async () => {
    if (++runs === 3) thrice.resolve()
  }
  const timetable = [{ task: 'tidy', everyMs: 50 }]
  const jobs = await startJobs({ pool, tasks: new Map([['tidy', tidy]]), timetable, firstAfterMs: 1, log })
  await thrice.promise
  await jobs.stop()
  const before = runs
  await new Promise((resolve) => setTimeout(resolve, 200))
  assert.equal(runs, before)
})

test('a timetable that names no task is refused at the start', async () => {
  await assert.rejects(startJobs({ pool, tasks: new Map(), timetable: [{ task: 'x', everyMs: 1 }], log }))
})
