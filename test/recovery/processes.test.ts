// Processes that are killed, one after the other: all is well again within seconds, no 250 is lost, nothing is left behind. A real instance.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { socketsFolderOf } from '#host/folders.ts'
import { imapClient } from '#test/support/imap-client.ts'
import { startInstance } from '#test/support/instance.ts'
import { openSmtpClient } from '#test/support/smtp-client.ts'

const unansweredMs = 8_000
const instance = await startInstance({ environment: { CJSM_UNANSWERED_MS: String(unansweredMs) } })
const prosecutor = instance.person('prosecutor')
const solicitor = instance.person('solicitor')

interface Process {
  readonly kind: string
  readonly name: string
  readonly pid: number
}
interface Status {
  readonly ready: boolean
  readonly processes: readonly Process[]
}
function status(): Status {
  return JSON.parse(instance.cjsm('status', '--json').stdout)
}
const lives = (pid: number) => {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ')
  } catch {
    return false
  }
}
function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')[1] === String(parent)
      } catch {
        return false
      }
    })
}

let number = 0
/** Sends the next numbered message; its subject when it was answered 250, else the reply. */
async function send(): Promise<{ code: number; subject: string; text: string }> {
  const client = await openSmtpClient(instance.ports.submissions, prosecutor)
  try {
    const subject = `number-${++number}-`
    const octets = Buffer.from(`From: ${prosecutor.address}\r\nTo: ${solicitor.address}\r\nSubject: ${subject}\r\n\r\nx\r\n`)
    const { reply } = await client.submit({ from: prosecutor.address, to: [solicitor.address], octets })
    return { ...reply, subject }
  } finally {
    client.close()
  }
}

/** The subjects of all messages of the solicitor. */
async function subjects(): Promise<string[]> {
  const client = imapClient(instance.ports.imaps, solicitor)
  await client.connect()
  try {
    await client.mailboxOpen('INBOX')
    const found: string[] = []
    for await (const { envelope } of client.fetch('1:*', { envelope: true })) found.push(envelope?.subject ?? '')
    return found
  } finally {
    await client.logout()
  }
}
const sent: string[] = []

/** Kills a process, and sees that all is ready again within the time and mail works. */
async function survives(pid: number, withinMs: number, replaced: boolean): Promise<void> {
  const before = status()
  process.kill(pid, 'SIGKILL')
  const killed = performance.now()
  await wait(50) // its end is heard of
  let now = status()
  while (!now.ready || (replaced && now.processes.some((one) => one.pid === pid))) {
    assert.ok(performance.now() - killed < withinMs, `not ready ${withinMs} ms after: ${JSON.stringify(now)}`)
    await wait(50)
    now = status()
  }
  const kept = (all: Status) =>
    all.processes.filter((one) => one.pid !== pid && one.kind !== before.processes.find((is) => is.pid === pid)?.kind)
  for (const one of kept(before))
    assert.ok(
      now.processes.some((is) => is.pid === one.pid),
      `${one.name} was restarted too`,
    )
  for (let attempts = 0; ; attempts++) {
    // At sign-in, too, a database that recovers is a 451.
    const { code, text, subject } = await send().catch((fault: Error) => {
      if (!/^the server answered 4/.test(fault.message)) throw fault
      return { code: 0, text: '451 at sign-in', subject: '' }
    })
    if (code === 250) {
      sent.push(subject)
      break
    }
    assert.match(text, /^4/)
    assert.ok(attempts < 20, `mail does not work: ${text}`)
    await wait(100)
  }
}

for (const [kind, withinMs] of [
  ['keys', 5_000],
  ['jobs', 5_000],
  ['worker', 5_000],
  ['clamd', 5_000],
  ['postgres', 10_000],
] as const) {
  test(`${kind} killed: ready again within ${withinMs / 1000} s, the other processes go on, and mail works`, async () => {
    await survives(status().processes.find((one) => one.kind === kind)!.pid, withinMs, true)
  })
}

test('a worker and a clamd that hang (SIGSTOP) are ended and started again after `unansweredMs`, and mail works', async () => {
  const hung = ['worker', 'clamd'].map((kind) => status().processes.find((one) => one.kind === kind)!.pid)
  for (const pid of hung) process.kill(pid, 'SIGSTOP')
  const stopped = performance.now()
  let now = status()
  while (!now.ready || now.processes.some((one) => hung.includes(one.pid))) {
    assert.ok(performance.now() - stopped < unansweredMs + 30_000, `not ready: ${JSON.stringify(now)}`)
    await wait(500)
    now = status()
  }
  assert.ok(performance.now() - stopped >= unansweredMs, 'one was given up too early')
  assert.ok(hung.every((pid) => !lives(pid)))
  for (let n = 0; n < 4; n++) {
    const { code, text, subject } = await send()
    assert.equal(code, 250, text)
    sent.push(subject)
  }
})

test('a back end of PostgreSQL killed: ready again within 10 s with the same postmaster, and mail works', async () => {
  const { pid } = status().processes.find((one) => one.kind === 'postgres')!
  const backEnd = childrenOf(pid).find((child) => readFileSync(`/proc/${child}/cmdline`, 'latin1').includes('cjsm cjsm'))
  assert.ok(backEnd !== undefined, 'no back end was found')
  await survives(backEnd, 10_000, false)
  assert.equal(status().processes.find((one) => one.kind === 'postgres')!.pid, pid)
})

test('every message that was answered 250 through all of that is there, once', async () => {
  const found = await subjects()
  assert.deepEqual(
    sent.filter((subject) => found.filter((one) => one === subject).length !== 1),
    [],
  )
})

test('a clock in doubt is said in status until the operator confirms it, which is recorded', async () => {
  const warnings = () => (JSON.parse(instance.cjsm('status', '--json').stdout) as { warnings: string[] }).warnings.join('\n')
  assert.doesNotMatch(warnings(), /clock/)
  const host = join(socketsFolderOf(instance.data), 'postgres')
  const client = new pg.Client({ host, user: 'cjsm', database: 'cjsm' })
  await client.connect()
  const { rowCount } = await client.query('update clock_reading set wall_ms = wall_ms - 7200000')
  assert.equal(rowCount, 1)
  assert.match(warnings(), /The clock of this machine jumped by over an hour.*confirm-clock/)
  const confirmed = instance.cjsm('confirm-clock')
  assert.equal(confirmed.status, 0, confirmed.stdout + confirmed.stderr)
  assert.doesNotMatch(warnings(), /clock/)
  const { rows } = await client.query(`select from evidence_record where convert_from(leaf, 'UTF8') like '%"ClockConfirmed"%'`)
  assert.equal(rows.length, 1)
  await client.end()
})

test('SIGTERM under load: no 250 is lost, all ends within 30 s, and up finds everything', async () => {
  const ledger: string[] = []
  let stopping = false
  const drive = async () => {
    const client = await openSmtpClient(instance.ports.submissions, prosecutor)
    try {
      while (!stopping) {
        const subject = `load-${++number}-`
        const octets = Buffer.from(
          `From: ${prosecutor.address}\r\nTo: ${solicitor.address}\r\nSubject: ${subject}\r\n\r\n${'x\r\n'.repeat(2000)}`,
        )
        const { reply } = await client.submit({ from: prosecutor.address, to: [solicitor.address], octets })
        if (reply.code === 250) ledger.push(subject)
      }
    } catch {
      // The connection was closed while we waited: nothing was promised.
    }
    client.close()
  }
  const { processes } = status()
  const drivers = Array.from({ length: 8 }, drive)
  while (ledger.length < 200) await wait(20)
  const began = performance.now()
  process.kill(processes.find((one) => one.kind === 'supervisor')!.pid, 'SIGTERM')
  while (processes.some(({ pid }) => lives(pid)) && performance.now() - began < 40_000) await wait(50)
  assert.deepEqual(
    processes.filter(({ pid }) => lives(pid)),
    [],
  )
  assert.ok(performance.now() - began < 30_000)
  stopping = true
  await Promise.all(drivers)
  const up = instance.cjsm(...instance.up)
  assert.equal(up.status, 0, up.stdout + up.stderr)
  const found = new Map<string, number>()
  for (const subject of await subjects()) found.set(subject, (found.get(subject) ?? 0) + 1)
  assert.deepEqual(
    ledger.filter((subject) => found.get(subject) !== 1),
    [],
  )
})

test('the supervisor killed: all the others end within 10 s, and up starts cleanly with all mail there', async () => {
  const before = (await subjects()).sort()
  const { processes } = status()
  process.kill(processes.find((one) => one.kind === 'supervisor')!.pid, 'SIGKILL')
  const began = performance.now()
  while (processes.some(({ pid }) => lives(pid)) && performance.now() - began < 10_000) await wait(50)
  assert.deepEqual(
    processes.filter(({ pid }) => lives(pid)),
    [],
  )
  assert.equal(instance.cjsm('status').status, 3)
  const up = instance.cjsm(...instance.up)
  assert.equal(up.status, 0, up.stdout + up.stderr)
  assert.deepEqual((await subjects()).sort(), before)
  assert.equal((await send()).code, 250)
})
