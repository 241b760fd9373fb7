// Four times the load that the service can take: it goes on taking what it can, tells the rest to come later, and is as before soon after. design.md, Numbers to beat. Issue: the core, proved.
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { startTestClamd } from '#test/support/clamd.ts'
import { imapClient } from '#test/support/imap-client.ts'
import { startInstance } from '#test/support/instance.ts'
import { allServe, processesOf } from '#test/support/kills.ts'
import { newLoad } from '#test/support/load.ts'
import { pssOf } from '../../bench/support/processes.ts'

const long = process.env.CJSM_LONG === '1'
const MiB = 1024 * 1024
const [capacitySeconds, overloadSeconds] = long ? [5, 120] : [2, 8]
/** The scanner is what limits: one message after another, so long for each. Else load would cost what it measures, and four times as much could not be made on the same machine. */
const scanMs = 14
const times = 4
const closedLoop = 60
/** Open before it begins: to open them is another load. When all wait for an answer, further messages find nobody to send them. */
const connections = 600
/** Of all our processes: a worker’s young objects take 100 MiB before V8 collects them, whatever is offered. */
const mostGrowthOctets = 160 * MiB
const mostP99Ms = 5_000
const normalWithinMs = 10_000

const scratch = mkdtempSync(join(tmpdir(), 'cjsm-pressure-'))
chmodSync(scratch, 0o711)
const clamd = await startTestClamd(join(scratch, 'clamd.sock'))
chmodSync(clamd.path, 0o777) // the workers run as another user
clamd.mode = 'in-turn'
clamd.slowMs = scanMs
after(async () => {
  await clamd.close()
  rmSync(scratch, { recursive: true, force: true })
})
const instance = await startInstance({ environment: { CJSM_CLAMD_SOCKET: clamd.path } })
const from = instance.person('solicitor')
const to = instance.person('prosecutor')

async function messagesThere(): Promise<number> {
  const client = imapClient(instance.ports.imaps, to)
  await client.connect()
  try {
    const status = await client.status('INBOX', { messages: true })
    return status === false ? 0 : (status.messages ?? 0)
  } finally {
    await client.logout()
  }
}

const ours = async () => (await processesOf(instance)).filter((one) => one.kind !== 'clamd' && one.kind !== 'postgres')
const memoryOf = (pids: readonly number[]) => pids.reduce((sum, pid) => sum + pssOf(pid), 0)

test(`four times the load for ${overloadSeconds} s: nothing crashes or is lost, memory stays within its bound, what is accepted is so within 5 s (p99), and all is as before 10 s later`, {
  timeout: 300_000,
}, async (context) => {
  const before = await messagesThere()
  const load = newLoad({ port: instance.ports.submissions, from, to: to.address })
  await load.open(connections)
  const capacityFromMs = performance.now()
  const { accepted } = await load.closedLoop(closedLoop, capacitySeconds)
  const perSecond = (accepted * 1000) / (performance.now() - capacityFromMs)
  const pids = (await ours()).map((one) => one.pid!)
  const memoryBefore = memoryOf(pids)
  let most = memoryBefore
  const watching = setInterval(() => {
    most = Math.max(most, memoryOf(pids))
  }, 500)
  const seen = await load.offer(times * perSecond, overloadSeconds)
  clearInterval(watching)
  const endedMs = performance.now()

  // Normal: twenty messages in a row, each accepted within a second.
  for (let inARow = 0; inARow < 20; ) {
    assert.ok(performance.now() - endedMs < normalWithinMs, 'it is not as before')
    const { code, ms } = await load.sendOne()
    inARow = code === 250 && ms < 1_000 ? inARow + 1 : 0
    if (inARow === 0) await wait(100)
  }
  const said = `${Math.round(perSecond)} a second can be taken; offered ${seen.offered}, accepted ${seen.accepted}, told to come later ${seen.later}, lost ${seen.lost}, p99 ${Math.round(seen.p99Ms)} ms; ${Math.round((most - memoryBefore) / MiB)} MiB more`
  context.diagnostic(said)
  assert.deepEqual(
    (await ours()).map((one) => one.pid),
    pids,
    'a process ended',
  )
  await allServe(instance)
  assert.deepEqual(seen.others, [], 'answers that are neither 250 nor 4xx')
  assert.equal(seen.lost, 0, `connections were lost: ${said}`)
  assert.ok(seen.p99Ms < mostP99Ms, `too late: ${said}`)
  assert.ok(seen.offered > 3 * perSecond * overloadSeconds, `it was not four times the load: ${said}`)
  assert.ok(seen.later > perSecond * overloadSeconds, `the rest was not told to come later: ${said}`)
  assert.ok(seen.accepted > 0.5 * perSecond * overloadSeconds, `it did not go on: ${said}`)
  assert.ok(most - memoryBefore < mostGrowthOctets, said)
  load.close()
  assert.equal((await messagesThere()) - before, load.acceptedInAll(), 'what was answered 250 and what is there')
})
