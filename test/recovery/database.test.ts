// The database away, hanging, slow, without a free connection, or in a deadlock: a 4xx at most, nothing lost or twice, and all is well afterwards by itself.
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { newLog } from '#base/log.ts'
import { type EmbeddedPostgres, startPostgres } from '#host/postgres.ts'
import { serviceUser } from '#host/privileges.ts'
import { databaseWaits } from '#roles/domains.ts'
import { DialogueClient } from '#test/support/dialogue.ts'
import { testService } from '#test/support/service.ts'
import { openSmtpClient, type SmtpClient } from '#test/support/smtp-client.ts'

const base = mkdtempSync(join(tmpdir(), 'cjsm-away-'))
chmodSync(base, 0o711)
const most = 40
const server = {
  folder: join(base, 'postgres'),
  runFolder: join(base, 'run'),
  user: serviceUser(),
  log: newLog('silent', {}),
  settings: { fsync: 'off', max_connections: String(most) },
}
let postgres: EmbeddedPostgres = await startPostgres(server)
process.env.CJSM_TEST_DATABASE = postgres.connectionString
const service = await testService({ waits: { waitMs: 1_000, statementMs: 2_000 } })
after(async () => {
  await service.close()
  await postgres.stop('immediate')
  rmSync(base, { recursive: true, force: true })
})
const awayMs = process.env.CJSM_LONG === '1' ? 20_000 : 4_000
const prosecutor = service.person('prosecutor')
const solicitor = service.person('solicitor')
const clerk = service.person('clerk')

const open = () => openSmtpClient(service.faces.submissions.port, prosecutor)
function submit(client: SmtpClient, word: string, to = [solicitor.address]) {
  const text = `From: ${prosecutor.address}\r\nTo: ${to.join(', ')}\r\nMessage-ID: <${word}@x>\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\nSubject: ${word}\r\n\r\n${word}\r\n`
  return client.submit({ from: prosecutor.address, to, octets: Buffer.from(text) })
}

/** Sends the same octets again and again until they are taken; what was said on the way was 4xx. */
async function persist(client: SmtpClient, word: string, to?: string[]): Promise<void> {
  const end = performance.now() + 30_000
  for (;;) {
    const { reply } = await submit(client, word, to)
    if (reply.code === 250) return
    assert.match(reply.text, /^451 4\.3\.0 /)
    assert.ok(performance.now() < end, 'it was not taken again in time')
    await wait(100)
  }
}

/** An IMAP session of the solicitor in INBOX. */
async function readMail() {
  const client = await DialogueClient.connect(service.faces.imaps.port)
  await client.startTls()
  await client.nextLine()
  const ask = async (command: string): Promise<string[]> => {
    client.send(`x ${command}\r\n`)
    const lines: string[] = []
    for (;;) {
      const line = await client.nextLine()
      lines.push(line ?? 'closed')
      if (line === null || line.startsWith('x ')) return lines
    }
  }
  const opened = await ask(`LOGIN ${solicitor.userName} ${solicitor.devicePassword}`)
  assert.match(opened.at(-1)!, /^x OK/)
  await ask('SELECT INBOX')
  /** How many messages there are with that subject. */
  const count = async (word: string) => {
    const [found] = await ask(`SEARCH SUBJECT ${word}`)
    return (found!.match(/ \d+/g) ?? []).length
  }
  return { client, ask, count }
}

/** The processes of the server: its postmaster and every back end. */
function processes(): number[] {
  const ours = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')[1] === String(postgres.pid)
    } catch {
      return false
    }
  }
  return [
    postgres.pid,
    ...readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && ours(name))
      .map(Number),
  ]
}

async function administer(): Promise<pg.Client> {
  const client = new pg.Client(service.connectionString)
  client.on('error', () => {})
  await client.connect()
  return client
}

test('by default a connection is waited for 5 s and an answer 20 s, so that a hanging database is a 4xx within 30 s', () => {
  assert.deepEqual(databaseWaits, { waitMs: 5_000, statementMs: 20_000 })
})

test('a database that hangs (SIGSTOP) is 451 within the limit, in SMTP and IMAP, and goes on being used when it moves again', async () => {
  const client = await open()
  const reader = await readMail()
  assert.equal((await submit(client, 'before-hang')).reply.code, 250)
  const stopped = processes()
  assert.ok(stopped.length > 4)
  for (const pid of stopped) process.kill(pid, 'SIGSTOP')
  try {
    const began = performance.now()
    const { reply } = await submit(client, 'hang')
    assert.match(reply.text, /^451 4\.3\.0 The database is not available; nothing was accepted/)
    assert.ok(performance.now() - began < 12_000)
    assert.match((await reader.ask('STATUS Sent (MESSAGES)')).at(-1)!, /^x NO \[UNAVAILABLE\]/)
    await wait(Math.max(0, awayMs - (performance.now() - began)))
  } finally {
    for (const pid of stopped) process.kill(pid, 'SIGCONT')
  }
  await persist(client, 'hang')
  assert.deepEqual(
    [await reader.count('before-hang'), await reader.count('subject-of-none'), await reader.count('"hang"')],
    [1, 0, 2],
  )
  client.close()
  reader.client.destroy()
})

test('a database that is away is 4xx, also for who signs in; once it is back, the same connections work and an idling reader hears of new mail', async () => {
  const client = await open()
  const reader = await readMail()
  reader.client.send('x IDLE\r\n')
  assert.match((await reader.client.nextLine())!, /^\+/)
  await postgres.stop('immediate')
  const began = performance.now()
  while (performance.now() - began < awayMs) {
    assert.match((await submit(client, 'away')).reply.text, /^451 4\.3\.0/)
    await assert.rejects(open(), /the server answered 45[14]/)
    await wait(200)
  }
  postgres = await startPostgres(server)
  await persist(client, 'away')
  assert.match((await reader.client.nextLine())!, /^\* \d+ EXISTS/)
  // What this process delivers it hears of by itself; what the others deliver, by listening.
  const admin = await administer()
  const end = performance.now() + 20_000
  while ((await admin.query(`select from pg_stat_activity where query like 'listen %'`)).rowCount === 0) {
    assert.ok(performance.now() < end, 'nobody listens to the database again')
    await wait(50)
  }
  await admin.end()
  reader.client.destroy()
  const now = await readMail()
  assert.equal(await now.count('away'), 1)
  now.client.destroy()
  client.close()
})

test('without a free connection in the server it is 4xx, and well once there is one', async () => {
  const client = await open()
  const admin = await administer()
  await admin.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = $1',
    ['client backend'],
  )
  const taken: pg.Client[] = []
  for (;;) {
    const one = new pg.Client(service.connectionString)
    one.on('error', () => {})
    try {
      await one.connect()
      taken.push(one)
    } catch (fault) {
      assert.equal((fault as { code?: string }).code, '53300')
      break
    }
  }
  assert.ok(taken.length > most / 2)
  assert.match((await submit(client, 'exhausted')).reply.text, /^451 4\.3\.0 The database is not available/)
  await Promise.all(taken.map((one) => one.end()))
  await persist(client, 'exhausted')
  await admin.end()
  client.close()
})

test('a slow database is waited for; one that is slower than the limit is 451, and a retry is delivered once', async () => {
  const client = await open()
  const admin = await administer()
  await admin.query('begin')
  await admin.query('lock table mailbox in access exclusive mode')
  const slow = submit(client, 'slow')
  await wait(500)
  await admin.query('commit')
  assert.equal((await slow).reply.code, 250)
  await admin.query('begin')
  await admin.query('lock table submission in access exclusive mode')
  assert.match((await submit(client, 'slower')).reply.text, /^451 4\.3\.0/)
  await admin.query('commit')
  await persist(client, 'slower')
  const reader = await readMail()
  assert.deepEqual([await reader.count('slow'), await reader.count('slower')], [2, 1])
  reader.client.destroy()
  await admin.end()
  client.close()
})

test('a deadlock with somebody who locks the mailboxes in the other order costs nobody a message', async () => {
  const client = await open()
  const admin = await administer()
  // The other is never the victim: who has waited longest when the server looks is undone.
  await admin.query(`set deadlock_timeout = '60s'`)
  const inboxes = await admin.query(
    `select id from mailbox join address using (holder) where special_use = 'inbox' and address = any($1) order by holder, id`,
    [[solicitor.address, clerk.address]],
  )
  const [first, second] = inboxes.rows.map((row) => row.id)
  await admin.query('begin')
  await admin.query('select from mailbox where id = $1 for update', [second])
  const sending = submit(client, 'deadlock', [solicitor.address, clerk.address])
  await wait(300)
  const crossing = admin.query('select from mailbox where id = $1 for update', [first])
  await crossing
  await admin.query('commit')
  await admin.end()
  const { reply } = await sending
  assert.match(reply.text, /^250 2\.0\.0 Delivered to 2/)
  const { rows } = await (await administerOnce())('select deadlocks from pg_stat_database where datname = current_database()')
  assert.ok(Number(rows[0].deadlocks) >= 1, 'there was no deadlock')
  const reader = await readMail()
  assert.equal(await reader.count('deadlock'), 1)
  reader.client.destroy()
  client.close()
})

async function administerOnce() {
  const client = await administer()
  return async (text: string) => {
    // Statistics are written at most once a second.
    await wait(1_200)
    return client.query(text).finally(() => client.end())
  }
}
