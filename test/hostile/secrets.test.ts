// What errors and logs tell: never a subject, body, name, password or row, whatever fails; and one record for one input, whatever is in it. Issue: The ground holds.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { newLog } from '#base/log.ts'
import { openDatabase } from '#store/database.ts'
import { sql } from '#store/sql.ts'
import { DialogueClient } from '#test/support/dialogue.ts'
import { openSmtpClient } from '#test/support/smtp-client.ts'
import { testService } from '#test/support/service.ts'

const service = await testService()
after(() => service.close())
const { faces, folders, domains } = service
const miriam = service.person('solicitor')
const priya = service.person('prosecutor')
const logFile = join(folders.log, 'service.log')

/** The records that were written since, each parsed: a line that is none fails. */
function recordsSince(start: number): Record<string, unknown>[] {
  const lines = readFileSync(logFile, 'utf8').slice(start).split('\n')
  assert.equal(lines.pop(), '')
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}
const logged = () => readFileSync(logFile, 'utf8').length

async function connected(port: number): Promise<DialogueClient> {
  const client = await DialogueClient.connect(port)
  await client.startTls()
  return client
}

async function replyOf(client: DialogueClient): Promise<string> {
  for (;;) {
    const line = await client.nextLine()
    if (line === null || line[3] === ' ') return line ?? ''
  }
}

const base64 = (text: string) => Buffer.from(text).toString('base64')
const unseen = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

test('a constraint that fails leaves no word of its row in the log, in a reply or in what is thrown (PostgreSQL’s DETAIL too)', async () => {
  const canary = 'kanarienvogel-4801'
  const start = logged()
  // What a failing row would say: the whole of it stands in DETAIL, and the trigger's own text quotes it too.
  await domains.database.run(sql`
    create function refuse() returns trigger language plpgsql as
    $$ begin raise exception 'kanarienvogel-4801 %', new using detail = 'kanarienvogel-4801 ' || new::text, hint = 'kanarienvogel-4801', errcode = '23514'; end $$`)
  await domains.database.run(sql`create trigger refuse before insert on submission for each row execute function refuse()`)
  const client = await openSmtpClient(faces.submissions.port, miriam)
  const octets = Buffer.from(`From: <${miriam.address}>\r\nSubject: ${canary}\r\n\r\n${canary}\r\n`)
  const { reply } = await client.submit({ from: miriam.address, to: [priya.address], octets })
  client.close()
  await domains.database.run(sql`drop trigger refuse on submission`)
  assert.match(
    reply.text,
    /^451 4\.3\.0 Something went wrong here; nothing was accepted\. Try again later\. Reference: [0-9a-f]{12}$/,
  )
  const records = recordsSince(start)
  const failed = records.filter(({ level }) => level === 'error')
  assert.deepEqual(
    failed.map(({ reference }) => reply.text.endsWith(String(reference))),
    [true],
  )
  assert.match(String(failed[0]!.fault), /23514/)
  assert.doesNotMatch(readFileSync(logFile, 'utf8'), /kanarienvogel/)
  assert.doesNotMatch(JSON.stringify(records), new RegExp(`${miriam.address}|${priya.address}|Failing row`))
})

test('a mailbox name in a failing statement is not told either, to an IMAP client or in the log', async () => {
  const start = logged()
  await domains.database.run(sql`
    create function refuse_mailbox() returns trigger language plpgsql as
    $$ begin raise exception 'kanarienvogel-4802' using detail = new::text; end $$`)
  await domains.database.run(sql`create trigger refuse before insert on mailbox for each row execute function refuse_mailbox()`)
  const imap = await connected(faces.imaps.port)
  imap.send(`a LOGIN ${miriam.userName} ${miriam.devicePassword}\r\nb CREATE kanarienvogel-4803\r\n`)
  let reply: string
  do reply = (await imap.nextLine())!
  while (!reply.startsWith('b '))
  imap.destroy()
  await domains.database.run(sql`drop trigger refuse on mailbox`)
  assert.match(reply, /^b NO \[SERVERBUG\] Something went wrong here\. Tell the Helpdesk the reference [0-9a-f-]{36}$/)
  assert.doesNotMatch(JSON.stringify(recordsSince(start)), /kanarienvogel/)
  assert.equal(recordsSince(start).filter(({ level }) => level === 'error').length, 1)
})

test('a database that refuses the connection is named without its address, user or password', async () => {
  const file = join(folders.log, 'away.log')
  const log = newLog('debug', {}, file)
  const away = openDatabase({
    connectionString: 'postgresql://kanari:kanarienvogel-4804@127.0.0.1:1/x',
    connections: 1,
    waitMs: 500,
    log,
  })
  await assert.rejects(away.rows(sql`select 1`), (fault: Error) => !fault.message.includes('kanari'))
  const listening = await away.listen('x', () => {})
  await listening.close()
  await away.close()
  assert.doesNotMatch(readFileSync(file, 'utf8'), /kanari/)
})

const hostileNames = [
  'a\rb',
  'a\nb',
  'a\r\n{"level":"error","message":"forged"}',
  '\u001b[2Ja',
  '\u202egpj.exe',
  '\u2028\u2029',
  '\u0085\u009b31m',
  '\ufeffa',
  'a'.repeat(255),
]

test('a sign-in leaves one record, whatever stands in the user name', async () => {
  for (const name of hostileNames) {
    const start = logged()
    const client = await connected(faces.submissions.port)
    await replyOf(client)
    client.send(`EHLO desk\r\nAUTH PLAIN ${base64(`\0${name}\0kanarienvogel-4805`)}\r\nQUIT\r\n`)
    await replyOf(client)
    assert.match(await replyOf(client), /^5(35|01) /)
    assert.match(await replyOf(client), /^221 /)
    client.destroy()
    const records = recordsSince(start)
    assert.ok(records.filter(({ message }) => message === 'sign-in').length <= 1, JSON.stringify([name, records]))
    assert.ok(records.length <= 1, JSON.stringify([name, records]))
  }
  assert.doesNotMatch(readFileSync(logFile, 'utf8'), unseen)
  assert.doesNotMatch(readFileSync(logFile, 'utf8'), /forged|kanarienvogel/)
})

test('verbs, names of computers, addresses and folders that are hostile leave at most one record each, and nothing of themselves', async () => {
  for (const name of hostileNames) {
    const start = logged()
    const smtp = await connected(faces.submissions.port)
    smtp.send(`${name}\r\nEHLO ${name}\r\nMAIL FROM:<${name}@x>\r\nQUIT\r\n`)
    while ((await smtp.nextLine()) !== null);
    const imap = await connected(faces.imaps.port)
    imap.send(`a LOGIN "${name}" "${name}"\r\nb ${name}\r\n${name} NOOP\r\nc LOGOUT\r\n`)
    while ((await imap.nextLine()) !== null);
    const records = recordsSince(start)
    assert.ok(records.filter(({ message }) => message !== 'imap: session ended').length <= 1, JSON.stringify(records))
    assert.ok(records.filter(({ message }) => message === 'imap: session ended').length <= 1)
  }
  const text = readFileSync(logFile, 'utf8')
  assert.doesNotMatch(text, unseen)
  assert.doesNotMatch(text, /forged|gpj|aaaaaaaa/)
})

test('a process that fails on a fault of ours names it by class and code, and prints no text of it', () => {
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
  const environment = {
    ...process.env,
    CJSM_DATA_FOLDER: join(folders.root, 'nowhere'),
    CJSM_DATABASE_URL: 'postgresql://kanari:kanarienvogel-4806@127.0.0.1:1/x',
  }
  for (const words of [['organisations'], ['worker'], ['setup'], ['jobs']]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], {
      env: environment,
      encoding: 'utf8',
      timeout: 60_000,
    })
    const isCommand = words[0] === 'organisations'
    assert.equal(status, isCommand ? 3 : 1, words.join(' '))
    assert.match(isCommand ? stdout : stderr, isCommand ? /^It is not running\. / : /^cjsm: it failed: \w+/)
    assert.doesNotMatch(stdout + stderr, /kanari/)
  }
})
