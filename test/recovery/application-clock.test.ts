// A whole instance whose application clock jumps while it runs, by an hour to ten years, back and forth: mail, sign-in and reading go on, `status` says what is doubted, and the record stands. docs/decisions/0030-the-clock.md
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { imapClient } from '#test/support/imap-client.ts'
import { needs, startInstance } from '#test/support/instance.ts'
import { openSmtpClient } from '#test/support/smtp-client.ts'

const library = ['x86_64', 'aarch64']
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`)
  .find((path) => existsSync(path))
const hourMs = 3_600_000
const jumps = [
  ['an hour and a minute', hourMs + 60_000],
  ['a day', 24 * hourMs],
  ['30 days', 30 * 24 * hourMs],
  ['ten years', 3_652 * 24 * hourMs],
] as const

/** An instance all of whose Node processes read the clock through libfaketime; PostgreSQL and clamd keep the machine’s. */
async function instanceWithClock() {
  const folder = mkdtempSync(join(tmpdir(), 'cjsm-application-clock-'))
  chmodSync(folder, 0o755)
  after(() => rmSync(folder, { recursive: true, force: true }))
  const offset = join(folder, 'offset')
  const setAhead = (ms: number) => writeFileSync(offset, `${ms < 0 ? '-' : '+'}${Math.abs(ms) / 1000}`, { mode: 0o644 })
  setAhead(0)
  const environment = {
    LD_PRELOAD: library!,
    FAKETIME_TIMESTAMP_FILE: offset,
    FAKETIME_NO_CACHE: '1',
    // Both spellings: the first is that of newer versions. What a clock that is set changes is neither of these.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  }
  return { instance: await startInstance({ environment }), setAhead }
}

interface Status {
  readonly ready: boolean
  readonly warnings: readonly string[]
  readonly processes: readonly { name: string; pid: number; restarts: number; sinceMs: number }[]
}

test(
  'the clock of a running instance jumps back and forth: all goes on, and what is doubted is said until it is right again',
  needs('faketime'),
  async (t) => {
    const { instance, setAhead } = await instanceWithClock()
    const [prosecutor, solicitor] = [instance.person('prosecutor'), instance.person('solicitor')]
    const status = () => JSON.parse(instance.cjsm('status', '--json').stdout) as Status
    const doubts = () => status().warnings.filter((one) => /clock/i.test(one))
    const processesOf = ({ processes }: Status) => processes.map(({ name, pid, restarts }) => ({ name, pid, restarts }))
    const settled = async (isDoubted: boolean, where: string) => {
      const endMs = performance.now() + 30_000
      while (doubts().length > 0 !== isDoubted) {
        assert.ok(performance.now() < endMs, `${where}: ${isDoubted ? 'the clock is believed' : doubts()}`)
        await wait(200)
      }
    }
    const messageOf = (subject: string) => ({
      from: prosecutor.address,
      to: [solicitor.address],
      octets: Buffer.from(`From: ${prosecutor.address}\r\nTo: ${solicitor.address}\r\nSubject: ${subject}\r\n\r\n${subject}\r\n`),
    })
    const reader = imapClient(instance.ports.imaps, solicitor)
    await reader.connect()
    await reader.mailboxOpen('INBOX')
    const held = await openSmtpClient(instance.ports.submissions, prosecutor)
    t.after(async () => {
      held.close()
      await reader.logout().catch(() => {})
    })
    const first = messageOf('the first of all')
    const receipt = (await held.submit(first)).reply.text.slice(-36)
    const before = processesOf(status())
    await settled(false, 'at the start')

    let sent = 1
    /** What must hold whatever the clock says, on sessions from before the jump and on new ones. */
    async function allGoesOn(where: string, aheadMs: number): Promise<void> {
      const fresh = await openSmtpClient(instance.ports.submissions, prosecutor)
      for (const client of [held, fresh]) {
        const { reply } = await client.submit(messageOf(`${where} ${++sent}`))
        assert.equal(reply.code, 250, `${where}: ${reply.text}`)
      }
      const again = (await fresh.submit(first)).reply.text
      assert.match(again, /the same message came before/, where)
      assert.equal(again.slice(-36), receipt, where)
      fresh.close()
      await reader.noop()
      const found = await reader.fetchOne('*', { envelope: true, internalDate: true })
      assert.ok(found, where)
      assert.equal(found.seq, sent, where)
      assert.equal(found.envelope?.subject, `${where} ${sent}`)
      const arrivedMs = new Date(found.internalDate!).getTime()
      assert.ok(Math.abs(arrivedMs - Date.now() - aheadMs) < 60_000, `${where}: it arrived at ${found.internalDate}`)
      assert.equal(status().ready, true, where)
    }

    for (const [name, ms] of jumps) {
      for (const sign of [1, -1]) {
        const where = `${name} ${sign > 0 ? 'ahead' : 'back'}`
        setAhead(sign * ms)
        await allGoesOn(where, sign * ms)
        await settled(true, where)
        setAhead(0)
      }
    }
    await settled(false, 'right again')
    assert.deepEqual(processesOf(status()), before, 'a process was started again')

    // Processes that start under a wrong clock serve as well.
    setAhead(jumps[3][1])
    const old = before.filter(({ name }) => /^(worker|jobs)/.test(name)).map(({ pid }) => pid)
    for (const pid of old) process.kill(pid, 'SIGTERM')
    const endMs = performance.now() + 30_000
    const isNew = () => {
      const now = status()
      return (
        now.ready &&
        processesOf(now).every((one) => !before.some(({ name, pid }) => /^(worker|jobs)/.test(name) && pid === one.pid))
      )
    }
    while (!isNew()) {
      assert.ok(performance.now() < endMs, 'the processes did not come back')
      await wait(200)
    }
    const late = await openSmtpClient(instance.ports.submissions, prosecutor)
    assert.equal((await late.submit(messageOf('under a new process'))).reply.code, 250)
    assert.match((await late.submit(first)).reply.text, /the same message came before/)
    late.close()
    await settled(true, 'after a restart')
    setAhead(0)
    await settled(false, 'at the end')
    const verified = instance.cjsm('verify', '--all')
    assert.equal(verified.status, 0, verified.stdout + verified.stderr)
  },
)
