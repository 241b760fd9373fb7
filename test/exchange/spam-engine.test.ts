// A real spam engine beside the service: it reads what accounts near their limits sent, stops no honest message, delays none, and is missed by none when it is away. G04, T23
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { newMetrics } from '#base/metrics.ts'
import type { DemoPerson } from '#cli/demonstration.ts'
import { openSpamEngine } from '#delivery/spam-engine.ts'
import { maxWaiting } from '#delivery/spam-scores.ts'
import { newVolume } from '#delivery/volume.ts'
import { sql } from '#store/sql.ts'
import { openTestDoors } from '#test/support/acceptance.ts'
import { testService } from '#test/support/service.ts'

interface Example {
  readonly name: string
  readonly adopter: boolean
  readonly subject: string
  readonly fields: readonly string[]
  readonly body: string
}

const isThere = spawnSync('spamd', ['--version']).status === 0
const skip = isThere ? false : 'spamd is not installed'
/** Each costs some 100 ms of SpamAssassin’s; all of them by flag. */
const every = process.env.CJSM_LONG === '1' ? 1 : 12
const corpus = readFileSync(new URL('../../testdata/markings/honest.jsonl', import.meta.url), 'utf8')
const examples = corpus
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Example)
  .filter((_, at) => at % every === 0)

const folder = mkdtempSync(join(tmpdir(), 'cjsm-spamd-'))
const socket = join(folder, 'spamd.sock')
let spamd: ChildProcess | undefined
/** To spamd and its children, which answer by themselves. */
const signal = (name: NodeJS.Signals) => spamd?.pid !== undefined && process.kill(-spamd.pid, name)
after(() => {
  signal('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})
const engine = openSpamEngine('spamassassin', socket, 20_000)

/** As docs/operating.md has it, in a folder of the test’s own. */
async function startSpamd(): Promise<void> {
  const options = ['--local', '--nouser-config', `--socketpath=${socket}`, '--socketmode=0600', '--max-children=2']
  spamd = spawn('spamd', [...options, `--syslog=${join(folder, 'log')}`], {
    stdio: 'ignore',
    detached: true,
    env: { ...process.env, TMPDIR: folder },
  })
  for (const untilMs = performance.now() + 60_000; !(await engine.isThere()); await pause(100))
    assert.ok(performance.now() < untilMs, 'spamd answers')
}

const service = await testService()
const { domains } = service
const metrics = newMetrics({})
const counted = async (said: string) => {
  const text = await metrics.registry.metrics()
  return Number(new RegExp(`said="${said}"\\} (\\d+)`).exec(text)?.[1] ?? 0)
}
/** Everybody is watched, and a limit is never reached: what stops a message then is a score. */
const volume = newVolume({
  ...domains,
  limits: { perHour: 8_000, perDay: 100_000, spreadPerHour: 1_000 },
  spam: { engine, metrics },
})
const doors = await openTestDoors(service, { volume })
const [priya, miriam, orla] = ['prosecutor', 'solicitor', 'detective sergeant'].map(service.person) as [
  DemoPerson,
  DemoPerson,
  DemoPerson,
]

async function watch(person: DemoPerson): Promise<void> {
  const { account } = await doors.signIn(person)
  assert.equal(await volume.note(account, 1_001, 'x'), null)
}

const gtube = 'XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X'
const rawOf = (from: DemoPerson, { subject, fields, body }: Pick<Example, 'subject' | 'fields' | 'body'>) =>
  [
    `From: ${from.address}`,
    `To: ${priya.address}`,
    `Message-ID: <${Math.random()}@x.example>`,
    'Date: Mon, 2 Nov 2026 10:00:00 +0000',
    `Subject: ${subject}`,
    ...fields,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    '',
    body.replace(/\r?\n/g, '\r\n'),
    '',
  ].join('\r\n')

/** Waits until the engine has so many answers more. */
async function read(answers: number): Promise<void> {
  for (
    const untilMs = performance.now() + 120_000;
    (await counted('spam')) + (await counted('no spam')) < answers;
    await pause(20)
  )
    assert.ok(performance.now() < untilMs, `the engine read ${answers}`)
}

test('SpamAssassin reads the honest corpus, and none of it is stopped (G04, T23)', { skip }, async () => {
  await startSpamd()
  await watch(orla)
  await watch(miriam)
  let sent = 0
  for (const one of examples) {
    const from = one.adopter ? orla : miriam
    const reply = await doors.submit(from, [priya.address], rawOf(from, one))
    assert.equal(reply.kind, 'accepted', one.name)
    sent++
    if (sent % maxWaiting === 0) await read(sent)
  }
  await read(sent)
  assert.equal((await counted('no spam')) >= sent * 0.95, true, 'most of it is no spam to SpamAssassin either')
  assert.deepEqual(await domains.incidents.list(), [])
  assert.deepEqual(
    readdirSync(folder).filter((name) => !/^(?:spamd\.sock|log)$/.test(name)),
    [],
    'no file of a message is left',
  )
})

test('the highest score stops nothing below a quarter of a limit, and past it the sender (T23)', { skip }, async () => {
  await domains.database.run(sql`delete from sending`)
  await watch(miriam)
  const before = (await counted('spam')) + (await counted('no spam'))
  const spam = { subject: 'Offer', fields: [], body: `${gtube}\n\nTel. 020 7946 0000` }
  for (let count = 1; count <= 20; count++) {
    assert.equal((await doors.submit(miriam, [priya.address], rawOf(miriam, spam))).kind, 'accepted')
    if (count % maxWaiting === 0 || count === 20) await read(before + count)
  }
  assert.deepEqual(await domains.incidents.list(), [])
  const { account } = await doors.signIn(miriam)
  const refusal = await volume.note(account, 1_000, 'x')
  assert.match(refusal?.about ?? '', /within an hour; the limit is 2000 \(20 of 20 messages read as spam\)$/)
})

test('an engine that hangs or has gone delays and stops nothing (T23)', { skip }, async () => {
  await watch(orla)
  for (const name of ['SIGSTOP', 'SIGKILL'] as const) {
    signal(name)
    for (let count = 0; count < maxWaiting + 4; count++) {
      const reply = await doors.submit(orla, [priya.address], rawOf(orla, examples[0]!))
      assert.equal(reply.kind, 'accepted')
    }
    assert.equal(await engine.isThere(), false)
  }
  spamd = undefined
})
