// Clocks that jump, by an hour, a day, 30 days and ten years, back and forth, in the application and in the database apart: nothing expires wrongly, nothing is stuck, evidence stays ordered.
import assert from 'node:assert/strict'
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, uptime } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import pg from 'pg'
import { newLog } from '#base/log.ts'
import { forgetSubmissions, sweepContent } from '#delivery/housekeeping.ts'
import { startChild } from '#host/children.ts'
import { newClockGuard, unlessDoubted } from '#host/clock-guard.ts'
import { startJobs } from '#host/jobs.ts'
import { postgresReady, stopPostgres } from '#host/postgres.ts'
import { preparePostgres } from '#host/postgres-cluster.ts'
import { serviceUser } from '#host/privileges.ts'
import { databaseNow } from '#host/clock.sql.ts'
import { sql } from '#store/sql.ts'
import { DialogueClient } from '#test/support/dialogue.ts'
import { needs } from '#test/support/instance.ts'
import { testService, type TestService } from '#test/support/service.ts'
import { openSmtpClient } from '#test/support/smtp-client.ts'

const library = ['x86_64', 'aarch64']
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`)
  .find((path) => existsSync(path))
const hourMs = 3_600_000
const jumps = [
  ['an hour', hourMs],
  ['a day', 24 * hourMs],
  ['30 days', 30 * 24 * hourMs],
  ['ten years', 3_652 * 24 * hourMs],
] as const
const log = newLog('silent', {})
let applicationAheadMs = 0
let setDatabaseAhead = (_ms: number) => {}

/** A PostgreSQL whose clock is ours to set, and the service over it, whose clock is too. */
async function serviceWithClocks(): Promise<TestService> {
  const base = mkdtempSync(join(tmpdir(), 'cjsm-clock-'))
  chmodSync(base, 0o711)
  const user = serviceUser()
  const offset = join(base, 'offset')
  writeFileSync(offset, '+0')
  if (user !== null) chownSync(offset, user.uid, user.gid)
  const options = { folder: join(base, 'postgres'), runFolder: join(base, 'run'), user, log, settings: { fsync: 'off' } }
  const prepared = await preparePostgres(options)
  const env = {
    LD_PRELOAD: library!,
    FAKETIME_TIMESTAMP_FILE: offset,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  }
  const program = join(prepared.programs, 'bin', 'postgres')
  const child = startChild({ program, args: ['-D', prepared.folder], user, env, endsWithUs: 'INT' })
  await postgresReady(prepared, child)
  setDatabaseAhead = (ms) => writeFileSync(offset, `${ms < 0 ? '-' : '+'}${Math.abs(ms) / 1000}`)
  process.env.CJSM_TEST_DATABASE = prepared.connectionString
  const clock = { now: () => Date.now() + applicationAheadMs, monotonic: () => performance.now() }
  const made = await testService({ clock })
  after(async () => {
    await made.close()
    await stopPostgres(child, 'immediate')
    rmSync(base, { recursive: true, force: true })
  })
  return made
}
const service = library === undefined ? (null as never) : await serviceWithClocks()

let sent = 0
function message(): { from: string; to: string[]; octets: Buffer; subject: string } {
  const [from, to] = [service.person('prosecutor').address, service.person('solicitor').address]
  const subject = `number-${++sent}-`
  const text = `From: ${from}\r\nTo: ${to}\r\nSubject: ${subject}\r\n\r\n${'x\r\n'.repeat(sent % 2 === 0 ? 10 : 60_000)}`
  return { from, to: [to], octets: Buffer.from(text), subject }
}

async function reader() {
  const { userName, devicePassword } = service.person('solicitor')
  const client = await DialogueClient.connect(service.faces.imaps.port)
  await client.startTls()
  await client.nextLine()
  const ask = async (command: string): Promise<string[]> => {
    client.send(`x ${command}\r\n`)
    const lines: string[] = []
    while (!lines.at(-1)?.startsWith('x ')) lines.push((await client.nextLine()) ?? 'x closed')
    return lines
  }
  assert.match((await ask(`LOGIN ${userName} ${devicePassword}`)).at(-1)!, /^x OK/)
  assert.match((await ask('SELECT INBOX')).at(-1)!, /^x OK/)
  return { client, ask }
}

test(
  'jumps of either clock: mail, sign-in and jobs go on, retries are recognised, what expires waits, and evidence stays ordered',
  needs('faketime'),
  async (t) => {
    const { database } = service.domains
    const clock = service.domains.clock
    // The boot clock is the monotonic one, to the millisecond.
    const zero = uptime() * 1000 - performance.now()
    const read = () => ({ boot: 'this', wallMs: clock.now(), sinceBootMs: zero + performance.now() })
    const guard = newClockGuard(database, () => ({ ...read(), sinceBootMs: Math.round(read().sinceBootMs) }), 'this')
    const forget = unlessDoubted(guard, log, () => forgetSubmissions(service.domains))
    const sweep = unlessDoubted(guard, log, () => sweepContent(service.domains))
    const pool = new pg.Pool({ connectionString: service.connectionString, max: 3 })
    pool.on('error', () => {})
    pool.on('connect', (client) => client.on('error', () => {}))
    let ticks = 0
    const tasks = new Map([['tick', async () => void ticks++]])
    const jobs = await startJobs({ pool, log, tasks, timetable: [{ task: 'tick', everyMs: 100 }], firstAfterMs: 1 })
    const ticked = async () => {
      const before = ticks
      const end = performance.now() + 10_000
      while (ticks <= before + 1 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20))
      assert.ok(ticks > before + 1, 'jobs are stuck')
    }
    t.after(async () => {
      await jobs.stop()
      await pool.end()
      held.close()
      kept.client.destroy()
    })
    const held = await openSmtpClient(service.faces.submissions.port, service.person('prosecutor'))
    const kept = await reader()
    assert.equal(await guard.doubt(), null)
    const first = message()
    const receipt = (await held.submit(first)).reply.text
    const subjects = [first.subject]

    const seen = new Set<string>()
    let highest = ''
    /** Every record that is new since the last look has an id above all that were there then. */
    async function recordsAreOrdered(where: string): Promise<void> {
      const rows = await database.rows<{ id: string }>(sql`select id from evidence_record order by id`)
      const fresh = rows.map((row) => row.id).filter((id) => !seen.has(id))
      assert.ok(fresh.length > 0 && fresh[0]! > highest, `${where}: a record stands before an earlier one`)
      for (const id of fresh) seen.add(id)
      highest = fresh.at(-1)!
    }

    /** What must hold whatever the clocks say; `doubted` is null at the limit itself. */
    async function allGoesOn(where: string, doubted: boolean | null): Promise<void> {
      for (const client of [held, await openSmtpClient(service.faces.submissions.port, service.person('prosecutor'))]) {
        const one = message()
        const { reply } = await client.submit(one)
        assert.equal(reply.code, 250, `${where}: ${reply.text}`)
        subjects.push(one.subject)
        const again = await client.submit(one)
        assert.match(again.reply.text, /the same message came before/, where)
        if (client !== held) client.close()
      }
      await ticked()
      if (doubted !== null) assert.equal((await guard.doubt()) !== null, doubted, where)
      assert.equal(await forget(), 0, `${where}: something was forgotten`)
      assert.equal(await sweep(), 0, `${where}: something was swept`)
      const again = (await held.submit(first)).reply.text
      assert.match(again, /the same message came before/, where)
      assert.equal(again.slice(-36), receipt.slice(-36), where)
      const { client, ask } = await reader()
      for (const asks of [ask, kept.ask]) {
        await asks('NOOP')
        const found = await asks(`FETCH * (BODY.PEEK[HEADER.FIELDS (SUBJECT)] BODY.PEEK[]<0.10>)`)
        assert.ok(found.join('\n').includes(subjects.at(-1)!), `${where}: ${found.slice(0, 3)}`)
      }
      client.destroy()
      await recordsAreOrdered(where)
    }

    for (const [name, ms] of jumps) {
      for (const sign of [1, -1]) {
        applicationAheadMs = sign * ms
        await allGoesOn(`application ${sign > 0 ? 'ahead' : 'behind'} by ${name}`, ms > hourMs || null)
        applicationAheadMs = 0
        setDatabaseAhead(sign * ms)
        const [there] = await databaseNow(database)
        assert.ok(Math.abs(there!.nowMs - Date.now() - sign * ms) < 5_000, 'the database’s clock was not set')
        await allGoesOn(`database ${sign > 0 ? 'ahead' : 'behind'} by ${name}`, ms > hourMs || null)
        setDatabaseAhead(0)
      }
    }
    await allGoesOn('all right again', false)
    applicationAheadMs = 48 * hourMs
    assert.ok((await guard.doubt()) !== null)
    await database.transaction((tx) => guard.confirm(tx))
    assert.equal(await guard.doubt(), null)
    const { length } = subjects
    assert.equal(await forget(), length, 'a confirmed clock makes expire what is due')

    assert.ok(seen.size > 4 * length)
    const months = new Set(
      (readdirSync(service.folders.keyring, { recursive: true }) as string[]).flatMap(
        (name) => /-(\d+)-\d+$/.exec(name)?.[1] ?? [],
      ),
    )
    assert.ok(months.size <= 3, `epochs followed the clock: ${[...months]}`)
  },
)
